/* PUB (RFC 29): sends to every subscriber whose subscription is a prefix of the first frame; never blocks, never receives. */
#include "publisher.h"

const zl_type zl_type_pub = {
    .id = ZL_PUB,
    .size = sizeof (zl_publisher),
    .default_linger = -1,
    .conflates = true,
    .one_connection_per_endpoint = true,
    .fini = zl_publisher_fini,
    .attach = zl_publisher_attach,
    .detach = zl_publisher_detach,
    .drained = zl_type_nothing,
    .can_send = zl_publisher_can_send,
    .check_first = zl_publisher_check_first,
    .send = zl_publisher_send,
    .subscription = zl_publisher_subscription,
    .arrived = zl_publisher_arrived,
    .options = zl_publisher_options,
    .option_count = ZL_PUBLISHER_OPTIONS,
};

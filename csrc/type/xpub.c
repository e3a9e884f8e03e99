/* XPUB (RFC 29): PUB that also receives: the subscriptions as they come and go, as messages of 1 or 0 and the topic, and what
 * subscribers send besides. */
#include <stdlib.h>

#include "publisher.h"

static int no_push (zl_pipe *p, const zl_msg *frames, unsigned n)
{
    (void) p;
    (void) frames;
    (void) n;
    return -EAGAIN;
}

static void nothing (zl_pipe *p)
{
    (void) p;
}

static int no_subscribe (zl_pipe *p, bool subscribe, const uint8_t *topic, size_t n)
{
    (void) p;
    (void) subscribe;
    (void) topic;
    (void) n;
    return 0;
}

static void no_hangup (zl_pipe *p, zl_close_reason why)
{
    (void) p;
    (void) why;
}

/* The upstream pipe has nobody behind it. */
static const zl_pipe_ops upstream_ops = {
    .push = no_push,
    .consumed = nothing,
    .recheck = nothing,
    .subscribe = no_subscribe,
    .hangup = no_hangup,
    .finish = nothing,
    .close = nothing,
};

static int xpub_init (zl_socket *s)
{
    zl_publisher *pub = s->priv;
    pub->upstream = calloc (1, sizeof *pub->upstream);
    if (!pub->upstream)
        return -ENOMEM;
    pub->upstream->ops = &upstream_ops;
    pub->upstream->sock = s;
    zl_list_init (&pub->upstream->fq);
    zl_list_init (&pub->upstream->lb);
    zl_list_init (&pub->upstream->node);
    return 0;
}

static int xpub_select (zl_socket *s, zl_pipe **out)
{
    *out = ((zl_publisher *) s->priv)->upstream;
    return zl_pipe_readable (*out) ? 0 : -EAGAIN;
}

static void xpub_end (zl_socket *s, zl_pipe *p)
{
    (void) p;
    zl_publisher_told (s);
}

const zl_type zl_type_xpub = {
    .id = ZL_XPUB,
    .size = sizeof (zl_publisher),
    .keeps_frames = true,
    .default_linger = -1,
    .init = xpub_init,
    .fini = zl_publisher_fini,
    .attach = zl_publisher_attach,
    .detach = zl_publisher_detach,
    .drained = zl_type_nothing,
    .can_send = zl_publisher_can_send,
    .check_first = zl_publisher_check_first,
    .send = zl_publisher_send,
    .select = xpub_select,
    .end = xpub_end,
    .subscription = zl_publisher_subscription,
    .arrived = zl_publisher_arrived,
    .options = zl_publisher_options,
    .option_count = ZL_PUBLISHER_OPTIONS,
};

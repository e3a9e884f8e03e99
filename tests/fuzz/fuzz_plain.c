/* PLAIN, with a name and a password of the script's. What a client has shown is forgotten once
 * it was let in. */
#include "between.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static party client, server;
    zl_slice script = {data, size};
    uint8_t how = take (&script);
    const zl_slice username = take_text (&script, how & 0x0f);
    const zl_slice password = take_text (&script, how >> 4);
    const zl_wire_config as_client = {.mech = &zl_mech_plain,
                                      .security = {.username = username, .password = password},
                                      .own_type = ZL_DEALER,
                                      .own_id = slice ("me"),
                                      .max_size = -1};
    const zl_wire_config as_server = {.mech = &zl_mech_plain,
                                      .security = {.as_server = true},
                                      .own_type = ZL_ROUTER,
                                      .max_size = -1};
    open_party (&client, &as_client);
    open_party (&server, &as_server);
    shake_hands (&client, &server, &script);
    ZL_ASSERT (server.over || !is_talking (&server.side) || !server.side.wire.secrets);
    end_side (&client.side);
    end_side (&server.side);
    return 0;
}

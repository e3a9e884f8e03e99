/* NULL, asked about or not, between every two types of socket; and peers of 2.0 and 1.0, which a
 * script can make of a greeting. */
#include "between.h"

static zl_wire_config config_of (zl_slice *script)
{
    uint8_t how = take (script);
    return (zl_wire_config){.mech = &zl_mech_null,
                            .security = {.asks = how & 0x10},
                            .own_type = how % 0x10 % ZL_STREAM,
                            .own_id = slice (how & 0x20 ? "name" : ""),
                            .properties = slice (how & 0x40 ? "\3X-a\0\0\0\1b" : ""),
                            .max_size = how & 0x80 ? 100 : -1};
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static party a, b;
    zl_slice script = {data, size};
    const zl_wire_config first = config_of (&script), second = config_of (&script);
    open_party (&a, &first);
    open_party (&b, &second);
    shake_hands (&a, &b, &script);
    end_side (&a.side);
    end_side (&b.side);
    return 0;
}

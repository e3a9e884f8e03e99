/* Commands and property lists. */
#include <string.h>

#include "command.h"

bool zl_command_get (const uint8_t *body, size_t n, zl_slice *name, zl_slice *data)
{
    if (n == 0 || body[0] == 0 || body[0] > n - 1)
        return false;
    *name = (zl_slice){body + 1, body[0]};
    *data = (zl_slice){body + 1 + body[0], n - 1 - body[0]};
    return true;
}

int zl_property_get (zl_slice *list, zl_slice *name, zl_slice *value)
{
    const uint8_t *p = list->p;
    size_t n = list->n;
    if (n == 0)
        return 0;
    size_t len = p[0];
    if (n < 1 + len + 4)
        return -1;
    *name = (zl_slice){p + 1, len};
    p += 1 + len;
    n -= 1 + len;
    uint32_t size = (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
    if (size > INT32_MAX || size > n - 4)
        return -1;
    *value = (zl_slice){p + 4, size};
    *list = (zl_slice){p + 4 + size, n - 4 - size};
    return 1;
}

uint8_t *zl_command_put (uint8_t *p, const char *name)
{
    size_t n = strlen (name);
    *p = (uint8_t) n;
    memcpy (p + 1, name, n);
    return p + 1 + n;
}

uint8_t *zl_property_put (uint8_t *p, const char *name, const void *value, size_t n)
{
    return zl_property_put_value (zl_command_put (p, name), value, n);
}

uint8_t *zl_property_put_value (uint8_t *p, const void *value, size_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t) (n >> shift);
    if (n)
        memcpy (p, value, n);
    return p + n;
}

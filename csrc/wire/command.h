/* Commands: name(1 + n) data, and the property lists in READY and INITIATE (RFC 37). Pure functions over bytes. */
#ifndef ZL_WIRE_COMMAND_H
#define ZL_WIRE_COMMAND_H

#include "../base/defs.h"

typedef struct {
    const uint8_t *p;
    size_t n;
} zl_slice;

/* Splits a command body into name and data; false if the name is empty or longer than the body. */
bool zl_command_get (const uint8_t *body, size_t n, zl_slice *name, zl_slice *data);

static inline bool zl_slice_is (zl_slice s, const char *text, size_t n)
{
    return s.n == n && __builtin_memcmp (s.p, text, n) == 0;
}
#define ZL_IS(slice, literal) zl_slice_is (slice, literal, sizeof (literal) - 1)

/* Takes the next property off the front of list: 1 done, 0 the list is at its end, -1 malformed. */
int zl_property_get (zl_slice *list, zl_slice *name, zl_slice *value);

/* Appends to p and returns the new end. */
uint8_t *zl_command_put (uint8_t *p, const char *name);
uint8_t *zl_property_put (uint8_t *p, const char *name, const void *value, size_t n);
/* The part of a property behind its name. */
uint8_t *zl_property_put_value (uint8_t *p, const void *value, size_t n);

#endif

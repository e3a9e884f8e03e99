/* Z85 (RFC 32), the way back: text to octets, for keys. Pure. */
#ifndef ZL_BASE_Z85_H
#define ZL_BASE_Z85_H

#include "defs.h"

/* Decodes n characters, a multiple of 5, to n / 5 * 4 octets. False for a foreign character or a group beyond 32 bits; then
 * out is undefined. */
bool zl_z85_decode (const char *text, size_t n, uint8_t *out);

#endif

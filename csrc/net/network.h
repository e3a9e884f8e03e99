/* Networks in the notation "address/bits", for the filters of those who may connect. */
#ifndef ZL_NET_NETWORK_H
#define ZL_NET_NETWORK_H

#include <sys/socket.h>

#include "../base/defs.h"

typedef struct {
    uint8_t address[16]; /* an IPv4 address is mapped into IPv6 */
    uint8_t bits;        /* of the mapped address that count */
} zl_network;

/* "192.168.1.0/24", "::1". 0 or -EINVAL. */
int zl_network_parse (const char *text, zl_network *out);
bool zl_network_holds (const zl_network *n, const struct sockaddr *peer);

#endif

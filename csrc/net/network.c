/* Networks in the notation "address/bits". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"

enum { MAPPED = 12 }; /* octets in front of an IPv4 address that is mapped into IPv6 */

static void map_ipv4 (uint8_t out[16], const void *in)
{
    memset (out, 0, 10);
    memset (out + 10, 0xff, 2);
    memcpy (out + MAPPED, in, 4);
}

int zl_network_parse (const char *text, zl_network *out)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr (text, '/');
    size_t n = slash ? (size_t) (slash - text) : strlen (text);
    struct in_addr v4;
    if (n == 0 || n >= sizeof address)
        return -EINVAL;
    memcpy (address, text, n);
    address[n] = 0;
    unsigned long max = 32, skip = 96;
    if (inet_pton (AF_INET, address, &v4) == 1)
        map_ipv4 (out->address, &v4);
    else if (inet_pton (AF_INET6, address, out->address) == 1) {
        max = 128;
        skip = 0;
    } else
        return -EINVAL;
    unsigned long bits = max;
    if (slash) {
        char *end;
        bits = strtoul (slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end || bits > max)
            return -EINVAL;
    }
    out->bits = (uint8_t) (skip + bits);
    return 0;
}

bool zl_network_holds (const zl_network *n, const struct sockaddr *peer)
{
    uint8_t address[16];
    if (peer->sa_family == AF_INET)
        map_ipv4 (address, &((const struct sockaddr_in *) (const void *) peer)->sin_addr);
    else if (peer->sa_family == AF_INET6)
        memcpy (address, &((const struct sockaddr_in6 *) (const void *) peer)->sin6_addr, sizeof address);
    else
        return false;
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (memcmp (address, n->address, whole) != 0)
        return false;
    return !rest || (address[whole] ^ n->address[whole]) >> (8 - rest) == 0;
}

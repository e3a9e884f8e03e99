/* net/network.[ch] */
#include <arpa/inet.h>
#include <sys/un.h>

#include "base/err.h"
#include "check.h"
#include "net/addr.h"
#include "net/network.h"

/* An address as accept() tells it. */
static zl_addr address_of (const char *text)
{
    zl_addr a = {.len = 0};
    if (inet_pton (AF_INET, text, &a.in.sin_addr) == 1)
        a.in.sin_family = AF_INET;
    else {
        CHECK_EQ (inet_pton (AF_INET6, text, &a.in6.sin6_addr), 1);
        a.in6.sin6_family = AF_INET6;
    }
    return a;
}

static bool holds (const char *network, const char *peer)
{
    zl_network n;
    zl_addr a = address_of (peer);
    CHECK_EQ (zl_network_parse (network, &n), 0);
    return zl_network_holds (&n, &a.any);
}

TEST ("a network holds the addresses whose first bits are its own")
{
    static const struct {
        const char *network, *inside, *outside;
    } rows[] = {
        {"10.0.0.0/8", "10.255.1.2", "11.0.0.0"},
        {"10.1.2.3/8", "10.0.0.0", "9.255.255.255"},
        {"192.168.1.0/24", "192.168.1.255", "192.168.2.0"},
        {"192.168.1.128/25", "192.168.1.128", "192.168.1.127"},
        {"172.16.0.0/12", "172.31.255.255", "172.32.0.0"},
        {"128.0.0.0/1", "255.255.255.255", "127.255.255.255"},
        {"127.0.0.1", "127.0.0.1", "127.0.0.2"},
        {"127.0.0.1/32", "127.0.0.1", "127.0.0.0"},
        {"127.0.0.2/31", "127.0.0.3", "127.0.0.4"},
        {"::1", "::1", "::2"},
        {"::1/128", "::1", "::"},
        {"fe80::/10", "febf::1", "fec0::"},
        {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
        {"::/1", "7fff::", "8000::"},
    };
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        CHECK (holds (rows[i].network, rows[i].inside));
        CHECK (!holds (rows[i].network, rows[i].outside));
    }
}

TEST ("without any bit to compare every address of the family is held")
{
    CHECK (holds ("0.0.0.0/0", "255.1.2.3"));
    CHECK (!holds ("0.0.0.0/0", "2001:db8::1"));
    CHECK (holds ("::/0", "2001:db8::1"));
}

TEST ("an IPv4 address is the same however it comes")
{
    CHECK (holds ("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK (!holds ("10.0.0.0/8", "::ffff:11.1.2.3"));
    CHECK (!holds ("10.0.0.0/8", "::10.1.2.3"));
    CHECK (holds ("::ffff:10.0.0.0/104", "10.1.2.3"));
    CHECK (holds ("::/0", "10.1.2.3"));
}

TEST ("what is no network is refused")
{
    static const char *const bad[] = {
        "",          "/",           "/8",          "10.0.0/8",    "10.0.0.0/",   "10.0.0.0/33",
        "::1/129",   "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8x", "10.0.0.0/8/8",
        "localhost", "::1%lo",      "1.2.3.4.5",   "256.0.0.0",   "10.0.0.0:80", "[::1]",
        "10.0.0.0/99999999999999999999999",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/1",
    };
    zl_network n;
    for (unsigned i = 0; i < ZL_LEN (bad); i++)
        CHECK_EQ (zl_network_parse (bad[i], &n), -EINVAL);
}

TEST ("a Unix socket is in no network")
{
    zl_network all;
    zl_addr a = {.len = 0};
    a.un.sun_family = AF_UNIX;
    CHECK_EQ (zl_network_parse ("::/0", &all), 0);
    CHECK (!zl_network_holds (&all, &a.any));
}

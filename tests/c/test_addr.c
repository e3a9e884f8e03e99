/* net/addr.[ch] */
#include <arpa/inet.h>

#include "check.h"
#include "net/addr.h"

TEST ("a host and a port are split at the last colon")
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } good[] = {
        {"127.0.0.1:5555", "127.0.0.1", 5555},
        {"localhost:1", "localhost", 1},
        {"[::1]:65535", "::1", 65535},
        {"::1:80", "::1", 80},
        {"eth0:7", "eth0", 7},
        {"[fe80::1%lo]:9", "fe80::1%lo", 9},
    };
    for (unsigned i = 0; i < ZL_LEN (good); i++)
        for (int bind = 0; bind < 2; bind++) {
            zl_hostport hp;
            CHECK_EQ (zl_hostport_parse (good[i].text, bind, &hp), 0);
            CHECK_TEXT (hp.host, good[i].host);
            CHECK_EQ (hp.port, good[i].port);
        }
}

TEST ("only a bind may leave host and port open")
{
    static const char *const open[] = {"*:5555", "127.0.0.1:*", "127.0.0.1:0", "*:*"};
    for (unsigned i = 0; i < ZL_LEN (open); i++) {
        zl_hostport hp;
        CHECK_EQ (zl_hostport_parse (open[i], true, &hp), 0);
        CHECK_EQ (zl_hostport_parse (open[i], false, &hp), -EINVAL);
    }
}

TEST ("what is no host and port is refused")
{
    static const char *const bad[] = {
        "",        "host",    "host:", "host:65536", "host:99999999999999",
        "host:-1", "host:1x", "[]:1",  "[::1:1",     "ho st:1",
        "ho/st:1", "host: 1", "a;b:5", "**:5",       "-a:5",
        "_a:5",    ".a:5",    "%a:5",
    };
    zl_hostport hp;
    for (unsigned i = 0; i < ZL_LEN (bad); i++)
        for (int bind = 0; bind < 2; bind++) {
            int rc = zl_hostport_parse (bad[i], bind, &hp);
            CHECK (rc == -EINVAL || (bind && rc == -ENODEV)); /* no interface is called that */
        }
    char endless[400];
    memset (endless, 'a', sizeof endless);
    strcpy (endless + 390, ":5");
    CHECK_EQ (zl_hostport_parse (endless, false, &hp), -EINVAL);
}

TEST ("no host at all is no device to bind to")
{
    static const char *const nowhere[] = {":", ":5555", ":*"};
    zl_hostport hp;
    for (unsigned i = 0; i < ZL_LEN (nowhere); i++) {
        CHECK_EQ (zl_hostport_parse (nowhere[i], true, &hp), -ENODEV);
        CHECK_EQ (zl_hostport_parse (nowhere[i], false, &hp), -EINVAL);
    }
}

static void check_text (const zl_addr *a, const char *due)
{
    char text[ZL_ENDPOINT_MAX];
    zl_addr_text (a, text, sizeof text);
    CHECK_TEXT (text, due);
}

TEST ("numeric addresses need no lookup, and become text again")
{
    zl_hostport hp;
    zl_addr a;
    CHECK_EQ (zl_hostport_parse ("127.0.0.1:5555", false, &hp), 0);
    CHECK_EQ (zl_addr_numeric (&hp, false, &a), 0);
    check_text (&a, "tcp://127.0.0.1:5555");
    CHECK_EQ (zl_hostport_parse ("[::1]:5555", false, &hp), 0);
    CHECK_EQ (zl_addr_numeric (&hp, true, &a), 0);
    check_text (&a, "tcp://[::1]:5555");
    CHECK (zl_addr_numeric (&hp, false, &a) < 0);
    CHECK_EQ (zl_hostport_parse ("localhost:5555", false, &hp), 0);
    CHECK_EQ (zl_addr_numeric (&hp, false, &a), -ENOENT);
}

TEST ("what to bind to may be anything, a number or, where it may block, a name; else no device")
{
    zl_hostport hp;
    zl_addr a;
    CHECK_EQ (zl_hostport_parse ("*:7", true, &hp), 0);
    CHECK_EQ (zl_addr_local (&hp, false, false, &a), 0);
    check_text (&a, "tcp://0.0.0.0:7");
    CHECK_EQ (zl_addr_local (&hp, true, false, &a), 0);
    check_text (&a, "tcp://[::]:7");
    CHECK_EQ (zl_hostport_parse ("localhost:7", true, &hp), 0);
    CHECK_EQ (zl_addr_local (&hp, false, true, &a), 0);
    check_text (&a, "tcp://127.0.0.1:7");
    CHECK_EQ (zl_addr_local (&hp, false, false, &a), -ENODEV);
    CHECK_EQ (zl_hostport_parse ("no.such.host.invalid:7", true, &hp), 0);
    CHECK_EQ (zl_addr_local (&hp, false, true, &a), -ENODEV);
}

TEST ("an interface stands for its address")
{
    zl_hostport hp;
    zl_addr a;
#if defined(__linux__)
    CHECK_EQ (zl_hostport_parse ("lo:7", true, &hp), 0);
#else
    CHECK_EQ (zl_hostport_parse ("lo0:7", true, &hp), 0);
#endif
    CHECK_EQ (zl_addr_local (&hp, false, false, &a), 0);
    check_text (&a, "tcp://127.0.0.1:7");
}

TEST ("a lookup fills no more addresses than there is room for")
{
    zl_hostport hp;
    zl_addr a[4];
    CHECK_EQ (zl_hostport_parse ("localhost:7", false, &hp), 0);
    CHECK_EQ (zl_addr_lookup (&hp, false, a, 1), 1);
    int n = zl_addr_lookup (&hp, false, a, 4);
    CHECK (n >= 1 && n <= 4);
    check_text (&a[0], "tcp://127.0.0.1:7");
    CHECK_EQ (zl_hostport_parse ("no.such.host.invalid:7", false, &hp), 0);
    CHECK (zl_addr_lookup (&hp, false, a, 4) < 0);
}

TEST ("paths are taken as long as the system allows")
{
    zl_addr a;
    char path[sizeof a.un.sun_path + 1], due[sizeof path + 10];
    CHECK_EQ (zl_addr_unix ("/tmp/x", &a), 0);
    check_text (&a, "ipc:///tmp/x");
    memset (path, 'p', sizeof path);
    path[sizeof a.un.sun_path] = 0;
    CHECK_EQ (zl_addr_unix (path, &a), -ENAMETOOLONG);
    path[sizeof a.un.sun_path - 1] = 0;
    CHECK_EQ (zl_addr_unix (path, &a), 0);
    snprintf (due, sizeof due, "ipc://%s", path);
    check_text (&a, due);
    CHECK_EQ (zl_addr_unix ("", &a), -EINVAL);
    CHECK_EQ (zl_addr_unix ("@", &a), -EINVAL);
    CHECK_EQ (zl_addr_unix ("@abstract", &a), 0);
    check_text (&a, "ipc://@abstract");
}

/* net/resolver.[ch] */
#include <poll.h>

#include "check.h"
#include "loop/wake.h"
#include "net/resolver.h"

typedef struct {
    zl_wake done;
    int count;
    sa_family_t family;
} answer;

static void take_answer (zl_lookup *l, const zl_addr *addrs, int n)
{
    answer *a = l->owner;
    a->count = n;
    a->family = n > 0 ? addrs[0].any.sa_family : AF_UNSPEC;
    free (l);
    zl_wake_set (&a->done);
}

static answer ask (const char *host)
{
    answer a = {.count = 0};
    zl_lookup *l = calloc (1, sizeof *l);
    CHECK (l);
    CHECK_EQ (zl_wake_init (&a.done), 0);
    *l = (zl_lookup){.name.port = 80, .done = take_answer, .owner = &a};
    strcpy (l->name.host, host);
    CHECK_EQ (zl_lookup_start (l), 0);
    struct pollfd p = {.fd = a.done.fd, .events = POLLIN};
    CHECK_EQ (poll (&p, 1, 60000), 1);
    zl_wake_clear (&a.done); /* reads what the other thread wrote, and so comes after it */
    zl_wake_fini (&a.done);
    return a;
}

TEST ("a name is looked up on a thread of its own")
{
    answer a = ask ("localhost");
    CHECK (a.count >= 1 && a.count <= ZL_LOOKUP_MAX);
    CHECK_EQ (a.family, AF_INET);
}

TEST ("a name that nobody has is an error")
{
    CHECK (ask ("no.such.host.invalid").count < 0);
}

/* loop/poller.h, whichever backend this system has. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "loop/poller.h"

static int tag; /* comes back with each event */

typedef struct {
    zl_poller poller;
    int near, far; /* a connected pair; the near end is watched */
} fixture;

static fixture watching (unsigned events, zl_poll_mode mode)
{
    fixture f;
    int ends[2];
    CHECK_EQ (zl_poller_init (&f.poller), 0);
    CHECK_EQ (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), 0);
    f.near = ends[0];
    f.far = ends[1];
    fcntl (f.near, F_SETFL, O_NONBLOCK);
    CHECK_EQ (zl_poller_add (&f.poller, f.near, events, mode, &tag), 0);
    return f;
}

static void end_fixture (fixture *f)
{
    zl_poller_fini (&f->poller);
    close (f->near);
    close (f->far);
}

static void say (fixture *f)
{
    CHECK_EQ (write (f->far, "x", 1), 1);
}

static void hear (fixture *f)
{
    char c;
    CHECK_EQ (read (f->near, &c, 1), 1);
}

/* The events reported now, 0 for none. */
static unsigned events_of (fixture *f)
{
    zl_ready ready[4];
    int n = zl_poller_wait (&f->poller, ready, 4, 0);
    if (n == 0)
        return 0;
    CHECK_EQ (n, 1);
    CHECK (ready[0].data == &tag);
    return ready[0].events;
}

TEST ("nothing is reported of a descriptor that is not ready")
{
    fixture f = watching (ZL_READ, ZL_LEVEL);
    CHECK_EQ (events_of (&f), 0);
    zl_ready ready;
    zl_time before = zl_now ();
    CHECK_EQ (zl_poller_wait (&f.poller, &ready, 1, 5 * ZL_MS), 0);
    CHECK (zl_now () - before >= 5 * ZL_MS);
    before = zl_now ();
    CHECK_EQ (zl_poller_wait (&f.poller, &ready, 1, ZL_MS / 10), 0);
    CHECK (zl_now () - before >= ZL_MS / 10);
    end_fixture (&f);
}

TEST ("a level is reported as long as it lasts")
{
    fixture f = watching (ZL_READ, ZL_LEVEL);
    say (&f);
    CHECK_EQ (events_of (&f), ZL_READ);
    CHECK_EQ (events_of (&f), ZL_READ);
    hear (&f);
    CHECK_EQ (events_of (&f), 0);
    end_fixture (&f);
}

TEST ("an edge is reported once for each change")
{
    fixture f = watching (ZL_READ, ZL_EDGE);
    say (&f);
    CHECK_EQ (events_of (&f), ZL_READ);
    CHECK_EQ (events_of (&f), 0);
    say (&f);
    CHECK_EQ (events_of (&f), ZL_READ);
    end_fixture (&f);
}

TEST ("a one-shot is silent until it is armed again")
{
    fixture f = watching (ZL_READ, ZL_ONESHOT);
    say (&f);
    CHECK_EQ (events_of (&f), ZL_READ);
    say (&f);
    CHECK_EQ (events_of (&f), 0);
    CHECK_EQ (zl_poller_mod (&f.poller, f.near, ZL_READ, ZL_ONESHOT, &tag), 0);
    CHECK_EQ (events_of (&f), ZL_READ);
    end_fixture (&f);
}

TEST ("what is watched for can be changed, and ended")
{
    fixture f = watching (ZL_READ, ZL_LEVEL);
    CHECK_EQ (zl_poller_mod (&f.poller, f.near, ZL_WRITE, ZL_LEVEL, &tag), 0);
    CHECK_EQ (events_of (&f), ZL_WRITE);
    say (&f);
    CHECK_EQ (events_of (&f), ZL_WRITE);
    CHECK_EQ (zl_poller_mod (&f.poller, f.near, ZL_READ | ZL_WRITE, ZL_LEVEL, &tag), 0);
    unsigned both = 0;
    zl_ready ready[4]; /* one entry or two, as the system likes */
    int n = zl_poller_wait (&f.poller, ready, 4, 0);
    while (n > 0)
        both |= ready[--n].events;
    CHECK_EQ (both, ZL_READ | ZL_WRITE);
    zl_poller_del (&f.poller, f.near);
    CHECK_EQ (events_of (&f), 0);
    end_fixture (&f);
}

TEST ("the end of the other side is reported as readable")
{
    fixture f = watching (ZL_READ, ZL_LEVEL);
    shutdown (f.far, SHUT_RDWR);
    CHECK (events_of (&f) & ZL_READ);
    end_fixture (&f);
}

TEST ("a set is readable while something in it is ready, and can lie in another")
{
    fixture f = watching (ZL_READ, ZL_LEVEL);
    zl_poller outer;
    zl_ready ready;
    CHECK_EQ (zl_poller_init (&outer), 0);
    CHECK_EQ (zl_poller_add (&outer, f.poller.fd, ZL_READ, ZL_LEVEL, &f), 0);
    CHECK_EQ (zl_poller_wait (&outer, &ready, 1, 0), 0);
    say (&f);
    CHECK_EQ (zl_poller_wait (&outer, &ready, 1, 1000 * ZL_MS), 1);
    CHECK (ready.data == &f);
    hear (&f);
    CHECK_EQ (zl_poller_wait (&outer, &ready, 1, 0), 0);
    zl_poller_fini (&outer);
    end_fixture (&f);
}

TEST ("a descriptor that is none is refused")
{
    fixture f = watching (ZL_READ, ZL_LEVEL);
    CHECK (zl_poller_add (&f.poller, -1, ZL_READ, ZL_LEVEL, NULL) < 0);
    CHECK (zl_poller_mod (&f.poller, f.far, ZL_READ, ZL_LEVEL, NULL) <= 0);
    end_fixture (&f);
}

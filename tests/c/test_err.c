/* base/err.[ch], base/defs.h and base/rand.[ch] */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "check.h"

TEST ("every code of ZeroMQ's own has a text of its own")
{
    static const int own[] = {ZL_EFSM, ZL_ENOCOMPATPROTO, ZL_ETERM, ZL_EMTHREAD, EHOSTUNREACH};
    char one[100], two[100];
    for (unsigned i = 0; i < ZL_LEN (own); i++)
        for (unsigned k = 0; k < i; k++)
            CHECK (strcmp (zl_strerror (own[i], one, sizeof one),
                           zl_strerror (own[k], two, sizeof two)) != 0);
}

TEST ("other codes have the system's text, cut to the buffer")
{
    char buf[100], tiny[4];
    CHECK_TEXT (zl_strerror (EINVAL, buf, sizeof buf), strerror (EINVAL));
    CHECK_EQ (strlen (zl_strerror (EINVAL, tiny, sizeof tiny)), 3);
    CHECK (strlen (zl_strerror (99999, buf, sizeof buf)) > 0);
}

TEST ("a broken invariant ends the process")
{
    pid_t child = fork ();
    CHECK (child >= 0);
    if (child == 0) {
        signal (SIGABRT, SIG_DFL);
        fclose (stderr);
        zl_bug ("this is a test", __FILE__, __LINE__);
    }
    int status;
    CHECK (waitpid (child, &status, 0) == child);
    CHECK (!WIFEXITED (status) || WEXITSTATUS (status) != 0);
}

TEST ("a wait in milliseconds is rounded up and bounded")
{
    CHECK_EQ (zl_ms_until (ZL_NEVER, 5), -1);
    CHECK_EQ (zl_ms_until (5, 5), 0);
    CHECK_EQ (zl_ms_until (4, 5), 0);
    CHECK_EQ (zl_ms_until (6, 5), 1);
    CHECK_EQ (zl_ms_until (5 + ZL_MS, 5), 1);
    CHECK_EQ (zl_ms_until (6 + ZL_MS, 5), 2);
    CHECK_EQ (zl_ms_until (ZL_NEVER / 2, 0), 1000000000);
    CHECK (zl_until (ZL_NEVER, 5) == ZL_NEVER);
    CHECK_EQ (zl_until (3, 5), 0);
    CHECK_EQ (zl_until (9, 5), 4);
    CHECK (zl_deadline (-1) == ZL_NEVER);
}

TEST ("random numbers differ")
{
    uint32_t seen = zl_random ();
    int same = 0;
    for (int i = 0; i < 10; i++)
        same += zl_random () == seen;
    CHECK (same < 10);
}

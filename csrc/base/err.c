/* Texts of the error codes, and the end of the road for our own bugs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "defs.h"
#include "err.h"

const char *zl_strerror (int code, char *buf, unsigned size)
{
    switch (code) {
        case ZL_EFSM:
            return "Operation cannot be accomplished in current state";
        case ZL_ENOCOMPATPROTO:
            return "The protocol is not compatible with the socket type";
        case ZL_ETERM:
            return "Context was terminated";
        case ZL_EMTHREAD:
            return "No thread available";
        case EHOSTUNREACH:
            return "Host unreachable";
        default:
            /* strerror may share one buffer between threads; the copy narrows the race to unknown codes only. */
            snprintf (buf, size, "%s", strerror (code));
            return buf;
    }
}

_Noreturn void zl_bug (const char *what, const char *file, int line)
{
    fprintf (stderr, "zmqlite: broken invariant: %s (%s:%d). Please report this bug.\n", what, file, line);
    abort ();
}

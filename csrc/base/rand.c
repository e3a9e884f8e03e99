/* Randomness from the system, with a weak fallback for a system that has none to give: nothing here is a secret. */
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "rand.h"

#if defined(__linux__)
#include <sys/random.h>
#endif

uint32_t zl_random (void)
{
#if defined(__linux__)
    uint32_t r;
    if (getrandom (&r, sizeof r, GRND_NONBLOCK) == (ssize_t) sizeof r)
        return r;
    return (uint32_t) (zl_now () * 2654435761u) ^ (uint32_t) getpid ();
#else
    return arc4random ();
#endif
}

/* Compiler and assert macros, and the few types that every layer uses. Knows no ZeroMQ and no sockets. */
#ifndef ZL_BASE_DEFS_H
#define ZL_BASE_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZL_INLINE inline __attribute__ ((always_inline)) /* where a constant argument makes another function of it */
#define ZL_LIKELY(x) __builtin_expect (!!(x), 1)
#define ZL_UNLIKELY(x) __builtin_expect (!!(x), 0)

#define ZL_CONTAINER(ptr, type, member) ((type *) (void *) ((char *) (ptr) -offsetof (type, member)))

#define ZL_LEN(array) (sizeof (array) / sizeof ((array)[0]))

#define ZL_MIN(a, b) ((a) < (b) ? (a) : (b))
#define ZL_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Aborts on a broken invariant of our own, also in release builds. Never for what a peer, the network, the system or
 * memory does: those are errors with a code. */
#define ZL_ASSERT(cond)                                                                                                \
    do {                                                                                                               \
        if (ZL_UNLIKELY (!(cond)))                                                                                     \
            zl_bug (#cond, __FILE__, __LINE__);                                                                        \
    } while (0)

_Noreturn void zl_bug (const char *what, const char *file, int line);

/* A deadline or a point in time: nanoseconds of the monotonic clock. */
typedef uint64_t zl_time;
#define ZL_NEVER UINT64_MAX
#define ZL_MS ((zl_time) 1000000)

#endif

/* What every test program of the core is made of: checks that NDEBUG cannot remove, and tests that
 * register themselves under a sentence. A program includes this once; it brings main(). */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct check_test {
    const char *sentence;
    void (*run) (void);
    struct check_test *next;
} check_test;

static check_test *check_first, **check_end = &check_first;

/* Ends the program at once: other threads may be running, and leaks no longer matter. */
static inline void check_fail (const char *file, int line, const char *what)
{
    printf ("\n%s:%d: %s\n", file, line, what);
    fflush (stdout);
    _Exit (1);
}

static inline void check_equal (const char *file, int line, const char *what, intmax_t got,
                                intmax_t due)
{
    char text[400];
    if (got == due)
        return;
    snprintf (text, sizeof text, "%s is %jd, not %jd", what, got, due);
    check_fail (file, line, text);
}

#define CHECK(cond) ((cond) ? (void) 0 : check_fail (__FILE__, __LINE__, "not so: " #cond))
#define CHECK_EQ(got, due)                                                                         \
    check_equal (__FILE__, __LINE__, #got, (intmax_t) (got), (intmax_t) (due))
#define CHECK_TEXT(got, due) CHECK (strcmp (got, due) == 0)
#define CHECK_BYTES(got, due, n) CHECK (memcmp (got, due, n) == 0)

/* TEST ("a sentence that holds") { ... } */
#define TEST(sentence) CHECK_TEST (sentence, __LINE__)
#define CHECK_TEST(sentence, line) CHECK_TEST_AT (sentence, line)
#define CHECK_TEST_AT(text, line)                                                                  \
    static void check_run_##line (void);                                                           \
    __attribute__ ((constructor)) static void check_add_##line (void)                              \
    {                                                                                              \
        static check_test test = {.sentence = text, .run = check_run_##line};                      \
        *check_end = &test;                                                                        \
        check_end = &test.next;                                                                    \
    }                                                                                              \
    static void check_run_##line (void)

/* Pseudo-random numbers; CHECK_SEED in the environment repeats a run. */
static uint64_t check_state;

static inline uint32_t check_random (void)
{
    check_state ^= check_state << 13;
    check_state ^= check_state >> 7;
    check_state ^= check_state << 17;
    return (uint32_t) (check_state >> 32);
}

static inline unsigned check_below (unsigned limit)
{
    return check_random () % limit;
}

/* Runs the tests whose sentence contains the argument, or all. */
int main (int argc, char **argv)
{
    const char *seed = getenv ("CHECK_SEED"), *wanted = argc > 1 ? argv[1] : "";
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    uint64_t start = seed ? strtoull (seed, NULL, 10) : (uint64_t) now.tv_nsec + 1;
    printf ("CHECK_SEED=%ju\n", (uintmax_t) start);
    for (check_test *t = check_first; t; t = t->next) {
        if (!strstr (t->sentence, wanted))
            continue;
        check_state = start * 0x9e3779b97f4a7c15u | 1;
        printf ("%s ...", t->sentence);
        fflush (stdout);
        t->run ();
        printf (" yes\n");
    }
    return 0;
}

#endif

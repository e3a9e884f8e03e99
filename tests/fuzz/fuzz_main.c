/* A fuzzer without libFuzzer: runs a corpus, and then what becomes of it by chance.
 *
 *     fuzz_NAME RUNS FILE...
 *
 * CHECK_SEED in the environment repeats a run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "script.h"

enum { INPUT_MAX = 4096 };

typedef struct {
    uint8_t octets[INPUT_MAX];
    size_t n;
} input;

static uint64_t state;

static uint32_t chance (void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t) (state >> 32);
}

static size_t below (size_t limit)
{
    return chance () % limit;
}

static input read_input (const char *path)
{
    input in;
    FILE *file = fopen (path, "rb");
    if (!file) {
        perror (path);
        exit (1);
    }
    in.n = fread (in.octets, 1, INPUT_MAX, file);
    fclose (file);
    return in;
}

/* Takes some octets of one input into another. */
static void cross (input *in, const input *other)
{
    size_t at = below (in->n + 1), from = below (other->n + 1);
    size_t part = ZL_MIN (below (40), ZL_MIN (other->n - from, (size_t) INPUT_MAX - at));
    memcpy (in->octets + at, other->octets + from, part);
    in->n = ZL_MAX (in->n, at + part);
}

static void mutate (input *in, const input *other)
{
    size_t at = below (in->n + 1);
    switch (below (4)) {
        case 0:
            if (at < in->n)
                in->octets[at] = (uint8_t) chance ();
            break;
        case 1:
            if (at < in->n)
                in->octets[at] ^= (uint8_t) (1 << below (8));
            break;
        case 2:
            in->n = at;
            break;
        default:
            cross (in, other);
    }
}

/* In a block of its own, whose end a sanitizer guards. */
static void run (const input *in)
{
    uint8_t *exact = malloc (in->n + 1);
    if (!exact)
        abort ();
    memcpy (exact + 1, in->octets, in->n);
    LLVMFuzzerTestOneInput (exact + 1, in->n);
    free (exact);
}

int main (int argc, char **argv)
{
    if (argc < 3) {
        fprintf (stderr, "usage: %s RUNS FILE...\n", argv[0]);
        return 2;
    }
    unsigned long runs = strtoul (argv[1], NULL, 10);
    size_t count = (size_t) argc - 2;
    const char *seed = getenv ("CHECK_SEED");
    uint64_t start = seed ? strtoull (seed, NULL, 10) : (uint64_t) time (NULL);
    state = start * 0x9e3779b97f4a7c15u | 1;
    printf ("CHECK_SEED=%llu\n", (unsigned long long) start);
    fflush (stdout);
    input *corpus = calloc (count, sizeof *corpus);
    if (!corpus)
        abort ();
    for (size_t i = 0; i < count; i++) {
        corpus[i] = read_input (argv[2 + i]);
        run (&corpus[i]);
    }
    for (unsigned long i = 0; i < runs; i++) {
        input in = corpus[below (count)];
        for (size_t hits = 1 + below (6); hits; hits--)
            mutate (&in, &corpus[below (count)]);
        run (&in);
    }
    free (corpus);
    printf ("%zu seeds and %lu mutations\n", count, runs);
    return 0;
}

/* A fuzzer's octets, read as a script: numbers and texts off the front, zeros once it is at its
 * end. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "wire/command.h"

/* What libFuzzer and fuzz_main.c call. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static inline uint8_t take (zl_slice *script)
{
    if (!script->n)
        return 0;
    script->n--;
    return *script->p++;
}

static inline unsigned take_wide (zl_slice *script)
{
    unsigned high = take (script);
    return high << 8 | take (script);
}

/* Up to n octets; they lie in the script. */
static inline zl_slice take_text (zl_slice *script, size_t n)
{
    zl_slice text = {script->p, ZL_MIN (n, script->n)};
    script->p += text.n;
    script->n -= text.n;
    return text;
}

#endif

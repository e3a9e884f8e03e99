/* A toy in the place of a cryptographic library: it protects nothing, but it behaves as one
 * does. Two agree on a key, boxes hide and authenticate what is in them, any change of an octet
 * is found. So the mechanisms are tested without a library, and the same run comes again from
 * the same seed. */
#ifndef TOY_CRYPTO_H
#define TOY_CRYPTO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "wire/crypto.h"

enum { TOY_KEY = 32, TOY_NONCE = 24, TOY_MAC = 16, TOY_ZEROS = 32 };

/* Boxes hide nothing, and open whatever was done to them: what lies behind the opening gets to see
 * everything, as if an attacker had the keys. */
static bool toy_is_transparent;

/* ---- randomness ---- */

static _Atomic uint64_t toy_state;

static inline uint64_t toy_mix (uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static inline void toy_randombytes (uint8_t *out, unsigned long long n)
{
    for (; n; n--)
        *out++ = (uint8_t) toy_mix (atomic_fetch_add (&toy_state, 0x9e3779b97f4a7c15u));
}

/* ---- keys: a secret is a factor, what is public its multiple; factors are odd ---- */

static inline void toy_times (uint8_t *product, const uint8_t *a, const uint8_t *factor)
{
    for (int i = 0; i < TOY_KEY; i += 8) {
        uint64_t x, y;
        memcpy (&x, a + i, 8);
        memcpy (&y, factor + i, 8);
        x *= y | 1;
        memcpy (product + i, &x, 8);
    }
}

static inline int toy_scalarmult_base (uint8_t *public_key, const uint8_t *secret_key)
{
    toy_times (public_key, (const uint8_t *) "a base that is odd in each word.", secret_key);
    return 0;
}

static inline int toy_keypair (uint8_t *public_key, uint8_t *secret_key)
{
    toy_randombytes (secret_key, TOY_KEY);
    return toy_scalarmult_base (public_key, secret_key);
}

/* A public key of zeros leads to no secret, and is refused as a library refuses it. */
static inline int toy_beforenm (uint8_t *key, const uint8_t *public_key, const uint8_t *secret_key)
{
    static const uint8_t zeros[TOY_KEY];
    toy_times (key, public_key, secret_key);
    return memcmp (key, zeros, TOY_KEY) ? 0 : -1;
}

/* ---- boxes ---- */

static inline uint64_t toy_start (const uint8_t *nonce, const uint8_t *key)
{
    uint64_t start = 0, word;
    for (int i = 0; i < TOY_KEY + TOY_NONCE; i += 8) {
        memcpy (&word, i < TOY_KEY ? key + i : nonce + i - TOY_KEY, 8);
        start = toy_mix (start ^ word);
    }
    return start;
}

static inline void toy_hide (uint8_t *to, const uint8_t *from, unsigned long long n, uint64_t start)
{
    memmove (to, from, n);
    for (unsigned long long i = 0; i < n && !toy_is_transparent; i += 8) {
        uint64_t mask = toy_mix (start + i);
        for (unsigned long long k = i; k < i + 8 && k < n; k++, mask >>= 8)
            to[k] ^= (uint8_t) mask;
    }
}

/* Each step is reversible, so that one octet changed is one sum changed. */
static inline void toy_sum (uint8_t mac[TOY_MAC], const uint8_t *p, unsigned long long n,
                            uint64_t start)
{
    uint64_t sums[2] = {start, ~start};
    for (; n; n--, p++) {
        sums[0] = (sums[0] ^ *p) * 0x100000001b3u;
        sums[1] = (sums[1] + *p) * 0xff51afd7ed558ccdu;
    }
    memcpy (mac, sums, TOY_MAC);
}

static inline int toy_easy_afternm (uint8_t *boxed, const uint8_t *plain, unsigned long long n,
                                    const uint8_t *nonce, const uint8_t *key)
{
    uint64_t start = toy_start (nonce, key);
    toy_hide (boxed + TOY_MAC, plain, n, start);
    toy_sum (boxed, boxed + TOY_MAC, n, start);
    return 0;
}

static inline int toy_open_easy_afternm (uint8_t *plain, const uint8_t *boxed, unsigned long long n,
                                         const uint8_t *nonce, const uint8_t *key)
{
    uint8_t mac[TOY_MAC];
    uint64_t start = toy_start (nonce, key);
    if (n < TOY_MAC)
        return -1;
    toy_sum (mac, boxed + TOY_MAC, n - TOY_MAC, start);
    if (!toy_is_transparent && memcmp (mac, boxed, TOY_MAC) != 0)
        return -1;
    toy_hide (plain, boxed + TOY_MAC, n - TOY_MAC, start);
    return 0;
}

static inline int toy_afternm (uint8_t *boxed, const uint8_t *plain, unsigned long long n,
                               const uint8_t *nonce, const uint8_t *key)
{
    static const uint8_t zeros[TOY_ZEROS];
    if (n < TOY_ZEROS || memcmp (plain, zeros, TOY_ZEROS) != 0)
        return -1;
    toy_easy_afternm (boxed + TOY_MAC, plain + TOY_ZEROS, n - TOY_ZEROS, nonce, key);
    memset (boxed, 0, TOY_ZEROS - TOY_MAC);
    return 0;
}

static inline int toy_open_afternm (uint8_t *plain, const uint8_t *boxed, unsigned long long n,
                                    const uint8_t *nonce, const uint8_t *key)
{
    if (n < TOY_ZEROS ||
        toy_open_easy_afternm (plain + TOY_ZEROS, boxed + TOY_MAC, n - TOY_MAC, nonce, key))
        return -1;
    memset (plain, 0, TOY_ZEROS);
    return 0;
}

static inline int toy_easy (uint8_t *boxed, const uint8_t *plain, unsigned long long n,
                            const uint8_t *nonce, const uint8_t *public_key,
                            const uint8_t *secret_key)
{
    uint8_t key[TOY_KEY];
    return toy_beforenm (key, public_key, secret_key)
               ? -1
               : toy_easy_afternm (boxed, plain, n, nonce, key);
}

static inline int toy_open_easy (uint8_t *plain, const uint8_t *boxed, unsigned long long n,
                                 const uint8_t *nonce, const uint8_t *public_key,
                                 const uint8_t *secret_key)
{
    uint8_t key[TOY_KEY];
    return toy_beforenm (key, public_key, secret_key)
               ? -1
               : toy_open_easy_afternm (plain, boxed, n, nonce, key);
}

static inline int toy_memcmp (const void *a, const void *b, size_t n)
{
    return memcmp (a, b, n) ? -1 : 0;
}

static const zl_crypto toy_crypto = {
    .box_keypair = toy_keypair,
    .scalarmult_base = toy_scalarmult_base,
    .box_easy = toy_easy,
    .box_open_easy = toy_open_easy,
    .box_beforenm = toy_beforenm,
    .box_easy_afternm = toy_easy_afternm,
    .box_open_easy_afternm = toy_open_easy_afternm,
    .box_afternm = toy_afternm,
    .box_open_afternm = toy_open_afternm,
    .secretbox_easy = toy_easy_afternm,
    .secretbox_open_easy = toy_open_easy_afternm,
    .memcmp = toy_memcmp,
    .randombytes = toy_randombytes,
};

#endif

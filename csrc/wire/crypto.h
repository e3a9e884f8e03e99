/* The functions of a cryptographic library that CURVE needs: a table that is given from outside, as no cryptography is
 * written here. They are libsodium's and return 0 or -1. */
#ifndef ZL_WIRE_CRYPTO_H
#define ZL_WIRE_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int (*box_keypair) (uint8_t *public_key, uint8_t *secret_key);
    int (*scalarmult_base) (uint8_t *public_key, const uint8_t *secret_key);
    /* What comes out of a box is 16 octets shorter than what went in; the two may be the same memory, here and below. */
    int (*box_easy) (uint8_t *boxed, const uint8_t *plain, unsigned long long n, const uint8_t *nonce,
                     const uint8_t *public_key, const uint8_t *secret_key);
    int (*box_open_easy) (uint8_t *plain, const uint8_t *boxed, unsigned long long n, const uint8_t *nonce,
                          const uint8_t *public_key, const uint8_t *secret_key);
    int (*box_beforenm) (uint8_t *key, const uint8_t *public_key, const uint8_t *secret_key);
    int (*box_easy_afternm) (uint8_t *boxed, const uint8_t *plain, unsigned long long n, const uint8_t *nonce,
                             const uint8_t *key);
    int (*box_open_easy_afternm) (uint8_t *plain, const uint8_t *boxed, unsigned long long n, const uint8_t *nonce,
                                  const uint8_t *key);
    /* The same boxes, with so many octets before: 32 before what is plain, which are zeros; 16 before the box, which are zeros when it
     * has been made and do not matter when it is opened. n is the same for both. */
    int (*box_afternm) (uint8_t *boxed, const uint8_t *plain, unsigned long long n, const uint8_t *nonce, const uint8_t *key);
    int (*box_open_afternm) (uint8_t *plain, const uint8_t *boxed, unsigned long long n, const uint8_t *nonce, const uint8_t *key);
    int (*secretbox_easy) (uint8_t *boxed, const uint8_t *plain, unsigned long long n, const uint8_t *nonce,
                           const uint8_t *key);
    int (*secretbox_open_easy) (uint8_t *plain, const uint8_t *boxed, unsigned long long n, const uint8_t *nonce,
                                const uint8_t *key);
    int (*memcmp) (const void *a, const void *b, size_t n); /* in constant time */
    void (*randombytes) (uint8_t *out, unsigned long long n);
} zl_crypto;

/* Their names, in the order of the table. */
#define ZL_CRYPTO_COUNT (sizeof (zl_crypto) / sizeof (void (*) (void)))
extern const char *const zl_crypto_names[ZL_CRYPTO_COUNT];

/* Set before the first wire with CURVE; NULL until then. */
extern const zl_crypto *zl_crypto_in_use;

#endif

/* Randomness from the system: routing ids, request ids, jitter. */
#ifndef ZL_BASE_RAND_H
#define ZL_BASE_RAND_H

#include <stdint.h>

uint32_t zl_random (void);

#endif

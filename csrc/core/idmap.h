/* A table from routing ids to pipes. Guarded by the mutex of the socket it lies in. */
#ifndef ZL_CORE_IDMAP_H
#define ZL_CORE_IDMAP_H

#include "pipe.h"

typedef struct {
    zl_pipe **slots;
    size_t size, count; /* size is a power of two, or 0 */
} zl_idmap;

void zl_idmap_fini (zl_idmap *m);
zl_pipe *zl_idmap_find (const zl_idmap *m, const uint8_t *id, size_t n);
/* Under p->id, which must not be in the table yet. 0 or -ENOMEM. */
int zl_idmap_add (zl_idmap *m, zl_pipe *p);
void zl_idmap_remove (zl_idmap *m, zl_pipe *p);

#endif

/* A table from routing ids to pipes: chained hashing through zl_pipe.hash_next. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "idmap.h"

static size_t hash (const uint8_t *id, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ id[i]) * 0x100000001b3u;
    return (size_t) (h ^ h >> 32);
}

void zl_idmap_fini (zl_idmap *m)
{
    free (m->slots);
    *m = (zl_idmap){0};
}

zl_pipe *zl_idmap_find (const zl_idmap *m, const uint8_t *id, size_t n)
{
    if (!m->size)
        return NULL;
    zl_pipe *p = m->slots[hash (id, n) & (m->size - 1)];
    while (p && !(p->id_len == n && memcmp (p->id, id, n) == 0))
        p = p->hash_next;
    return p;
}

static int grow (zl_idmap *m)
{
    size_t size = m->size ? m->size * 2 : 16;
    zl_pipe **slots = calloc (size, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    for (size_t i = 0; i < m->size; i++)
        for (zl_pipe *p = m->slots[i], *next; p; p = next) {
            next = p->hash_next;
            zl_pipe **slot = &slots[hash (p->id, p->id_len) & (size - 1)];
            p->hash_next = *slot;
            *slot = p;
        }
    free (m->slots);
    m->slots = slots;
    m->size = size;
    return 0;
}

int zl_idmap_add (zl_idmap *m, zl_pipe *p)
{
    if (m->count >= m->size && grow (m) < 0)
        return -ENOMEM;
    zl_pipe **slot = &m->slots[hash (p->id, p->id_len) & (m->size - 1)];
    p->hash_next = *slot;
    *slot = p;
    m->count++;
    return 0;
}

void zl_idmap_remove (zl_idmap *m, zl_pipe *p)
{
    if (!m->size)
        return;
    for (zl_pipe **slot = &m->slots[hash (p->id, p->id_len) & (m->size - 1)]; *slot; slot = &(*slot)->hash_next)
        if (*slot == p) {
            *slot = p->hash_next;
            m->count--;
            return;
        }
}

/* Counted blocks of bytes. */
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "wipe.h"

static void blob_free (zl_blob *b)
{
    free (b);
}

static void blob_wipe (zl_blob *b)
{
    zl_wipe (zl_blob_bytes (b), b->size);
    free (b);
}

void zl_blob_keep_secret (zl_blob *b)
{
    b->release = blob_wipe;
}

zl_blob *zl_blob_alloc (size_t size)
{
    if (size > SIZE_MAX - sizeof (zl_blob))
        return NULL;
    zl_blob *b = malloc (sizeof *b + size);
    if (!b)
        return NULL;
    *b = (zl_blob){.data = zl_blob_bytes (b), .size = size, .release = blob_free};
    atomic_init (&b->refs, 1);
    return b;
}

zl_blob *zl_msg_blob (const zl_msg *m)
{
    if (m->blob)
        return zl_blob_hold (m->blob);
    zl_blob *b = zl_blob_alloc (m->size);
    if (b && m->size)
        memcpy (zl_blob_bytes (b), m->data, m->size);
    return b;
}

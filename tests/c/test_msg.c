/* base/msg.[ch] */
#include "base/msg.h"
#include "check.h"

TEST ("a new block has room, one reference and its size")
{
    zl_blob *b = zl_blob_alloc (100);
    CHECK (b);
    CHECK_EQ (b->size, 100);
    CHECK (b->data == zl_blob_bytes (b));
    memset (zl_blob_bytes (b), 7, 100);
    zl_blob_drop (b);
}

TEST ("a block may be empty, and one that cannot exist is refused")
{
    zl_blob_drop (zl_blob_alloc (0));
    CHECK (!zl_blob_alloc (SIZE_MAX));
    CHECK (!zl_blob_alloc (SIZE_MAX - sizeof (zl_blob) + 1));
    zl_blob_drop (NULL);
}

static int released;

static void count_release (zl_blob *b)
{
    (void) b;
    released++;
}

TEST ("a block is released with its last reference and not before")
{
    zl_blob b = {.release = count_release};
    atomic_init (&b.refs, 1);
    CHECK (zl_blob_hold (&b) == &b);
    zl_blob_drop (&b);
    CHECK_EQ (released, 0);
    zl_blob_drop (&b);
    CHECK_EQ (released, 1);
}

TEST ("the block of a borrowed frame is a copy")
{
    char text[] = "hello";
    zl_msg m = {(const uint8_t *) text, 5, NULL}, nothing = {NULL, 0, NULL};
    zl_blob *b = zl_msg_blob (&m), *none = zl_msg_blob (&nothing);
    text[0] = 'j';
    CHECK_EQ (b->size, 5);
    CHECK_BYTES (b->data, "hello", 5);
    CHECK_EQ (none->size, 0);
    zl_blob_drop (b);
    zl_blob_drop (none);
}

TEST ("the block of a frame that lies in one is that block, held once more")
{
    zl_blob *b = zl_blob_alloc (5);
    zl_msg part = {b->data + 1, 3, b};
    CHECK (zl_msg_blob (&part) == b);
    CHECK_EQ (atomic_load (&b->refs), 2);
    zl_blob_drop (b);
    zl_blob_drop (b);
}

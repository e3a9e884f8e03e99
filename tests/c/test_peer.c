/* core/peer.[ch] and core/endpoint.[ch]: connections that end in the middle of something. The other
 * side is a plain socket, so that it can stop reading wherever it likes. */
#include "plain.h"

/* A message of many large frames is cut by the loss of the connection after `taken` octets. */
static void lose_within (unsigned frame_count, size_t frame_size, size_t taken, bool referenced)
{
    zmql_ctx *ctx = new_context ();
    address a;
    int listener = plain_listen (&a);
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    set_int (push, SNDBUF, 4096);
    set_int (push, RECONNECT_IVL, 1);
    CHECK_EQ (zmql_connect (push, a.text), 0);

    zl_blob *b = zl_blob_alloc (frame_size);
    memset (zl_blob_bytes (b), 'x', frame_size);
    zl_msg *frames = calloc (frame_count, sizeof *frames);
    for (unsigned i = 0; i < frame_count; i++)
        frames[i] = (zl_msg){b->data, b->size, referenced ? b : NULL};
    CHECK_EQ (send_frames (push, frames, frame_count), 0);
    CHECK_EQ (send_text (push, "the next one"), 0);

    int fd = accept_peer (listener, "PULL");
    char *some = malloc (taken);
    read_exactly (fd, some, taken);
    close (fd);
    fd = accept_peer (listener, "PULL");
    char text[32];
    zl_header h = read_frame (fd, text, sizeof text);
    CHECK_EQ (h.size, 12);
    CHECK_TEXT (text, "the next one");
    CHECK_EQ (stat_of (push, "dropped", "connection lost"), 1);

    close (fd);
    close (listener);
    free (some);
    free (frames);
    zl_blob_drop (b);
    end_socket (push);
    end_context (ctx);
}

TEST ("a message that was cut by a lost connection does not go on in the next one")
{
    lose_within (100, 65536, 1000, true);
    lose_within (100, 65536, 1000000, true);
}

TEST ("the same holds for a message of many small frames")
{
    lose_within (100000, 100, 1000, false);
    lose_within (100000, 100, 2000000, false);
}

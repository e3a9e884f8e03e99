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

TEST ("what a peer said before it closed is heard, though nothing can be written to it any more")
{
    enum { MESSAGES = 50 };
    zmql_ctx *ctx = new_context ();
    zmql_socket *pair = new_socket (ctx, ZL_PAIR);
    set_int (pair, RCVHWM, 1);
    address a = bind_to (pair, any_endpoint[0]);
    int fd = connect_peer (&a, "PAIR");
    write_all (fd, "\0\1x", 3);
    CHECK_EQ (zmql_wait (pair, ZMQL_POLLIN, patience ()), ZMQL_POLLIN); /* and reads no more */
    for (unsigned i = 1; i < MESSAGES; i++)
        write_all (fd, "\0\1x", 3);
    close (fd);
    for (unsigned i = 0; i < 20; i++) { /* refused by the peer's system at first, then by ours */
        zl_msg m = text_frame ("to nobody");
        if (zmql_send (pair, &m, 1, 0) == 1)
            zmql_flush_now (pair);
        CHECK (zmql_flush (pair, zl_deadline (1)) >= 0);
    }
    for (unsigned i = 0; i < MESSAGES; i++)
        CHECK_RECV (pair, "x");
    CHECK_EQ (zmql_close (pair, 0, true), 0);
    zmql_socket_free (pair);
    end_context (ctx);
}

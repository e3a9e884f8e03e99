/* core/peer.[ch] and core/endpoint.[ch]: connections that end in the middle of something. The other
 * side is a plain socket, so that it can stop reading wherever it likes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"
#include "wire/frame.h"

/* ---- the plain side ---- */

static int plain_listen (address *a)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    int fd = socket (AF_INET, SOCK_STREAM, 0), small = 4096;
    CHECK (fd >= 0);
    CHECK_EQ (setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    CHECK_EQ (bind (fd, (struct sockaddr *) &in, len), 0);
    CHECK_EQ (listen (fd, 5), 0);
    CHECK_EQ (getsockname (fd, (struct sockaddr *) &in, &len), 0);
    snprintf (a->text, sizeof a->text, "tcp://127.0.0.1:%u", ntohs (in.sin_port));
    return fd;
}

static void read_exactly (int fd, void *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        CHECK_EQ (poll (&p, 1, 30000), 1);
        ssize_t k = read (fd, (char *) to + got, n - got);
        CHECK (k > 0);
        got += (size_t) k;
    }
}

/* The next frame's size and flags; its body's first octets go to `text`, a string. */
static zl_header read_frame (int fd, char *text, size_t room)
{
    uint8_t octets[ZL_HEADER_MAX], sink[4096];
    zl_header h;
    read_exactly (fd, octets, 2);
    if (octets[0] & ZL_FRAME_LONG)
        read_exactly (fd, octets + 2, 7);
    CHECK_EQ (zl_header_get (octets, sizeof octets, &h), 1);
    size_t keep = ZL_MIN ((size_t) h.size, room - 1);
    read_exactly (fd, text, keep);
    text[keep] = 0;
    for (uint64_t left = h.size - keep; left;) {
        size_t n = (size_t) ZL_MIN (left, (uint64_t) sizeof sink);
        read_exactly (fd, sink, n);
        left -= n;
    }
    return h;
}

static void shake_hands (int fd, const char *type)
{
    static const char greeting[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL";
    char theirs[64], ready[64] = "\4\x1a\5READY\x0bSocket-Type\0\0\0\4";
    size_t n = 2 + 0x1a - 4 + strlen (type);
    ready[1] = (char) (n - 2);
    memcpy (ready + 24, type, strlen (type));
    ready[23] = (char) strlen (type);
    CHECK_EQ (write (fd, greeting, sizeof greeting), sizeof greeting);
    read_exactly (fd, theirs, sizeof theirs);
    CHECK_EQ (write (fd, ready, n), n);
    char text[16];
    CHECK (read_frame (fd, text, sizeof text).flags & ZL_FRAME_COMMAND);
    CHECK_EQ (memcmp (text, "\5READY", 6), 0);
}

static int accept_peer (int listener, const char *type)
{
    struct pollfd p = {.fd = listener, .events = POLLIN};
    CHECK_EQ (poll (&p, 1, 30000), 1);
    int fd = accept (listener, NULL, NULL);
    CHECK (fd >= 0);
    shake_hands (fd, type);
    return fd;
}

/* ---- the tests ---- */

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

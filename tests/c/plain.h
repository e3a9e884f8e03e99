/* The other side of a connection as a plain socket of the system's, that says and hears just what a
 * test wants it to: whole frames, single octets, or nothing for as long as it likes. */
#ifndef PLAIN_H
#define PLAIN_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"
#include "wire/frame.h"

static inline void await_input (int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK_EQ (poll (&p, 1, 30000), 1);
}

/* ---- connections ---- */

/* With a small receive buffer, so that it is soon full. */
static inline int plain_listen (address *a)
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

static inline int plain_accept (int listener)
{
    await_input (listener);
    int fd = accept (listener, NULL, NULL);
    CHECK (fd >= 0);
    return fd;
}

/* To a tcp endpoint of the loopback. */
static inline int plain_connect (const address *a)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int fd = socket (AF_INET, SOCK_STREAM, 0);
    CHECK (fd >= 0);
    in.sin_port = htons ((uint16_t) atoi (strrchr (a->text, ':') + 1));
    CHECK_EQ (connect (fd, (struct sockaddr *) &in, sizeof in), 0);
    return fd;
}

/* ---- octets ---- */

static inline void write_all (int fd, const void *octets, size_t n)
{
    CHECK_EQ (send (fd, octets, n, 0), n);
}

static inline void read_exactly (int fd, void *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        await_input (fd);
        ssize_t k = read (fd, (char *) to + got, n - got);
        CHECK (k > 0);
        got += (size_t) k;
    }
}

/* Reads away what comes until the other side has closed. */
static inline void await_close (int fd)
{
    char sink[4096];
    do
        await_input (fd);
    while (recv (fd, sink, sizeof sink, 0) > 0);
}

/* ---- ZMTP 3 ---- */

/* The next frame's size and flags; its body's first octets go to `text`, a string. */
static inline zl_header read_frame (int fd, char *text, size_t room)
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

static inline void shake_hands (int fd, const char *type)
{
    static const char greeting[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL";
    char theirs[64], ready[64] = "\4\x1a\5READY\x0bSocket-Type\0\0\0\4";
    size_t n = 2 + 0x1a - 4 + strlen (type);
    ready[1] = (char) (n - 2);
    memcpy (ready + 24, type, strlen (type));
    ready[23] = (char) strlen (type);
    write_all (fd, greeting, sizeof greeting);
    read_exactly (fd, theirs, sizeof theirs);
    write_all (fd, ready, n);
    char text[16];
    CHECK (read_frame (fd, text, sizeof text).flags & ZL_FRAME_COMMAND);
    CHECK_EQ (memcmp (text, "\5READY", 6), 0);
}

static inline int accept_peer (int listener, const char *type)
{
    int fd = plain_accept (listener);
    shake_hands (fd, type);
    return fd;
}

static inline int connect_peer (const address *a, const char *type)
{
    int fd = plain_connect (a);
    shake_hands (fd, type);
    return fd;
}

#endif

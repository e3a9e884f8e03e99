/* The write end of a peer: takes messages from its pipe, in portions, and hands them to the kernel. What travels sealed is sealed
 * by whoever owns the end, without the mutex. */
#include <errno.h>

#include "../net/fd.h"
#include "peer_state.h"

enum { IOV_MAX_USED = 256 };

/* Takes whole messages over into the peer's own framing. Without memory the connection ends. */
static void encode_foreign (zl_peer *p, zl_pipe *pipe)
{
    zl_pool *pool = &p->sock->pool;
    zl_view v = {.more = false};
    while ((v.more || p->tx.bytes < zl_peer_portion (p)) && zl_frameq_peek (&pipe->out, pool, &v)) {
        const zl_msg frame = {v.data, v.size, v.blob};
        if (zl_wire_put_frame (&p->wire, &p->tx, &frame, v.more) < 0) {
            zl_peer_end (p->sock, p, ZL_CLOSE_MEMORY);
            return;
        }
        zl_frameq_next (&pipe->out, pool, &v);
    }
}

/* Whether there is something to write, taking it from where it waits. */
static bool refill (zl_peer *p)
{
    if (p->tx.head)
        return true;
    p->tx_off = 0;
    zl_frameq_splice (&p->tx, &p->ctl);
    zl_pipe *pipe = p->pipe;
    if (pipe && p->ready && pipe->out.head) {
        if (zl_wire_is_foreign (&p->wire))
            encode_foreign (p, pipe);
        else
            zl_frameq_move (&p->tx, &pipe->out, zl_peer_portion (p));
        if (!pipe->writable && pipe->out.msgs <= zl_low_water (p->sock->opt.sndhwm))
            zl_pipe_set_writable (pipe);
    }
    return p->tx.head;
}

void zl_peer_watch_writable (zl_socket *s, zl_peer *p, bool on)
{
    if (!zl_endpoint_transport (p->endpoint)->chatty_writable || p->wr_watched == on)
        return;
    p->wr_watched = on;
    zl_poller_mod (&s->client.set, p->source.fd, ZL_READ | (on ? ZL_WRITE : 0), ZL_EDGE, &p->source);
}

/* A peer that has closed may have said something before: the connection ends when that has been read. */
static void write_failed (zl_socket *s, zl_peer *p, int rc)
{
    if (rc == -ENOMEM) {
        zl_peer_end (s, p, ZL_CLOSE_MEMORY);
        return;
    }
    if (p->dead || !p->pipe || p->pipe->discard || s->closed) {
        zl_peer_disconnected (s, p, rc);
        return;
    }
    p->wr_broken = true;
    if (!p->wr_blocked)
        s->blocked++;
    p->wr_blocked = true;
    p->rd_ready = p->rd_hangup = true;
    zl_peer_make_readable (p);
    if (!s->turn)
        zl_loop_post (&s->client); /* somebody has to read */
}

/* Hands the kernel some of what is to be written, of which *asked is what it could have taken. Needs no mutex. */
static ssize_t write_some (zl_peer *p, int fd, size_t *asked)
{
    struct iovec iov[IOV_MAX_USED];
    if (p->wire.mech->overhead && zl_wire_seal (&p->wire, &p->tx) < 0)
        return -ENOMEM;
    unsigned n = zl_frameq_iov (&p->tx, p->tx_off, iov, IOV_MAX_USED);
    *asked = 0;
    for (unsigned i = 0; i < n; i++)
        *asked += iov[i].iov_len;
    return zl_fd_write (fd, iov, n);
}

void zl_peer_write (zl_socket *s, zl_peer *p)
{
    zl_list_remove (&p->dirty);
    if (p->wr_owned || p->wr_blocked || p->dead)
        return;
    p->wr_owned = true;
    ssize_t put = 0;
    bool more = true;
    while (more && !p->dead && refill (p)) {
        size_t asked;
        p->wr_event = false;
        int fd = p->source.fd;
        zl_socket_unlock (s);
        put = write_some (p, fd, &asked);
        zl_socket_lock (s);
        if (put > 0)
            p->tx_off = zl_frameq_written (&p->tx, &s->pool, p->tx_off + (size_t) put);
        else if (put != -EAGAIN)
            break;
        more = p->tx.head || put >= (ssize_t) zl_peer_portion (p) / 4; /* a little that has gathered meanwhile had better gather on */
        if (put < (ssize_t) asked && !p->wr_event && !p->dead) {
            p->wr_blocked = true;
            s->blocked++;
            zl_peer_watch_writable (s, p, true);
            break;
        }
    }
    p->wr_owned = false;
    if (put < 0 && put != -EAGAIN)
        write_failed (s, p, (int) put);
    zl_peer_bury (s, p);
    if (!p->dead && (p->ctl.head || (p->pipe && p->pipe->out.head)))
        zl_peer_make_dirty (p);
    if (!p->dead && p->finishing && zl_peer_has_written_all (p))
        zl_peer_end (s, p, p->finishing);
    if (!p->buried && !p->tx.head) {
        zl_endpoint_flushed (s, p->endpoint);
        if (s->draining)
            zl_socket_changed (s);
    }
}

/* The way of a message from the application into the socket's type, and when that leads to writing. */
#include <stdlib.h>

#include "socket_state.h"

void zl_socket_drop_parts (zl_socket *s)
{
    for (unsigned i = 0; i < s->part_count; i++)
        zl_blob_drop (s->parts[i].blob);
    s->part_count = 0;
}

void zl_socket_flush_now (zl_socket *s)
{
    zl_socket_lock (s);
    zl_flush_now (s);
    if (s->closed && !s->reaped)
        zl_loop_post (&s->client);
    zl_socket_unlock (s);
}

void zl_socket_flush_idle (zl_socket *s)
{
    zl_socket_lock (s);
    if (zl_flush_is_due (s))
        zl_flush_now (s);
    zl_socket_unlock (s);
}

/* Keeps frames that more will follow. */
static int stash (zl_socket *s, const zl_msg *frames, unsigned n)
{
    int rc = s->part_count ? 0 : s->type->can_send (s);
    if (rc == 0 && !s->part_count && s->type->check_first)
        rc = s->type->check_first (s, frames);
    if (rc < 0)
        return rc;
    if (s->part_count + n > s->part_cap) {
        unsigned cap = ZL_MAX (s->part_cap * 2, s->part_count + n + 8);
        zl_msg *grown = realloc (s->parts, cap * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        s->parts = grown;
        s->part_cap = cap;
    }
    for (unsigned i = 0; i < n; i++) {
        zl_blob *b = zl_msg_blob (&frames[i]);
        if (!b) {
            while (i--)
                zl_blob_drop (s->parts[--s->part_count].blob);
            return -ENOMEM;
        }
        s->parts[s->part_count++] = (zl_msg){frames[i].blob ? frames[i].data : b->data, frames[i].size, b};
    }
    return 0;
}

/* The frames kept so far and these, as one message. */
static int send_with_parts (zl_socket *s, const zl_msg *frames, unsigned n)
{
    unsigned before = s->part_count;
    int rc = stash (s, frames, n);
    if (rc < 0)
        return rc;
    rc = s->type->send (s, s->parts, s->part_count);
    if (rc == -EAGAIN || rc == -ENOMEM) /* may be tried again with the same frames */
        while (s->part_count > before)
            zl_blob_drop (s->parts[--s->part_count].blob);
    else
        zl_socket_drop_parts (s);
    return rc;
}

/* Whether the socket can send at all. */
static int check_sender (const zl_socket *s)
{
    int rc = zl_socket_check (s);
    return ZL_UNLIKELY (rc == 0 && !s->type->send) ? -ENOTSUP : rc;
}

/* 0 when the message, or with SNDMORE a part of it, has been taken. */
static int send_one (zl_socket *s, const zl_msg *frames, unsigned n, int flags)
{
    for (unsigned i = 0; i < n; i++)
        if (ZL_UNLIKELY (frames[i].size > s->max_frame))
            return -EMSGSIZE;
    unsigned whole = s->type->frames_per_message;
    if (ZL_UNLIKELY (flags & ZL_SNDMORE) && !(whole && s->part_count + n >= whole))
        return stash (s, frames, n);
    int rc = ZL_LIKELY (!s->part_count) ? s->type->send (s, frames, n) : send_with_parts (s, frames, n);
    if (ZL_LIKELY (rc == 0))
        s->stats.sent++;
    return rc;
}

int zl_socket_send (zl_socket *s, const zl_msg *frames, unsigned n, int flags)
{
    zl_socket_lock (s);
    uint64_t before = s->stats.sent;
    int rc = check_sender (s);
    if (ZL_LIKELY (rc == 0))
        rc = send_one (s, frames, n, flags);
    if (ZL_LIKELY (rc == 0 && s->stats.sent != before))
        rc = zl_flush_choose (s);
    if (ZL_UNLIKELY (rc == -EAGAIN))
        s->stuck = true;
    zl_socket_unlock (s);
    return rc;
}

int zl_socket_send_many (zl_socket *s, const zl_msg *frames, const unsigned *counts, unsigned n, unsigned *sent)
{
    zl_socket_lock (s);
    int rc = check_sender (s);
    unsigned i = 0;
    for (; i < n && rc == 0; i += rc == 0) {
        rc = send_one (s, frames, counts[i], 0);
        frames += counts[i];
    }
    *sent = i;
    if (rc == -EAGAIN)
        s->stuck = true;
    int writer = i ? zl_flush_choose (s) : 0;
    zl_socket_unlock (s);
    return i ? writer : rc;
}

/* Receiving into the caller's own memory; see the header. */
#include <string.h>

#include "into.h"

/* The queues know where a body lies: tells them anew. */
static void repoint (zl_socket *s, const zl_blob *b)
{
    ZL_LIST_EACH (&s->pipes, zl_pipe, node, p)
        for (zl_chunk *c = p->in.head; c; c = c->next)
            if (c->blob == b)
                c->body = b->data;
}

static void forget (zl_loan *l)
{
    zl_blob_drop (l->blob);
    l->blob = NULL;
}

static void move_home (zl_socket *s, zl_loan *l)
{
    if (!l->blob)
        return;
    memcpy ((uint8_t *) l->home, l->blob->data, l->blob->size);
    l->blob->data = l->home;
    repoint (s, l->blob);
    forget (l);
}

static int take (zl_sink *sink, const zl_view *v)
{
    zl_into *into = (zl_into *) sink;
    zl_loan *l = &into->loans[into->got];
    l->size = v->size;
    if (l->blob && l->blob == v->blob)
        forget (l); /* it is where it shall be */
    else {
        move_home (into->sock, l);
        if (l->room && v->size)
            memcpy (l->memory, v->data, ZL_MIN (v->size, l->room));
    }
    into->got++;
    return 0;
}

void zl_into_init (zl_into *into, zl_socket *s, zl_loan *loans, unsigned n, bool cuts)
{
    *into = (zl_into){.sink = {take}, .sock = s, .loans = loans, .n = n, .cuts = cuts};
}

void zl_into_lend (zl_into *into, zl_blob *b, size_t got)
{
    if (got > b->size / 2)
        return; /* not worth moving it */
    zl_loan *free = NULL;
    for (unsigned i = into->got; i < into->n; i++) {
        zl_loan *l = &into->loans[i];
        if (l->blob == b)
            return;
        if (!free && !l->blob && l->room >= b->size)
            free = l;
    }
    if (!free)
        return;
    memcpy (free->memory, b->data, got);
    free->blob = zl_blob_hold (b);
    free->home = b->data;
    b->data = free->memory;
}

static bool frame_fits (const zl_into *into, unsigned i, size_t size)
{
    return i < into->n && size <= into->loans[i].room;
}

bool zl_into_fits (const zl_into *into)
{
    zl_socket *s = into->sock;
    unsigned i = 0;
    if (into->cuts)
        return true; /* a frame at a time */
    ZL_LIST_EACH (&s->returned, zl_returned, node, r)
    {
        if (!frame_fits (into, i++, r->blob->size))
            return false;
        if (!r->more)
            return true;
    }
    if (s->rx_has_prefix && !frame_fits (into, i++, s->rx_prefix.size))
        return false;
    zl_cursor at = {0};
    zl_view v = {.more = true};
    while (v.more && zl_frameq_look (&s->rx_pipe->in, &at, &v))
        if (!frame_fits (into, i++, v.size))
            return false;
    return true;
}

void zl_into_withdraw (zl_into *into, const zl_blob *b)
{
    for (unsigned i = 0; b && i < into->n; i++)
        if (into->loans[i].blob == b)
            move_home (into->sock, &into->loans[i]);
}

void zl_into_end (zl_into *into)
{
    for (unsigned i = 0; i < into->n; i++)
        move_home (into->sock, &into->loans[i]);
}

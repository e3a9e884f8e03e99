/* The driver over zmqlite's core, used as the binding uses it. */
#include <errno.h>

#include "base/clock.h"
#include "zmqlite.h"

enum { LAST_ENDPOINT = 32, FOR_EVER = -1 };

typedef struct {
    zmql_ctx *context;
    zmql_socket *socket;
} peer;

static const char *version (void)
{
    return "of this tree";
}

static void open_peer (peer *p, int type)
{
    require (!zmql_ctx_new (&p->context), "zmql_ctx_new");
    require (!zmql_socket_new (p->context, type, &p->socket), "zmql_socket_new");
}

static void bind_peer (peer *p, char *endpoint, size_t size)
{
    require (!zmql_bind (p->socket, "tcp://127.0.0.1:*"), "zmql_bind");
    require (!zmql_get (p->socket, LAST_ENDPOINT, endpoint, &size), "LAST_ENDPOINT");
}

static void connect_peer (peer *p, const char *endpoint)
{
    require (!zmql_connect (p->socket, endpoint), "zmql_connect");
}

static void wait_for (peer *p, int event)
{
    int rc = zmql_wait (p->socket, event, ZL_NEVER);
    require (rc > 0 || rc == -EINTR, "zmql_wait");
}

static void keep (zl_blob *b)
{
    free (b);
}

static zl_blob *refer_to (const char *body, size_t size)
{
    zl_blob *b = calloc (1, sizeof *b);
    require (b != NULL, "memory");
    atomic_init (&b->refs, 1);
    b->data = (const uint8_t *) body;
    b->size = size;
    b->release = keep;
    return b;
}

static void send_body (peer *p, const char *body, size_t size)
{
    zl_blob *b = size < BY_REFERENCE ? NULL : refer_to (body, size);
    zl_msg message = {(const uint8_t *) body, size, b};
    int rc;

    while ((rc = zmql_send (p->socket, &message, 1, 0)) == -EAGAIN)
        wait_for (p, ZMQL_ROOM);
    require (rc >= 0, "zmql_send");
    if (rc == 1)
        zmql_flush_now (p->socket);
    zl_blob_drop (b);
}

typedef struct {
    zmql_sink base;
    size_t size;
} size_sink;

static int take_size (zmql_sink *sink, const zmql_frame *f)
{
    ((size_sink *) sink)->size = f->size;
    return 0;
}

/* As the binding does, so that the kernel writes a large body to where it stays. */
static void offer_spare (peer *p)
{
    size_t size = zmql_wants_spare (p->socket);
    zl_blob *spare = size ? zl_blob_alloc (size) : NULL;
    if (spare)
        zmql_give_spare (p->socket, spare);
}

static size_t recv_size (peer *p)
{
    size_sink sink = {{take_size}, 0};
    int rc;

    while ((rc = zmql_recv (p->socket, &sink.base, false)) == -EAGAIN) {
        offer_spare (p);
        wait_for (p, ZMQL_POLLIN);
    }
    require (rc == 0, "zmql_recv");
    return sink.size;
}

static void close_peer (peer *p)
{
    require (!zmql_close (p->socket, FOR_EVER, true), "zmql_close");
    zmql_socket_free (p->socket);
    while (zmql_ctx_term (p->context) == -EINTR)
        ;
    zmql_ctx_free (p->context);
}

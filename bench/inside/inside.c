/* The hot paths of the core, each as a loop: the calls for whoever times or counts them, and the paths of frames, turns and
 * boxes. */
#include <stdlib.h>
#include <string.h>

#include "core/fq.h"
#include "core/lb.h"
#include "inside.h"
#include "wire/crypto.h"
#include "wires.h"
#include "zmqlite.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION ((void) 0)
#define CALLGRIND_ZERO_STATS ((void) 0)
#define CALLGRIND_DUMP_STATS_AT(label) ((void) (label))
#endif

#define EXPORT __attribute__ ((visibility ("default")))

enum { PIPES = 10, PARTS = 3, SMALL = 16 };

/* So much gathers in a queue before it is emptied, as if it had been written. */
enum { WRITTEN = 65536 };

static const uint8_t body[65536];
static zl_pool pool;
static zl_frameq queue;

static void empty_if_long (zl_frameq *q)
{
    if (q->bytes >= WRITTEN)
        zl_frameq_clear (q, &pool);
}

static void close_queue (void)
{
    zl_frameq_clear (&queue, &pool);
    zl_pool_fini (&pool);
    pool = (zl_pool){0};
}

/* ---- frames ---- */

static zl_msg frames[PARTS];
static unsigned frame_count;

static void open_message (size_t size)
{
    frame_count = 1;
    frames[0] = (zl_msg){body, size, NULL};
}

static void open_parts (size_t parts)
{
    frame_count = (unsigned) parts;
    for (unsigned i = 0; i < frame_count; i++)
        frames[i] = (zl_msg){body, SMALL, NULL};
}

static void encode (unsigned n)
{
    for (; n; n--) {
        ZL_ASSERT (zl_frameq_push (&queue, &pool, frames, frame_count) == 0);
        empty_if_long (&queue);
    }
}

static void fill_queue (unsigned n)
{
    zl_frameq_clear (&queue, &pool);
    for (; n; n--)
        ZL_ASSERT (zl_frameq_push (&queue, &pool, frames, frame_count) == 0);
}

static void take (unsigned n)
{
    zl_view v;
    while (n && zl_frameq_peek (&queue, &pool, &v)) {
        n -= !v.more;
        zl_frameq_next (&queue, &pool, &v);
    }
    ZL_ASSERT (n == 0);
}

/* As many messages as a read buffer holds. */
static uint8_t arrived[WRITTEN];
static size_t message_size;
static zl_wire wire;

static void open_arrived (size_t parts)
{
    wire = (zl_wire){.mech = &zl_mech_null, .max_size = -1, .state = ZL_WIRE_TRAFFIC};
    message_size = parts * (2 + SMALL);
    for (size_t at = 0; at + message_size <= sizeof arrived; at += message_size)
        for (size_t i = 0; i < parts; i++)
            zl_header_put (arrived + at + i * (2 + SMALL), SMALL, i + 1 < parts ? ZL_FRAME_MORE : 0);
}

static void cut (unsigned n)
{
    while (n) {
        zl_cut found = {0};
        zl_wire_cut (&wire, arrived, ZL_MIN ((size_t) n, sizeof arrived / message_size) * message_size, &found);
        ZL_ASSERT (found.msgs && found.msgs <= n);
        n -= found.msgs;
    }
}

/* ---- whose turn it is ---- */

static zl_pipe pipes[PIPES];
static zl_fq fair;
static zl_lb balancer;

static int push_out (zl_pipe *p, const zl_msg *message, unsigned n)
{
    empty_if_long (&p->out);
    return zl_frameq_push (&p->out, &pool, message, n);
}

static const zl_pipe_ops pipe_ops = {.push = push_out};

static void open_pipes (size_t count)
{
    open_message (SMALL);
    zl_fq_init (&fair);
    zl_lb_init (&balancer);
    for (size_t i = 0; i < count; i++) {
        pipes[i] = (zl_pipe){.ops = &pipe_ops, .writable = true};
        zl_list_init (&pipes[i].fq);
        zl_list_init (&pipes[i].lb);
        zl_lb_activate (&balancer, &pipes[i]);
    }
}

static void fill_pipes (unsigned n)
{
    for (unsigned i = 0; i < PIPES; i++) {
        zl_frameq_clear (&pipes[i].in, &pool);
        for (unsigned k = 0; k <= n / PIPES; k++)
            ZL_ASSERT (zl_frameq_push (&pipes[i].in, &pool, frames, frame_count) == 0);
        zl_fq_activate (&fair, &pipes[i]);
    }
}

static void take_in_turn (unsigned n)
{
    for (; n; n--) {
        zl_pipe *p = zl_fq_head (&fair);
        ZL_ASSERT (p);
        zl_frameq_skip_message (&p->in, &pool);
        zl_fq_rotate (&fair, p);
    }
}

static void send_in_turn (unsigned n)
{
    for (; n; n--)
        ZL_ASSERT (zl_lb_send (&balancer, frames, frame_count) == 0);
}

static void close_pipes (void)
{
    for (unsigned i = 0; i < PIPES; i++) {
        zl_frameq_clear (&pipes[i].in, &pool);
        zl_frameq_clear (&pipes[i].out, &pool);
    }
    close_queue ();
}

/* ---- CURVE ---- */

static side client, server;
static uint8_t *boxes; /* sealed frames, one after the other */
static size_t boxes_size;

static void open_curve (size_t size)
{
    static uint8_t server_public[ZL_KEY_SIZE], server_secret[ZL_KEY_SIZE], public_key[ZL_KEY_SIZE], secret[ZL_KEY_SIZE];
    zl_wire_config config = {.mech = &zl_mech_curve,
                             .security = {.public_key = public_key, .secret_key = secret, .server_public_key = server_public},
                             .own_type = ZL_DEALER,
                             .max_size = -1};
    ZL_ASSERT (zl_crypto_in_use);
    zl_crypto_in_use->box_keypair (server_public, server_secret);
    zl_crypto_in_use->box_keypair (public_key, secret);
    open_as (&client, &config);
    config.security = (zl_security){.as_server = true, .secret_key = server_secret};
    open_as (&server, &config);
    ZL_ASSERT (converse (&client, &server, WRITTEN) && judge (&server, 200) && converse (&client, &server, WRITTEN));
    ZL_ASSERT (is_talking (&client) && is_talking (&server));
    open_message (size);
}

static void push_spaced (unsigned n)
{
    for (; n; n--)
        ZL_ASSERT (zl_frameq_push_spaced (&client.out, &client.pool, frames, 1, zl_wire_overhead (&client.wire)) == 0);
}

static void seal (unsigned n)
{
    for (unsigned part; n; n -= part) {
        part = ZL_MIN (n, (unsigned) (WRITTEN / frames->size) + 1);
        push_spaced (part);
        ZL_ASSERT (zl_wire_seal (&client.wire, &client.out) == 0);
        zl_frameq_clear (&client.out, &client.pool);
    }
}

static void fill_boxes (unsigned n)
{
    free (boxes);
    push_spaced (n);
    boxes_size = client.out.bytes;
    boxes = malloc (boxes_size);
    ZL_ASSERT (boxes && said (&client, boxes, boxes_size) == boxes_size);
}

static void open_boxes (unsigned n)
{
    zl_cut cut = {0};
    zl_wire_cut (&server.wire, boxes, boxes_size, &cut);
    ZL_ASSERT (cut.msgs == n);
}

static void close_curve (void)
{
    free (boxes);
    boxes = NULL;
    end_side (&client);
    end_side (&server);
}

/* ---- the table ---- */

void inside_nothing (unsigned n)
{
    (void) n;
}

static const path paths[] = {
    {"encode", open_message, inside_nothing, encode, close_queue},
    {"encode parts", open_parts, inside_nothing, encode, close_queue},
    {"decode parts", open_arrived, inside_nothing, cut, close_queue},
    {"take", open_message, fill_queue, take, close_queue},
    {"take parts", open_parts, fill_queue, take, close_queue},
    {"fair queue", open_pipes, fill_pipes, take_in_turn, close_pipes},
    {"load balancer", open_pipes, inside_nothing, send_in_turn, close_pipes},
    {"seal", open_curve, inside_nothing, seal, close_curve},
    {"open", open_curve, fill_boxes, open_boxes, close_curve},
    {0},
};

static const path *const tables[] = {paths, inside_trie_paths, inside_socket_paths};
static const path *opened;

static const path *found_in (const path *table, const char *name)
{
    while (table->name && strcmp (table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

EXPORT bool inside_open (const char *name, size_t of)
{
    ZL_ASSERT (!opened);
    for (size_t i = 0; i < ZL_LEN (tables) && !opened; i++)
        opened = found_in (tables[i], name);
    if (opened)
        opened->open (of);
    return opened;
}

EXPORT void inside_prepare (unsigned n)
{
    ZL_ASSERT (n <= INSIDE_MAX);
    opened->prepare (n);
}

EXPORT void inside_run (unsigned n)
{
    opened->run (n);
}

EXPORT void inside_close (void)
{
    opened->close ();
    opened = NULL;
}

/* The functions of libsodium, as zmql_use_crypto() wants them; before a path with CURVE is opened. */
EXPORT const char *inside_crypto_name (unsigned i)
{
    return zmql_crypto_name (i);
}

EXPORT void inside_use_crypto (const uintptr_t *addresses)
{
    zmql_use_crypto (addresses);
}

/* ---- counting; without callgrind these do nothing ---- */

EXPORT void inside_count (void)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

EXPORT void inside_counted (const char *label)
{
    CALLGRIND_DUMP_STATS_AT (label);
}

/* core/monitor.[ch]: what a monitor is told, in which order, and that it stalls nobody. */
#include <sched.h>

#include "core/monitor.h"
#include "plain.h"

enum { ALL = 0xffff, COMING_AND_GOING = ZL_EVENT_ACCEPTED | ZL_EVENT_DISCONNECTED };

/* ---- the reader's side ---- */

typedef struct {
    unsigned event;
    uint32_t value;
    char endpoint[512];
} event;

static event parse (const inbox *in)
{
    event e = {.event = 0};
    uint16_t number;
    CHECK_EQ (in->count, 2);
    CHECK_EQ (in->sizes[0], 6);
    memcpy (&number, frame_text (in, 0), sizeof number);
    memcpy (&e.value, frame_text (in, 0) + sizeof number, sizeof e.value);
    snprintf (e.endpoint, sizeof e.endpoint, "%s", frame_text (in, 1));
    e.event = number;
    return e;
}

static event next_event (zmql_socket *reader)
{
    inbox in = new_inbox ();
    CHECK_EQ (recv_message (reader, &in), 0);
    event e = parse (&in);
    end_inbox (&in);
    return e;
}

/* The next event must be this one. */
static event expect (zmql_socket *reader, unsigned due)
{
    event e = next_event (reader);
    CHECK_EQ (e.event, due);
    return e;
}

/* An event that is there already. */
static bool is_quiet (zmql_socket *reader)
{
    inbox in = new_inbox ();
    int rc = recv_now (reader, &in);
    end_inbox (&in);
    CHECK (rc == 0 || rc == -EAGAIN);
    return rc < 0;
}

static zmql_socket *watch (zmql_ctx *ctx, zmql_socket *s, const char *name, uint64_t mask)
{
    CHECK_EQ (zmql_monitor (s, name, mask, 1, ZL_PAIR), 0);
    zmql_socket *reader = new_socket (ctx, ZL_PAIR);
    CHECK_EQ (zmql_connect (reader, name), 0);
    return reader;
}

/* ---- one connection's life ---- */

TEST ("a bound socket tells of its endpoint, of each connection, and of its own end")
{
    for (unsigned t = 0; t < 2; t++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *pull = new_socket (ctx, ZL_PULL);
        zmql_socket *reader = watch (ctx, pull, "inproc://m", ALL);
        address a = bind_to (pull, any_endpoint[t]);
        event listening = expect (reader, ZL_EVENT_LISTENING);
        CHECK_TEXT (listening.endpoint, a.text);
        zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
        event accepted = expect (reader, ZL_EVENT_ACCEPTED);
        CHECK_TEXT (accepted.endpoint, a.text);
        event up = expect (reader, ZL_EVENT_HANDSHAKE_SUCCEEDED);
        CHECK_EQ (up.value, 0);
        end_socket (push);
        event gone = expect (reader, ZL_EVENT_DISCONNECTED);
        CHECK_EQ (gone.value, accepted.value);
        CHECK_TEXT (gone.endpoint, a.text);
        end_socket (pull);
        event closed = expect (reader, ZL_EVENT_CLOSED);
        CHECK_EQ (closed.value, listening.value);
        event last = expect (reader, ZL_EVENT_STOPPED);
        CHECK_EQ (last.value, 0);
        CHECK_TEXT (last.endpoint, "");
        end_socket (reader);
        end_context (ctx);
    }
}

TEST ("a connecting socket tells of each attempt, and nothing but the end when it closes")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    zmql_socket *push = new_socket (ctx, ZL_PUSH);
    set_int (push, RECONNECT_IVL, 1);
    set_int (push, LINGER, 0);
    zmql_socket *reader = watch (ctx, push, "inproc://m", ALL);
    CHECK_EQ (zmql_connect (push, a.text), 0);
    CHECK_TEXT (expect (reader, ZL_EVENT_CONNECT_DELAYED).endpoint, a.text);
    event up = expect (reader, ZL_EVENT_CONNECTED);
    CHECK_TEXT (up.endpoint, a.text);
    expect (reader, ZL_EVENT_HANDSHAKE_SUCCEEDED);
    end_socket (pull);
    CHECK_EQ (expect (reader, ZL_EVENT_DISCONNECTED).value, up.value);
    for (unsigned i = 0; i < 3; i++) {
        CHECK (expect (reader, ZL_EVENT_CONNECT_RETRIED).value > 0);
        expect (reader, ZL_EVENT_CONNECT_DELAYED);
        expect (reader, ZL_EVENT_CLOSED);
    }
    end_socket (push);
    unsigned event;
    while ((event = next_event (reader).event) != ZL_EVENT_STOPPED)
        CHECK (event == ZL_EVENT_CONNECT_RETRIED || event == ZL_EVENT_CONNECT_DELAYED ||
               event == ZL_EVENT_CLOSED);
    end_socket (reader);
    end_context (ctx);
}

TEST ("a bind that fails is told with its reason")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    zmql_socket *reader = watch (ctx, pull, "inproc://m", ALL);
    CHECK_EQ (zmql_bind (pull, a.text), -EADDRINUSE);
    CHECK_EQ (expect (reader, ZL_EVENT_CLOSED).value, UINT32_MAX);
    event failed = expect (reader, ZL_EVENT_BIND_FAILED);
    CHECK_EQ (failed.value, EADDRINUSE);
    CHECK_TEXT (failed.endpoint, a.text + strlen ("tcp://"));
    CHECK_EQ (zmql_bind (pull, "tcp://nodev:1"), -ENODEV);
    CHECK_EQ (expect (reader, ZL_EVENT_BIND_FAILED).value, ENODEV);
    end_socket (pull);
    end_socket (reader);
    end_context (ctx);
}

TEST ("each way a handshake can fail has its event")
{
    static const char greeting[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\1NULL";
    static const char plain[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\1PLAIN";
    static const char refusal[] = "\4\x0a\5ERROR\003400", nonsense[] = "\4\6\5HELLO";
    static const struct {
        const char *greeting, *command;
        size_t n;
        unsigned event;
        uint32_t value;
    } rows[] = {
        {plain, "", 0, ZL_EVENT_HANDSHAKE_FAILED_PROTOCOL, 0x11000002},
        {greeting, nonsense, 8, ZL_EVENT_HANDSHAKE_FAILED_PROTOCOL, 0x10000001},
        {greeting, refusal, 12, ZL_EVENT_HANDSHAKE_FAILED_AUTH, 400},
        {greeting, "", 0, ZL_EVENT_HANDSHAKE_FAILED, EPIPE},
    };
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    zmql_socket *reader = watch (ctx, pull, "inproc://m", ALL);
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        char theirs[64];
        int fd = plain_connect (&a);
        write_all (fd, rows[i].greeting, 64);
        read_exactly (fd, theirs, 10);
        write_all (fd, rows[i].command, rows[i].n);
        CHECK_EQ (shutdown (fd, SHUT_WR), 0);
        uint32_t accepted = expect (reader, ZL_EVENT_ACCEPTED).value;
        CHECK_EQ (expect (reader, rows[i].event).value, rows[i].value);
        CHECK_EQ (expect (reader, ZL_EVENT_DISCONNECTED).value, accepted);
        close (fd);
    }
    end_socket (pull);
    end_socket (reader);
    end_context (ctx);
}

TEST ("who is not let in is told of")
{
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    CHECK_EQ (zmql_set (pull, TCP_ACCEPT_FILTER, "10.0.0.0/8", 10), 0);
    a = bind_to (pull, any_endpoint[0]);
    zmql_socket *reader = watch (ctx, pull, "inproc://m", ALL);
    int fd = plain_connect (&a);
    CHECK_EQ (expect (reader, ZL_EVENT_ACCEPT_FAILED).value, EACCES);
    await_close (fd);
    CHECK_EQ (stat_of (pull, "closed", "address not allowed"), 1);
    close (fd);
    end_socket (pull);
    end_socket (reader);
    end_context (ctx);
}

/* ---- the forms ---- */

TEST ("only what the mask asks for is told")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    zmql_socket *reader = watch (ctx, pull, "inproc://m", COMING_AND_GOING);
    address a = bind_to (pull, any_endpoint[0]);
    end_socket (new_connected (ctx, ZL_PUSH, &a));
    expect (reader, ZL_EVENT_ACCEPTED);
    expect (reader, ZL_EVENT_DISCONNECTED);
    end_socket (pull);
    CHECK (is_quiet (reader));
    end_socket (reader);
    end_context (ctx);
}

static uint64_t number_in (const inbox *in, unsigned frame)
{
    uint64_t n;
    CHECK_EQ (in->sizes[frame], sizeof n);
    memcpy (&n, frame_text (in, frame), sizeof n);
    return n;
}

TEST ("version 2 has both ends of the connection, and comes to any kind of reader")
{
    static const int kinds[][2] = {{ZL_PAIR, ZL_PAIR}, {ZL_PUB, ZL_SUB}, {ZL_PUSH, ZL_PULL}};
    for (unsigned i = 0; i < ZL_LEN (kinds); i++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
        CHECK_EQ (zmql_monitor (pull, "inproc://m", ALL, 2, kinds[i][0]), 0);
        zmql_socket *reader = new_socket (ctx, kinds[i][1]);
        CHECK_EQ (zmql_connect (reader, "inproc://m"), 0);
        if (kinds[i][1] == ZL_SUB)
            CHECK_EQ (zmql_set (reader, SUBSCRIBE, "", 0), 0);
        zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
        inbox in = new_inbox ();
        CHECK_EQ (recv_message (reader, &in), 0);
        CHECK_EQ (in.count, 5);
        CHECK_EQ (number_in (&in, 0), ZL_EVENT_ACCEPTED);
        CHECK_EQ (number_in (&in, 1), 1);
        CHECK (number_in (&in, 2) > 0);
        CHECK_TEXT (frame_text (&in, 3), a.text);
        CHECK_EQ (strncmp (frame_text (&in, 4), "tcp://127.0.0.1:", 16), 0);
        CHECK (strcmp (frame_text (&in, 4), a.text) != 0);
        end_inbox (&in);
        end_socket (push);
        end_socket (pull);
        end_socket (reader);
        end_context (ctx);
    }
}

TEST ("what cannot be a monitor is refused, each for its own reason")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *s = new_socket (ctx, ZL_PULL), *other = new_socket (ctx, ZL_PAIR);
    CHECK_EQ (zmql_bind (other, "inproc://taken"), 0);
    CHECK_EQ (zmql_monitor (s, "tcp://127.0.0.1:5555", ALL, 1, ZL_PAIR), -EPROTONOSUPPORT);
    CHECK_EQ (zmql_monitor (s, "nonsense", ALL, 1, ZL_PAIR), -EINVAL);
    CHECK_EQ (zmql_monitor (s, "inproc://m", 0x10000, 1, ZL_PAIR), -EINVAL);
    CHECK_EQ (zmql_monitor (s, "inproc://m", ALL, 0, ZL_PAIR), -EINVAL);
    CHECK_EQ (zmql_monitor (s, "inproc://m", ALL, 3, ZL_PAIR), -EINVAL);
    CHECK_EQ (zmql_monitor (s, "inproc://m", ALL, 1, ZL_PUB), -EINVAL);
    CHECK_EQ (zmql_monitor (s, "inproc://m", ALL, 2, ZL_REP), -EINVAL);
    CHECK_EQ (zmql_monitor (s, "inproc://taken", ALL, 1, ZL_PAIR), -EADDRINUSE);
    CHECK_EQ (zmql_monitor (s, NULL, 0, 1, ZL_PAIR), 0); /* there is none */
    CHECK_EQ (zmql_close (s, 0, false), 0);
    CHECK_EQ (zmql_monitor (s, "inproc://m", ALL, 1, ZL_PAIR), -ENOTSOCK);
    CHECK_EQ (zmql_monitor (s, NULL, 0, 1, ZL_PAIR), -ENOTSOCK);
    zmql_socket_free (s);
    end_socket (other);
    end_context (ctx);
}

/* ---- its life ---- */

TEST ("a monitor that is replaced says that it has ended, and the new one goes on")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    zmql_socket *first = watch (ctx, pull, "inproc://first", ALL);
    bind_to (pull, any_endpoint[0]);
    zmql_socket *second = watch (ctx, pull, "inproc://second", ALL);
    bind_to (pull, any_endpoint[0]);
    expect (first, ZL_EVENT_LISTENING);
    expect (first, ZL_EVENT_STOPPED);
    CHECK (is_quiet (first));
    expect (second, ZL_EVENT_LISTENING);
    CHECK (is_quiet (second));
    end_socket (pull);
    end_socket (first);
    end_socket (second);
    end_context (ctx);
}

TEST ("a monitor can be stopped, and its name be used again")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    for (unsigned i = 0; i < 20; i++) {
        zmql_socket *reader = watch (ctx, pull, "inproc://m", ALL);
        bind_to (pull, any_endpoint[0]);
        CHECK_EQ (zmql_monitor (pull, NULL, 0, 1, ZL_PAIR), 0);
        bind_to (pull, any_endpoint[0]); /* unheard */
        expect (reader, ZL_EVENT_LISTENING);
        expect (reader, ZL_EVENT_STOPPED);
        CHECK (is_quiet (reader));
        end_socket (reader);
    }
    end_socket (pull);
    end_context (ctx);
}

TEST ("a monitor whose mask leaves the last event out ends without a word")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    zmql_socket *reader = watch (ctx, pull, "inproc://m", ZL_EVENT_LISTENING);
    CHECK_EQ (zmql_monitor (pull, NULL, 0, 1, ZL_PAIR), 0);
    CHECK (is_quiet (reader));
    end_socket (pull);
    end_socket (reader);
    end_context (ctx);
}

TEST ("events that nobody reads are counted and stall nobody")
{
    enum { CONNECTIONS = 600, EVENTS_DUE = 2 * (CONNECTIONS + 1), ROOM = 5 };
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL), *reader = new_socket (ctx, ZL_PAIR);
    set_int (pull, BACKLOG, CONNECTIONS);
    address a = bind_to (pull, any_endpoint[0]);
    set_int (reader, RCVHWM, ROOM);
    CHECK_EQ (zmql_monitor (pull, "inproc://m", COMING_AND_GOING, 1, ZL_PAIR), 0);
    bind_to (pull, any_endpoint[0]); /* before anybody reads, and not asked for */
    int unread = plain_connect (&a);
    close (unread);
    await_stat (pull, "dropped", "monitor event", 2);
    CHECK_EQ (zmql_connect (reader, "inproc://m"), 0);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        close (plain_connect (&a));
    await_stat (pull, "closed", "peer closed in handshake", CONNECTIONS + 1);
    inbox in = new_inbox ();
    uint64_t heard = 0, dropped = 0;
    for (zl_time end = patience (); heard + dropped < EVENTS_DUE;) {
        CHECK (zl_now () < end);
        for (; recv_now (reader, &in) == 0; heard++)
            parse (&in);
        dropped = stat_of (pull, "dropped", "monitor event");
    }
    CHECK_EQ (heard + dropped, EVENTS_DUE);
    CHECK (dropped > 2);
    end_inbox (&in);
    end_socket (pull);
    end_socket (reader);
    end_context (ctx);
}

TEST ("a reader that has gone disturbs nobody")
{
    zmql_ctx *ctx = new_context ();
    zmql_socket *pull = new_socket (ctx, ZL_PULL);
    zmql_socket *reader = watch (ctx, pull, "inproc://m", ALL);
    bind_to (pull, any_endpoint[0]);
    expect (reader, ZL_EVENT_LISTENING);
    end_socket (reader);
    address a = bind_to (pull, any_endpoint[0]);
    zmql_socket *push = new_connected (ctx, ZL_PUSH, &a);
    CHECK_EQ (send_text (push, "hello"), 0);
    CHECK_RECV (pull, "hello");
    CHECK_EQ (stat_of (pull, "dropped", "monitor event"), 3);
    reader = new_socket (ctx, ZL_PAIR); /* the next one may read on */
    CHECK_EQ (zmql_connect (reader, "inproc://m"), 0);
    bind_to (pull, any_endpoint[0]);
    expect (reader, ZL_EVENT_LISTENING);
    end_socket (push);
    end_socket (pull);
    end_socket (reader);
    end_context (ctx);
}

TEST ("the end of a context ends the monitors of its sockets")
{
    for (unsigned i = 0; i < 10; i++) {
        zmql_ctx *ctx = new_context ();
        zmql_socket *pull = new_socket (ctx, ZL_PULL);
        CHECK_EQ (zmql_monitor (pull, "inproc://m", ALL, 1, ZL_PAIR), 0);
        bind_to (pull, any_endpoint[0]);
        if (i % 2)
            zmql_ctx_close_sockets (ctx, NULL); /* the monitor's own too */
        else {
            zmql_ctx_shutdown (ctx);
            CHECK_EQ (zmql_close (pull, 0, false), 0);
        }
        zmql_socket_free (pull);
        end_context (ctx);
    }
}

/* ---- events of several threads ---- */

enum { BINDS = 100 };

static void *binding (void *s)
{
    for (unsigned i = 0; i < BINDS; i++) {
        address a = {{0}};
        CHECK_EQ (zmql_bind (s, "ipc://*"), 0);
        size_t size = sizeof a.text - 1;
        CHECK_EQ (zmql_get (s, LAST_ENDPOINT, a.text, &size), 0);
        (void) zmql_unbind (s, a.text); /* maybe the other thread's, or unbound by it already */
    }
    return NULL;
}

TEST ("each endpoint's events come in their order, whichever threads they happen in")
{
    enum { THREADS = 2, OPEN_MAX = THREADS * BINDS };
    zmql_ctx *ctx = new_context ();
    address a;
    zmql_socket *pull = new_bound (ctx, ZL_PULL, any_endpoint[0], &a);
    zmql_socket *reader = new_socket (ctx, ZL_PAIR);
    set_int (reader, RCVHWM, 0);
    CHECK_EQ (zmql_monitor (pull, "inproc://m", ALL, 1, ZL_PAIR), 0);
    CHECK_EQ (zmql_connect (reader, "inproc://m"), 0);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = start (binding, pull);
    for (unsigned i = 0; i < BINDS; i++) /* and the reactor's */
        end_socket (new_connected (ctx, ZL_PUSH, &a));
    for (unsigned i = 0; i < THREADS; i++)
        join (threads[i]);
    end_socket (pull);

    static event open[OPEN_MAX];
    unsigned listening = 0, closed = 0, accepted = 0, gone = 0;
    for (event e; (e = next_event (reader)).event != ZL_EVENT_STOPPED;)
        if (strncmp (e.endpoint, "tcp", 3) == 0) {
            accepted += e.event == ZL_EVENT_ACCEPTED;
            gone += e.event == ZL_EVENT_DISCONNECTED;
            CHECK (gone <= accepted);
        } else if (e.event == ZL_EVENT_LISTENING) {
            CHECK (listening < OPEN_MAX);
            open[listening++] = e;
        } else {
            unsigned i = 0;
            CHECK_EQ (e.event, ZL_EVENT_CLOSED);
            while (i < listening && strcmp (open[i].endpoint, e.endpoint) != 0)
                i++;
            CHECK (i < listening);
            open[i].endpoint[0] = 0; /* closed once */
            closed++;
        }
    CHECK_EQ (listening, OPEN_MAX);
    CHECK_EQ (closed, OPEN_MAX);
    CHECK (accepted <= BINDS);
    end_socket (reader);
    end_context (ctx);
}

/* core/into.[ch]: frames in the caller's own memory, into which the kernel writes large ones. The
 * program has its own readv, so that other things can happen while the kernel writes. */
#include <signal.h>

#include "plain.h"

enum { BIG = 400000, ROOM = BIG + 100, FIRST = 100000 };

/* Called once, before the next read of a large body. */
static void (*during_read) (void);
static zmql_socket *reader;
static uint8_t *last_target; /* where the last large body was read to */

ssize_t readv (int fd, const struct iovec *iov, int n)
{
    if (iov[0].iov_len > FIRST) {
        void (*call) (void) = during_read;
        during_read = NULL;
        last_target = iov[0].iov_base;
        if (call)
            call ();
    }
    struct msghdr m = {.msg_iov = (struct iovec *) iov, .msg_iovlen = (size_t) n};
    return recvmsg (fd, &m, 0);
}

static uint8_t octet (size_t i)
{
    return (uint8_t) (i * 7 + i / 251);
}

static bool is_big_body (const uint8_t *p)
{
    for (size_t i = 0; i < BIG; i++)
        if (p[i] != octet (i))
            return false;
    return true;
}

/* A PULL with a scripted peer, another in this process, and the octets of a large frame. */
typedef struct {
    zmql_ctx *ctx;
    zmql_socket *pull, *push;
    address a;
    int fd;
    uint8_t frame[9 + BIG];
    uint8_t memory[2][ROOM];
} scene;

static zmql_socket *neighbour;

static scene *set_up (int type, const char *peer_type, int push_type)
{
    scene *s = calloc (1, sizeof *s);
    CHECK (s);
    s->ctx = new_context ();
    s->pull = reader = new_bound (s->ctx, type, any_endpoint[0], &s->a);
    address inside = bind_to (s->pull, any_endpoint[2]);
    s->push = neighbour = new_connected (s->ctx, push_type, &inside);
    s->fd = connect_peer (&s->a, peer_type);
    CHECK_EQ (zl_header_put (s->frame, BIG, 0), 9);
    for (size_t i = 0; i < BIG; i++)
        s->frame[9 + i] = octet (i);
    during_read = NULL;
    last_target = NULL;
    return s;
}

static void tear_down (scene *s)
{
    close (s->fd);
    end_socket (s->push);
    if (!zmql_closed (s->pull))
        CHECK_EQ (zmql_close (s->pull, 0, false), 0);
    zmql_socket_free (s->pull);
    end_context (s->ctx);
    free (s);
}

static zmql_loan loan_of (scene *s, unsigned i)
{
    return (zmql_loan){.memory = s->memory[i], .room = ROOM};
}

static bool is_in (const scene *s, const uint8_t *p)
{
    return p >= s->memory[0] && p < s->memory[0] + sizeof s->memory;
}

/* Sends from another thread, so that the reader waits meanwhile. */
typedef struct {
    int fd;
    const uint8_t *at;
    size_t n;
} dispatch;

static void *deliver (void *arg)
{
    const dispatch *d = arg;
    for (size_t sent = 0; sent < d->n;) {
        ssize_t put = send (d->fd, d->at + sent, ZL_MIN (d->n - sent, (size_t) 30000), 0);
        if (put < 0 && zmql_closed (reader))
            break;
        CHECK (put > 0);
        sent += (size_t) put;
    }
    return NULL;
}

/* Receives one large message into its first loan; until that was read there by the kernel, as another
 * thread may have begun to read it. */
static void receive_lent (scene *s, zmql_loan *loans, unsigned n, bool whole)
{
    for (unsigned tries = 0;; tries++) {
        dispatch d = {s->fd, s->frame, sizeof s->frame};
        memset (s->memory, 0, sizeof s->memory);
        pthread_t t = start (deliver, &d);
        CHECK_EQ (zmql_recv_into (s->pull, loans, n, whole, patience ()), 1);
        join (t);
        CHECK_EQ (loans[0].size, BIG);
        CHECK (is_big_body (s->memory[0]));
        if (is_in (s, last_target))
            return;
        CHECK (tries < 1000);
        loans[0] = loan_of (s, 0);
    }
}

TEST ("a large body is read straight into the caller's memory")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    zmql_loan loans[] = {loan_of (s, 0), loan_of (s, 1)};
    receive_lent (s, loans, 1, false);
    loans[0] = loan_of (s, 0);
    receive_lent (s, loans, 2, true);
    tear_down (s);
}

TEST ("memory that is too small is not lent, and cuts")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    zmql_loan loan = {.memory = s->memory[0], .room = BIG - 1};
    dispatch d = {s->fd, s->frame, sizeof s->frame};
    pthread_t t = start (deliver, &d);
    CHECK_EQ (zmql_recv_into (s->pull, &loan, 1, false, patience ()), 1);
    join (t);
    CHECK_EQ (loan.size, BIG);
    CHECK (!is_in (s, last_target));
    CHECK_BYTES (s->memory[0], s->frame + 9, BIG - 1);
    CHECK_EQ (s->memory[0][BIG - 1], 0);
    tear_down (s);
}

static void take_another (void)
{
    CHECK_EQ (send_text (neighbour, "another"), 0);
    CHECK_RECV (reader, "another");
}

TEST ("another message may be taken while the kernel writes into the caller's memory")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    for (unsigned i = 0; i < 10; i++) {
        zmql_loan loan = loan_of (s, 0);
        during_read = take_another;
        receive_lent (s, &loan, 1, false);
        CHECK (!during_read);
    }
    tear_down (s);
}

static void let_another_come (void)
{
    CHECK_EQ (send_text (neighbour, "another"), 0);
}

TEST ("a body that lies where another message belongs moves away")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    for (unsigned i = 0; i < 10; i++) {
        zmql_loan loan = loan_of (s, 0);
        dispatch d = {s->fd, s->frame, sizeof s->frame};
        during_read = let_another_come;
        memset (s->memory, 0, sizeof s->memory);
        pthread_t t = start (deliver, &d);
        CHECK_EQ (zmql_recv_into (s->pull, &loan, 1, false, patience ()), 1);
        bool big_first = loan.size == BIG;
        CHECK (big_first ? is_big_body (s->memory[0]) : loan.size == 7);
        CHECK (big_first || memcmp (s->memory[0], "another", 7) == 0);
        memset (s->memory, '?', sizeof s->memory);
        loan = loan_of (s, 1);
        CHECK_EQ (zmql_recv_into (s->pull, &loan, 1, false, patience ()), 1);
        CHECK (big_first ? loan.size == 7 : is_big_body (s->memory[1]));
        join (t);
    }
    tear_down (s);
}

TEST ("memory is left alone once the time is over")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    for (unsigned i = 0; i < 3; i++) {
        zmql_loan loan = loan_of (s, 0);
        inbox in = new_inbox ();
        dispatch d = {s->fd, s->frame, FIRST};
        memset (s->memory, 0, sizeof s->memory);
        pthread_t t = start (deliver, &d);
        CHECK_EQ (zmql_recv_into (s->pull, &loan, 1, false, zl_deadline (50)), -EAGAIN);
        join (t);
        memset (s->memory, '?', sizeof s->memory);
        d = (dispatch){s->fd, s->frame + FIRST, sizeof s->frame - FIRST};
        t = start (deliver, &d);
        CHECK_EQ (recv_message (s->pull, &in), 0);
        join (t);
        CHECK_EQ (in.sizes[0], BIG);
        CHECK (is_big_body (in.bytes));
        for (unsigned k = 0; k < 2 * ROOM; k++)
            CHECK_EQ (s->memory[k / ROOM][k % ROOM], '?');
        end_inbox (&in);
    }
    tear_down (s);
}

static void close_reader (void)
{
    CHECK_EQ (zmql_close (reader, 0, true), 0);
}

TEST ("a socket may be closed while the kernel writes into the caller's memory")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    zmql_loan loan = loan_of (s, 0);
    dispatch d = {s->fd, s->frame, FIRST};
    during_read = close_reader;
    signal (SIGPIPE, SIG_IGN); /* more may be on its way */
    pthread_t t = start (deliver, &d);
    CHECK_EQ (zmql_recv_into (s->pull, &loan, 1, false, patience ()), -ENOTSOCK);
    join (t);
    tear_down (s);
}

TEST ("a message that does not fit stays whole")
{
    scene *s = set_up (ZL_PULL, "PUSH", ZL_PUSH);
    const zl_msg frames[] = {text_frame ("one"), text_frame ("two"), text_frame ("three")};
    inbox in = new_inbox ();
    CHECK_EQ (send_frames (s->push, frames, 3), 0);
    for (unsigned small = 0; small < 3; small++)
        for (unsigned n = 0; n <= 3; n++) {
            zmql_loan loans[3];
            for (unsigned i = 0; i < 3; i++)
                loans[i] = (zmql_loan){.memory = s->memory[0] + 10 * i, .room = i == small ? 2 : 9};
            CHECK_EQ (zmql_recv_into (s->pull, loans, n, true, patience ()), -EMSGSIZE);
            CHECK_EQ (get_int (s->pull, RCVMORE), 0);
            memset (s->memory, '?', 30);
        }
    CHECK_EQ (recv_message (s->pull, &in), 0);
    CHECK_EQ (in.count, 3);
    CHECK_TEXT (frame_text (&in, 0), "one");
    CHECK_TEXT (frame_text (&in, 2), "three");
    end_inbox (&in);
    tear_down (s);
}

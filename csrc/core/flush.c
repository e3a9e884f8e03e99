/* Who writes, and when. The rules are told in the header. */
#include "flush.h"
#include "peer.h"
#include "socket.h"

/* A thread may write what it sends by itself as long as that takes no more than so many times the time that it has left for other
 * things; what it has not used of that it may use later, up to the most. Then it is busy with sending, and writing is left to
 * the reactor. */
#define WRITE_SHARE 2
#define CREDIT_MAX 50000
/* Senders that write each message although hardly any time is left between them may be slow because of that, or by nature: after
 * so many it is tried whether they send faster, by a third, in a stream. */
#define QUIET_NS 10000u
#define HASTY_MAX 4096u
/* A stream begins after so many posts of the reactor by a sender who never was at rest. */
#define STREAM_POSTS 16u
/* What is worth a flush by the senders: half the high-water mark, or half a portion for each connection, but for no more than
 * these. */
#define ENOUGH_CONNECTIONS 4u
/* A nap is at least so many times as long as the flush before it. One in which many messages have come is followed by one of twice
 * the length, since larger portions are cheaper for both sides; but nothing shall lie for longer than the patience. The longest
 * nap is for when senders do all the writing. */
#define NAP_SHARE 4u
#define NAP_FIRST 25000u
#define NAP_PATIENCE 100000u
#define NAP_LAST ZL_MS
#define MANY 8u

/* Of the calling thread, whatever the socket, since a thread that goes round many of them is as busy as one that fills a single one:
 * until when its time has been accounted for, and how long it may write by itself. */
static _Thread_local struct {
    zl_time at;
    int64_t credit;
} own;

static void nap_over (zl_socket *s, zl_alarm *a);

void zl_flush_init (zl_flush *f)
{
    *f = (zl_flush){.nap.fire = nap_over, .enough = SIZE_MAX};
    zl_timer_init (&f->nap.timer);
}

bool zl_flush_is_due (const zl_socket *s)
{
    return !zl_list_empty (&s->dirty) && !s->flush.busy;
}

/* What has gathered meanwhile leaves connections dirty, which see_to_rest() is for. */
static void write_round (zl_socket *s)
{
    zl_flush *f = &s->flush;
    zl_node round;
    unsigned connections = 0;
    size_t enough = 0;
    zl_list_init (&round);
    f->busy = true;
    f->bytes = 0;
    f->sent_before = s->stats.sent;
    zl_time began = zl_now ();
    for (zl_node *n; (n = zl_list_pop (&s->dirty));)
        zl_list_append (&round, n);
    while (!zl_list_empty (&round)) {
        zl_peer *p = zl_peer_of_dirty (round.next);
        if (connections++ < ENOUGH_CONNECTIONS)
            enough += zl_peer_portion (p) / 2;
        zl_peer_write (s, p);
    }
    f->busy = false;
    zl_socket_mind_pool (s);
    own.at = zl_now ();
    f->took = own.at - began;
    f->enough = enough ? enough : f->enough;
    own.credit -= (int64_t) f->took;
}

void zl_flush_later (zl_socket *s)
{
    if (zl_flush_is_due (s)) {
        s->flush.busy = s->flush.posted = true;
        zl_loop_post (&s->client);
    }
}

/* After a round: in a stream the rest may wait for the senders or the end of the nap, unless a sender has filled its pipe meanwhile
 * and waits for just that. */
static void see_to_rest (zl_socket *s)
{
    if (!s->flush.streaming || s->stuck)
        zl_flush_later (s);
}

void zl_flush_now (zl_socket *s)
{
    write_round (s);
    see_to_rest (s);
}

/* ---- streams ---- */

static void nap (zl_socket *s, zl_time length)
{
    zl_flush *f = &s->flush;
    f->streaming = true;
    f->nap_began = zl_now ();
    f->nap_length = length;
    f->by_senders = 0;
    zl_socket_alarm (s, &f->nap, f->nap_began + length);
}

/* For so long, if that is not too long or too short. */
static void nap_about (zl_socket *s, zl_time length)
{
    nap (s, ZL_MIN (ZL_MAX (ZL_MIN (length, NAP_PATIENCE), NAP_SHARE * s->flush.took), NAP_LAST));
}

static uint64_t sent_since_flush (const zl_socket *s)
{
    return s->stats.sent - s->flush.sent_before;
}

/* So many times what has gathered is worth a flush by whoever sends. */
static bool is_enough (const zl_socket *s, unsigned times)
{
    const zl_flush *f = &s->flush;
    int hwm = s->opt.sndhwm;
    return f->bytes * times >= f->enough || (hwm && sent_since_flush (s) * times >= (uint64_t) hwm / 2);
}

/* The senders have had the time to write each message by themselves, or send no faster than when they did. */
static bool is_no_stream (const zl_flush *f, uint64_t sent)
{
    zl_time took = zl_now () - f->nap_began;
    return f->on_trial ? 4 * took > 3 * sent * f->hasty_pace : sent * f->took < took;
}

static void nap_over (zl_socket *s, zl_alarm *a)
{
    zl_flush *f = ZL_CONTAINER (a, zl_flush, nap);
    uint64_t sent = sent_since_flush (s);
    if (f->busy || f->by_senders)
        nap (s, ZL_MIN (2 * f->nap_length, NAP_LAST));
    else if (f->nap_length < NAP_PATIENCE && is_enough (s, (unsigned) (NAP_PATIENCE / f->nap_length)))
        nap (s, NAP_PATIENCE); /* they soon will */
    else {
        bool over = is_no_stream (f, sent);
        if (!zl_list_empty (&s->dirty))
            write_round (s);
        if (over)
            f->streaming = false;
        else
            nap_about (s, sent < MANY ? NAP_FIRST : 2 * f->nap_length);
        see_to_rest (s);
    }
    f->on_trial = false;
}

void zl_flush_posted (zl_socket *s)
{
    zl_flush *f = &s->flush;
    if (!f->posted)
        return;
    f->posted = false;
    write_round (s);
    if (!zl_list_empty (&s->dirty) || f->posts >= STREAM_POSTS) {
        f->posts = 0;
        nap_about (s, NAP_FIRST);
    }
    see_to_rest (s);
}

/* ---- the senders ---- */

/* Brings the account of the calling thread up to date: how much of its time was left for other things. What it sends first after
 * it has waited is an answer, and urgent. */
static zl_time take_rest (zl_socket *s, zl_time now)
{
    zl_time rest = now - own.at;
    own.at = now;
    own.credit = ZL_MIN (own.credit + WRITE_SHARE * (int64_t) rest, CREDIT_MAX);
    if (s->waited)
        own.credit = ZL_MAX (own.credit, 1);
    s->waited = false;
    return rest;
}

/* Whether so many in a row were written by senders with hardly any rest that something else should be tried. */
static bool is_hasty (zl_flush *f, zl_time rest, zl_time now)
{
    if (rest > QUIET_NS || f->hasty == 0) {
        f->hasty = 1;
        f->hasty_since = now;
    } else if (++f->hasty == HASTY_MAX) {
        f->hasty = 0;
        f->hasty_pace = (now - f->hasty_since) / HASTY_MAX;
        return true;
    }
    return false;
}

/* There is something to be received, so that the sender will hardly wait next: its answers may go together. */
static bool has_more_to_do (zl_socket *s)
{
    return zl_socket_events (s) & ZL_POLLIN;
}

int zl_flush_choose (zl_socket *s)
{
    zl_flush *f = &s->flush;
    if (f->streaming) {
        if (!zl_flush_is_due (s) || !is_enough (s, 1))
            return 0;
        f->by_senders++;
        f->busy = true;
        return 1;
    }
    if (!f->busy && zl_list_empty (&s->dirty))
        return 0;
    zl_time now = zl_now (), rest = take_rest (s, now);
    if (own.credit == CREDIT_MAX)
        f->posts = 0;
    if (f->busy)
        return 0;
    if (own.credit <= 0 || has_more_to_do (s)) {
        f->posts++;
        zl_flush_later (s);
        return 0;
    }
    if (is_hasty (f, rest, now)) {
        f->on_trial = true;
        nap (s, NAP_PATIENCE);
        return 0;
    }
    f->busy = true;
    return 1;
}

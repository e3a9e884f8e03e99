/* A handshake of two sides with somebody between them, who does to each thing that they say what
 * a script tells: an empty one lets everything pass. Ends the program where a promise of the
 * wire's is broken. */
#ifndef BETWEEN_H
#define BETWEEN_H

#include "../c/wires.h"
#include "script.h"

/* What is done to an utterance, one action after another until PASS. */
enum { PASS, FLIP, SPLICE, MEND, DOUBLE, SWALLOW, SLOWLY, ACTIONS };

enum { WORDS_MAX = 5000, ROUNDS_MAX = 50, ANSWER_MAX = 4096 };

typedef struct {
    side side;
    unsigned greeted; /* octets of its greeting that have been said */
    bool admitted;    /* by the authenticator */
    bool over;        /* closed */
} party;

static inline void open_party (party *p, const zl_wire_config *config)
{
    p->greeted = 0;
    p->admitted = p->over = false;
    open_as (&p->side, config);
}

/* Nobody comes to traffic who was not let in, or with less security than was asked for. */
static inline void check_party (const party *p)
{
    const zl_wire *w = &p->side.wire;
    bool asked = w->mech == &zl_mech_null ? w->security.asks : w->security.as_server;
    ZL_ASSERT (p->side.out.bytes <= ANSWER_MAX);
    ZL_ASSERT (!w->legacy || (w->mech == &zl_mech_null && !asked));
    if (p->over || !is_talking (&p->side))
        return;
    ZL_ASSERT (p->admitted || !asked);
    ZL_ASSERT (w->peer_ready || w->legacy);
    ZL_ASSERT (w->sealed == (w->mech == &zl_mech_curve));
}

static inline size_t splice (uint8_t *words, size_t n, zl_slice *script)
{
    size_t at = take_wide (script) % (n + 1), gone = take_wide (script) % (n - at + 1);
    zl_slice text = take_text (script, take (script));
    if (n - gone + text.n > WORDS_MAX)
        return n;
    memmove (words + at + text.n, words + at + gone, n - at - gone);
    if (text.n)
        memcpy (words + at, text.p, text.n);
    return n - gone + text.n;
}

/* Has the header of a frame tell how long it has become. */
static inline size_t mend (uint8_t *words, size_t n)
{
    zl_header h;
    uint8_t header[ZL_HEADER_MAX];
    if (zl_header_get (words, n, &h) != 1)
        return n;
    size_t body = n - h.len;
    size_t len = zl_header_put (header, body, h.flags & ~(unsigned) ZL_FRAME_LONG);
    memmove (words + len, words + h.len, body);
    memcpy (words, header, len);
    return len + body;
}

/* Returns how long the words have become; *portion: in which portions they are heard. */
static inline size_t meddle (uint8_t *words, size_t n, zl_slice *script, size_t *portion)
{
    *portion = SIZE_MAX;
    for (unsigned action; (action = take (script) % ACTIONS) != PASS;)
        switch (action) {
            case FLIP:
                if (n) {
                    size_t at = take_wide (script) % n;
                    words[at] ^= take (script);
                }
                break;
            case SPLICE:
                n = splice (words, n, script);
                break;
            case MEND:
                if (n + ZL_HEADER_MAX <= WORDS_MAX)
                    n = mend (words, n);
                break;
            case DOUBLE:
                if (2 * n <= WORDS_MAX) {
                    memcpy (words + n, words, n);
                    n *= 2;
                }
                break;
            case SWALLOW:
                n = 0;
                break;
            default:
                *portion = 1u + take (script);
        }
    return n;
}

/* Takes the next thing off what a party has said: a part of its greeting, or a frame. */
static inline size_t next_words (party *from, const uint8_t *words, size_t n)
{
    zl_header h;
    if (from->greeted < ZL_GREETING_SIZE) {
        size_t part = ZL_MIN (n, (size_t) ZL_GREETING_SIZE - from->greeted);
        from->greeted += (unsigned) part;
        return part;
    }
    bool whole = !from->side.wire.legacy && zl_header_get (words, n, &h) == 1;
    return whole ? ZL_MIN (n, h.len + (size_t) h.size) : n;
}

static inline void hear (party *p, const uint8_t *words, size_t n, size_t portion)
{
    if (p->side.have + n > sizeof p->side.in)
        return; /* more than a handshake may hold: the reader would have closed */
    if (!p->over && !feed_by (&p->side, words, n, ZL_MIN (portion, n ? n : 1))) {
        ZL_ASSERT (p->side.wire.reason != ZL_CLOSE_NONE);
        p->over = true;
    }
    check_party (p);
}

/* Whether there was anything to relay. */
static inline bool relay (party *from, party *to, zl_slice *script)
{
    uint8_t all[ANSWER_MAX], words[WORDS_MAX + ZL_HEADER_MAX];
    size_t n = from->over ? 0 : said (&from->side, all, sizeof all), portion;
    for (size_t at = 0, part; at < n; at += part) {
        part = next_words (from, all + at, n - at);
        memcpy (words, all + at, part);
        size_t left = meddle (words, part, script, &portion);
        hear (to, words, left, portion);
    }
    return n > 0;
}

static inline bool ask (party *p, zl_slice *script)
{
    static const unsigned statuses[] = {200, 300, 400, 500};
    const zl_wire *w = &p->side.wire;
    zl_slice shown[2];
    if (p->over || w->state != ZL_WIRE_ASKING)
        return false;
    for (unsigned n = w->mech->credentials ? w->mech->credentials (w, shown) : 0; n; n--)
        ZL_ASSERT (shown[n - 1].n <= UINT8_MAX);
    unsigned status = statuses[take (script) % ZL_LEN (statuses)];
    p->admitted = status == 200;
    p->over = !judge (&p->side, status);
    check_party (p);
    return true;
}

static inline void shake_hands (party *a, party *b, zl_slice *script)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        bool any = relay (a, b, script);
        any |= relay (b, a, script);
        any |= ask (a, script);
        any |= ask (b, script);
        if (!any)
            return;
    }
}

static inline bool are_talking (const party *a, const party *b)
{
    return !a->over && !b->over && is_talking (&a->side) && is_talking (&b->side);
}

#endif

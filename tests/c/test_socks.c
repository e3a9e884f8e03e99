/* net/socks.[ch] against proxies written down. Every word of theirs comes in portions of all sizes,
 * with a message of the peer right behind the last. */
#include "check.h"
#include "net/socks.h"

/* What a proxy answers and what must be said to it, step by step. */
typedef struct {
    const char *host;
    uint16_t port;
    const char *user, *password;
    const char *heard[3]; /* as the proxy hears it */
    size_t heard_len[3];
    const char *answers[3];
    size_t answer_len[3];
    unsigned steps;
    int outcome;
} talk;

static const char tail[] = "\xff the peer's own";

static void check_said (zl_socks *s, const talk *t, unsigned step)
{
    CHECK (step < t->steps);
    CHECK_EQ (s->out_len, t->heard_len[step]);
    CHECK_BYTES (s->out, t->heard[step], s->out_len);
    s->out_len = 0;
}

/* Hears what the proxy says, at most `portion` octets at a time and never more than is wanted: how
 * many octets were left. */
static size_t hold_talk (const talk *t, size_t portion)
{
    zl_hostport target = {.port = t->port};
    strcpy (target.host, t->host);
    zl_socks s = {
        .target = &target,
        .user = (const uint8_t *) t->user,
        .password = (const uint8_t *) t->password,
        .user_len = t->user ? strlen (t->user) : 0,
        .password_len = t->password ? strlen (t->password) : 0,
    };
    char words[1000];
    size_t have = 0, at = 0;
    unsigned step = 0;
    int rc = 0;
    for (unsigned i = 0; i < t->steps; i++) {
        memcpy (words + have, t->answers[i], t->answer_len[i]);
        have += t->answer_len[i];
    }
    memcpy (words + have, tail, sizeof tail);
    have += sizeof tail;

    zl_socks_begin (&s);
    check_said (&s, t, step++);
    while (rc == 0) {
        CHECK (s.want > s.got && s.want <= sizeof s.in);
        size_t n = ZL_MIN (ZL_MIN (portion, s.want - s.got), have - at);
        CHECK (n > 0);
        memcpy (s.in + s.got, words + at, n);
        s.got += n;
        at += n;
        if (s.got < s.want)
            continue;
        rc = zl_socks_step (&s);
        if (s.out_len)
            check_said (&s, t, step++);
    }
    CHECK_EQ (rc, t->outcome);
    if (rc == 1)
        CHECK_EQ (step, t->steps);
    return have - at;
}

static void check_talk (const talk *t)
{
    for (size_t portion = 1; portion < 30; portion++) {
        size_t left = hold_talk (t, portion);
        if (t->outcome == 1) /* nothing that is the peer's has been touched */
            CHECK_EQ (left, sizeof tail);
    }
}

/* A string with its length, in the two members of a talk. */
#define OCTETS(text) text, sizeof (text) - 1

static talk add_step (talk t, const char *heard, size_t heard_len, const char *answer,
                      size_t answer_len)
{
    t.heard[t.steps] = heard;
    t.heard_len[t.steps] = heard_len;
    t.answers[t.steps] = answer;
    t.answer_len[t.steps++] = answer_len;
    return t;
}

/* No login, and a request for that address. */
static talk plain_talk (const char *host, const char *request, size_t n, const char *reply,
                        size_t reply_len)
{
    talk t = {.host = host, .port = 0x1234, .outcome = 1};
    t = add_step (t, OCTETS ("\5\1\0"), OCTETS ("\5\0"));
    return add_step (t, request, n, reply, reply_len);
}

#define DONE_V4 OCTETS ("\5\0\0\1\x7f\0\0\1\x12\x34")

TEST ("an address is asked for as one, and a name as it is")
{
    talk t = plain_talk ("1.2.3.4", OCTETS ("\5\1\0\1\1\2\3\4\x12\x34"), DONE_V4);
    check_talk (&t);
    t = plain_talk ("::1", OCTETS ("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34"), DONE_V4);
    check_talk (&t);
    t = plain_talk ("peer.example", OCTETS ("\5\1\0\3\x0cpeer.example\x12\x34"), DONE_V4);
    check_talk (&t);
    t = plain_talk ("fe80::1%lo", OCTETS ("\5\1\0\3\x0a" "fe80::1%lo\x12\x34"), DONE_V4);
    check_talk (&t);
}

TEST ("the longest name there is fits")
{
    char name[256], request[300] = "\5\1\0\3\xff";
    memset (name, 'n', 255);
    name[255] = 0;
    memcpy (request + 5, name, 255);
    memcpy (request + 260, "\x12\x34", 2);
    talk t = plain_talk (name, request, 262, DONE_V4);
    check_talk (&t);
}

TEST ("the address in the reply may be of any kind; nothing behind it is taken")
{
    char long_name[300] = "\5\0\0\3\xff";
    const char *request = "\5\1\0\1\1\2\3\4\x12\x34";
    talk t = plain_talk ("1.2.3.4", request, 10,
                         OCTETS ("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34"));
    check_talk (&t);
    t = plain_talk ("1.2.3.4", request, 10, OCTETS ("\5\0\0\3\4name\x12\x34"));
    check_talk (&t);
    t = plain_talk ("1.2.3.4", request, 10, OCTETS ("\5\0\0\3\0\x12\x34"));
    check_talk (&t);
    t = plain_talk ("1.2.3.4", request, 10, long_name, 5 + 255 + 2);
    check_talk (&t);
}

static talk login_talk (const char *user, const char *password, const char *login, size_t n,
                        const char *answer)
{
    talk t = {.host = "1.2.3.4", .port = 1, .user = user, .password = password, .outcome = 1};
    t = add_step (t, OCTETS ("\5\1\2"), OCTETS ("\5\2"));
    t = add_step (t, login, n, answer, 2);
    return add_step (t, OCTETS ("\5\1\0\1\1\2\3\4\0\1"), DONE_V4);
}

TEST ("a user name and a password are offered where there is one, and given when asked for")
{
    talk t = login_talk ("me", "secret", OCTETS ("\1\2me\6secret"), "\1\0");
    check_talk (&t);
    t = login_talk ("me", NULL, OCTETS ("\1\2me\0"), "\1\0");
    check_talk (&t);
    char user[256], password[256], login[513] = "\1\xff";
    memset (user, 'u', 255);
    memset (password, 'p', 255);
    user[255] = password[255] = 0;
    memcpy (login + 2, user, 255);
    login[257] = (char) 255;
    memcpy (login + 258, password, 255);
    t = login_talk (user, password, login, 513, "\1\0");
    check_talk (&t);
}

TEST ("a login that is refused is no access")
{
    talk t = login_talk ("me", "wrong", OCTETS ("\1\2me\5wrong"), "\1\1");
    t.outcome = -EACCES;
    check_talk (&t);
}

TEST ("a proxy that wants another login, or is none, is no access")
{
    static const struct {
        const char *choice, *user;
    } rows[] = {
        {"\5\xff", NULL}, {"\5\2", NULL}, {"\5\1", NULL}, {"\4\0", NULL}, {"HT", NULL},
        {"\5\xff", "me"}, {"\5\0", "me"}, {"\4\2", "me"},
    };
    for (unsigned i = 0; i < ZL_LEN (rows); i++) {
        talk t = {.host = "1.2.3.4", .port = 1, .user = rows[i].user, .outcome = -EACCES};
        t = add_step (t, rows[i].user ? "\5\1\2" : "\5\1\0", 3, rows[i].choice, 2);
        check_talk (&t);
    }
}

TEST ("each refusal of a proxy has its error, and nonsense is a protocol error")
{
    static const int errors[] = {
        [1] = -EIO,          [2] = -EACCES,    [3] = -ENETUNREACH, [4] = -EHOSTUNREACH,
        [5] = -ECONNREFUSED, [6] = -ETIMEDOUT, [7] = -ENOTSUP,     [8] = -ENOTSUP,
    };
    char reply[] = "\5\0\0\1\0";
    for (unsigned code = 1; code < 256; code++) {
        reply[1] = (char) code;
        talk t = plain_talk ("1.2.3.4", OCTETS ("\5\1\0\1\1\2\3\4\x12\x34"), reply, 5);
        t.outcome = code < ZL_LEN (errors) ? errors[code] : -EPROTO;
        check_talk (&t);
    }
    talk t = plain_talk ("1.2.3.4", OCTETS ("\5\1\0\1\1\2\3\4\x12\x34"), OCTETS ("\4\0\0\1\0"));
    t.outcome = -EPROTO;
    check_talk (&t);
    t = plain_talk ("1.2.3.4", OCTETS ("\5\1\0\1\1\2\3\4\x12\x34"), OCTETS ("\5\0\0\2\0"));
    t.outcome = -EPROTO;
    check_talk (&t);
}

TEST ("random answers never make it crash")
{
    static const zl_hostport target = {.host = "peer.example", .port = 1};
    for (int round = 0; round < 20000; round++) {
        zl_socks s = {.target = &target, .user = (const uint8_t *) "me"};
        int rc = 0;
        s.user_len = check_below (2) * 2;
        zl_socks_begin (&s);
        while (rc == 0) {
            for (; s.got < s.want; s.got++)
                s.in[s.got] = (uint8_t) check_random ();
            bool is_choice = s.want == 2 && s.out[0] == 5;
            if (check_below (8)) /* right where it would end at once, most of the time */
                s.in[0] = 5;
            if (check_below (8))
                s.in[1] = is_choice ? (uint8_t) s.user_len : 0;
            s.out_len = 0;
            rc = zl_socks_step (&s);
            CHECK (s.want <= sizeof s.in && s.out_len <= sizeof s.out);
        }
        CHECK (rc == 1 || rc < 0);
    }
}

/* type/req.c: REQ_CORRELATE and REQ_RELAXED, with answers that come late or never. */
#include <sched.h>

#include "plain.h"

static zmql_socket *new_req (zmql_ctx *ctx, bool relaxed)
{
    zmql_socket *s = new_socket (ctx, ZL_REQ);
    set_int (s, REQ_CORRELATE, 1);
    set_int (s, REQ_RELAXED, relaxed);
    return s;
}

/* The number of the next request, whose body must be this text. */
static void take_request (int fd, char number[4], const char *body)
{
    char text[32];
    read_frame (fd, text, sizeof text);
    memcpy (number, text, 4);
    CHECK_EQ (read_frame (fd, text, sizeof text).size, 0);
    read_frame (fd, text, sizeof text);
    CHECK_TEXT (text, body);
}

static void say_reply (int fd, const char number[4], const char *body)
{
    char octets[64] = "\1\4....\1\0\0";
    memcpy (octets + 2, number, 4);
    octets[9] = (char) strlen (body);
    memcpy (octets + 10, body, strlen (body));
    write_all (fd, octets, 10 + strlen (body));
}

TEST ("only the reply with the number of the newest request counts")
{
    zmql_ctx *ctx = new_context ();
    address a;
    char first[4], second[4];
    int listener = plain_listen (&a);
    zmql_socket *req = new_req (ctx, true);
    CHECK_EQ (zmql_connect (req, a.text), 0);
    CHECK_EQ (send_text (req, "one"), 0);
    int fd = accept_peer (listener, "REP");
    take_request (fd, first, "one");
    CHECK_EQ (send_text (req, "two"), 0);
    take_request (fd, second, "two");
    CHECK (memcmp (first, second, 4) != 0);
    say_reply (fd, first, "late");
    write_all (fd, "\1\0\0\5bare.", 9);
    say_reply (fd, "XXXX", "wrong");
    say_reply (fd, second, "right");
    CHECK_RECV (req, "right");
    CHECK_EQ (send_text (req, "three"), 0);
    take_request (fd, first, "three");
    say_reply (fd, second, "once more");
    say_reply (fd, first, "third");
    CHECK_RECV (req, "third");
    close (fd);
    close (listener);
    end_socket (req);
    end_context (ctx);
}

TEST ("a strict REQ waits for its reply, a relaxed one need not")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *rep = new_bound (ctx, ZL_REP, any_endpoint[t], &a);
        zmql_socket *strict = new_req (ctx, false), *relaxed = new_req (ctx, true);
        zl_msg m = text_frame ("more");
        inbox in = new_inbox ();
        CHECK_EQ (zmql_connect (strict, a.text), 0);
        CHECK_EQ (zmql_connect (relaxed, a.text), 0);
        CHECK_EQ (recv_now (relaxed, &in), -ZL_EFSM);
        CHECK_EQ (send_text (strict, "one"), 0);
        CHECK_EQ (zmql_send (strict, &m, 1, 0), -ZL_EFSM);
        CHECK_RECV (rep, "one");
        CHECK_EQ (send_text (rep, "reply"), 0);
        CHECK_RECV (strict, "reply");
        CHECK_EQ (send_text (relaxed, "one"), 0);
        CHECK_EQ (send_text (relaxed, "two"), 0);
        CHECK_RECV (rep, "one");
        CHECK_EQ (send_text (rep, "reply to one"), 0);
        CHECK_RECV (rep, "two");
        CHECK_EQ (send_text (rep, "reply to two"), 0);
        CHECK_RECV (relaxed, "reply to two");
        end_inbox (&in);
        end_socket (rep);
        end_socket (strict);
        end_socket (relaxed);
        end_context (ctx);
    }
}

TEST ("a reply that is half read is given up for a new request")
{
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        address a;
        zmql_socket *rep = new_bound (ctx, ZL_REP, any_endpoint[t], &a), *req = new_req (ctx, true);
        const zl_msg reply[] = {text_frame ("1"), text_frame ("2"), text_frame ("3")};
        CHECK_EQ (zmql_connect (req, a.text), 0);
        for (unsigned i = 0; i < 5; i++) {
            inbox in = new_inbox ();
            CHECK_EQ (send_text (req, "one"), 0);
            CHECK_RECV (rep, "one");
            CHECK_EQ (send_frames (rep, reply, 3), 0);
            CHECK_EQ (zmql_wait (req, ZMQL_POLLIN, patience ()), ZMQL_POLLIN);
            CHECK_EQ (zmql_recv (req, &in.sink, false), 1);
            CHECK_EQ (send_text (req, "two"), 0);
            CHECK_RECV (rep, "two");
            CHECK_EQ (send_text (rep, "whole"), 0);
            CHECK_RECV (req, "whole");
            end_inbox (&in);
        }
        end_socket (req);
        end_socket (rep);
        end_context (ctx);
    }
}

/* ---- impatient clients ---- */

/* Answers each request with itself, until the socket is closed. */
static void *answering (void *rep)
{
    inbox in = new_inbox ();
    int rc = 0;
    while (rc == 0 && (rc = recv_message (rep, &in)) == 0) {
        if (in.bytes[0] % 3 == 0)
            sched_yield ();
        zl_msg m = {(const uint8_t *) frame_text (&in, 0), in.sizes[0], NULL};
        rc = send_frames (rep, &m, 1);
    }
    CHECK_EQ (rc, -ENOTSOCK);
    end_inbox (&in);
    return NULL;
}

/* Asks, and asks anew before it has an answer; each answer must be to the newest question. */
static void *asking (void *req)
{
    enum { QUESTIONS = 3000 };
    inbox in = new_inbox ();
    unsigned heard = 0;
    for (unsigned i = 0; i < QUESTIONS || !heard; i++) {
        zl_msg m = {(const uint8_t *) &i, sizeof i, NULL};
        CHECK_EQ (send_frames (req, &m, 1), 0);
        int rc = i % 5 ? recv_now (req, &in) : recv_message (req, &in);
        if (rc == -EAGAIN)
            continue;
        CHECK_EQ (rc, 0);
        CHECK_EQ (in.sizes[0], sizeof i);
        CHECK_BYTES (frame_text (&in, 0), &i, sizeof i);
        heard++;
    }
    end_inbox (&in);
    return NULL;
}

TEST ("however often a client asks anew, no answer is to an earlier question")
{
    enum { CLIENTS = 2, SERVERS = 2 };
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        zmql_ctx *ctx = new_context ();
        address a[SERVERS];
        zmql_socket *rep[SERVERS], *req[CLIENTS];
        pthread_t servers[SERVERS], clients[CLIENTS];
        for (unsigned i = 0; i < SERVERS; i++) {
            rep[i] = new_bound (ctx, ZL_REP, t == 2 && i ? "inproc://b" : any_endpoint[t], &a[i]);
            servers[i] = start (answering, rep[i]);
        }
        for (unsigned i = 0; i < CLIENTS; i++) {
            req[i] = new_req (ctx, true);
            for (unsigned k = 0; k < SERVERS; k++)
                CHECK_EQ (zmql_connect (req[i], a[k].text), 0);
            clients[i] = start (asking, req[i]);
        }
        for (unsigned i = 0; i < CLIENTS; i++) {
            join (clients[i]);
            CHECK_EQ (zmql_close (req[i], 0, true), 0); /* earlier questions need not arrive */
            zmql_socket_free (req[i]);
        }
        for (unsigned i = 0; i < SERVERS; i++) {
            CHECK_EQ (zmql_close (rep[i], 0, true), 0);
            join (servers[i]);
            zmql_socket_free (rep[i]);
        }
        end_context (ctx);
    }
}

/* ZAP: questions to the authenticator of the context, and its answers. */
#include <errno.h>
#include <string.h>

#include "inproc.h"
#include "socket.h"
#include "zap.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define VERSION "1.0"
#define REQUEST_ID "1" /* there is one question to a connection */

/* ---- asking ---- */

static zl_msg msg_of (const void *data, size_t n)
{
    return (zl_msg){data, n, NULL};
}

static zl_msg text_of (const char *text)
{
    return msg_of (text, strlen (text));
}

static zl_msg bytes_of (const zl_blob *b)
{
    return b ? msg_of (b->data, b->size) : msg_of (NULL, 0);
}

/* The identity is that of the serving socket, as in libzmq. */
int zl_zap_ask (zl_socket *s, const zl_zap_request *r, zl_pipe **question)
{
    const zl_options *o = r->options;
    const zl_blob *domain = o->bytes[ZL_BYTES_ZAP_DOMAIN];
    if (o->zap_enforce_domain && !domain && !r->mech->needs_authenticator)
        return -ECONNREFUSED;
    zl_msg frames[9] = {
        msg_of (NULL, 0), /* the delimiter that REP looks for */
        text_of (VERSION),
        text_of (REQUEST_ID),
        bytes_of (domain),
        text_of (r->address),
        msg_of (o->routing_id, o->routing_id_len),
        text_of (r->mech->name),
    };
    for (unsigned i = 0; i < r->credential_count; i++)
        frames[7 + i] = msg_of (r->credentials[i].p, r->credentials[i].n);
    return zl_inproc_ask (s, ENDPOINT, r->peer, frames, 7 + r->credential_count, question);
}

bool zl_zap_is_needed (const zl_options *o, const zl_mech *mech)
{
    return mech->needs_authenticator || (o->zap_enforce_domain && o->bytes[ZL_BYTES_ZAP_DOMAIN]);
}

void zl_zap_forget (zl_pipe *question)
{
    if (!question)
        return;
    question->asker = NULL;
    zl_pipe_close (question, ZL_DROP_CLOSED, false);
}

/* ---- answers ---- */

enum { DELIMITER, REPLY_VERSION, REPLY_ID, STATUS, TEXT, USER_ID, METADATA, REPLY_FRAMES };

static bool is_text (const zl_view *v, const char *text)
{
    return v->size == strlen (text) && memcmp (v->data, text, v->size) == 0;
}

static unsigned status_of (const zl_view *v)
{
    static const char *const codes[] = {"200", "300", "400", "500"};
    for (unsigned i = 0; i < ZL_LEN (codes); i++)
        if (is_text (v, codes[i]))
            return 200 + 100 * i;
    return 0;
}

static bool is_property_list (const zl_view *v)
{
    zl_slice list = {v->data, v->size}, name, value;
    int rc;
    while ((rc = zl_property_get (&list, &name, &value)) == 1)
        ;
    return rc == 0;
}

static zl_blob *properties_of (const zl_blob *user_id, const zl_view *metadata)
{
    static const char name[] = "User-Id";
    const void *user = user_id ? user_id->data : NULL;
    size_t n = user_id ? user_id->size : 0;
    zl_blob *all = zl_blob_alloc (sizeof name + 4 + n + metadata->size);
    if (!all)
        return NULL;
    uint8_t *at = zl_property_put (zl_blob_bytes (all), name, user, n);
    if (metadata->size)
        memcpy (at, metadata->data, metadata->size);
    return all;
}

/* What is wrong with frame number i of an answer, or what it says. */
static zl_close_reason read_frame (zl_zap_reply *reply, zl_blob **user_id, unsigned i, const zl_view *v)
{
    switch (i) {
        case DELIMITER:
            return v->size ? ZL_CLOSE_ZAP_REPLY : ZL_CLOSE_NONE;
        case REPLY_VERSION:
            return is_text (v, VERSION) ? ZL_CLOSE_NONE : ZL_CLOSE_ZAP_VERSION;
        case REPLY_ID:
            return is_text (v, REQUEST_ID) ? ZL_CLOSE_NONE : ZL_CLOSE_ZAP_REQUEST_ID;
        case STATUS:
            reply->status = status_of (v);
            return reply->status ? ZL_CLOSE_NONE : ZL_CLOSE_ZAP_STATUS;
        case USER_ID:
            *user_id = v->size ? zl_msg_blob (&(zl_msg){v->data, v->size, v->blob}) : NULL;
            return v->size && !*user_id ? ZL_CLOSE_MEMORY : ZL_CLOSE_NONE;
        case METADATA:
            if (!is_property_list (v))
                return ZL_CLOSE_ZAP_METADATA;
            reply->properties = properties_of (*user_id, v);
            return reply->properties ? ZL_CLOSE_NONE : ZL_CLOSE_MEMORY;
        default:
            return ZL_CLOSE_NONE;
    }
}

static zl_zap_reply read_reply (zl_pipe *p)
{
    zl_zap_reply reply = {.why = ZL_CLOSE_NONE};
    zl_blob *user_id = NULL;
    zl_view v = {.more = true};
    unsigned n = 0;
    for (; v.more && zl_frameq_peek (&p->in, &p->sock->pool, &v); n++) {
        if (!reply.why)
            reply.why = read_frame (&reply, &user_id, n, &v);
        zl_frameq_next (&p->in, &p->sock->pool, &v);
    }
    if (n != REPLY_FRAMES)
        reply.why = ZL_CLOSE_ZAP_REPLY;
    zl_blob_drop (user_id);
    return reply;
}

void zl_zap_answered (zl_pipe *question)
{
    zl_socket *s = question->sock;
    zl_peer *p = question->asker;
    zl_zap_reply reply = read_reply (question);
    zl_zap_forget (question);
    zl_peer_judge (s, p, &reply);
    zl_blob_drop (reply.properties);
}

void zl_zap_deserted (zl_pipe *question)
{
    zl_peer *p = question->asker;
    question->asker = NULL; /* whoever tells us closes it */
    zl_peer_judge (question->sock, p, &(zl_zap_reply){.why = ZL_CLOSE_NO_AUTHENTICATOR});
}

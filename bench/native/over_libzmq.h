/* The driver over libzmq's public API. */
#include <zmq.h>

typedef struct {
    void *context, *socket;
} peer;

static const char *version (void)
{
    static char text[32];
    int major, minor, patch;
    zmq_version (&major, &minor, &patch);
    snprintf (text, sizeof text, "%d.%d.%d", major, minor, patch);
    return text;
}

static void open_peer (peer *p, int type)
{
    p->context = zmq_ctx_new ();
    p->socket = zmq_socket (p->context, type);
    require (p->socket != NULL, "zmq_socket");
}

static void bind_peer (peer *p, char *endpoint, size_t size)
{
    require (!zmq_bind (p->socket, "tcp://127.0.0.1:*"), "zmq_bind");
    require (!zmq_getsockopt (p->socket, ZMQ_LAST_ENDPOINT, endpoint, &size), "ZMQ_LAST_ENDPOINT");
}

static void connect_peer (peer *p, const char *endpoint)
{
    require (!zmq_connect (p->socket, endpoint), "zmq_connect");
}

static void keep (void *data, void *hint)
{
    (void) data;
    (void) hint;
}

static void send_body (peer *p, const char *body, size_t size)
{
    if (size < BY_REFERENCE) {
        require (zmq_send (p->socket, body, size, 0) >= 0, "zmq_send");
        return;
    }
    zmq_msg_t message;
    require (!zmq_msg_init_data (&message, (void *) body, size, keep, NULL), "zmq_msg_init_data");
    require (zmq_msg_send (&message, p->socket, 0) >= 0, "zmq_msg_send");
}

static size_t recv_size (peer *p)
{
    zmq_msg_t message;
    zmq_msg_init (&message);
    require (zmq_msg_recv (&message, p->socket, 0) >= 0, "zmq_msg_recv");
    size_t size = zmq_msg_size (&message);
    zmq_msg_close (&message);
    return size;
}

static void close_peer (peer *p)
{
    zmq_close (p->socket);
    zmq_ctx_term (p->context);
}

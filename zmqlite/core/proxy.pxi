# Proxies: messages pass between two sockets without coming up to Python.

cdef bint signalled() noexcept nogil:
    """Runs signal handlers; true if one of them has raised."""
    with gil:
        try:
            PyErr_CheckSignals()
        except BaseException as error:
            raised_by_handler.append(error)
            return True
    return False

cdef list raised_by_handler = []


cdef zmql_socket *handle_of(Socket socket) except? NULL:
    if socket is None:
        return NULL
    if socket.handle == NULL:
        raise make_error(-ENOTSOCK, "")
    return socket.handle


cdef object end_of_proxy(Socket frontend, int rc):
    if rc == -EINTR and raised_by_handler:
        raise raised_by_handler.pop()
    if rc < 0:
        raise frontend.fail(rc, "serve a proxy")
    return rc


def proxy_steerable(Socket frontend not None, Socket backend not None, Socket capture=None, Socket control=None):
    """Pass messages between two sockets both ways, with a copy of each to `capture`, and obey `control`.

    control: a socket on which single frames PAUSE, RESUME, TERMINATE and STATISTICS are received. STATISTICS is answered
    with eight frames of 64 bits: frames received, octets received, frames sent, octets sent, of the frontend, then of the
    backend. A REP gets an empty frame for anything else. Returns 0 after TERMINATE; raises ContextTerminated at the end of
    the context.
    """
    cdef int rc
    cdef zmql_socket *front = handle_of(frontend)
    cdef zmql_socket *back = handle_of(backend)
    cdef zmql_socket *third = handle_of(capture)
    cdef zmql_socket *steering = handle_of(control)
    with nogil:
        rc = zmql_proxy(front, back, third, steering, signalled)
    return end_of_proxy(frontend, rc)


def proxy(Socket frontend not None, Socket backend not None, Socket capture=None):
    """Pass messages between two sockets both ways, with a copy to `capture`, until the context is terminated."""
    return proxy_steerable(frontend, backend, capture)


def monitored_queue(Socket in_socket not None, Socket out_socket not None, Socket mon_socket not None,
                    bytes in_prefix not None=b"in", bytes out_prefix not None=b"out"):
    """A proxy whose copies of messages, sent to `mon_socket`, begin with a frame that says which way they went.

    Between two ROUTERs the first two frames of a message, the ids of its sender and of its receiver, change places.
    """
    cdef int rc
    cdef zl_msg in_mark, out_mark
    cdef zmql_socket *in_handle = handle_of(in_socket)
    cdef zmql_socket *out_handle = handle_of(out_socket)
    cdef zmql_socket *monitor = handle_of(mon_socket)
    in_mark.data = <const uint8_t *>PyBytes_AS_STRING(in_prefix)
    in_mark.size = <size_t>PyBytes_GET_SIZE(in_prefix)
    out_mark.data = <const uint8_t *>PyBytes_AS_STRING(out_prefix)
    out_mark.size = <size_t>PyBytes_GET_SIZE(out_prefix)
    with nogil:
        rc = zmql_monitored_queue(in_handle, out_handle, monitor, &in_mark, &out_mark, signalled)
    return end_of_proxy(in_socket, rc)

# Socket: the paths of every message. What need not wait is done with the GIL held, since giving it up costs more than the
# work; every wait and every system call is made without it.

cdef int RCVTIMEO = 27
cdef int SNDTIMEO = 28
cdef int BYTES_MAX = 255
# Larger bodies are not expected twice in a row: no memory is put by for them.
cdef size_t SPARE_MAX = 64 << 20


# ---- where received frames go; called with the socket's mutex held ----

cdef struct BytesSink:
    zmql_sink base
    PyObject *taken

cdef int take_bytes(zmql_sink *sink, const zmql_frame *f) noexcept:
    cdef PyObject *taken = bytes_of_frame(f)
    (<BytesSink *>sink).taken = taken
    return 0 if taken != NULL else -ENOMEM

cdef int take_frame(zmql_sink *sink, const zmql_frame *f) noexcept:
    try:
        taken = frame_of(f)
    except MemoryError:
        return -ENOMEM
    Py_INCREF(taken)
    (<BytesSink *>sink).taken = <PyObject *>taken
    return 0


cdef struct ListSink:
    zmql_sink base
    PyObject *parts

cdef int append_bytes(zmql_sink *sink, const zmql_frame *f) noexcept:
    return append_new((<ListSink *>sink).parts, bytes_of_frame(f))

cdef int append_frame(zmql_sink *sink, const zmql_frame *f) noexcept:
    try:
        (<list><object>(<ListSink *>sink).parts).append(frame_of(f))
    except MemoryError:
        return -ENOMEM
    return 0


cdef inline zl_time within_a_second(zl_time limit) noexcept:
    """The end of the next wait on the way to a limit. A signal that comes just before a wait does not interrupt it, so none
    is longer than this."""
    cdef zl_time soon = zl_deadline(1000)
    return limit if limit < soon else soon


cdef void add_counter(void *arg, const char *group, const char *name, uint64_t value) noexcept:
    stats = <dict><object><PyObject *>arg
    try:
        if group[0]:
            if value:
                stats.setdefault(group.decode(), {})[name.decode()] = value
        else:
            stats[name.decode()] = value
    except MemoryError:
        pass


@cython.no_gc_clear  # __dealloc__ needs the context
cdef class Socket:
    """Base of zmqlite.Socket."""

    def __cinit__(self, *args, **kwargs):
        self.handle = NULL

    def __init__(self, Context context, int socket_type=0, size_t shadow=0, copy_threshold=None):
        cdef int rc
        self.context = context
        self.copy_threshold = copy_threshold
        if shadow:
            self.handle = <zmql_socket *>shadowed(live_sockets, shadow, -ENOTSOCK)
            zmql_socket_share(self.handle)
            self.borrowed = True
            return
        if context is None:
            raise TypeError("a socket needs a context")
        context.check()
        with nogil:
            rc = zmql_socket_new(context.handle, socket_type, &self.handle)
        if rc < 0:
            self.handle = NULL
            if rc == -ZL_ETERM and context.borrowed:
                rc = -EFAULT
            raise make_error(rc, {
                -EFAULT: " (the context that is shadowed has ended)",
                -EINVAL: f": no socket type {socket_type}",
            }.get(rc, " (raise MAX_SOCKETS or close sockets)" if rc == -EMFILE else ""))

        live_sockets.add(<size_t>self.handle)

    def __dealloc__(self):
        if self.handle == NULL:
            return
        if not self.borrowed:
            live_sockets.discard(<size_t>self.handle)
        if zmql_socket_inherited(self.handle):
            return
        if self.borrowed:
            zmql_socket_unshare(self.handle)
            return
        zmql_close(self.handle, 0, False)
        zmql_socket_free(self.handle)

    cdef object fail(self, int code, str what):
        name = zmql_type_name(self.handle).decode() if self.handle != NULL else "uninitialised"
        detail = {
            -ENOTSOCK: " (the socket is closed)",
            -ENOTSUP: f" (a {name} socket cannot {what})",
            -ZL_EFSM: f" (a {name} socket cannot {what} now)",
            -EMSGSIZE: " (larger than MAX_MSGSZ of the context)",
            -EINVAL: f" (what a {name} socket sends is [routing id, data])",
        }.get(code, "")
        return make_error(code, detail)

    @property
    def closed(self):
        return self.handle == NULL or zmql_closed(self.handle)

    @property
    def underlying(self):
        """A number that stands for the core's socket; 0 once it is closed."""
        return 0 if self.closed else <size_t>self.handle

    def close(self, linger=None):
        """Close the socket; what it has sent goes on being delivered for LINGER ms (or `linger`)."""
        cdef int ms = -1 if linger is None else linger
        if self.handle != NULL and not zmql_socket_inherited(self.handle):
            zmql_close(self.handle, ms, linger is not None)

    # ---- endpoints ----

    cdef int at_endpoint(self, int (*call)(zmql_socket *, const char *) noexcept nogil, addr) except -1:
        cdef bytes endpoint = endpoint_bytes(addr)
        cdef const char *text = endpoint
        cdef int rc
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        with nogil:
            rc = call(self.handle, text)
        if rc < 0 and zmql_closed(self.handle):
            rc = -ENOTSOCK
        if rc < 0:
            raise endpoint_error(rc, addr)
        return 0

    def bind(self, addr):
        """Accept connections at an endpoint."""
        self.at_endpoint(zmql_bind, addr)

    def connect(self, addr):
        """Connect to an endpoint, now and again whenever the connection is lost."""
        self.at_endpoint(zmql_connect, addr)

    def unbind(self, addr):
        """Stop accepting at an endpoint that was bound, and end the connections made through it."""
        self.at_endpoint(zmql_unbind, addr)

    def disconnect(self, addr):
        """End what connect() made of an endpoint."""
        self.unbind(addr)

    # ---- options ----

    def get(self, int option):
        """The value of an option: an int, or bytes."""
        cdef int64_t number = 0
        cdef char text[512]
        cdef size_t size = sizeof(text)
        cdef int rc, kind
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        kind = zmql_option_kind(self.handle, option)
        with nogil:
            if kind == ZMQL_BYTES:
                rc = zmql_get(self.handle, option, text, &size)
            else:
                rc = zmql_get(self.handle, option, &number, &size)
        if rc < 0:
            raise self.option_error(rc, option, "read")
        return PyBytes_FromStringAndSize(text, size) if kind == ZMQL_BYTES else number

    def set(self, int option, value):
        """Set an option to an int, or to bytes."""
        cdef int64_t number
        cdef const char *text
        cdef size_t size
        cdef int rc, kind
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        if CURVE_SERVER <= option <= CURVE_SERVERKEY:
            load_crypto()
        kind = zmql_option_kind(self.handle, option)
        if isinstance(value, bytes):
            if kind == ZMQL_INT or kind == ZMQL_INT64:
                raise TypeError(f"option {option} takes an int, not bytes")
            text = <bytes>value
            size = len(<bytes>value)
            with nogil:
                rc = zmql_set(self.handle, option, text, size)
        else:
            if kind == ZMQL_BYTES:
                raise TypeError(f"option {option} takes bytes, not {type(value).__name__}")
            if kind == ZMQL_INT64 or (kind < 0 and is_wide(option)):
                number = value
            else:
                number = <int?>value if isinstance(value, bool) else int_value(value)
            with nogil:
                rc = zmql_set(self.handle, option, &number, sizeof(number))
        if rc < 0:
            raise self.option_error(rc, option, "set to that" if option in SECRET_OPTIONS else f"set to {value!r}")

    def option_error(self, int code, int option, str what):
        cdef const char *name = zmql_option_name(self.handle, option)
        if code != -EINVAL:
            return self.fail(code, "do that")
        socket = zmql_type_name(self.handle).decode()
        if name == NULL:
            return make_error(code, f": a {socket} socket has no option {option_name(option)}")
        return make_error(code, f": option {name.decode()} ({option}) of a {socket} socket cannot be {what}")

    def monitor(self, addr, int64_t events=0xFFFF, int version=1, int socket_type=0):
        """Tell what happens to the socket's connections to an inproc endpoint, from a socket made and bound there.

        addr: None ends it. events: a mask of Event. version: 1 (two frames: number and value, endpoint) or 2. socket_type:
        PAIR, with version 2 also PUB or PUSH.
        """
        cdef bytes endpoint
        cdef const char *text = NULL
        cdef int rc
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        if addr is not None:
            endpoint = endpoint_bytes(addr)
            text = endpoint
        with nogil:
            rc = zmql_monitor(self.handle, text, <uint64_t>events, version, socket_type)
        if rc == -EINVAL:
            raise make_error(rc, f": no monitor of version {version} for events {events:#x} by type {socket_type}")
        if rc < 0:
            raise endpoint_error(rc, addr)

    # ---- waiting ----

    cdef zl_time limit(self, int option, int flags) except? 0:
        """When a blocking call must end: now with DONTWAIT, else by RCVTIMEO or SNDTIMEO."""
        cdef int64_t ms = -1
        cdef size_t size = sizeof(ms)
        if flags & ZMQL_DONTWAIT:
            return 1
        zmql_get(self.handle, option, &ms, &size)
        return zl_deadline(ms)

    cdef zl_time limit_of(self, int option, int flags, timeout) except? 0:
        """The same where `timeout` (seconds) is given too, which is what counts then; None: it is not."""
        if timeout is None or flags & ZMQL_DONTWAIT:
            return self.limit(option, flags)
        return zl_now() + <zl_time>(max(<double>timeout, 0.0) * 1e9)

    cdef int wait_for(self, int events, zl_time limit) except -1:
        """Waits without the GIL: the events that hold, 0 when the limit has come. Signal handlers run in between."""
        cdef int rc
        cdef zl_time until
        while True:
            until = within_a_second(limit)
            with nogil:
                rc = zmql_wait(self.handle, events, until)
            if rc > 0 or (rc == 0 and until == limit):
                return rc
            if rc < 0 and rc != -EINTR:
                raise self.fail(rc, "wait")
            PyErr_CheckSignals()

    def poll(self, timeout=None, int flags=1):
        """Wait up to `timeout` milliseconds (None: for ever) for events: those that hold, 0 if none."""
        if self.closed:
            raise make_error(-ENOTSUP, " (the socket is closed)")
        cdef int64_t ms = -1 if timeout is None or timeout < 0 else int(timeout)
        return self.wait_for(flags & 3, zl_deadline(ms))

    def flush(self, timeout=None):
        """Wait until all that was sent is with the kernel, at most `timeout` seconds (None: for ever).

        Returns how many messages are not. They are not lost: they go on waiting for their connections.
        """
        cdef int64_t left
        cdef zl_time limit = zl_deadline(-1 if timeout is None else int(timeout * 1000))
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        cdef zl_time until
        while True:
            until = within_a_second(limit)
            with nogil:
                left = zmql_flush(self.handle, until)
            if left == 0 or (left > 0 and until == limit):
                return left
            if left < 0 and left != -EINTR:
                raise self.fail(<int>left, "flush")
            PyErr_CheckSignals()

    def stats(self):
        """What the socket has counted: messages sent and received, connections, and by reason under "dropped" the
        messages it has discarded and under "closed" the connections that have ended."""
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        counters = {"dropped": {}, "closed": {}}
        zmql_stats(self.handle, add_counter, <void *><PyObject *>counters)
        return counters

    # ---- sending ----

    cdef int send_frames(self, const zl_msg *frames, unsigned n, int flags, timeout) except -1:
        cdef int rc = zmql_send(self.handle, frames, n, flags)
        if rc == 0:
            return 0
        if rc == 1:
            with nogil:
                zmql_flush_now(self.handle)
            return 0
        if rc != -EAGAIN:
            raise self.fail(rc, "send")
        return self.send_waiting(frames, n, flags, timeout)

    cdef int send_waiting(self, const zl_msg *frames, unsigned n, int flags, timeout) except -1:
        cdef int rc
        cdef zl_time limit = self.limit_of(SNDTIMEO, flags, timeout)
        while True:
            if not self.wait_for(ZMQL_ROOM, limit):
                raise too_late(timeout)
            rc = zmql_send(self.handle, frames, n, flags)
            if rc >= 0:
                if rc == 1:
                    with nogil:
                        zmql_flush_now(self.handle)
                return 0
            if rc != -EAGAIN:
                raise self.fail(rc, "send")
            if flags & ZMQL_DONTWAIT or (limit != ZL_NEVER and zl_now() >= limit):
                raise too_late(timeout)

    def send(self, data, int flags=0, bint copy=True, bint track=False, routing_id=None, group=None, *, timeout=None):
        """Send one frame; with SNDMORE in flags, more frames of the same message follow.

        data: bytes, a Frame, or any contiguous buffer. Blocks while no peer has room (see SNDTIMEO), or raises Again with
        DONTWAIT, TimedOut after `timeout` seconds. Returns None, or a MessageTracker with copy=False, track=True.
        """
        cdef zl_msg m
        cdef Outgoing out
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        if PyBytes_CheckExact(data) and copy:
            m.data = <const uint8_t *>PyBytes_AS_STRING(data)
            m.size = <size_t>PyBytes_GET_SIZE(data)
            m.blob = NULL
            if m.size < <size_t>REFERENCE_MIN:
                self.send_frames(&m, 1, flags, timeout)
                return None
            give_back_all()
            m.blob = foreign_blob(data, m.data, m.size)
            try:
                self.send_frames(&m, 1, flags, timeout)
            finally:
                zl_blob_drop(m.blob)
            return None
        out = Outgoing(1)
        result = out.add(data, copy, track, self.copy_threshold)
        self.send_frames(out.frames, 1, flags, timeout)
        return result

    def send_multipart(self, parts, int flags=0, bint copy=True, bint track=False, routing_id=None, group=None, *,
                       timeout=None):
        """Send a sequence of parts as one message, whole or not at all; TimedOut after `timeout` seconds."""
        cdef unsigned i, n = len(parts)
        cdef Outgoing out
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        if n == 0:
            raise IndexError("a message has at least one part")
        out = Outgoing(n)
        result = None
        for i in range(n):
            part = parts[i]
            if not (PyBytes_CheckExact(part) or isinstance(part, Frame) or PyObject_CheckBuffer(part)):
                raise TypeError(f"Frame {i} ({part!r}) does not support the buffer interface.")
            result = out.add(part, copy, track, self.copy_threshold)
        self.send_frames(out.frames, n, flags, timeout)
        return result

    def send_many(self, messages, *, timeout=None):
        """Send a sequence of messages, in order; returns how many have gone.

        messages: each is bytes, a Frame or any contiguous buffer, or a list or tuple of these, which go as one message of several
        parts. Blocks while no peer has room, for at most `timeout` seconds in all (None: see SNDTIMEO). An error, in the call
        or in a message, is raised if it hits the first; if some have gone before, their number is returned, and the error is
        raised when the rest is sent.
        """
        cdef Batch batch
        cdef tuple whole = tuple(messages)
        cdef Py_ssize_t gone = 0
        cdef unsigned sent = 0
        cdef zl_time limit
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        give_back_all()
        limit = self.limit_of(SNDTIMEO, 0, timeout)
        while gone < len(whole):
            batch = Batch(MESSAGES_AT_ONCE)
            sent = 0
            try:
                batch.add_messages(whole, gone, self.copy_threshold)
                send_batch(self, batch, limit, &sent)
            except Exception:
                gone += sent
                if not gone:
                    raise
                break
            gone += sent
            if sent < batch.messages:
                break
        return gone

    # ---- receiving ----

    cdef int recv_frames(self, zmql_sink *sink, bint whole, int flags, timeout) except -1:
        """1 if more frames follow, else 0."""
        cdef int rc
        cdef zl_time limit = 0
        while True:
            rc = zmql_recv(self.handle, sink, whole)
            if rc >= 0:
                give_back_all()
                return rc
            if rc == -ENOMEM:
                raise MemoryError()
            if rc != -EAGAIN:
                raise self.fail(rc, "receive")
            if limit == 0:
                limit = self.limit_of(RCVTIMEO, flags, timeout)
            if sink.take == take_bytes or sink.take == append_bytes:
                self.offer_spare()
            if not self.wait_for(ZMQL_POLLIN, limit):
                raise too_late(timeout)

    cdef int offer_spare(self) except -1:
        """Lets the kernel write the next large body straight into a bytes object, if it has the size of the last one."""
        cdef size_t size = zmql_wants_spare(self.handle)
        if size and size <= SPARE_MAX:
            spare = PyBytes_FromStringAndSize(NULL, size)
            zmql_give_spare(self.handle, foreign_blob(spare, PyBytes_AS_STRING(spare), size))
        return 0

    def recv(self, int flags=0, bint copy=True, bint track=False, *, timeout=None):
        """Receive one frame as bytes, or as a Frame with copy=False.

        Blocks until there is one (see RCVTIMEO), or raises Again with DONTWAIT, TimedOut after `timeout` seconds.
        """
        cdef BytesSink sink
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        sink.base.take = take_bytes if copy else take_frame
        self.recv_frames(&sink.base, False, flags, timeout)
        if track and not copy:
            frame = owned(sink.taken)
            (<Frame>frame).tracker = load_tracker_classes()[1]
            return frame
        return owned(sink.taken)

    def recv_multipart(self, int flags=0, bint copy=True, bint track=False, *, timeout=None):
        """Receive a whole message as a list of its parts; TimedOut after `timeout` seconds."""
        cdef ListSink sink
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        parts = []
        sink.base.take = append_bytes if copy else append_frame
        sink.parts = <PyObject *>parts
        self.recv_frames(&sink.base, True, flags, timeout)
        return parts

    def recv_many(self, max=RECEIVED_AT_ONCE, *, timeout=None):
        """Receive up to `max` messages of one part, without waiting for more than the first: a list of bytes.

        Waits for that one for at most `timeout` seconds (None: see RCVTIMEO); the list is empty if none comes. Before a message of
        several parts the list ends; ValueError if that is the first: it is for recv_multipart_many().
        """
        messages = []
        cdef BatchSink sink
        sink.base.take = add_bytes
        sink.messages = <PyObject *>messages
        self.recv_batch(&sink.base, max, timeout)
        return messages

    def recv_multipart_many(self, max=RECEIVED_AT_ONCE, *, timeout=None):
        """Receive up to `max` messages, without waiting for more than the first: a list with a list of parts for each.

        Waits for that one for at most `timeout` seconds (None: see RCVTIMEO); the list is empty if none comes.
        """
        messages = []
        cdef BatchSink sink
        sink.base.take = add_part
        sink.messages = <PyObject *>messages
        sink.parts = NULL
        self.recv_batch(&sink.base, max, timeout)
        return messages

    cdef int recv_batch(self, zmql_sink *sink, max, timeout) except -1:
        cdef unsigned most = max
        cdef int rc
        cdef zl_time limit = 0
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        if not most:
            raise ValueError("max is 0: at least one message has to be received")
        while True:
            rc = zmql_recv_many(self.handle, sink, most)
            if rc > 0:
                give_back_all()
                return 0
            if rc == -ENOMEM:
                raise MemoryError()
            if rc == -EMSGSIZE:
                raise ValueError("the next message has several parts: receive it by recv_multipart_many() or recv_multipart()")
            if rc != -EAGAIN:
                raise self.fail(rc, "receive")
            if limit == 0:
                limit = self.limit_of(RCVTIMEO, 0, timeout)
            if not self.wait_for(ZMQL_POLLIN, limit):
                return 0

    def __iter__(self):
        """Messages of one part as they come, until the socket is closed or the context ends."""
        return self

    def __next__(self):
        try:
            return self.recv()
        except load_error_classes()[0] as error:
            if error.errno in (ENOTSOCK, ZL_ETERM):
                raise StopIteration from None
            raise

    cdef int take_now(self, zmql_sink *sink, bint whole) except -1:
        """False if nothing is there, after a look at the connections."""
        cdef int rc = zmql_recv(self.handle, sink, whole)
        if rc == -EAGAIN and self.wait_for(ZMQL_POLLIN, 1):
            rc = zmql_recv(self.handle, sink, whole)
        if rc == -EAGAIN:
            return 0
        give_back_all()
        if rc == -ENOMEM:
            raise MemoryError()
        if rc < 0:
            raise self.fail(rc, "receive")
        return 1

    def recv_now(self, bint copy=True):
        """Receive one frame if it is there, as `recv` with DONTWAIT does; else return None."""
        cdef BytesSink sink
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        sink.base.take = take_bytes if copy else take_frame
        if not self.take_now(&sink.base, False):
            return None
        return owned(sink.taken)

    def recv_multipart_now(self, bint copy=True):
        """Receive a whole message if it is there; else return None."""
        cdef ListSink sink
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        parts = []
        sink.base.take = append_bytes if copy else append_frame
        sink.parts = <PyObject *>parts
        return parts if self.take_now(&sink.base, True) else None

    def put_back(self, list parts, bint more, uint64_t order):
        """Give the parts of a received message back: they are received again before any other, in ascending order.

        more: further frames of the message are still to be received. On a closed socket they are dropped.
        """
        cdef Outgoing out = Outgoing(len(parts))
        cdef int rc
        if self.handle == NULL:
            return
        for part in parts:
            out.add(part, True, False, None)
        rc = zmql_put_back(self.handle, out.frames, out.count, more, order)
        if rc < 0:
            raise MemoryError()

    cdef int receive_into(self, Lent lent, bint whole, int flags, timeout) except -1:
        """How many frames."""
        cdef int rc
        cdef zl_time limit, until = 0
        if self.handle == NULL:
            raise make_error(-ENOTSOCK, "")
        rc = zmql_recv_into(self.handle, lent.loans, lent.count, whole, 0)
        if rc == -EAGAIN:
            limit = self.limit_of(RCVTIMEO, flags, timeout)
        while rc == -EAGAIN and until != limit:
            until = within_a_second(limit)
            with nogil:
                rc = zmql_recv_into(self.handle, lent.loans, lent.count, whole, until)
            if rc == -EINTR:
                rc = -EAGAIN
                until = 0
            if rc == -EAGAIN:
                PyErr_CheckSignals()  # a handler that raises must not cost what has been received
        give_back_all()
        if rc == -ENOMEM:
            raise MemoryError()
        if rc == -EAGAIN:
            raise too_late(timeout)
        if rc == -EMSGSIZE:
            raise ValueError(f"the next message has more parts than there are buffers ({lent.count}), or one that is larger "
                             "than its buffer: recv_multipart() takes it")
        if rc < 0:
            raise self.fail(rc, "receive")
        return rc

    def recv_into(self, buffer, /, *, Py_ssize_t nbytes=0, int flags=0, timeout=None):
        """Receive one frame into a writable buffer; returns its full length, also if the buffer was too small for it.

        nbytes: use only so many octets of the buffer (0: all). The kernel writes a large frame that is still to come straight into
        it. Raises Again with DONTWAIT, TimedOut after `timeout` seconds.
        """
        cdef Lent lent = Lent(1)
        lent.add(buffer, nbytes)
        self.receive_into(lent, False, flags, timeout)
        return lent.loans[0].size

    def recv_multipart_into(self, buffers, /, *, int flags=0, timeout=None):
        """Receive a whole message, each part into a writable buffer of its own; returns a list of their sizes.

        There may be more buffers than parts. A message that has more parts, or one larger than its buffer, raises ValueError and
        stays to be received otherwise; what the buffers hold is then undefined. Raises Again with DONTWAIT, TimedOut after
        `timeout` seconds.
        """
        cdef tuple all = tuple(buffers)
        cdef Lent lent = Lent(len(all))
        for buffer in all:
            lent.add(buffer, 0)
        return [lent.loans[i].size for i in range(self.receive_into(lent, True, flags, timeout))]


cdef object too_late(timeout):
    """What is raised when a call has waited long enough."""
    if timeout is None:
        return make_error(-EAGAIN, "")
    from .error import TimedOut
    return TimedOut(f"nothing for {timeout} s")


cdef bytes endpoint_bytes(addr):
    if isinstance(addr, str):
        addr = (<str>addr).encode()
    if not isinstance(addr, bytes):
        raise TypeError(f"an endpoint is a str or bytes, not {type(addr).__name__}")
    if b"\0" in addr:
        raise ValueError(f"an endpoint cannot contain a zero octet: {addr!r}")
    return addr


cdef object endpoint_error(int code, addr):
    text = addr.decode("utf-8", "replace") if isinstance(addr, bytes) else addr
    hint = ""
    if code == -EINVAL:
        hint = ": an endpoint looks like tcp://host:port, ipc://path or inproc://name"
    elif code == -ZL_EROUTINGID:
        code = -EINVAL
        hint = ": CONNECT_ROUTING_ID is in use, or begins with a zero octet"
    elif code == -ENAMETOOLONG and text.startswith("ipc://"):
        hint = f": an ipc path may have at most {IPC_PATH_MAX_LEN} octets"
    elif code == -ENOENT and text.startswith("ipc://"):
        hint = f": {text[6:]!r}"
    return make_error(code, f"{hint} (addr={text!r})")


cdef str option_name(int option):
    from .constants import SocketOption
    try:
        return f"{SocketOption(option).name} ({option})"
    except ValueError:
        return str(option)


cdef bint is_wide(int option) except -1:
    """Whether an option that this socket does not have takes 64 bits."""
    from .constants import SocketOption, _OptType
    return option in SocketOption.__members__.values() and SocketOption(option)._opt_type is _OptType.int64


cdef int64_t int_value(value) except? -1:
    cdef int checked = value
    return checked


cdef extern from "sys/un.h":
    cdef struct sockaddr_un:
        char sun_path[108]

IPC_PATH_MAX_LEN = <int>sizeof((<sockaddr_un *>NULL).sun_path) - 1

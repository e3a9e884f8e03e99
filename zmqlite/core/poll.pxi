# Waiting for many sockets and descriptors.

cdef class PollSet:
    """A set of sockets and descriptors that is kept from one wait to the next."""

    def __cinit__(self):
        self.handle = NULL
        self.tags = {}
        cdef int rc = zmql_pollset_new(&self.handle)
        if rc < 0:
            raise make_error(rc, "")

    def __dealloc__(self):
        if self.handle != NULL:
            zmql_pollset_free(self.handle)

    def add(self, obj, int events):
        """Wait for events of a Socket or a descriptor; replaces those it had."""
        cdef int rc
        if isinstance(obj, Socket):
            if (<Socket>obj).handle == NULL:
                raise make_error(-ENOTSOCK, "")
            rc = zmql_pollset_add(self.handle, (<Socket>obj).handle, -1, events, <void *><PyObject *>obj)
        else:
            obj = self.tags.get(obj, obj)
            rc = zmql_pollset_add(self.handle, NULL, obj, events, <void *><PyObject *>obj)
        if rc < 0:
            raise make_error(rc, f" ({obj!r})")
        self.tags[obj] = obj

    def remove(self, obj):
        """Wait for it no longer."""
        if isinstance(obj, Socket):
            zmql_pollset_remove(self.handle, (<Socket>obj).handle, -1)
        else:
            zmql_pollset_remove(self.handle, NULL, obj)
        self.tags.pop(obj, None)

    def wait(self, int64_t timeout_ms):
        """Pairs of what is ready and its events, after at most timeout_ms milliseconds (negative: for ever)."""
        cdef zmql_ready few[64]
        cdef zmql_ready *ready = few
        cdef int n, i, room = 64
        cdef zl_time limit = zl_deadline(timeout_ms), until
        if len(self.tags) > 64:
            room = len(self.tags)
            ready = <zmql_ready *>malloc(room * sizeof(zmql_ready))
            if ready == NULL:
                raise MemoryError()
        try:
            while True:
                until = within_a_second(limit)
                with nogil:
                    n = zmql_pollset_wait(self.handle, ready, room, until)
                if n > 0 or (n == 0 and until == limit) or (n < 0 and n != -EINTR):
                    break
                PyErr_CheckSignals()
            if n < 0:
                raise make_error(n, " (in a poller)")
            return [(<object><PyObject *>ready[i].tag, ready[i].events) for i in range(n)]
        finally:
            if ready != few:
                free(ready)


def zmq_poll(sockets, timeout=-1):
    """Wait for events of a list of (socket or descriptor, events) pairs for at most `timeout` milliseconds."""
    cdef PollSet waiting = PollSet()
    cdef list wanted = []
    given = {}
    for obj, events in sockets:
        key = obj
        if not isinstance(obj, (Socket, int)):
            if not hasattr(obj, "fileno"):
                raise TypeError(f"only sockets, descriptors and files can be polled, not {type(obj).__name__}")
            try:
                key = obj.fileno()
            except Exception as error:
                raise ValueError(f"fileno() of {obj!r} failed") from error
        given[key] = given.get(key, 0) | events
        wanted.append(key)
    for key, events in given.items():
        waiting.add(key, events)
    ms = -1 if timeout is None or timeout < 0 else int(timeout)
    ready = dict(waiting.wait(ms))
    return [(key, ready.pop(key)) for key in wanted if key in ready]

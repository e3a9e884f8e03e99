# Context: the core's contexts.


# Addresses that can be shadowed: those of objects that are alive. A number that is not among them is nobody's.
cdef set live_contexts = set()
cdef set live_sockets = set()


cdef size_t shadowed(set live, size_t address, int error) except 0:
    if address not in live:
        raise make_error(error, f" (nothing to shadow at {address:#x})")
    return address


cdef str context_option_name(int option):
    from .constants import ContextOption, SocketOption
    for options in ContextOption, SocketOption:  # IPV6 and BLOCKY are the context's too
        if option in options.__members__.values():
            return f"{options(option).name} ({option})"
    return str(option)


cdef class Context:
    """Base of zmqlite.Context."""

    def __cinit__(self, *args, **kwargs):
        self.handle = NULL

    def __init__(self, int io_threads=1, size_t shadow=0):
        if shadow:
            self.handle = <zmql_ctx *>shadowed(live_contexts, shadow, -EFAULT)
            zmql_ctx_hold(self.handle)
            self.borrowed = True
            return
        cdef int rc = zmql_ctx_new(&self.handle)
        if rc == 0:
            rc = zmql_ctx_set(self.handle, 1, io_threads)
        if rc < 0:
            if self.handle != NULL:
                zmql_ctx_free(self.handle)
                self.handle = NULL
            raise make_error(rc, f": io_threads is {io_threads}")
        live_contexts.add(<size_t>self.handle)

    def __dealloc__(self):
        if self.handle == NULL:
            return
        if not self.borrowed:
            live_contexts.discard(<size_t>self.handle)
        if not zmql_ctx_inherited(self.handle):
            zmql_ctx_free(self.handle)

    cdef int check(self) except -1:
        if self.handle == NULL:
            raise make_error(-EINVAL, ": the context was not initialised")
        return 0

    @property
    def closed(self):
        return self.handle == NULL or self.ended

    @property
    def underlying(self):
        """A number that stands for the core's context; 0 once it has ended."""
        return 0 if self.closed else <size_t>self.handle

    def get(self, int option):
        """The value of a context option."""
        cdef int value
        self.check()
        cdef int rc = zmql_ctx_get(self.handle, option, &value)
        if rc < 0:
            raise make_error(rc, f": context option {context_option_name(option)} cannot be read")
        return value

    def set(self, int option, int value):
        """Set a context option."""
        self.check()
        cdef int rc = zmql_ctx_set(self.handle, option, value)
        if rc < 0:
            raise make_error(rc, f": context option {context_option_name(option)} cannot be set to {value}")

    def close_sockets(self, linger=None):
        """Close every socket that is still open, with this LINGER if it is given."""
        cdef int ms = 0 if linger is None else linger
        cdef const int *given = NULL if linger is None else &ms
        self.check()
        if not self.closed and not zmql_ctx_inherited(self.handle):
            with nogil:
                zmql_ctx_close_sockets(self.handle, given)

    def term(self):
        """Wait until all sockets are closed and have lingered, then stop the I/O threads."""
        cdef int rc
        if self.closed or zmql_ctx_inherited(self.handle):
            return
        while True:
            with nogil:
                rc = zmql_ctx_term(self.handle)
            if rc != -EINTR:
                break
            PyErr_CheckSignals()
        self.ended = True
        give_back_all()
        if rc < 0:
            raise make_error(rc, "")

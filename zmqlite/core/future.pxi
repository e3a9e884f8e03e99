# Futures of calls that are over when they return.

cdef extern from *:
    """
    /* Whether a count of references says who has one. Without a GIL somebody may be about to take another. */
    #ifdef Py_GIL_DISABLED
    #define ZL_REFCNT_IS_TRUE 0
    #else
    #define ZL_REFCNT_IS_TRUE 1
    #endif
    /* Whether a future without arguments finds the running loop faster than it parses the name of one. */
    #define ZL_FUTURE_FINDS_LOOP (PY_VERSION_HEX >= 0x030C0000)
    """
    Py_ssize_t Py_REFCNT(PyObject *object)
    bint ZL_REFCNT_IS_TRUE
    bint ZL_FUTURE_FINDS_LOOP


cdef class DoneFutures:
    """Makes the futures of one socket that are done, of `future_type`, for the running loop or else the default one.

    One whose result is None is made again only if somebody still has the last: after `await socket.send(...)` nobody has.
    """
    cdef object future_type, running_loop, default_loop
    cdef object nothing, loop_of_nothing

    def __init__(self, future_type, running_loop, default_loop):
        self.future_type = future_type
        self.running_loop = running_loop
        self.default_loop = default_loop

    def done(self, result):
        """A future with this result."""
        loop = self.running_loop()
        if ZL_REFCNT_IS_TRUE and result is None and loop is not None:
            return self.done_with_nothing(loop)
        return self.done_with(result, loop)

    def failed(self, error):
        """A future with this exception."""
        future = self.new(self.running_loop())
        future.set_exception(error)
        return future

    cdef done_with_nothing(self, loop):
        if self.loop_of_nothing is loop and Py_REFCNT(<PyObject *>self.nothing) == 1:
            return self.nothing
        future = self.done_with(None, loop)
        self.nothing = future
        self.loop_of_nothing = loop
        return future

    cdef done_with(self, result, loop):
        future = self.new(loop)
        future.set_result(result)
        return future

    cdef new(self, loop):
        if loop is None:
            return self.future_type(loop=self.default_loop())
        return self.future_type() if ZL_FUTURE_FINDS_LOOP else self.future_type(loop=loop)

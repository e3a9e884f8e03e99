# Futures of calls that are over when they return.

cdef extern from *:
    """
    /* Whether nobody else has a reference. Without a GIL somebody may be about to take one. */
    #ifdef Py_GIL_DISABLED
    #define zl_is_last_reference(object) 0
    #else
    #define zl_is_last_reference(object) (Py_REFCNT (object) == 1)
    #endif
    /* Whether a future without arguments finds the running loop faster than it parses the name of one. */
    #define ZL_FUTURE_FINDS_LOOP (PY_VERSION_HEX >= 0x030C0000)
    """
    bint zl_is_last_reference(PyObject *object)
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
        if result is None and loop is not None:
            if self.loop_of_nothing is not loop or not zl_is_last_reference(<PyObject *>self.nothing):
                self.nothing = self.new(loop)
                self.nothing.set_result(None)
                self.loop_of_nothing = loop
            return self.nothing
        future = self.new(loop)
        future.set_result(result)
        return future

    def failed(self, error):
        """A future with this exception."""
        future = self.new(self.running_loop())
        future.set_exception(error)
        return future

    cdef new(self, loop):
        if loop is None:
            return self.future_type(loop=self.default_loop())
        return self.future_type() if ZL_FUTURE_FINDS_LOOP else self.future_type(loop=loop)

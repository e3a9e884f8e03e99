# Where the caller wants frames: writable buffers of its own.


cdef class Lent:
    """Buffers that frames are received into, one each."""

    def __cinit__(self, unsigned cap):
        self.loans = <zmql_loan *>calloc(max(cap, 1u), sizeof(zmql_loan))
        self.views = <Py_buffer *>malloc(max(cap, 1u) * sizeof(Py_buffer))
        if self.loans == NULL or self.views == NULL:
            raise MemoryError()

    def __dealloc__(self):
        cdef unsigned i
        for i in range(self.count):
            PyBuffer_Release(&self.views[i])
        free(self.loans)
        free(self.views)

    cdef int add(self, buffer, Py_ssize_t nbytes) except -1:
        """Takes one, or its first `nbytes` (0: all)."""
        cdef Py_buffer *view = &self.views[self.count]
        if not PyObject_CheckBuffer(buffer):
            raise TypeError(f"a writable buffer is needed, not {type(buffer).__name__}")
        PyObject_GetBuffer(buffer, view, PyBUF_WRITABLE)
        if nbytes < 0 or nbytes > view.len:
            length = view.len
            PyBuffer_Release(view)
            raise ValueError(f"nbytes is {nbytes}, the buffer has {length}")
        self.loans[self.count].memory = <uint8_t *>view.buf
        self.loans[self.count].room = nbytes if nbytes else view.len
        self.count += 1
        return 0

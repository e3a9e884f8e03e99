# What is to be sent: buffers of the caller's, as the core wants them.

# Exact bytes of at least this size are sent by reference: below, a copy is cheaper than keeping track (bench/).
cdef Py_ssize_t REFERENCE_MIN = 8192


cdef class Outgoing:
    """The frames of one message, and what keeps their memory until the core has taken them."""
    cdef zl_msg *frames
    cdef Py_buffer *views
    cdef unsigned count, view_count, cap

    def __cinit__(self, unsigned cap):
        self.cap = max(cap, 1u)
        self.frames = <zl_msg *>malloc(self.cap * sizeof(zl_msg))
        self.views = <Py_buffer *>malloc(self.cap * sizeof(Py_buffer))
        if self.frames == NULL or self.views == NULL:
            raise MemoryError()

    cdef int reserve(self) except -1:
        """Room for one more part."""
        cdef unsigned cap = self.cap * 2
        if self.count < self.cap:
            return 0
        frames = <zl_msg *>realloc(self.frames, cap * sizeof(zl_msg))
        if frames == NULL:
            raise MemoryError()
        self.frames = frames
        views = <Py_buffer *>realloc(self.views, cap * sizeof(Py_buffer))
        if views == NULL:
            raise MemoryError()
        self.views = views
        self.cap = cap
        return 0

    cdef void drop(self, unsigned keep) noexcept:
        """Takes back all parts but the first so many."""
        while self.count > keep:
            self.count -= 1
            zl_blob_drop(self.frames[self.count].blob)

    def __dealloc__(self):
        cdef unsigned i
        self.drop(0)
        for i in range(self.view_count):
            PyBuffer_Release(&self.views[i])
        free(self.frames)
        free(self.views)

    cdef object add(self, data, bint copy, bint track, object threshold):
        """Takes one part; returns what a send of it returns: a tracker or None."""
        cdef zl_msg *m = &self.frames[self.count]
        cdef Py_buffer *view
        m.blob = NULL
        if isinstance(data, Frame):
            if track and (<Frame>data).tracker is None:
                raise ValueError("track=True needs a Frame made with track=True")
            m.blob = zl_blob_hold((<Frame>data).blob)
            m.data = m.blob.data
            m.size = m.blob.size
            self.count += 1
            return (<Frame>data).tracker
        if isinstance(data, str):
            raise TypeError("str objects cannot be sent: encode them to bytes first, or use send_string()")
        if copy and PyBytes_CheckExact(data):
            if PyBytes_GET_SIZE(data) >= REFERENCE_MIN:
                m.blob = foreign_blob(data, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
            m.data = <const uint8_t *>PyBytes_AS_STRING(data)
            m.size = PyBytes_GET_SIZE(data)
            self.count += 1
            return None
        view = &self.views[self.view_count]
        PyObject_GetBuffer(data, view, PyBUF_SIMPLE)
        self.view_count += 1
        m.data = <const uint8_t *>view.buf
        m.size = view.len
        if copy:
            self.count += 1
            return None
        tracker_class, finished, event_class = load_tracker_classes()
        if threshold is None:
            from . import COPY_THRESHOLD as threshold
        if view.len < threshold:
            self.count += 1
            return finished
        event = event_class() if track else None
        m.blob = share_buffer(data, event)
        self.count += 1
        return tracker_class(event) if track else None

# Frame: one frame of a message as an object with a buffer.

cdef object tracker_classes = None


cdef object load_tracker_classes():
    global tracker_classes
    if tracker_classes is None:
        from threading import Event
        from . import tracker
        tracker_classes = (tracker.MessageTracker, tracker._FINISHED_TRACKER, Event)
    return tracker_classes


cdef char *frame_format = b"B"
cdef int MORE = 1
cdef int SRCFD = 2
cdef int SHARED = 3


cdef Frame frame_of(const zmql_frame *f):
    """A Frame of a received frame: shares a block, copies anything else."""
    cdef Frame frame = Frame.__new__(Frame)
    if f.blob != NULL and f.blob.data == f.data and f.blob.size == f.size:
        frame.blob = zl_blob_hold(f.blob)
    else:
        frame.blob = zl_blob_alloc(f.size)
        if frame.blob == NULL:
            raise MemoryError()
        memcpy(zl_blob_bytes(frame.blob), f.data, f.size)
    frame.more = f.more
    if f.properties != NULL:
        frame.properties = zl_blob_hold(<zl_blob *>f.properties)
    return frame


cdef object find_property(const zl_blob *properties, bytes name):
    """The value in a list of name(1 octet of length) and value(4 octets) pairs, or None."""
    if properties == NULL:
        return None
    cdef bytes text = PyBytes_FromStringAndSize(<const char *>properties.data, <Py_ssize_t>properties.size)
    cdef Py_ssize_t at = 0, size
    while at < len(text):
        key = text[at + 1 : at + 1 + text[at]]
        at += 1 + len(key)
        size = int.from_bytes(text[at : at + 4], "big")
        at += 4
        if key.lower() == name.lower():
            return text[at : at + size]
        at += size
    return None


cdef class Frame:
    """One frame of a message.

    `data` (any contiguous buffer) is copied if it is smaller than `copy_threshold` octets or copy=True; otherwise it is
    shared, and must not change before `tracker` (with track=True) is done.
    """

    def __cinit__(self, *args, **kwargs):
        self.blob = NULL
        self.properties = NULL

    def __init__(self, data=None, track=False, copy=None, copy_threshold=None, **kwargs):
        cdef Py_buffer view
        if isinstance(data, str):
            raise TypeError("str objects are not allowed in a Frame: encode them to bytes first")
        if copy_threshold is None:
            from . import COPY_THRESHOLD as copy_threshold
        tracker_class, finished, event_class = load_tracker_classes()
        if data is None:
            self.blob = zl_blob_alloc(0)
            if self.blob == NULL:
                raise MemoryError()
            self.tracker = finished if track else None
            return
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            if copy is None:
                copy = view.len < copy_threshold
            if copy:
                self.blob = zl_blob_alloc(view.len)
                if self.blob == NULL:
                    raise MemoryError()
                memcpy(zl_blob_bytes(self.blob), view.buf, view.len)
        finally:
            PyBuffer_Release(&view)
        if copy:
            self.tracker = finished if track else None
            return
        if track:
            self.tracker_event = event_class()
            self.tracker = tracker_class(self.tracker_event)
        self.source = data
        self.blob = share_buffer(data, self.tracker_event)

    def __dealloc__(self):
        zl_blob_drop(self.blob)
        zl_blob_drop(self.properties)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        # Writable, as in pyzmq: numpy and others want to view messages in place.
        buffer.buf = <void *>self.blob.data
        buffer.obj = self
        buffer.len = <Py_ssize_t>self.blob.size
        buffer.itemsize = 1
        buffer.readonly = 0
        buffer.format = frame_format if flags & PyBUF_FORMAT else NULL
        buffer.ndim = 1
        self.exports = buffer.len
        buffer.shape = &self.exports if flags & PyBUF_ND else NULL
        buffer.strides = &buffer.itemsize if (flags & PyBUF_STRIDES) == PyBUF_STRIDES else NULL
        buffer.suboffsets = NULL
        buffer.internal = NULL

    def __releasebuffer__(self, Py_buffer *buffer):
        pass

    def __len__(self):
        return <Py_ssize_t>self.blob.size

    @property
    def bytes(self):
        """The content, copied at the first use."""
        if self.as_bytes is None:
            self.as_bytes = PyBytes_FromStringAndSize(<const char *>self.blob.data, <Py_ssize_t>self.blob.size)
        return self.as_bytes

    def __bytes__(self):
        return self.bytes

    @property
    def buffer(self):
        """A memoryview of the content; the same one while it is alive."""
        view = self.view() if self.view is not None else None
        if view is None:
            from weakref import ref
            view = memoryview(self)
            self.view = ref(view)
        return view

    def __copy__(self):
        return self.fast_copy()

    def fast_copy(self):
        """Another Frame over the same memory."""
        cdef Frame frame = Frame.__new__(Frame)
        frame.blob = zl_blob_hold(self.blob)
        if self.properties != NULL:
            frame.properties = zl_blob_hold(self.properties)
        frame.source = self.source
        frame.more = self.more
        frame.tracker = self.tracker
        frame.tracker_event = self.tracker_event
        frame.as_bytes = self.as_bytes
        return frame

    def get(self, option):
        """The value of a message option (MORE, SHARED), or the text of a property of the connection."""
        if isinstance(option, (str, bytes)):
            name = option.encode() if isinstance(option, str) else option
            value = find_property(self.properties, b"Identity" if name == b"Routing-Id" else name)
            if value is None:
                raise make_error(-EINVAL, f": this frame has no property {option!r}")
            return value.decode()
        if option == MORE:
            return int(self.more)
        if option == SHARED:
            return int(self.source is not None)
        raise make_error(-EINVAL, f": no message option {option!r}")

    def __getitem__(self, key):
        return self.get(key)

    def set(self, option, value):
        """No message option can be set."""
        raise make_error(-EINVAL, f": message option {option!r} cannot be set")

    def __reduce__(self):
        raise TypeError("a Frame cannot be pickled")

    def __repr__(self):
        n = len(self)
        if n <= 16:
            return f"<zmq.Frame({self.bytes!r})>"
        for size, unit in ((1_000_000_000, "GB"), (1 << 20, "MB"), (1000, "kB"), (1, "B")):
            if n >= size:
                break
        per = 1_000_000 if unit == "MB" else size
        return f"<zmq.Frame({PyBytes_FromStringAndSize(<const char *>self.blob.data, 12)!r}...{n // per}{unit})>"

    __str__ = __repr__

# Blocks whose bytes belong to Python objects. The core may drop its last reference on a thread without the GIL; such a
# block goes on a list, and the interpreter is asked to look at it soon.

cdef zl_garbage garbage
memset(&garbage, 0, sizeof(garbage))
cdef bint interpreter_ends = False


cdef class Shared:
    """Keeps the memory of a buffer, and tells when the core is done with it."""
    cdef Py_buffer view
    cdef bint has_view
    cdef object event

    def __dealloc__(self):
        if self.has_view:
            PyBuffer_Release(&self.view)


shared_buffers = {}
"""The buffers that the core refers to at present, by a number of their own."""


cdef inline void give_back_all() noexcept:
    cdef zl_blob *b = zl_garbage_take(&garbage)
    cdef zl_blob *next
    while b != NULL:
        next = b.next
        owner = <object><PyObject *>b.owner
        free(b)
        if type(owner) is Shared:
            shared_buffers.pop(id(owner), None)
            if (<Shared>owner).event is not None:
                (<Shared>owner).event.set()
        Py_DECREF(owner)  # the reference that foreign_blob() took
        b = next


cdef int give_back_later(void *arg) noexcept:
    give_back_all()
    return 0


cdef void release_foreign(zl_blob *b) noexcept nogil:
    if zl_garbage_put(&garbage, b) and not interpreter_ends:
        Py_AddPendingCall(give_back_later, NULL)


cdef zl_blob *foreign_blob(object owner, const void *data, size_t size) except NULL:
    """A block over memory that `owner` keeps alive; it holds a reference to owner until give_back_all()."""
    cdef zl_blob *b = <zl_blob *>malloc(sizeof(zl_blob))
    if b == NULL:
        raise MemoryError()
    memset(b, 0, sizeof(zl_blob))
    atomic_init(&b.refs, 1)
    b.data = <const uint8_t *>data
    b.size = size
    b.release = release_foreign
    b.owner = <void *><PyObject *>owner
    Py_INCREF(owner)
    return b


cdef zl_blob *share_buffer(object data, object event) except NULL:
    """A block over the memory of any contiguous buffer."""
    cdef Shared shared = Shared.__new__(Shared)
    PyObject_GetBuffer(data, &shared.view, PyBUF_SIMPLE)
    shared.has_view = True
    shared.event = event
    cdef zl_blob *b = foreign_blob(shared, shared.view.buf, <size_t>shared.view.len)
    b.whole = True  # a copy on the way would tell the tracker too soon that all is over
    shared_buffers[id(shared)] = shared
    return b


# The same functions as they are in C: NULL or -1, and no exception that Cython would have to look for. A `try` would cost each
# message the saving of the thread's exception state.
cdef extern from "Python.h":
    PyObject *bytes_or_null "PyBytes_FromStringAndSize"(const char *, Py_ssize_t) noexcept
    PyObject *list_or_null "PyList_New"(Py_ssize_t) noexcept
    int append_or_fail "PyList_Append"(PyObject *, PyObject *) noexcept

cdef extern from *:
    """
    #define zl_owned(p) (p)
    """
    # A new reference as an object. Counting it up and down again costs more than it seems: CPython writes one half of the
    # counter and reads the whole, for which the processor has to wait.
    object owned "zl_owned"(PyObject *)


cdef inline PyObject *bytes_of_frame(const zmql_frame *f) noexcept:
    """A received frame as bytes: the sender's own object where it came over inproc as such, else a copy. A new reference, or NULL
    without memory."""
    cdef PyObject *owner
    if f.blob != NULL and f.blob.release == release_foreign and f.blob.size == f.size:
        owner = <PyObject *>f.blob.owner
        if PyBytes_CheckExact(<object>owner):
            Py_INCREF(<object>owner)
            return owner
    owner = bytes_or_null(<const char *>f.data, <Py_ssize_t>f.size)
    if owner == NULL:
        PyErr_Clear()
    return owner


cdef inline int append_new(PyObject *items, PyObject *item) noexcept:
    """Takes the new reference `item`, which may be NULL: 0, or -ENOMEM."""
    cdef int rc = -1 if item == NULL else append_or_fail(items, item)
    Py_XDECREF(item)
    if rc == 0:
        return 0
    PyErr_Clear()
    return -ENOMEM


def _end_of_interpreter():
    global interpreter_ends
    interpreter_ends = True


import atexit
atexit.register(_end_of_interpreter)
del atexit

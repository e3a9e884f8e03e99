# The extension: arguments in, one call into the core, results out. Each included file is one class or one concern.

cimport cython
from cpython.buffer cimport (
    PyBUF_CONTIG_RO, PyBUF_FORMAT, PyBUF_ND, PyBUF_SIMPLE, PyBUF_STRIDES, PyBUF_WRITABLE,
    PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer,
)
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE,
)
from cpython.exc cimport PyErr_CheckSignals, PyErr_Clear, PyErr_NoMemory, PyErr_Occurred
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF, PyObject
from libc.errno cimport EAGAIN, EFAULT, EINTR, EINVAL, EMFILE, EMSGSIZE, ENAMETOOLONG, ENOENT, ENOMEM, ENOTSOCK, errno
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memset

cdef extern from "<errno.h>":
    int ENOTSUP

cdef extern from "Python.h":
    int Py_AddPendingCall(int (*func)(void *) noexcept, void *arg) noexcept nogil

include "core/errors.pxi"
include "core/security.pxi"
include "core/blob.pxi"
include "core/frame.pxi"
include "core/context.pxi"
include "core/outgoing.pxi"
include "core/lent.pxi"
include "core/batch.pxi"
include "core/socket.pxi"
include "core/poll.pxi"
include "core/proxy.pxi"
include "core/future.pxi"

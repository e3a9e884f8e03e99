# From the core's codes to exceptions. The classes are those of zmqlite.error, fetched at the first failure.

cdef object error_classes = None


cdef object load_error_classes():
    global error_classes
    if error_classes is None:
        from . import error
        error_classes = (error.ZMQError, error.Again, error.ContextTerminated)
    return error_classes


def strerror(int code):
    """The text of an error number, ZeroMQ's own included."""
    cdef char buf[256]
    return zl_strerror(code, buf, sizeof(buf)).decode()


def zmq_errno():
    """The system's errno of this thread. The core reports errors by value; this is here for compatibility."""
    return errno


cdef object make_error(int code, str detail):
    """The exception for a negative code; `detail` names what it was about."""
    zmq_error, again, terminated = load_error_classes()
    if code == -EAGAIN:
        return again()
    if code == -ZL_ETERM:
        return terminated()
    return zmq_error(-code, strerror(-code) + detail)


def has(capability):
    """Whether a transport or a security mechanism is there."""
    if not isinstance(capability, str):
        raise TypeError(f"capability must be a str, not {type(capability).__name__}")
    if capability == "curve":
        from importlib.util import find_spec
        return find_spec("nacl") is not None
    return capability == "ipc"


def zmq_version_info():
    """The version of libzmq whose behaviour this is."""
    return (4, 3, 5)

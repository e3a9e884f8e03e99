# Security: the cryptographic functions that the core is given.

cdef enum:
    PLAIN_PASSWORD = 46
    CURVE_SERVER = 47
    CURVE_SECRETKEY = 49
    CURVE_SERVERKEY = 50

SECRET_OPTIONS = frozenset([PLAIN_PASSWORD, CURVE_SECRETKEY])
"""Their values are never shown."""


cdef int load_crypto() except -1:
    """Before an option of CURVE is set; ENOTSUP if there is no library."""
    from .curve import load
    load()
    return 0


def crypto_functions():
    """The names of libsodium's functions that CURVE needs."""
    cdef list names = []
    while zmql_crypto_name(len(names)) != NULL:
        names.append(zmql_crypto_name(len(names)).decode())
    return names


def use_crypto(dict functions):
    """Have CURVE use libsodium's functions at these addresses, by name. Only the first call counts."""
    cdef uintptr_t addresses[16]
    names = crypto_functions()
    for i in range(len(names)):
        addresses[i] = functions[names[i]]
    zmql_use_crypto(addresses)

"""Child of test_curve_golden.py: a zmqlite socket whose cryptography draws known numbers.

    python fixed_random.py ROLE PERMANENT_SECRET SERVER_KEY TRANSIENT_SECRET RANDOM ADDRESS

Keys and random octets are in hexadecimal. A ROUTER is the server: it says where it is bound, then
what it is sent, and answers. A DEALER is the client: it asks, and says what it is answered.
"""

import ctypes
import sys

from nacl import bindings as sodium
from nacl._sodium import ffi, lib

import zmqlite as zmq
from zmqlite import _core

role, *numbers, address = sys.argv[1:]
own_secret, server_key, transient_secret, random = map(bytes.fromhex, numbers)
random = iter(random)


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def keypair(public, secret):
    ctypes.memmove(public, sodium.crypto_scalarmult_base(transient_secret), 32)
    ctypes.memmove(secret, transient_secret, 32)
    return 0


@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_ulonglong)
def randombytes(out, size):
    ctypes.memmove(out, bytes(next(random) for _ in range(size)), size)


def address_of(name):
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


fixed = {"crypto_box_keypair": keypair, "randombytes": randombytes}
_core.use_crypto(
    {
        name: ctypes.cast(fixed[name], ctypes.c_void_p).value if name in fixed else address_of(name)
        for name in _core.crypto_functions()
    }
)

socket = zmq.Context().socket(zmq.ROUTER if role == "server" else zmq.DEALER)
# While numbers are drawn the core holds the lock of the socket, and these need the GIL besides: in
# the handshake, nobody with the GIL may ask for that lock.
handshake = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
socket.set(zmq.CURVE_SECRETKEY, own_secret)
if role == "server":
    socket.set(zmq.CURVE_SERVER, 1)
    socket.bind(address)
    print(socket.get(zmq.LAST_ENDPOINT).decode(), flush=True)
    handshake.recv_multipart()
    name, *question = socket.recv_multipart()
    print(question, flush=True)
    socket.send_multipart([name, b"hi", b""])
else:
    socket.set(zmq.CURVE_PUBLICKEY, sodium.crypto_scalarmult_base(own_secret))
    socket.set(zmq.CURVE_SERVERKEY, server_key)
    socket.connect(address)
    handshake.recv_multipart()
    socket.send(b"hello")
    print(socket.recv_multipart(), flush=True)
sys.stdin.read()

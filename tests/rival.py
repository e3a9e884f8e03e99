"""Child of test_reconnect.py: the peer that is killed and started again.

    python rival.py ROLE ADDRESS

Each role runs for ever; the name of a run is in its messages, as its process id.
"""

import os
import struct
import sys
import zlib

import zmqlite as zmq

RUN = os.getpid()


def message(number, size):
    """A multipart message that shows its run, its place, and any damage."""
    body = bytes(number % 256 for number in range(number, number + 100)) * (size // 100)
    return [struct.pack(">III", RUN, number, zlib.crc32(body)), body, b""]


def open_socket(kind, address, bind):
    made = zmq.Context.instance().socket(kind)
    (made.bind if bind else made.connect)(address)
    return made


def echo(address):
    """A bound ROUTER that returns what it is sent, with its run."""
    router = open_socket(zmq.ROUTER, address, bind=True)
    while True:
        name, *parts = router.recv_multipart()
        router.send_multipart([name, b"%d" % RUN, *parts])


def pour(address):
    """A connecting PUSH that sends as fast as it can."""
    push = open_socket(zmq.PUSH, address, bind=False)
    number = 0
    while True:
        push.send_multipart(message(number, 100 * (number % 2000)))
        number += 1


def tell_and_swallow(socket):
    """Tell how many frames the first message has, then read and forget."""
    print(len(socket.recv_multipart()), "frames", flush=True)
    while True:
        socket.recv_multipart()


def swallow(address):
    """A bound PULL."""
    tell_and_swallow(open_socket(zmq.PULL, address, bind=True))


def collect(address):
    """A connecting PULL."""
    tell_and_swallow(open_socket(zmq.PULL, address, bind=False))


def subscribe(address):
    """A connecting SUB."""
    sub = open_socket(zmq.SUB, address, bind=False)
    sub.subscribe(b"wanted")
    tell_and_swallow(sub)


def publish(address):
    """A bound PUB that sends two topics in turn."""
    pub = open_socket(zmq.PUB, address, bind=True)
    number = 0
    while True:
        for topic in (b"wanted", b"unwanted"):
            pub.send_multipart([topic, *message(number, 100)])
        number += 1


ROLES = {call.__name__: call for call in (echo, pour, swallow, collect, subscribe, publish)}

if __name__ == "__main__":
    ROLES[sys.argv[1]](sys.argv[2])

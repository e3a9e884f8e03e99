"""peer.py for the pyzmq of long ago, on Python 3.6: gives it the names that peer.py uses.

What was not there yet: wildcards for ports, marks per direction, and half of a socket's methods.
"""

import peer
import zmq

for since, before in (("ROUTING_ID", "IDENTITY"), ("SNDHWM", "HWM"), ("RCVHWM", "HWM")):
    if not hasattr(zmq, since):
        setattr(zmq, since, getattr(zmq, before))

if not hasattr(zmq, "LAST_ENDPOINT"):
    zmq.LAST_ENDPOINT = object()


class Socket:
    """An old socket with a socket's methods of today."""

    def __init__(self, old):
        self._old = old
        self._endpoint = None

    def __getattr__(self, name):
        return getattr(self._old, name)

    def bind(self, address):
        if address.endswith(":*"):
            host = address[:-2]
            address = f"{host}:{self._old.bind_to_random_port(host)}"
        else:
            self._old.bind(address)
        self._endpoint = address.encode()

    def set(self, option, value):
        self._old.setsockopt(option, value)

    def get(self, option):
        return self._endpoint if option == zmq.LAST_ENDPOINT else self._old.getsockopt(option)

    def subscribe(self, topic):
        self._old.setsockopt(zmq.SUBSCRIBE, topic)

    def unsubscribe(self, topic):
        self._old.setsockopt(zmq.UNSUBSCRIBE, topic)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._old.close()


class Context:
    def __init__(self):
        self._old = zmq.Context()

    def socket(self, kind):
        return Socket(self._old.socket(kind))


peer.main(Context())

"""Child of test_heartbeat.py: a DEALER named "peer" that sends back whatever it receives.

python heartbeat_peer.py LIBRARY bind|connect ADDRESS [OPTION=VALUE ...]

It says the address that it has opened.
"""

import importlib
import sys


def main():
    library, role, address, *options = sys.argv[1:]
    zmq = importlib.import_module(library)
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.set(zmq.ROUTING_ID, b"peer")
        for option in options:
            name, value = option.split("=")
            socket.set(getattr(zmq, name), int(value))
        getattr(socket, role)(address)
        print(socket.get(zmq.LAST_ENDPOINT).decode(), flush=True)
        while True:
            socket.send_multipart(socket.recv_multipart())


main()

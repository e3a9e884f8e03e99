"""Child of test_handshake_flood.py: connections that begin a handshake and say no more.

    python half_open.py PORT COUNT OCTETS:DUE...

Each connection sends one of these texts of octets, in hexadecimal and in turn, and awaits as many
octets as are due to it. It says "open" when all stand; and again, for each line of input, when all
have been closed and made anew.
"""

import itertools
import socket
import sys

AT_ONCE = 100
"""Not every system lets more connections wait, whatever backlog a listener asks for."""


def open_all(port, count, texts):
    made = []
    for first in range(0, count, AT_ONCE):
        batch = []
        for octets, due in itertools.islice(texts, min(AT_ONCE, count - first)):
            batch.append((socket.create_connection(("127.0.0.1", port)), due))
            batch[-1][0].sendall(octets)
        for each, due in batch:
            while due and (heard := each.recv(due)):  # the server may have closed it already
                due -= len(heard)
            made.append(each)
    print("open", flush=True)
    return made


def main():
    port, count, *texts = sys.argv[1:]
    told = [text.split(":") for text in texts]
    texts = itertools.cycle([(bytes.fromhex(octets), int(due)) for octets, due in told])
    made = open_all(int(port), int(count), texts)
    for _ in sys.stdin:
        for each in made:
            each.close()
        made = open_all(int(port), int(count), texts)


main()

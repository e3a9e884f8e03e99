"""The far end of the interop tests: pyzmq in a process of its own, one run per line of input.

A line is a JSON object; the answers are "open", the address, then "done". One more line closes the
socket: the libzmq of long ago may lose what is on its way then. A failure ends the process, its
traceback is the last that is heard. With old_peer.py it runs on Python 3.6 too.
"""

import json
import select
import sys

import security
import traffic
import zmq


def heard():
    return select.select([sys.stdin], [], [], 0.001)[0] and line()


def line():
    text = sys.stdin.readline()
    if not text:
        sys.exit("the test has ended")
    return text


def say(text):
    print(text, flush=True)


def run(context, kind, bind, address, options, sends, messages, count):
    socket, address = traffic.open_socket(zmq, context, kind, bind, address, options)
    with socket:
        say("open")
        say(address)
        traffic.play(socket, kind, sends, messages, count, heard, say)
        say("done")
        line()


def main(context):
    if hasattr(zmq, "ZAP_DOMAIN"):  # libzmq 4 was the first to ask
        security.Doorkeeper(zmq, context)
    while True:
        run(context, **json.loads(line()))


if __name__ == "__main__":
    main(zmq.Context())

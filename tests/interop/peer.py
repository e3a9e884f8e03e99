"""The far end of the interop tests: pyzmq in a process of its own, one run per line of input.

A line is a JSON object; the answers are the address that was opened, then "done". A failure ends
the process, its traceback is the last that is heard.
"""

import json
import select
import sys

import traffic
import zmq


def heard():
    return select.select([sys.stdin], [], [], 0.001)[0] and sys.stdin.readline()


def say(text):
    print(text, flush=True)


def run(context, kind, bind, address, sends, messages, count):
    socket, address = traffic.open_socket(zmq, context, kind, bind, address)
    with socket:
        say(address)
        due = traffic.sweep() if messages == "sweep" else traffic.numbered(count)
        if sends:
            traffic.send(socket, kind, due, heard)
        else:
            traffic.receive(socket, kind, due, say)


def main():
    context = zmq.Context()
    while line := sys.stdin.readline():
        run(context, **json.loads(line))
        say("done")


main()

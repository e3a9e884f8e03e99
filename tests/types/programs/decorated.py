"""Functions that are given their context and sockets by decorators."""

from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.decorators import context, socket


@context()
@socket("push", zmq.PUSH)
@socket("pull", zmq.PULL)
def relay(text: str, context: zmq.Context, push: zmq.Socket[bytes], pull: zmq.Socket[bytes]) -> str:
    pull.bind("inproc://relay")
    push.connect("inproc://relay")
    push.send_string(text)
    return pull.recv_string()


@context("mine", io_threads=1)
@socket(zmq.PAIR, name="one", context_name="mine")
def name(one: zmq.Socket, mine: zmq.Context) -> int:
    assert one.context is mine
    return one.type


def main() -> None:
    relayed = relay("text")
    assert_type(relayed, str)
    assert relayed == "text"
    kind = name()
    assert_type(kind, int)
    assert kind == zmq.PAIR


if __name__ == "__main__":
    main()

"""Contexts, sockets and endpoints that end with their blocks."""

from typing_extensions import assert_type

import zmqlite as zmq


class Pipe(zmq.Socket[bytes]):
    """A socket that a `with` block gives back as what it is."""

    def put(self, text: str) -> None:
        self.send_string(text)


def main() -> None:
    with zmq.Context() as context:
        assert_type(context, zmq.Context[zmq.Socket[bytes]])
        with (
            context.socket(zmq.PAIR) as one,
            context.socket(zmq.PAIR, socket_class=Pipe) as other,
            one.bind("inproc://pipe") as bound,
            other.connect("inproc://pipe") as connected,
        ):
            assert_type(bound, zmq.Socket[bytes])
            assert_type(connected, Pipe)
            connected.put("through")
            assert bound.recv() == b"through"
        assert one.closed and other.closed
    assert context.closed


if __name__ == "__main__":
    main()

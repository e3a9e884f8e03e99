"""A protocol of one's own: sockets of a subclass, and the context that makes them."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

import zmqlite as zmq


class TopicSocket(zmq.Socket[bytes]):
    """Sends and receives pairs of a topic and an object."""

    count: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = 0

    def put(self, topic: str, value: object) -> None:
        self.send_string(topic, zmq.SNDMORE)
        self.send_json(value)
        self.count += 1

    def take(self) -> tuple[str, Any]:
        return self.recv_string(), self.recv_json()


class TopicContext(zmq.Context[TopicSocket]):
    """Makes TopicSockets."""

    _socket_class = TopicSocket

    def __init__(self, io_threads: int = 1) -> None:
        super().__init__(io_threads)
        self.linger = 0


def main() -> None:
    context = TopicContext()
    one, other = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    assert_type(one, TopicSocket)
    assert one.linger == 0
    with one.bind("inproc://topics") as bound:
        assert_type(bound, TopicSocket)
        other.connect("inproc://topics")
        bound.put("greeting", {"text": "hello"})
        assert other.take() == ("greeting", {"text": "hello"})
        assert bound.count == 1

    shadow = TopicSocket.shadow(one.underlying)
    assert_type(shadow, TopicSocket)
    assert shadow.type == zmq.PAIR
    context.destroy()
    assert_type(TopicContext.instance(), TopicContext)
    TopicContext.instance().term()


if __name__ == "__main__":
    main()

"""A publisher of several topics, and a subscriber of one of them."""

from typing_extensions import assert_type

import zmqlite as zmq


def pack(topic: str, parts: list[str]) -> list[bytes]:
    return [part.encode() for part in (topic, *parts)]


def main() -> None:
    with (
        zmq.Context() as context,
        context.socket(zmq.XPUB) as publisher,
        context.socket(zmq.SUB) as subscriber,
    ):
        publisher.setsockopt(zmq.XPUB_VERBOSE, 1)
        publisher.bind("tcp://127.0.0.1:*")
        subscriber.connect(publisher.get_string(zmq.LAST_ENDPOINT))
        subscriber.subscribe("sport")
        subscriber.setsockopt_string(zmq.SUBSCRIBE, "news.")
        heard = {publisher.recv(), publisher.recv()}
        assert heard == {b"\x01sport", b"\x01news."}

        for topic in ("weather", "news.local", "sport"):
            publisher.send_multipart([topic.encode(), b"first"])
        publisher.send_serialized(
            ["second", "third"], serialize=lambda parts: pack("news.world", parts)
        )

        prefix, body = subscriber.recv_multipart()
        assert_type(prefix, bytes)
        assert (prefix, body) == (b"news.local", b"first")
        assert subscriber.recv_string() == "sport"
        assert subscriber.get(zmq.RCVMORE) and subscriber.rcvmore
        assert subscriber.recv() == b"first"
        parts = subscriber.recv_serialized(lambda frames: [bytes(part) for part in frames])
        assert parts == [b"news.world", b"second", b"third"]


if __name__ == "__main__":
    main()

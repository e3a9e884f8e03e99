"""Large messages without copies: Frames, their buffers, and trackers of the memory."""

from __future__ import annotations

from typing_extensions import assert_type

import zmqlite as zmq

SIZE = 1_000_000


def send_array(socket: zmq.Socket, array: bytearray) -> zmq.MessageTracker:
    return socket.send(array, copy=False, track=True)


def check_copies(socket: zmq.Socket, *, copy: bool) -> None:
    """By a value that is not known before, either may come."""
    message = socket.recv(copy=copy)
    assert_type(message, "bytes | zmq.Frame")
    assert bytes(message) == b"either"


def main() -> None:
    context = zmq.Context()
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    pull.bind("inproc://frames")
    push.connect("inproc://frames")

    memory = bytearray(SIZE)
    tracker = send_array(push, memory)
    frame = pull.recv(copy=False)
    assert_type(frame, zmq.Frame)
    assert_type(frame.buffer, "memoryview[int]")
    assert len(frame) == len(frame.buffer) == SIZE
    assert not frame.more
    assert not tracker.done
    del frame
    tracker.wait(timeout=10)
    assert tracker.done

    outgoing = zmq.Frame(b"x" * SIZE, track=True)
    assert_type(outgoing.tracker, "zmq.MessageTracker | None")
    both = push.send_multipart([b"head", outgoing], copy=False)
    assert_type(both, "zmq.MessageTracker | None")
    head, body = pull.recv_multipart(zmq.NOBLOCK, False)
    assert_type(head, zmq.Frame)
    assert head.more and head.get(zmq.MORE) == 1 and bytes(head) == b"head"
    assert body.bytes == outgoing.bytes

    size = push.send(b"copied")
    assert_type(size, None)
    room = bytearray(10)
    assert pull.recv_into(room) == 6
    for copy in (True, False):
        push.send(b"either")
        check_copies(pull, copy=copy)
    push.close()
    pull.close()
    context.term()


if __name__ == "__main__":
    main()

"""The two ends of an interop run, for whichever library is given as `zmq`.

zmqlite runs one end in the test, pyzmq the other in a child process, which may be of Python 3.6;
both use these functions. Messages are numbered and carry a checksum; the receiver insists on each
of them, in order. The ends also have a line to each other beside the sockets: `say(text)` and
`heard()`.
"""

import struct
import zlib

import security

NOISE = bytes(number * 7 % 251 for number in range(251)) * ((8 << 20) // 251 + 2)

SIZES = (0, 1, 2, 63, 64, 255, 256, 257, 4095, 8191, 8192, 8193, 65535, 65536, 1 << 20, 8 << 20)

HEAD = struct.Struct(">II")

TIMEOUT_MS = 30_000

END_OF_PROBES = b"end of probes"

SUBSCRIPTIONS = ((b"a",), (b"abc", b"c"), (b"ab", b"abc"), (b"b",), (b"", b"abc"))
"""What a subscriber wants, stage by stage."""

STAGES = range(len(SUBSCRIPTIONS))

TOPICS = (b"", b"a", b"ab", b"abc", b"b", b"c", b"ca")


def open_socket(zmq, context, kind, bind, address, options):
    """A socket without limits, bound or connected; and the address that a peer connects to.

    `options` are set besides, by name.
    """
    made = context.socket(getattr(zmq, kind))
    for option in (zmq.SNDTIMEO, zmq.RCVTIMEO):
        made.set(option, TIMEOUT_MS)
    for option in (zmq.SNDHWM, zmq.RCVHWM):
        made.set(option, 0)
    made.set(zmq.ROUTING_ID, _name(kind))
    security.set_options(zmq, made, options)
    if bind:
        made.bind(address)
        address = made.get(zmq.LAST_ENDPOINT).decode()
    else:
        made.connect(address)
    return made, address


def _name(kind):
    return b"name of a " + kind.encode()


def _change_subscription(socket, kind, change):
    """`change` is as an XSUB sends it: 1 or 0, and the topic."""
    if kind == "XSUB":
        socket.send(change)
    elif change[0]:
        socket.subscribe(change[1:])
    else:
        socket.unsubscribe(change[1:])


def numbered(count):
    """Messages of one frame, every eighth of three."""
    for number in range(count):
        size = number % 61
        body = NOISE[size : 2 * size]
        head = HEAD.pack(number, zlib.crc32(body))
        yield [head + body] if number % 8 else [head, b"", body]


def sweep(_):
    """Messages of all sizes: a frame each, and all of them in one message."""
    bodies = [[NOISE[:size]] for size in SIZES] + [[NOISE[:size] for size in SIZES], [b"", b""]]
    for number, frames in enumerate(bodies):
        yield [HEAD.pack(number, zlib.crc32(b"".join(frames))), *frames]


def mixed(count):
    """Messages of one to four frames, around each limit between two forms of a frame, some large.

    Every third is a bare frame, which only its place between the others identifies.
    """
    for number in range(count):
        size = 1 << 20 if number % 200 == 199 else (0, 1, 254, 255, 256, 8192)[number // 3 % 6]
        body = NOISE[number % 251 : number % 251 + size]
        head = HEAD.pack(number, zlib.crc32(body))
        yield ([body], [head, body], [head, b"", body, body[:1]])[number % 3]


MESSAGES = {"numbered": numbered, "sweep": sweep, "mixed": mixed}


def play(socket, kind, sends, messages, count, heard, say):
    """One end's part of a run."""
    if messages == "changing topics":
        publish(socket, kind, count, heard) if sends else follow(socket, kind, count, say)
    elif sends:
        send(socket, kind, MESSAGES[messages](count), heard)
    else:
        receive(socket, kind, MESSAGES[messages](count), say)


def send(socket, kind, messages, heard):
    """Wait for the receiver where the type would drop messages otherwise, then send them all."""
    if kind in ("XPUB", "ROUTER"):
        socket.recv_multipart()
    elif kind == "PUB":
        while not heard():
            socket.send(b"probe")
        socket.send(END_OF_PROBES)
    if kind == "ROUTER":
        messages = ([_name("DEALER"), *parts] for parts in messages)
    for parts in messages:
        if len(parts) == 1:
            socket.send(parts[0])
        else:
            socket.send_multipart(parts)
        if kind == "REQ" and socket.recv_multipart() != parts:
            raise AssertionError("the answer is not the question")


def receive(socket, kind, messages, say):
    """Let the sender begin, then take all messages; raise at the first that is not as due."""
    if kind == "DEALER":
        socket.send(b"here I am")
    if kind in ("SUB", "XSUB"):
        _change_subscription(socket, kind, b"\x01")
    if kind == "SUB":
        socket.recv()
        say("a probe has arrived")
        while socket.recv() != END_OF_PROBES:
            pass
    for due in messages:
        parts = socket.recv_multipart()
        if kind == "ROUTER" and parts.pop(0) != _name("DEALER"):
            raise AssertionError("not the name of the peer")
        if parts != due:
            raise AssertionError(_difference(parts, due))
        if kind == "REP":
            socket.send_multipart(parts)


def publish(socket, kind, count, heard):
    """In each stage, once its subscriptions are in force, send so many messages."""
    for stage in STAGES:
        while not heard():
            socket.send(_mark(stage))
        for message in _on_topics(count, stage):
            socket.send(message)
    if kind == "XPUB":
        for due in (change for stage in STAGES for change in _changes(stage)):
            _insist(socket.recv(), due)


def follow(socket, kind, count, say):
    """In each stage change the subscriptions, then take all that matches and nothing else."""
    for stage in STAGES:
        for change in _changes(stage):
            _change_subscription(socket, kind, change)
        got = socket.recv()
        say("a probe has arrived")
        while got == _mark(stage):
            got = socket.recv()
        first, *others = (one for one in _on_topics(count, stage) if one.startswith(_wanted(stage)))
        _insist(got, first)
        for due in others:
            _insist(socket.recv(), due)


def _insist(got, due):
    if got != due:
        raise AssertionError(f"got {got}, due is {due}")


def _on_topics(count, stage):
    """A message that ends the probes, those of the stage, and one that shows that all were sent."""
    yield _mark(stage) + b" begins"
    for number in range(count):
        yield TOPICS[number % len(TOPICS)] + b" %d" % number
    yield _mark(stage) + b" ends"


def _mark(stage):
    """What tells that the changes of a stage have arrived; it is subscribed to last."""
    return b"\xffstage %d" % stage


def _changes(stage):
    """How the subscriptions become those of a stage."""
    before, after = (_wanted(stage - 1) if stage else (), _wanted(stage))
    yield from (b"\x00" + topic for topic in before if topic not in after)
    yield from (b"\x01" + topic for topic in after if topic not in before)


def _wanted(stage):
    return (*SUBSCRIPTIONS[stage], _mark(stage))


def _difference(parts, due):
    """What is wrong with a message, by its number, its checksum and its shape."""
    got, expected = (
        (*HEAD.unpack_from(message[0].ljust(HEAD.size)), [len(part) for part in message])
        for message in (parts, due)
    )
    return f"(number, checksum, sizes) are {got}, due are {expected}"

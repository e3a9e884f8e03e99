"""STREAM: plain TCP peers, each under an id that the socket gives it."""

import pytest
from support import (
    Background,
    beyond_libzmq,
    drain,
    fails_with,
    free_port,
    port_of,
    readable,
    wait_readable,
    wait_until,
    writable,
)

import zmqlite as zmq

BIG = bytes(range(256)) * 4096

QUICK = {zmq.RECONNECT_IVL: 10}


@pytest.fixture(params=["tcp", "ipc"])
def transport(request):
    return request.param


@pytest.fixture
def stream(bound, transport):
    return bound(transport, zmq.STREAM)[0]


@pytest.fixture
def meet(ends):
    """Connect a plain peer; the peer, and the id it is announced with."""

    def make(stream):
        peer = ends.dial(stream)
        name, nothing = stream.recv_multipart()
        assert nothing == b""
        return peer, name

    return make


@pytest.fixture
def outgoing(socket, ends):
    """A STREAM that connects to a plain listener; with its id for that connection."""

    def make(options=None):
        listener = ends.listen()
        stream = socket(zmq.STREAM, {**QUICK, **(options or {})})
        stream.connect(listener.endpoint)
        return stream, stream.get(zmq.ROUTING_ID), listener

    return make


def gather(stream, name, size):
    """So many octets from one peer, in however many messages."""
    octets = b""
    while len(octets) < size:
        sender, part = stream.recv_multipart()
        assert sender == name and part
        octets += part
    return octets


def wait_ended(stream, peer):
    """Wait until the STREAM has ended the connection; libzmq's does so when it is used again."""
    wait_until(lambda: stream.poll(0) >= 0 and peer.has_ended(), "the connection is ended")


def wait_dead(stream, name):
    """Wait until nobody has this id; libzmq forgets a peer while the socket is used."""
    wait_until(lambda: not drain(stream) and _is_dead(stream, name), "the id is dead")


def _is_dead(stream, name):
    try:
        stream.send_multipart([name, b"probe"])
    except zmq.ZMQError as error:
        return error.errno == zmq.EHOSTUNREACH
    return False


def test_stream_identity(socket):
    stream = socket(zmq.STREAM)
    assert stream.type == zmq.STREAM and stream.get(zmq.TYPE) == 11


def test_polling(stream, meet):
    assert writable(stream) and not readable(stream)
    with pytest.raises(zmq.Again):
        stream.recv(zmq.DONTWAIT)
    peer, _ = meet(stream)
    assert not readable(stream)
    peer.send(b"x")
    wait_readable(stream)
    stream.recv_multipart()
    assert not readable(stream)


def test_octets_come_under_the_id_of_their_peer(stream, meet):
    peer, name = meet(stream)
    assert len(name) == 5 and name[0] == 0
    peer.send(b"hello")
    assert stream.recv_multipart() == [name, b"hello"]
    stream.send_multipart([name, b"and hello to you"])
    assert peer.read(16) == b"and hello to you"


def test_a_message_has_two_frames(stream, ends):
    peer = ends.dial(stream)
    name, nothing = stream.recv_multipart(copy=False)
    assert name.more and nothing.bytes == b"" and not nothing.more
    peer.send(b"x")
    assert stream.recv() == name.bytes and stream.get(zmq.RCVMORE)
    assert stream.recv() == b"x" and not stream.get(zmq.RCVMORE)


def test_each_peer_has_its_id(stream, meet):
    peers = dict(reversed(meet(stream)) for _ in range(4))
    assert len(peers) == 4
    for name, peer in peers.items():
        peer.send(b"I am " + name)
        assert stream.recv_multipart() == [name, b"I am " + name]
    for name, peer in reversed(peers.items()):
        stream.send_multipart([name, b"you are " + name])
        assert peer.read(13) == b"you are " + name


@pytest.mark.parametrize("leave", ["close", "half_close"])
def test_a_peer_that_leaves_is_told_of(stream, meet, leave):
    peer, name = meet(stream)
    getattr(peer, leave)()
    assert stream.recv_multipart() == [name, b""]
    assert not drain(stream)
    wait_dead(stream, name)


@beyond_libzmq
def test_the_id_of_a_peer_that_left_is_dead_at_once(stream, meet):
    peer, name = meet(stream)
    peer.close()
    assert stream.recv_multipart() == [name, b""]
    with fails_with(zmq.EHOSTUNREACH):
        stream.send_multipart([name, b"too late"])


def test_what_a_peer_sent_before_it_left_is_kept(stream, ends):
    peer = ends.dial(stream)
    peer.send(b"last words")
    peer.close()
    messages = [stream.recv_multipart() for _ in range(3)]
    name = messages[0][0]
    assert messages == [[name, b""], [name, b"last words"], [name, b""]]


def test_without_notifications_there_is_only_data(bound, transport, ends):
    stream, _ = bound(transport, zmq.STREAM, {zmq.STREAM_NOTIFY: 0})
    for number in range(3):
        peer = ends.dial(stream)
        peer.send(b"%d" % number)
        peer.close()
    assert {stream.recv_multipart()[1] for _ in range(3)} == {b"0", b"1", b"2"}
    assert not drain(stream)


def test_a_megabyte_each_way(stream, meet):
    peer, name = meet(stream)
    stream.send_multipart([name, BIG])
    assert peer.read(len(BIG)) == BIG
    sending = Background(peer.send, BIG)
    assert gather(stream, name, len(BIG)) == BIG
    sending.result()


def test_many_messages_are_one_stream_of_octets(stream, meet):
    peer, name = meet(stream)
    for number in range(1000):
        stream.send_multipart([name, b"%04d" % number])
    assert peer.read(4000) == b"".join(b"%04d" % number for number in range(1000))


@pytest.mark.parametrize("name", [b"", b"nobody", b"\x00\x00\x00\x00\x00"])
def test_an_id_of_nobody(stream, meet, name):
    peer, known = meet(stream)
    with fails_with(zmq.EHOSTUNREACH):
        stream.send(name, zmq.SNDMORE)
    stream.send_multipart([known, b"in step"])
    assert peer.read(7) == b"in step"


def test_data_is_sent_whether_more_is_announced_or_not(stream, meet):
    peer, name = meet(stream)
    for _ in range(2):
        stream.send(name, zmq.SNDMORE)
        stream.send(b"data", zmq.SNDMORE)
        assert peer.read(4) == b"data"


@beyond_libzmq
@pytest.mark.parametrize("frames", [[b"lone"], [None], [None, b"one", b"lone"]])
def test_an_id_without_data_is_refused(stream, meet, frames):
    """libzmq takes the next frame for its data, and every message after it goes wrong."""
    peer, name = meet(stream)
    with fails_with(zmq.EINVAL):
        stream.send_multipart([name if frame is None else frame for frame in frames])
    stream.send_multipart([name, b"in step"])
    assert peer.read(7) == b"in step"


def test_an_empty_message_ends_the_connection(stream, meet):
    (peer, name), (other, other_name) = meet(stream), meet(stream)
    stream.send_multipart([name, b""])
    wait_ended(stream, peer)
    with fails_with(zmq.EHOSTUNREACH):
        stream.send_multipart([name, b"too late"])
    assert not drain(stream)
    stream.send_multipart([other_name, b"fine"])
    assert other.read(4) == b"fine"


def test_the_id_of_a_connection_can_be_asked_for(stream, meet):
    assert stream.get(zmq.ROUTING_ID) == b""
    for _ in range(2):
        _, name = meet(stream)
        assert stream.get(zmq.ROUTING_ID) == name


def test_the_address_of_a_peer_can_be_asked_for(bound, ends):
    stream, _ = bound("tcp", zmq.STREAM)
    ends.dial(stream)
    name = stream.recv(copy=False)
    assert name["Peer-Address"] == "127.0.0.1"
    with fails_with(zmq.EINVAL):
        name["Socket-Type"]


def test_a_full_peer(bound, meet):
    stream, _ = bound("tcp", zmq.STREAM, {zmq.SNDHWM: 3})
    peer, name = meet(stream)
    sent = 0
    with pytest.raises(zmq.Again):
        while True:
            stream.send_multipart([name, BIG], zmq.DONTWAIT)
            sent += 1
            # libzmq's thread may be slow to take the first ones.
            stream.poll(1)
    assert sent >= 3 and writable(stream)
    sending = Background(stream.send_multipart, [name, b"last"])
    assert peer.read(sent * len(BIG)) == sent * BIG
    sending.result()
    assert peer.read(4) == b"last"


def test_a_full_peer_does_not_hold_up_another(bound, meet):
    stream, _ = bound("tcp", zmq.STREAM, {zmq.SNDHWM: 1, zmq.SNDTIMEO: 100})
    (_, full), (peer, name) = meet(stream), meet(stream)
    with pytest.raises(zmq.Again):
        while True:
            stream.send_multipart([full, BIG])
    stream.send_multipart([name, b"gets through"])
    assert peer.read(12) == b"gets through"


def test_close_delivers_what_was_sent(stream, meet):
    peer, name = meet(stream)
    stream.send_multipart([name, BIG])
    stream.close()
    assert peer.wait_closed() == BIG


def test_there_is_no_handshake_to_be_late_for(bound, meet):
    stream, _ = bound("tcp", zmq.STREAM, {zmq.HANDSHAKE_IVL: 20})
    peer, name = meet(stream)
    assert not stream.poll(100)
    peer.send(b"at last")
    assert stream.recv_multipart() == [name, b"at last"]


def test_a_peer_that_speaks_zmtp_is_just_a_peer(bound, socket, transport):
    stream, address = bound(transport, zmq.STREAM)
    socket(zmq.DEALER).connect(address)
    name, nothing = stream.recv_multipart()
    assert nothing == b""
    assert gather(stream, name, 10)[:10] == bytes.fromhex("ff 00000000 00000001 7f")


def test_connecting(outgoing):
    stream, name, listener = outgoing()
    assert len(name) == 5 and name[0] == 0
    peer = listener.accept()
    assert stream.recv_multipart() == [name, b""]
    peer.send(b"hello")
    assert stream.recv_multipart() == [name, b"hello"]
    stream.send_multipart([name, b"to you"])
    assert peer.read(6) == b"to you"


def test_what_is_sent_before_the_connection_is_up_waits(socket, ends):
    port = free_port()
    stream = socket(zmq.STREAM, QUICK)
    stream.connect(f"tcp://127.0.0.1:{port}")
    name = stream.get(zmq.ROUTING_ID)
    stream.send_multipart([name, b"early "])
    stream.send_multipart([name, b"bird"])
    assert not readable(stream)
    assert ends.listen(port).accept().read(10) == b"early bird"
    assert stream.recv_multipart() == [name, b""]


def test_a_lost_connection_is_made_again_under_the_same_id(outgoing):
    stream, name, listener = outgoing()
    for number in b"01":
        peer = listener.accept()
        assert stream.recv_multipart() == [name, b""]
        stream.send_multipart([name, b"%d" % number])
        assert peer.read(2) == b"%d" % number
        peer.close()
        assert stream.recv_multipart() == [name, b""]


def test_what_is_sent_between_two_connections_waits(outgoing, ends):
    stream, name, listener = outgoing()
    peer = listener.accept()
    listener.close()
    peer.close()
    assert [stream.recv_multipart() for _ in range(2)] == [[name, b""]] * 2
    stream.send_multipart([name, b"meanwhile"])
    assert ends.listen(port_of(listener.endpoint)).accept().read(9) == b"meanwhile"
    assert stream.recv_multipart() == [name, b""]


def test_an_ended_connection_is_not_made_again(outgoing):
    stream, name, listener = outgoing()
    peer = listener.accept()
    assert stream.recv_multipart() == [name, b""]
    stream.send_multipart([name, b""])
    wait_ended(stream, peer)
    assert listener.accepts_nothing(0.1)
    with fails_with(zmq.EHOSTUNREACH):
        stream.send_multipart([name, b"too late"])


def test_disconnect(outgoing):
    stream, name, listener = outgoing()
    peer = listener.accept()
    assert stream.recv_multipart() == [name, b""]
    stream.disconnect(listener.endpoint)
    with fails_with(zmq.EHOSTUNREACH):
        stream.send_multipart([name, b"too late"])
    wait_ended(stream, peer)
    assert not drain(stream)


def test_a_chosen_id(outgoing):
    stream, name, listener = outgoing({zmq.CONNECT_ROUTING_ID: b"server"})
    assert name == b""
    peer = listener.accept()
    assert stream.recv_multipart() == [b"server", b""]
    stream.send_multipart([b"server", b"hello"])
    assert peer.read(5) == b"hello"
    stream.connect(listener.endpoint)
    name = stream.get(zmq.ROUTING_ID)
    assert len(name) == 5 and stream.recv_multipart() == [name, b""]
    with fails_with(zmq.EINVAL):
        stream.get(zmq.CONNECT_ROUTING_ID)


@beyond_libzmq
def test_a_chosen_id_that_is_in_use(outgoing):
    """libzmq aborts the process."""
    stream, _, listener = outgoing({zmq.CONNECT_ROUTING_ID: b"server"})
    stream.set(zmq.CONNECT_ROUTING_ID, b"server")
    with fails_with(zmq.EINVAL):
        stream.connect(listener.endpoint)
    listener.accept()
    assert stream.recv_multipart() == [b"server", b""]


def test_streams_meet(bound, socket, transport):
    server, address = bound(transport, zmq.STREAM)
    client = socket(zmq.STREAM)
    client.connect(address)
    to_server, to_client = client.get(zmq.ROUTING_ID), server.recv_multipart()[0]
    assert client.recv_multipart() == [to_server, b""]
    client.send_multipart([to_server, BIG])
    assert gather(server, to_client, len(BIG)) == BIG
    server.send_multipart([to_client, b"thanks"])
    assert client.recv_multipart() == [to_server, b"thanks"]
    client.close()
    assert server.recv_multipart() == [to_client, b""]


@pytest.fixture
def inproc(bound, socket):
    """Two STREAMs joined inside the process, each with its id for the other."""
    server, address = bound("inproc", zmq.STREAM)
    client = socket(zmq.STREAM)
    client.connect(address)
    to_server = client.get(zmq.ROUTING_ID)
    client.send_multipart([to_server, b"hello"])
    to_client, hello = server.recv_multipart()
    assert hello == b"hello"
    return server, to_client, client, to_server


def test_inproc_announces_nothing(inproc):
    server, to_client, client, to_server = inproc
    server.send_multipart([to_client, BIG])
    assert client.recv_multipart() == [to_server, BIG]
    client.close()
    assert not server.poll(50)


@beyond_libzmq
def test_an_empty_message_ends_an_inproc_connection(inproc):
    server, to_client, client, to_server = inproc
    server.send_multipart([to_client, b""])
    for stream, name in ((client, to_server), (server, to_client)):
        with fails_with(zmq.EHOSTUNREACH):
            stream.send_multipart([name, b"too late"])
        assert not readable(stream)

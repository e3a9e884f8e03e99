"""SOCKS_PROXY: connections through a SOCKS5 proxy, its user names, its refusals."""

import contextlib
import socket as plain

import pytest
from network import CREDENTIALS, IPV4, IPV6, NAME, NO_CREDENTIALS, SocksProxy
from support import beyond_libzmq, free_port, port_of, wait_until

import zmqlite as zmq


@pytest.fixture
def proxy(no_leaks):
    """Name it first: then it outlives the sockets, and libzmq, which dies of a lost proxy."""
    made = SocksProxy()
    yield made
    made.close()


@pytest.fixture
def through(proxy, socket):
    """Make a socket that connects through the proxy."""

    def make(kind, options=None):
        given = {zmq.SOCKS_PROXY: proxy.address.encode(), zmq.RECONNECT_IVL: 10}
        return socket(kind, given | (options or {}))

    return make


def test_messages_go_both_ways(proxy, bound, through):
    rep, address = bound("tcp", zmq.REP)
    req = through(zmq.REQ)
    req.connect(address)
    assert req.get(zmq.LAST_ENDPOINT) == address
    for size in (0, 1, 100_000):
        req.send_multipart([bytes(size), b"end"])
        rep.send_multipart(rep.recv_multipart())
        assert req.recv_multipart() == [bytes(size), b"end"]
    assert proxy.offered == [[NO_CREDENTIALS]]
    assert proxy.requests == [(IPV4, "127.0.0.1", port_of(address))]


def test_the_proxy_looks_names_up(proxy, bound, through):
    pull, address = bound("tcp", zmq.PULL)
    push = through(zmq.PUSH)
    push.connect(f"tcp://localhost:{port_of(address)}")
    push.send(b"x")
    assert pull.recv() == b"x"
    assert proxy.requests == [(NAME, "localhost", port_of(address))]


def test_an_ipv6_address_behind_the_proxy(proxy, socket, through):
    pull = socket(zmq.PULL, {zmq.IPV6: 1})
    try:
        pull.bind("tcp://[::1]:*")
    except zmq.ZMQError:
        pytest.skip("no IPv6 here")
    address = pull.get(zmq.LAST_ENDPOINT)
    push = through(zmq.PUSH, {zmq.IPV6: 1})
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"
    assert proxy.requests == [(IPV6, "::1", port_of(address))]


def test_the_proxy_may_be_a_name(proxy, bound, through):
    pull, address = bound("tcp", zmq.PULL)
    port = port_of(proxy.address)
    push = through(zmq.PUSH, {zmq.SOCKS_PROXY: f"localhost:{port}".encode()})
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"
    assert len(proxy.requests) == 1


def test_connect_keeps_the_proxy_of_its_moment(proxy, bound, through, socket):
    pull, address = bound("tcp", zmq.PULL)
    direct = socket(zmq.PUSH)
    direct.connect(address)
    direct.set(zmq.SOCKS_PROXY, f"127.0.0.1:{free_port()}".encode())
    direct.send(b"direct")
    assert pull.recv() == b"direct"
    assert not proxy.requests


@pytest.mark.parametrize("transport", ["ipc", "inproc"])
def test_only_tcp_takes_the_proxy(proxy, bound, through, transport):
    pull, address = bound(transport, zmq.PULL)
    push = through(zmq.PUSH)
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"
    assert not proxy.requests


def test_bind_does_not_take_the_proxy(proxy, through, socket):
    pull, push = through(zmq.PULL), socket(zmq.PUSH)
    pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.get(zmq.LAST_ENDPOINT))
    push.send(b"x")
    assert pull.recv() == b"x"
    assert not proxy.offered


@pytest.mark.parametrize("size", [1, 255])
def test_user_name_and_password(proxy, bound, through, size):
    pull, address = bound("tcp", zmq.PULL)
    user, password = b"u" * size, b"p" * size
    proxy.credentials = user, password
    push = through(zmq.PUSH, {zmq.SOCKS_USERNAME: user, zmq.SOCKS_PASSWORD: password})
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"
    assert CREDENTIALS in proxy.offered[0]


@pytest.mark.parametrize(
    "bound_to",
    [
        pytest.param(b"\1" + bytes(4), id="ipv4"),
        pytest.param(b"\4" + bytes(16), id="ipv6"),
        pytest.param(b"\3\7a.proxy", id="name"),
        pytest.param(b"\3\xff" + b"n" * 255, id="long name", marks=beyond_libzmq),
    ],
)
def test_the_proxy_may_name_its_own_end_in_any_way(proxy, bound, through, bound_to):
    granted = b"\5\0\0" + bound_to + b"\0\0"
    proxy.answer = lambda stage, octets: granted if stage == "request" else octets
    pull, address = bound("tcp", zmq.PULL)
    push = through(zmq.PUSH)
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"


REFUSALS = [
    ("method", b"\5\xff"),
    ("method", b"\4\0"),
    ("method", b"\5\2"),
    ("method", None),
    *(("request", bytes([5, code, 0, 1]) + bytes(6)) for code in (*range(1, 9), 255)),
    ("request", b"\4\0\0\1" + bytes(6)),
    ("request", b"\5\0\0\7" + bytes(6)),
    ("request", b"\5\0\0"),
    ("request", None),
]


@beyond_libzmq
@pytest.mark.parametrize(("stage", "answer"), REFUSALS)
def test_a_refusal_is_tried_again(proxy, bound, through, stage, answer):
    """libzmq ends the process when a proxy refuses."""
    pull, address = bound("tcp", zmq.PULL)
    refusals = []

    def refuse(now, octets):
        if now != stage:
            return octets
        refusals.append(now)
        return answer

    proxy.answer = refuse
    push = through(zmq.PUSH)
    push.connect(address)
    push.send(b"in the end")
    wait_until(lambda: len(refusals) >= 3, "three refusals")
    proxy.answer = lambda stage, octets: octets
    assert pull.recv() == b"in the end"


@beyond_libzmq
@pytest.mark.parametrize(
    "given",
    [
        {},
        {zmq.SOCKS_USERNAME: b"me", zmq.SOCKS_PASSWORD: b"a guess"},
        {zmq.SOCKS_USERNAME: b"you", zmq.SOCKS_PASSWORD: b"secret"},
    ],
    ids=["none", "password", "user"],
)
def test_wrong_credentials_reach_nothing(proxy, bound, through, given):
    pull, address = bound("tcp", zmq.PULL)
    proxy.credentials = b"me", b"secret"
    push = through(zmq.PUSH, given)
    push.connect(address)
    wait_until(lambda: len(proxy.offered) >= 3, "three tries")
    assert not proxy.requests
    right = through(zmq.PUSH, {zmq.SOCKS_USERNAME: b"me", zmq.SOCKS_PASSWORD: b"secret"})
    right.connect(address)
    right.send(b"x")
    assert pull.recv() == b"x"


@beyond_libzmq
def test_a_proxy_that_comes_late(bound, socket):
    pull, address = bound("tcp", zmq.PULL)
    with contextlib.closing(SocksProxy()) as proxy:
        late = proxy.address
    push = socket(zmq.PUSH, {zmq.SOCKS_PROXY: late.encode(), zmq.RECONNECT_IVL: 10})
    push.connect(address)
    push.send(b"x")
    with contextlib.closing(SocksProxy(port_of(late))):
        assert pull.recv() == b"x"
        push.close()
        pull.close()


@beyond_libzmq
def test_what_comes_right_behind_the_proxys_answer_is_the_peers(proxy, through):
    """The first octets of the peer may arrive in one piece with the proxy's last."""
    with plain.create_server(("127.0.0.1", 0)) as server:
        greeting = bytes.fromhex("ff 00 00 00 00 00 00 00 01 7f 03 01") + b"NULL".ljust(52, b"\0")
        granted = b"\5\0\0\1" + bytes(6) + greeting
        proxy.answer = lambda stage, octets: granted if stage == "request" else octets
        through(zmq.PUSH).connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        with server.accept()[0] as peer:
            heard = b""
            while b"READY" not in heard:
                heard += peer.recv(1000)

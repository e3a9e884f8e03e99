"""bind, connect, unbind, disconnect: addresses, their errors, LAST_ENDPOINT."""

import errno
import os

import pytest
from support import (
    beyond_libzmq,
    drain,
    fails_with,
    free_port,
    linux_only,
    port_of,
    readable,
    wait_alone,
    wait_readable,
    wait_until,
)

import zmqlite as zmq

MALFORMED = [
    ("", zmq.EINVAL),
    ("tcp", zmq.EINVAL),
    ("tcp:127.0.0.1:5555", zmq.EINVAL),
    ("://127.0.0.1:5555", zmq.EINVAL),
    ("tcp://", zmq.EINVAL),
    ("ipc://", zmq.EINVAL),
    ("inproc://", zmq.EINVAL),
    ("tcp://127.0.0.1", zmq.EINVAL),
    ("tcp://127.0.0.1:", zmq.EINVAL),
    ("tcp://127.0.0.1:port", zmq.EINVAL),
    ("ftl://a", zmq.EPROTONOSUPPORT),
    ("TCP://127.0.0.1:5555", zmq.EPROTONOSUPPORT),
]

LAX_IN_LIBZMQ = [f"tcp://127.0.0.1:{port}" for port in ("12x", "65536", "99999", "-1")]


@pytest.mark.parametrize("call", ["bind", "connect"])
@pytest.mark.parametrize(("address", "due"), MALFORMED)
def test_a_malformed_address_is_refused(socket, call, address, due):
    made = socket(zmq.DEALER)
    with fails_with(due) as failure:
        getattr(made, call)(address)
    assert f"'{address}'" in str(failure.error)
    assert made.get(zmq.LAST_ENDPOINT) == b""


@beyond_libzmq
@pytest.mark.parametrize("call", ["bind", "connect"])
@pytest.mark.parametrize("address", LAX_IN_LIBZMQ)
def test_a_malformed_port_is_refused(socket, call, address):
    with fails_with(zmq.EINVAL):
        getattr(socket(zmq.DEALER), call)(address)


@pytest.mark.parametrize("address", ["tcp://a b:5555", "tcp://!:5555"])
def test_a_malformed_host_is_refused_by_connect(socket, address):
    with fails_with(zmq.EINVAL):
        socket(zmq.DEALER).connect(address)


@pytest.mark.parametrize("call", ["bind", "connect"])
def test_an_address_is_text_or_bytes(socket, call):
    made = socket(zmq.DEALER)
    for wrong in (None, 5, ["tcp://127.0.0.1:5555"]):
        with pytest.raises(TypeError):
            getattr(made, call)(wrong)
    getattr(made, call)(b"inproc://bytes" if call == "bind" else "inproc://text")


def test_udp_is_for_other_types(socket):
    with fails_with(zmq.ENOCOMPATPROTO):
        socket(zmq.PUB).connect("udp://127.0.0.1:5555")


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_binding_twice_is_refused(bound, socket, transport):
    _, address = bound(transport, zmq.PULL)
    with fails_with(zmq.EADDRINUSE) as failure:
        socket(zmq.PULL).bind(address)
    assert address.decode() in str(failure.error)


@linux_only
def test_binding_an_abstract_name_twice_is_refused(socket):
    address = f"ipc://@zmqlite-test-{os.getpid()}"
    first, second = socket(zmq.PULL), socket(zmq.PULL)
    first.bind(address)
    assert first.get(zmq.LAST_ENDPOINT) == address.encode()
    with fails_with(zmq.EADDRINUSE):
        second.bind(address)


def test_binding_a_path_again_takes_it_over(bound, socket):
    _, address = bound("ipc", zmq.PULL)
    second, push = socket(zmq.PULL), socket(zmq.PUSH)
    second.bind(address)
    push.connect(address)
    push.send(b"to the second")
    assert second.recv() == b"to the second"


@beyond_libzmq
def test_binding_does_not_remove_a_file(socket, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(zmq.ZMQError, match="file"):
        socket(zmq.PULL).bind("ipc://file")
    assert (tmp_path / "file").read_text() == "precious"


def test_binding_to_a_foreign_address(socket):
    with fails_with(zmq.EADDRNOTAVAIL):
        socket(zmq.PULL).bind("tcp://192.0.2.1:5555")


def test_binding_to_an_unknown_interface(socket):
    with fails_with(errno.ENODEV):
        socket(zmq.PULL).bind("tcp://nosuchinterface0:5555")


def test_binding_below_a_missing_folder(socket, tmp_path):
    with fails_with(errno.ENOENT) as failure:
        socket(zmq.PULL).bind("ipc://no/such/folder")
    assert "no/such/folder" in str(failure.error)


@pytest.mark.parametrize("call", ["bind", "connect"])
def test_a_path_that_is_too_long(socket, call):
    with fails_with(errno.ENAMETOOLONG) as failure:
        getattr(socket(zmq.PULL), call)("ipc://" + "x" * (zmq.IPC_PATH_MAX_LEN + 1))
    if call == "bind":
        assert str(zmq.IPC_PATH_MAX_LEN) in str(failure.error)


@pytest.mark.parametrize("call", ["unbind", "disconnect"])
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:5555", "ipc://unknown", "inproc://unknown"])
def test_an_unknown_endpoint_cannot_be_left(socket, call, address):
    with fails_with(errno.ENOENT):
        getattr(socket(zmq.DEALER), call)(address)


@pytest.mark.parametrize("call", ["unbind", "disconnect"])
@pytest.mark.parametrize("address", ["", "tcp", "tcp://"])
def test_a_malformed_endpoint_cannot_be_left(socket, call, address):
    with fails_with(zmq.EINVAL):
        getattr(socket(zmq.DEALER), call)(address)


@pytest.mark.parametrize("call", ["bind", "connect", "unbind", "disconnect"])
def test_a_closed_socket_refuses(socket, call):
    made = socket(zmq.DEALER)
    made.close()
    with fails_with(zmq.ENOTSOCK):
        getattr(made, call)("tcp://127.0.0.1:5555")


@pytest.mark.parametrize("call", ["bind", "connect", "unbind", "disconnect"])
def test_a_terminated_context_refuses(context, begin_term, socket, call):
    made = socket(zmq.DEALER)
    begin_term(context)
    with pytest.raises(zmq.ContextTerminated):
        made.recv()
    with fails_with(zmq.ETERM):
        getattr(made, call)("tcp://127.0.0.1:5555")


def test_last_endpoint_is_empty_at_first(socket):
    assert socket(zmq.PAIR).get(zmq.LAST_ENDPOINT) == b""


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("tcp://127.0.0.1:*", b"127.0.0.1"),
        ("tcp://127.0.0.1:0", b"127.0.0.1"),
        ("tcp://*:*", b"0.0.0.0"),
        ("tcp://0.0.0.0:0", b"0.0.0.0"),
        pytest.param("tcp://lo:*", b"127.0.0.1", marks=linux_only),
        ("tcp://localhost:*", b"127.0.0.1"),
    ],
)
def test_last_endpoint_shows_the_port_that_was_found(socket, given, host):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind(given)
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith(b"tcp://" + host + b":")
    push.connect(f"tcp://127.0.0.1:{port_of(address)}")
    push.send(b"x")
    assert pull.recv() == b"x"


def test_last_endpoint_of_connect_is_the_text_given(socket):
    made = socket(zmq.DEALER)
    for address in (b"tcp://localhost:5555", b"ipc://some/path", b"inproc://name"):
        made.connect(address)
        assert made.get(zmq.LAST_ENDPOINT) == address


def test_last_endpoint_of_a_path_is_the_path(socket, endpoint):
    for transport in ("ipc", "inproc"):
        made, address = socket(zmq.PULL), endpoint(transport)
        made.bind(address)
        assert made.get(zmq.LAST_ENDPOINT) == address.encode()


def test_a_wildcard_path(socket):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind("ipc://*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert os.path.exists(address.removeprefix(b"ipc://"))
    push.connect(address)
    push.send(b"x")
    assert pull.recv() == b"x"


def test_wildcard_ports_differ(socket):
    pull = socket(zmq.PULL)
    addresses = set()
    for _ in range(10):
        pull.bind("tcp://127.0.0.1:*")
        addresses.add(pull.get(zmq.LAST_ENDPOINT))
    assert len(addresses) == 10


def test_connect_before_bind(socket, transport, endpoint):
    address = f"tcp://127.0.0.1:{free_port()}" if transport == "tcp" else endpoint(transport)
    push, pull = socket(zmq.PUSH), socket(zmq.PULL)
    push.connect(address)
    push.send(b"early")
    pull.bind(address)
    assert pull.recv() == b"early"
    push.send(b"late")
    assert pull.recv() == b"late"


def test_many_endpoints_on_one_socket(socket, endpoint):
    pull = socket(zmq.PULL)
    for transport in ("tcp", "ipc", "inproc"):
        pull.bind(endpoint(transport))
        push = socket(zmq.PUSH)
        push.connect(pull.get(zmq.LAST_ENDPOINT))
        push.send(transport.encode())
        assert pull.recv() == transport.encode()


@beyond_libzmq
def test_unbind_ends_what_was_accepted_but_not_what_was_received(pair):
    pull, push = pair("tcp", zmq.PULL, zmq.PUSH, None, {zmq.IMMEDIATE: 1})
    push.send(b"received")
    wait_readable(pull)
    pull.unbind(pull.get(zmq.LAST_ENDPOINT))
    wait_until(lambda: not push.poll(0, zmq.POLLOUT), "the sender has lost its connection")
    assert pull.recv() == b"received"


@beyond_libzmq
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_unbind_frees_the_name_before_it_returns(bound, transport):
    pull, address = bound(transport, zmq.PULL)
    for _ in range(20):
        pull.unbind(address)
        pull.bind(address)


def test_unbind_leaves_inproc_connections_alone(pair, socket):
    pull, push = pair("inproc", zmq.PULL, zmq.PUSH)
    address = pull.get(zmq.LAST_ENDPOINT)
    pull.unbind(address)
    push.send(b"still here")
    assert pull.recv() == b"still here"
    socket(zmq.PULL).bind(address)


def test_disconnect_drops_what_was_not_read(pair, transport):
    peer, dealer = pair(transport, zmq.DEALER, zmq.DEALER)
    peer.send(b"unread")
    wait_readable(dealer)
    dealer.disconnect(peer.get(zmq.LAST_ENDPOINT))
    assert not readable(dealer)
    with pytest.raises(zmq.Again):
        dealer.send(b"x", zmq.DONTWAIT)


@beyond_libzmq
def test_disconnect_is_seen_by_the_peer(pair, transport):
    peer, dealer = pair(transport, zmq.DEALER, zmq.DEALER)
    address = peer.get(zmq.LAST_ENDPOINT)
    dealer.disconnect(address)
    wait_alone(peer)
    with fails_with(errno.ENOENT):
        dealer.disconnect(address)


def test_disconnect_delivers_what_was_sent(pair, transport):
    pull, push = pair(transport, zmq.PULL, zmq.PUSH)
    for number in range(100):
        push.send(b"%d" % number)
    push.disconnect(pull.get(zmq.LAST_ENDPOINT))
    assert [pull.recv() for _ in range(100)] == [b"%d" % number for number in range(100)]


def test_disconnect_ends_all_connections_of_that_address(bound, socket, transport):
    pull, address = bound(transport, zmq.PULL)
    push = socket(zmq.PUSH)
    push.connect(address)
    push.connect(address)
    push.disconnect(address)
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)
    with fails_with(errno.ENOENT):
        push.disconnect(address)
    assert not drain(pull)


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_dealer_connects_once_to_an_address(bound, socket, transport):
    router, address = bound(transport, zmq.ROUTER)
    dealer = socket(zmq.DEALER)
    dealer.connect(address)
    dealer.connect(address)
    names = set()
    for number in range(10):
        dealer.send(b"%d" % number)
        names.add(router.recv_multipart()[0])
    assert len(names) == 1


def test_router_connects_as_often_as_it_is_told(bound, socket, transport):
    dealer, address = bound(transport, zmq.DEALER)
    router = socket(zmq.ROUTER)
    router.connect(address)
    router.connect(address)
    names = set()
    while len(names) < 2:
        dealer.send(b"who hears it?")
        names.add(router.recv_multipart()[0])


def test_inproc_names_belong_to_a_context(new_context, socket):
    for each in (new_context(), new_context()):
        socket(zmq.PULL, context=each).bind("inproc://same")


def test_an_inproc_name_is_free_after_close(socket):
    for _ in range(20):
        pull = socket(zmq.PULL)
        wait_until(lambda pull=pull: _binds(pull, "inproc://again"), "the name is free")
        pull.close()


def _binds(made, address):
    try:
        made.bind(address)
    except zmq.ZMQError as error:
        assert error.errno == zmq.EADDRINUSE
        return False
    return True


def test_a_port_is_free_after_close(socket):
    address = f"tcp://127.0.0.1:{free_port()}"
    for _ in range(20):
        pull = socket(zmq.PULL)
        wait_until(lambda pull=pull: _binds(pull, address), "the port is free")
        pull.close()

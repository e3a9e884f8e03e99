"""Addresses: hosts, ports, interfaces, source addresses, IPv6, names, paths, abstract names."""

import contextlib
import errno
import os
import shutil
import socket as plain
import stat
import tempfile

import pytest
from network import listening
from support import (
    beyond_libzmq,
    fails_with,
    free_port,
    linux_only,
    port_of,
    wait_readable,
    wait_until,
)

import zmqlite as zmq


def _has_ipv6():
    with contextlib.suppress(OSError), plain.socket(plain.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def _link_local():
    """An address of this machine that needs a scope id, with its interface; None without one."""
    with contextlib.suppress(OSError), open("/proc/net/if_inet6") as table:
        for row in map(str.split, table):
            if row[0].startswith("fe80"):
                return plain.inet_ntop(plain.AF_INET6, bytes.fromhex(row[0])), row[5]
    return None


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 here")
needs_link_local = pytest.mark.skipif(_link_local() is None, reason="no link-local address here")

IPV6 = {zmq.IPV6: 1}


def talk(push, pull):
    push.send(b"over it")
    assert pull.recv() == b"over it"


@pytest.fixture
def listener():
    """A plain TCP listener on every IPv4 address."""
    with listening("") as made:
        yield made


@pytest.fixture
def folder(monkeypatch):
    """An empty working directory, of a name short enough for a unix socket."""
    made = tempfile.mkdtemp(prefix="zl")
    monkeypatch.chdir(made)
    yield made
    shutil.rmtree(made)


# ---- Hosts and ports


@pytest.mark.parametrize(
    "address",
    [
        "tcp://-a:5555",
        "tcp://_a:5555",
        "tcp://*:5555",
        "tcp://127.0.0.1:*",
        "tcp://127.0.0.1:+5",
        "tcp://127.0.0.1:5555 ",
        "tcp://127.0.0.1:5555/path",
        "tcp://;127.0.0.1:5555",
        "tcp://*:0;127.0.0.1:5555",
        "ipc://@",
    ],
)
def test_connect_refuses(socket, address):
    with fails_with(zmq.EINVAL) as failure:
        socket(zmq.DEALER).connect(address)
    assert address in str(failure.error)


@pytest.mark.parametrize(
    ("address", "due"),
    [
        ("tcp://*", zmq.EINVAL),
        ("tcp://127.0.0.1: 0", zmq.EINVAL),
        ("tcp://:*", errno.ENODEV),
        ("tcp://%lo:*", errno.ENODEV),
        ("tcp://[::1]:*", errno.ENODEV),
        ("tcp://no-such-host.invalid:*", errno.ENODEV),
        ("ipc://@", zmq.EINVAL),
        ("ipc://no/such/folder", errno.ENOENT),
    ],
)
def test_bind_refuses(socket, address, due):
    with fails_with(due) as failure:
        socket(zmq.DEALER).bind(address)
    assert address in str(failure.error)


@pytest.mark.parametrize("call", ["bind", "connect"])
@pytest.mark.parametrize(
    "scheme", ["pgm", "epgm", "norm", "vmci", "ws", "wss", "vsock", "http", "udp"]
)
def test_a_transport_that_is_not_there(socket, call, scheme):
    due = zmq.ENOCOMPATPROTO if scheme == "udp" else zmq.EPROTONOSUPPORT
    with fails_with(due) as failure:
        getattr(socket(zmq.PUB), call)(f"{scheme}://127.0.0.1:5555")
    assert f"{scheme}://127.0.0.1:5555" in str(failure.error)


@beyond_libzmq
@pytest.mark.parametrize("call", ["unbind", "disconnect"])
def test_what_was_never_there_is_named(socket, call):
    with fails_with(errno.ENOENT) as failure:
        getattr(socket(zmq.DEALER), call)("tcp://127.0.0.1:5555")
    assert "tcp://127.0.0.1:5555" in str(failure.error)


@linux_only
@pytest.mark.parametrize("host", ["127.0.0.2", "127.1", "localhost", "lo", "*", "0.0.0.0"])
def test_a_host_to_bind_to(socket, host):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind(f"tcp://{host}:*")
    reached = "127.0.0.2" if host == "127.0.0.2" else "127.0.0.1"
    push.connect(f"tcp://{reached}:{port_of(pull.get(zmq.LAST_ENDPOINT))}")
    talk(push, pull)


def test_a_host_name_to_connect_to(bound, socket):
    pull, address = bound("tcp", zmq.PULL)
    push = socket(zmq.PUSH)
    push.connect(f"tcp://localhost:{port_of(address)}")
    talk(push, pull)


def test_a_name_without_address_is_no_error_and_in_nobodys_way(bound, socket):
    pull, address = bound("tcp", zmq.PULL)
    push = socket(zmq.PUSH, {zmq.IMMEDIATE: 1})
    push.connect("tcp://no-such-host.invalid:5555")
    push.connect(address)
    talk(push, pull)


@beyond_libzmq
@needs_ipv6
def test_all_addresses_of_a_name_are_tried(bound, socket):
    found = plain.getaddrinfo("localhost", 1, type=plain.SOCK_STREAM)
    if {family for family, *_ in found} != {plain.AF_INET, plain.AF_INET6}:
        pytest.skip("localhost has not two addresses here")
    port = free_port()
    for host, options in (("127.0.0.1", {}), ("[::1]", IPV6)):
        pull, push = socket(zmq.PULL, options), socket(zmq.PUSH, IPV6)
        pull.bind(f"tcp://{host}:{port}")
        push.connect(f"tcp://localhost:{port}")
        talk(push, pull)
        pull.close()


# ---- The address to connect from


@linux_only
@pytest.mark.parametrize(
    ("source", "host"),
    [("127.0.0.2:0", "127.0.0.2"), ("lo:0", "127.0.0.1"), ("127.0.0.3:*", "127.0.0.3")],
)
def test_a_source_address(socket, listener, source, host):
    target = f"127.0.0.1:{listener.getsockname()[1]}"
    dealer = socket(zmq.DEALER)
    dealer.connect(f"tcp://{source};{target}")
    assert dealer.get(zmq.LAST_ENDPOINT) == f"tcp://{source};{target}".encode()
    connection, peer = listener.accept()
    connection.close()
    assert peer[0] == host
    dealer.disconnect(f"tcp://{source};{target}")


def test_a_source_port(socket, listener):
    port = free_port()
    socket(zmq.DEALER).connect(f"tcp://127.0.0.1:{port};127.0.0.1:{listener.getsockname()[1]}")
    connection, peer = listener.accept()
    connection.close()
    assert peer == ("127.0.0.1", port)


def test_a_source_port_in_use_is_tried_again(socket, listener):
    port = free_port()
    dealer = socket(zmq.DEALER, {zmq.RECONNECT_IVL: 10})
    failures = dealer.get_monitor_socket(zmq.EVENT_CONNECT_RETRIED)
    with plain.create_server(("127.0.0.1", port)):
        dealer.connect(f"tcp://127.0.0.1:{port};127.0.0.1:{listener.getsockname()[1]}")
        wait_readable(failures)
    dealer.disable_monitor()
    failures.close()
    connection, peer = listener.accept()
    connection.close()
    assert peer == ("127.0.0.1", port)


@needs_ipv6
def test_a_source_address_of_ipv6(socket):
    dealer = socket(zmq.DEALER, IPV6)
    with listening("::1") as listener:
        port = free_port()
        dealer.connect(f"tcp://[::1]:{port};[::1]:{listener.getsockname()[1]}")
        connection, peer = listener.accept()
        connection.close()
    assert peer[:2] == ("::1", port)


# ---- IPv6


@needs_ipv6
@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_an_ipv6_address(socket, host):
    pull, push = (socket(kind, IPV6) for kind in (zmq.PULL, zmq.PUSH))
    pull.bind(f"tcp://{host}:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith(b"tcp://[::1]:")
    push.connect(f"tcp://{host}:{port_of(address)}")
    talk(push, pull)
    pull.unbind(address)


@needs_ipv6
@pytest.mark.parametrize("host", ["*", "[::]", "::", "[*]"])
def test_a_wildcard_of_both_families(socket, host):
    pull = socket(zmq.PULL, IPV6)
    pull.bind(f"tcp://{host}:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith(b"tcp://[::]:")
    for target, options in (("127.0.0.1", {}), ("127.0.0.1", IPV6), ("[::1]", IPV6)):
        push = socket(zmq.PUSH, options)
        push.connect(f"tcp://{target}:{port_of(address)}")
        talk(push, pull)


@needs_ipv6
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]"])
def test_an_ipv4_address_of_an_ipv6_socket(socket, host):
    pull = socket(zmq.PULL, IPV6)
    pull.bind(f"tcp://{host}:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith(b"tcp://[::ffff:127.0.0.1]:")
    push = socket(zmq.PUSH)
    push.connect(f"tcp://127.0.0.1:{port_of(address)}")
    talk(push, pull)
    pull.unbind(address)


@linux_only
@needs_ipv6
def test_an_interface_gives_its_ipv6_address(socket):
    pull = socket(zmq.PULL, IPV6)
    pull.bind("tcp://lo:*")
    assert pull.get(zmq.LAST_ENDPOINT).startswith(b"tcp://[::1]:")


@needs_ipv6
def test_a_name_binds_in_either_family(socket):
    pull, push = socket(zmq.PULL, IPV6), socket(zmq.PUSH, IPV6)
    pull.bind("tcp://localhost:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith((b"tcp://[::1]:", b"tcp://[::ffff:127.0.0.1]:"))
    push.connect(address)
    talk(push, pull)


@needs_link_local
@pytest.mark.parametrize("form", ["[{host}%{name}]", "[{host}%{index}]", "{host}%{name}"])
def test_a_scope_id(socket, form):
    host, name = _link_local()
    pull, push = socket(zmq.PULL, IPV6), socket(zmq.PUSH, IPV6)
    written = form.format(host=host, name=name, index=plain.if_nametoindex(name))
    pull.bind(f"tcp://{written}:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    assert address.startswith(f"tcp://[{host}%{name}]:".encode())
    push.connect(f"tcp://{written}:{port_of(address)}")
    talk(push, pull)
    pull.unbind(address)


@needs_ipv6
def test_a_scope_that_is_not_there(socket):
    with fails_with(zmq.EINVAL):
        socket(zmq.PULL, IPV6).bind("tcp://[fe80::1%nosuch0]:*")


# ---- Leaving


@pytest.mark.parametrize("given", ["*", "127.0.0.1", pytest.param("lo", marks=linux_only)])
def test_unbind_wants_the_resolved_address(socket, given):
    pull = socket(zmq.PULL)
    pull.bind(f"tcp://{given}:*")
    address = pull.get(zmq.LAST_ENDPOINT)
    if given != "127.0.0.1":
        with fails_with(errno.ENOENT):
            pull.unbind(f"tcp://{given}:{port_of(address)}")
    pull.unbind(address)
    with fails_with(errno.ENOENT):
        pull.unbind(address)


@pytest.mark.parametrize("call", ["unbind", "disconnect"])
def test_a_name_of_the_bound_address_unbinds_it(bound, call):
    pull, address = bound("tcp", zmq.PULL)
    getattr(pull, call)(f"tcp://localhost:{port_of(address)}")
    with fails_with(errno.ENOENT):
        pull.unbind(address)


@pytest.mark.parametrize("call", ["unbind", "disconnect"])
def test_a_connection_is_left_by_either_call(bound, socket, transport, call):
    _, address = bound(transport, zmq.PULL)
    push = socket(zmq.PUSH)
    push.connect(address)
    getattr(push, call)(address)
    with pytest.raises(zmq.Again):
        push.send(b"x", zmq.DONTWAIT)


def test_unbinding_one_endpoint_leaves_the_others(socket, endpoint):
    pull = socket(zmq.PULL)
    addresses = []
    for transport in ("tcp", "tcp", "ipc", "inproc"):
        pull.bind(endpoint(transport))
        addresses.append(pull.get(zmq.LAST_ENDPOINT))
    while addresses:
        pull.unbind(addresses.pop(0))
        for address in addresses:
            push = socket(zmq.PUSH)
            push.connect(address)
            talk(push, pull)


def test_unbind_stops_listening(bound):
    pull, address = bound("tcp", zmq.PULL)
    pull.unbind(address)

    def refused():
        try:
            plain.create_connection(("127.0.0.1", port_of(address))).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(refused, "nobody listens")


ONE_CONNECTION = {zmq.DEALER, zmq.SUB, zmq.PUB, zmq.REQ}
MANY = {zmq.REP, zmq.ROUTER, zmq.PULL, zmq.PUSH, zmq.XPUB, zmq.XSUB}


@linux_only
@pytest.mark.parametrize("kind", sorted(ONE_CONNECTION | MANY), ids=lambda kind: kind.name)
def test_connecting_again_to_the_same_address(socket, listener, kind):
    """Whether it makes another connection; the one to 127.0.0.2 shows that all have come."""
    port = listener.getsockname()[1]
    made = socket(kind)
    for host in ("127.0.0.1", "127.0.0.1", "127.0.0.2"):
        made.connect(f"tcp://{host}:{port}")
    accepted = []
    with contextlib.ExitStack() as connections:
        while "127.0.0.2" not in accepted:
            connection = connections.enter_context(listener.accept()[0])
            accepted.append(connection.getsockname()[0])
    assert accepted.count("127.0.0.1") == (1 if kind in ONE_CONNECTION else 2)


# ---- Paths and abstract names


def test_a_relative_path(socket, folder):
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind("ipc://name with spaces")
    push.connect(f"ipc://{folder}/name with spaces")
    talk(push, pull)


def test_the_longest_path(socket, folder):
    address = "ipc://" + "x" * zmq.IPC_PATH_MAX_LEN
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind(address)
    push.connect(address)
    talk(push, pull)


@linux_only
def test_an_abstract_name_is_no_file(socket, folder):
    address = f"ipc://@zmqlite-{os.getpid()}"
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind(address)
    push.connect(address)
    talk(push, pull)
    assert not os.listdir(folder)
    pull.unbind(address)
    with plain.socket(plain.AF_UNIX) as other:
        name = address.removeprefix("ipc://@")
        wait_until(lambda: _binds(other, f"\0{name}"), "the name is free")


def _binds(made, name):
    with contextlib.suppress(OSError):
        made.bind(name)
        return True
    return False


@linux_only
@pytest.mark.parametrize("call", ["bind", "connect"])
def test_an_abstract_name_that_is_too_long(socket, call):
    with fails_with(errno.ENAMETOOLONG):
        getattr(socket(zmq.PULL), call)("ipc://@" + "x" * zmq.IPC_PATH_MAX_LEN)


def test_a_stale_socket_file_is_replaced(socket, folder):
    with plain.socket(plain.AF_UNIX) as dead:
        dead.bind("stale")
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind("ipc://stale")
    push.connect("ipc://stale")
    talk(push, pull)


@beyond_libzmq
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("elsewhere", path)])
def test_what_is_no_socket_is_left_alone(socket, folder, make):
    make("precious")
    before = os.lstat("precious")
    with fails_with(zmq.EADDRINUSE) as failure:
        socket(zmq.PULL).bind("ipc://precious")
    assert "precious" in str(failure.error)
    assert os.lstat("precious") == before


def test_a_folder_is_left_alone(socket, folder):
    os.mkdir("place")
    with fails_with(zmq.EADDRINUSE):
        socket(zmq.PULL).bind("ipc://place")
    assert os.path.isdir("place")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(socket, folder):
    os.mkdir("closed", 0o500)
    with fails_with(errno.EACCES) as failure:
        socket(zmq.PULL).bind("ipc://closed/name")
    assert "closed/name" in str(failure.error)


@pytest.mark.parametrize("leave", ["unbind", "close"])
def test_a_socket_file_stays(socket, folder, leave):
    pull = socket(zmq.PULL)
    pull.bind("ipc://name")
    pull.unbind("ipc://name") if leave == "unbind" else pull.close()
    other = socket(zmq.PULL)
    other.bind("ipc://other")
    assert os.path.exists("name")


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_the_mode_of_a_socket_file_follows_umask(socket, folder, mask):
    before = os.umask(mask)
    try:
        socket(zmq.PULL).bind("ipc://name")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat("name").st_mode) == 0o777 & ~mask


@pytest.mark.parametrize("variable", ["TMPDIR", "TEMPDIR", "TMP", None])
def test_where_a_wildcard_path_is(socket, folder, monkeypatch, variable):
    for name in ("TMPDIR", "TEMPDIR", "TMP"):
        monkeypatch.setenv(name, "/no/such/folder")
    if variable:
        os.mkdir("place")
        monkeypatch.setenv(variable, f"{folder}/place")
    pull, push = socket(zmq.PULL), socket(zmq.PUSH)
    pull.bind("ipc://*")
    path = os.fsdecode(pull.get(zmq.LAST_ENDPOINT)).removeprefix("ipc://")
    own = os.path.dirname(path)
    assert os.path.dirname(own) == (f"{folder}/place" if variable else "")
    assert stat.S_IMODE(os.stat(own).st_mode) == 0o700
    push.connect(f"ipc://{path}")
    talk(push, pull)


@pytest.mark.parametrize("leave", ["unbind", "close"])
def test_a_wildcard_path_is_removed_with_its_folder(socket, folder, monkeypatch, leave):
    monkeypatch.setenv("TMPDIR", folder)
    pull = socket(zmq.PULL)
    pull.bind("ipc://*")
    assert os.listdir(folder)
    pull.unbind(pull.get(zmq.LAST_ENDPOINT)) if leave == "unbind" else pull.close()
    wait_until(lambda: not os.listdir(folder), "file and folder are gone")


def test_whatever_begins_with_a_star_is_a_wildcard(socket, folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", folder)
    pull = socket(zmq.PULL)
    pull.bind("ipc://*.sock")
    assert pull.get(zmq.LAST_ENDPOINT).startswith(f"ipc://{folder}/".encode())


def test_a_long_endpoint_is_read_back(socket):
    made = socket(zmq.PAIR)
    made.bind("inproc://" + "x" * 200)
    assert made.get(zmq.LAST_ENDPOINT) == b"inproc://" + b"x" * 200

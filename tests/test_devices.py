"""Devices: proxies that make their sockets where they run, in threads and in processes."""

import importlib
import multiprocessing
import os
import signal
import struct
from multiprocessing import resource_tracker
from threading import Thread

import pytest
from support import TIMEOUT, Background, beyond_libzmq, fails_with, wait_until

import zmqlite as zmq
from zmqlite import devices

NAMES = {
    "basedevice": {"Device", "ThreadDevice", "ProcessDevice"},
    "proxydevice": {"Proxy", "ThreadProxy", "ProcessProxy"},
    "proxysteerabledevice": {"ProxySteerable", "ThreadProxySteerable", "ProcessProxySteerable"},
    "monitoredqueue": {"monitored_queue"},
    "monitoredqueuedevice": {"MonitoredQueue", "ThreadMonitoredQueue", "ProcessMonitoredQueue"},
}

LOCALHOST = "tcp://127.0.0.1"


# The helper of multiprocessing, once started, stays until the program ends.
@pytest.fixture(scope="module", autouse=True)
def multiprocessing_is_warm():
    resource_tracker.ensure_running()


@pytest.fixture
def run(socket, new_context, begin_term):
    """Start devices in contexts of their own; these end at teardown, and the devices with them."""
    running = []

    def start(device):
        own = new_context()
        device.context_factory = lambda: own
        running.append((device, own))
        device.start()

    yield start
    for device, own in running:
        begin_term(own)
        device.join(TIMEOUT)
        assert device.done and not device.launcher.is_alive()


@pytest.fixture
def run_process():
    """Start devices in processes, which are killed at teardown if they are still there."""
    running = []

    def start(device):
        device.start()
        running.append(device)

    yield start
    for device in running:
        device.launcher.kill()
        device.join(TIMEOUT)
        assert device.launcher not in multiprocessing.active_children()
        device.launcher.close()


@pytest.fixture
def connect(socket):
    """Make a socket that is connected to an address."""

    def make(kind, address, options=None):
        made = socket(kind, options)
        made.connect(address)
        return made

    return make


# ---- Names and attributes


@pytest.mark.parametrize("module", NAMES)
def test_modules(module):
    there = importlib.import_module(f"zmqlite.devices.{module}")
    assert set(there.__all__) == NAMES[module]
    for name in NAMES[module]:
        assert getattr(devices, name) is getattr(there, name)
        assert name in devices.__all__


def test_the_package():
    assert len(devices.__all__) == sum(map(len, NAMES.values()))
    # The function of the same purpose has another name.
    assert devices.monitoredqueue.monitored_queue is devices.monitored_queue
    assert devices.proxy is zmq.proxy


@pytest.mark.parametrize("kind", [zmq.STREAMER, zmq.FORWARDER, zmq.QUEUE])
def test_the_type_of_a_device(kind):
    device = devices.Device(kind, zmq.SUB, zmq.PUB)
    assert device.device_type == kind
    assert (device.in_type, device.out_type) == (zmq.SUB, zmq.PUB)
    assert device.daemon is True and device.done is False


@pytest.mark.parametrize("given", [{}, {"in_type": zmq.PULL}, {"out_type": zmq.PUSH}])
@pytest.mark.parametrize("kind", [devices.Device, devices.ThreadDevice, devices.ThreadProxy])
def test_a_device_needs_the_types_of_its_sockets(kind, given):
    with pytest.raises(TypeError):
        kind(**given)


def test_the_types_of_the_other_sockets():
    assert devices.Proxy(zmq.PULL, zmq.PUSH).mon_type == zmq.PUB
    assert devices.MonitoredQueue(zmq.PULL, zmq.PUSH, zmq.PAIR).mon_type == zmq.PAIR
    assert devices.ProxySteerable(zmq.PULL, zmq.PUSH, zmq.PAIR, zmq.REP).ctrl_type == zmq.REP


def test_contexts():
    assert devices.Device.context_factory == zmq.Context.instance
    assert devices.ThreadProxy.context_factory == zmq.Context.instance
    assert devices.ProcessProxy.context_factory is zmq.Context


# ---- Ports


def test_random_ports_of_a_range():
    device = devices.ThreadProxy(zmq.PULL, zmq.PUSH, zmq.PUB)
    range_of_ports = {"min_port": 20_000, "max_port": 20_100}
    ports = [
        device.bind_in_to_random_port(LOCALHOST, **range_of_ports),
        device.bind_out_to_random_port(LOCALHOST, **range_of_ports),
        device.bind_mon_to_random_port(LOCALHOST, **range_of_ports),
    ]
    assert len(set(ports)) == 3 and all(20_000 <= port < 20_100 for port in ports)


@pytest.mark.parametrize("bind", ["bind_in_to_random_port", "bind_out_to_random_port"])
def test_no_random_port_is_given_twice(bind):
    device = devices.ThreadDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH)
    ports = []
    with pytest.raises(zmq.ZMQBindError):
        for _ in range(11):
            ports.append(getattr(device, bind)(LOCALHOST, min_port=20_200, max_port=20_210))
    assert len(set(ports)) == len(ports)


def test_random_ports_are_bound(connect, run):
    device = devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUSH, zmq.REP)
    ports = [
        getattr(device, f"bind_{each}_to_random_port")(LOCALHOST, 20_300, 20_500)
        for each in ("in", "out", "mon", "ctrl")
    ]
    run(device)
    kinds = (zmq.PUSH, zmq.PULL, zmq.PULL, zmq.REQ)
    push, pull, copies, hand = (
        connect(kind, f"{LOCALHOST}:{port}") for kind, port in zip(kinds, ports, strict=True)
    )
    push.send(b"hello")
    assert pull.recv() == copies.recv() == b"hello"
    hand.send(b"TERMINATE")
    assert hand.recv() == b""
    device.join(TIMEOUT)
    assert device.done


# ---- Threads


def test_a_queue(connect, endpoint, run):
    device = devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    front, back = endpoint("ipc"), endpoint("tcp")
    device.bind_in(front)
    back = f"{LOCALHOST}:{device.bind_out_to_random_port(LOCALHOST, 20_500, 20_700)}"
    run(device)
    client, server = connect(zmq.REQ, front), connect(zmq.REP, back)
    client.send_multipart([b"hello", b""])
    assert server.recv_multipart() == [b"hello", b""]
    server.send(b"you")
    assert client.recv() == b"you"
    assert isinstance(device.launcher, Thread)


def test_a_device_connects(bound, run):
    device = devices.ThreadDevice(zmq.STREAMER, zmq.PULL, zmq.PUSH)
    push, front = bound("ipc", zmq.PUSH)
    pull, back = bound("tcp", zmq.PULL)
    device.connect_in(front.decode())
    device.connect_out(back.decode())
    run(device)
    push.send(b"hello")
    assert pull.recv() == b"hello"


@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize("verb", ["bind", "connect"])
def test_one_socket_for_both_sides(connect, bound, endpoint, run, side, verb):
    device = devices.ThreadDevice(zmq.QUEUE, zmq.REP, -1)
    if verb == "bind":
        address = endpoint("ipc")
        client = connect(zmq.REQ, address)
    else:
        client, address = bound("ipc", zmq.REQ)
        address = address.decode()
    getattr(device, f"{verb}_{side}")(address)
    run(device)
    for body in (b"hello", b"again"):
        client.send(body)
        assert client.recv() == body


def test_options_come_before_addresses(bound, run):
    device = devices.ThreadProxy(zmq.DEALER, zmq.DEALER, zmq.DEALER)
    routers = {}
    for side in ("in", "out", "mon"):
        router, address = bound("ipc", zmq.ROUTER)
        getattr(device, f"connect_{side}")(address.decode())
        getattr(device, f"setsockopt_{side}")(zmq.ROUTING_ID, side.encode())
        getattr(device, f"setsockopt_{side}")(zmq.PROBE_ROUTER, 1)
        routers[side] = router
    run(device)
    for side, router in routers.items():
        assert router.recv_multipart() == [side.encode(), b""]
    routers["in"].send_multipart([b"in", b"hello"])
    assert routers["out"].recv_multipart() == [b"out", b"hello"]
    assert routers["mon"].recv_multipart() == [b"mon", b"hello"]


@pytest.mark.parametrize("daemon", [True, False])
def test_daemons(run, daemon):
    device = devices.ThreadDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH)
    device.daemon = daemon
    run(device)
    assert device.launcher.daemon is daemon


def test_join_may_time_out(run):
    device = devices.ThreadDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH)
    run(device)
    device.join(0)
    device.join(timeout=0)
    assert not device.done


@beyond_libzmq
def test_join_needs_a_start():
    with pytest.raises(RuntimeError):
        devices.ThreadDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH).join()


def test_a_device_in_the_calling_thread(new_context, begin_term, connect, endpoint):
    device = devices.Device(zmq.STREAMER, zmq.PULL, zmq.PUSH)
    own = new_context()
    device.context_factory = lambda: own
    front, back = endpoint("ipc"), endpoint("ipc")
    device.bind_in(front)
    device.bind_out(back)
    calling = Background(device.start)
    push, pull = connect(zmq.PUSH, front), connect(zmq.PULL, back)
    push.send(b"hello")
    assert pull.recv() == b"hello"
    device.join(0)
    assert not device.done
    begin_term(own)
    device.join()
    assert device.done and calling.result() is None


def test_a_device_that_cannot_begin(bound, new_context):
    """Its error is raised where it runs, and its sockets are closed, or the context would hang."""
    _, taken = bound("tcp", zmq.PULL)
    device = devices.Device(zmq.STREAMER, zmq.PULL, zmq.PUSH)
    device.context_factory = new_context
    device.bind_out(taken.decode())
    with fails_with(zmq.EADDRINUSE):
        device.run()
    assert device.done


# ---- The other kinds


def test_a_proxy(connect, endpoint, run):
    device = devices.ThreadProxy(zmq.DEALER, zmq.DEALER, zmq.PAIR)
    front, back, copy = (endpoint("ipc") for _ in range(3))
    device.bind_in(front)
    device.bind_out(back)
    device.bind_mon(copy)
    run(device)
    client, server, copies = (
        connect(zmq.DEALER, front),
        connect(zmq.DEALER, back),
        connect(zmq.PAIR, copy),
    )
    client.send_multipart([b"hello", b""])
    assert server.recv_multipart() == copies.recv_multipart() == [b"hello", b""]
    server.send(b"you")
    assert client.recv() == copies.recv() == b"you"


def test_a_proxy_of_one_socket(connect, endpoint, run):
    device = devices.ThreadProxy(zmq.REP, -1, zmq.PUSH)
    front, copy = endpoint("ipc"), endpoint("ipc")
    device.bind_out(front)
    device.bind_mon(copy)
    run(device)
    client, copies = connect(zmq.REQ, front), connect(zmq.PULL, copy)
    client.send(b"hello")
    assert client.recv() == copies.recv() == b"hello"


def test_a_steerable_proxy(bound, connect, endpoint, run):
    device = devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.PAIR)
    front, back = endpoint("ipc"), endpoint("ipc")
    hand, control = bound("ipc", zmq.PAIR)
    device.bind_in(front)
    device.bind_out(back)
    device.connect_ctrl(control.decode())
    device.setsockopt_ctrl(zmq.LINGER, 0)
    run(device)
    push, pull = connect(zmq.PUSH, front), connect(zmq.PULL, back)
    push.send_multipart([b"hello", b"you"])
    assert pull.recv_multipart() == [b"hello", b"you"]
    hand.send(b"STATISTICS")
    counts = [struct.unpack("=Q", part)[0] for part in hand.recv_multipart()]
    assert counts == [2, 8, 0, 0, 0, 0, 2, 8]
    hand.send(b"TERMINATE")
    device.join(TIMEOUT)
    assert device.done and not device.launcher.is_alive()


@beyond_libzmq
def test_a_steerable_proxy_without_a_control(connect, endpoint, run):
    """pyzmq promises it, and makes a socket of no type."""
    device = devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH)
    front, back = endpoint("ipc"), endpoint("ipc")
    device.bind_in(front)
    device.bind_out(back)
    run(device)
    push, pull = connect(zmq.PUSH, front), connect(zmq.PULL, back)
    push.send(b"hello")
    assert pull.recv() == b"hello"


@pytest.mark.parametrize("prefixes", [(), (b"from a", b"from b")], ids=["default", "given"])
def test_a_monitored_queue(connect, endpoint, run, prefixes):
    device = devices.ThreadMonitoredQueue(zmq.PAIR, zmq.PAIR, zmq.PAIR, *prefixes)
    front, back, copy = (endpoint("ipc") for _ in range(3))
    device.bind_in(front)
    device.bind_out(back)
    device.bind_mon(copy)
    run(device)
    alice, bob, copies = (connect(zmq.PAIR, address) for address in (front, back, copy))
    in_prefix, out_prefix = prefixes or (b"in", b"out")
    alice.send_multipart([b"hello", b"bob"])
    assert bob.recv_multipart() == [b"hello", b"bob"]
    assert copies.recv_multipart() == [in_prefix, b"hello", b"bob"]
    bob.send(b"hello alice")
    assert alice.recv() == b"hello alice"
    assert copies.recv_multipart() == [out_prefix, b"hello alice"]


# ---- Processes


class SpawnedDevice(devices.ProcessDevice):
    """A device in a process that begins with nothing, and is sent the device."""

    _launch_class = multiprocessing.get_context("spawn").Process


class ForkedDevice(devices.ProcessDevice):
    """A device in a process that begins as a copy of this one."""

    _launch_class = multiprocessing.get_context("fork").Process


@pytest.mark.parametrize("kind", [ForkedDevice, SpawnedDevice])
def test_a_process(connect, endpoint, run_process, kind):
    device = kind(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    front, back = endpoint("ipc"), endpoint("ipc")
    device.bind_in(front)
    device.bind_out(back)
    device.setsockopt_out(zmq.LINGER, 0)
    client, server = connect(zmq.REQ, front), connect(zmq.REP, back)
    run_process(device)
    client.send(b"hello")
    assert server.recv() == b"hello"
    server.send(b"you")
    assert client.recv() == b"you"
    device.launcher.terminate()
    device.join(TIMEOUT)
    assert device.launcher.exitcode == -signal.SIGTERM


@pytest.mark.parametrize("kind", [devices.ProcessProxy, devices.ProcessMonitoredQueue])
def test_the_other_kinds_in_a_process(connect, endpoint, run_process, kind):
    device = kind(zmq.PULL, zmq.PUSH, zmq.PUSH)
    front, back, copy = (endpoint("ipc") for _ in range(3))
    device.bind_in(front)
    device.bind_out(back)
    device.bind_mon(copy)
    push, pull, copies = (
        connect(zmq.PUSH, front),
        connect(zmq.PULL, back),
        connect(zmq.PULL, copy),
    )
    run_process(device)
    push.send(b"hello")
    assert pull.recv() == b"hello"
    assert copies.recv_multipart()[-1] == b"hello"


@beyond_libzmq
def test_a_process_that_ends_has_delivered_all(connect, bound, endpoint, run_process):
    """pyzmq's process leaves without waiting for its sockets."""
    device = devices.ProcessProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.PAIR)
    hand, control = bound("ipc", zmq.PAIR)
    front, back = endpoint("ipc"), endpoint("ipc")
    device.bind_in(front)
    device.bind_out(back)
    device.connect_ctrl(control.decode())
    device.setsockopt_out(zmq.SNDHWM, 0)
    push, pull = connect(zmq.PUSH, front), connect(zmq.PULL, back, {zmq.RCVHWM: 1})
    run_process(device)
    messages = [b"%d" % number + bytes(100_000) for number in range(100)]
    for message in messages:
        push.send(message)

    def all_are_passed():
        hand.send(b"STATISTICS")
        return struct.unpack("=Q", hand.recv_multipart()[6])[0] == len(messages)

    wait_until(all_are_passed, "the proxy has sent all")
    hand.send(b"TERMINATE")
    assert [pull.recv() for _ in messages] == messages
    device.join(TIMEOUT)
    assert device.launcher.exitcode == 0


PROGRAM = """
import zmqlite as zmq
from zmqlite.devices import ProcessDevice

if __name__ == "__main__":
    device = ProcessDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    port = device.bind_in_to_random_port("tcp://127.0.0.1")
    device.start()
    print(device.launcher.pid, flush=True)
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.linger = 0
        client.connect(f"tcp://127.0.0.1:{port}")
"""


def test_a_process_ends_with_its_program(child, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    parent = child(program)
    pid = int(parent.line())
    assert parent.wait() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

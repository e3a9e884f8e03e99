"""Proxies in threads: a plain one until its context ends, and one as a device."""

import threading

from typing_extensions import assert_type

import zmqlite as zmq
from zmqlite.devices import ThreadDevice, ThreadProxy


def pass_on(context: zmq.Context) -> None:
    frontend = context.socket(zmq.PULL)
    backend = context.socket(zmq.PUSH)
    frontend.bind("inproc://front")
    backend.bind("inproc://back")
    try:
        zmq.proxy(frontend, backend)
    except zmq.ContextTerminated:
        frontend.close()
        backend.close()


def through_the_proxy(context: zmq.Context) -> None:
    with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        push.connect("inproc://front")
        pull.connect("inproc://back")
        push.send_multipart([b"a", b"b"])
        assert pull.recv_multipart() == [b"a", b"b"]


def through_a_device(context: zmq.Context, device: ThreadDevice) -> None:
    incoming = device.bind_in_to_random_port("tcp://127.0.0.1")
    outgoing = device.bind_out_to_random_port("tcp://127.0.0.1")
    assert_type((incoming, outgoing), tuple[int, int])
    device.setsockopt_in(zmq.LINGER, 0)
    device.start()
    with context.socket(zmq.REQ) as client, context.socket(zmq.REP) as server:
        client.connect(f"tcp://127.0.0.1:{incoming}")
        server.connect(f"tcp://127.0.0.1:{outgoing}")
        client.send(b"ping")
        server.send(server.recv() + b" pong")
        assert client.recv() == b"ping pong"


def main() -> None:
    context = zmq.Context()
    thread = threading.Thread(target=pass_on, args=(context,))
    thread.start()
    through_the_proxy(context)
    context.term()
    thread.join()

    devices_context = zmq.Context()
    device = ThreadProxy(zmq.ROUTER, zmq.DEALER, zmq.PUB)
    device.context_factory = lambda: devices_context
    device.bind_mon("inproc://copies")
    with zmq.Context() as own:
        through_a_device(own, device)
    devices_context.term()
    device.join()
    assert device.done


if __name__ == "__main__":
    main()

"""Pause, resume, question and end a proxy while messages pass through it.

python examples/steerable_proxy.py
"""

import struct

import zmqlite as zmq
from zmqlite.devices import ThreadProxySteerable

IN, OUT, CONTROL = "inproc://in", "inproc://out", "inproc://control"


def order(hand, command):
    """Give the proxy a command; the parts of its answer."""
    hand.send(command)
    return hand.recv_multipart()


def main():
    device = ThreadProxySteerable(zmq.PULL, zmq.PUSH, ctrl_type=zmq.REP)
    device.bind_in(IN)
    device.bind_out(OUT)
    device.bind_ctrl(CONTROL)
    device.start()
    with (
        zmq.Context.instance() as context,
        context.socket(zmq.PUSH) as producer,
        context.socket(zmq.PULL) as consumer,
        context.socket(zmq.REQ) as hand,
    ):
        producer.connect(IN)
        consumer.connect(OUT)
        hand.connect(CONTROL)

        producer.send(b"first")
        print(consumer.recv().decode())

        order(hand, b"PAUSE")
        producer.send_multipart([b"second", b"of two frames"])
        print("while it is paused:", consumer.poll(100))
        order(hand, b"RESUME")
        print(*(part.decode() for part in consumer.recv_multipart()))

        frames, octets, *_ = struct.unpack("=8Q", b"".join(order(hand, b"STATISTICS")))
        print(f"{frames} frames, {octets} octets")

        order(hand, b"TERMINATE")
        device.join()


if __name__ == "__main__":
    main()

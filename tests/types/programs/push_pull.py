"""Divide and conquer: a ventilator hands out work, workers do it, a sink collects."""

import threading

from typing_extensions import assert_type

import zmqlite as zmq


def worker(context: zmq.Context, tasks: str, results: str) -> None:
    with context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
        receiver.connect(tasks)
        sender.connect(results)
        sender.send(b"ready")
        while True:
            try:
                number = receiver.recv()
            except zmq.ContextTerminated:
                return
            assert_type(number, bytes)
            sender.send(b"%d" % int(number) ** 2)


def main() -> None:
    context = zmq.Context.instance()
    ventilator = context.socket(zmq.PUSH)
    sink = context.socket(zmq.PULL)
    port = ventilator.bind_to_random_port("tcp://127.0.0.1")
    assert_type(port, int)
    sink.bind("tcp://127.0.0.1:*")
    results = sink.getsockopt(zmq.LAST_ENDPOINT).decode()

    addresses = (f"tcp://127.0.0.1:{port}", results)
    threads = [threading.Thread(target=worker, args=(context, *addresses)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert [sink.recv() for _ in threads] == [b"ready", b"ready"]
    for number in range(20):
        ventilator.send_string(str(number))
    total = sum(int(sink.recv_string()) for _ in range(20))
    assert total == sum(number**2 for number in range(20))
    ventilator.close()
    sink.close()
    context.term()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()

"""Print what happens to the connection of a socket: it is made, used, and lost again.

python examples/monitor.py
"""

import zmqlite as zmq
from zmqlite.utils.monitor import recv_monitor_message


def print_until(reader, last):
    """Print the events of a monitor up to and including this one."""
    event = None
    while event != last:
        told = recv_monitor_message(reader)
        event = told["event"]
        print(f"{event.name:<20} {int(told['value']):>4}  {told['endpoint'].decode()}")


def main():
    with (
        zmq.Context() as context,
        context.socket(zmq.PUSH) as client,
        client.get_monitor_socket() as reader,
    ):
        client.linger = 0
        with context.socket(zmq.PULL) as server:
            port = server.bind_to_random_port("tcp://127.0.0.1")
            client.connect(f"tcp://127.0.0.1:{port}")
            client.send(b"hello")
            server.recv()
        print_until(reader, zmq.Event.CONNECT_RETRIED)
        client.disable_monitor()
        print_until(reader, zmq.Event.MONITOR_STOPPED)


if __name__ == "__main__":
    main()

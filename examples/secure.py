"""An encrypted service that knows its clients by name, and why it has turned others away.

python examples/secure.py
"""

import zmqlite as zmq
from zmqlite.auth import Refusal
from zmqlite.utils.monitor import recv_monitor_message


def main():
    server_key, server_secret = zmq.curve_keypair()
    bob_key, bob_secret = zmq.curve_keypair()
    # In earnest, names come from a database: the function may take its time, or be a coroutine.
    names = {bob_key.decode(): "bob"}

    def who_is(key, address):
        return names.get(key) or Refusal("nobody knows this key")

    with (
        zmq.Context() as context,
        context.socket(zmq.PULL) as server,
        context.socket(zmq.PUSH) as bob,
        context.socket(zmq.PUSH) as stranger,
    ):
        server.secure(server_secret, allow=who_is)
        server.bind("tcp://127.0.0.1:*")

        bob.secure(bob_secret, server_key=server_key)
        bob.connect(server.last_endpoint)
        bob.send(b"a secret")
        message = server.recv(copy=False)
        print(message.get("User-Id"), "sends", message.bytes.decode())

        stranger.secure(server_key=server_key)
        with stranger.get_monitor_socket(zmq.Event.HANDSHAKE_FAILED_AUTH) as events:
            stranger.connect(server.last_endpoint)
            event = recv_monitor_message(events)
        print("the stranger hears:", int(event["value"]))
        print("the server knows why:", server.stats()["refused"])


if __name__ == "__main__":
    main()

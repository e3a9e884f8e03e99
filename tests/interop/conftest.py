"""A run between a zmqlite socket and one of another library; each file says which: `remote`."""

import pytest
import security
import traffic

import zmqlite as zmq


@pytest.fixture
def run(context, endpoint, remote):
    """Pass messages between a zmqlite socket and one of the other library, and check them."""

    def make(
        transport,
        sender,
        receiver,
        we_bind,
        we_send,
        messages="numbered",
        count=0,
        our_options=None,
        their_options=None,
    ):
        ours, theirs = (sender, receiver) if we_send else (receiver, sender)
        task = {"kind": theirs, "sends": not we_send, "messages": messages, "count": count}
        task["options"] = their_options or {}
        address = endpoint(transport)
        if not we_bind:
            address = remote.begin(**task, bind=True, address=address)
        socket, address = traffic.open_socket(
            zmq, context, ours, we_bind, address, our_options or {}
        )
        with socket:
            if we_bind:
                remote.begin(**task, bind=False, address=address)
            traffic.play(socket, ours, we_send, messages, count, remote.heard, remote.say)
            remote.end()

    return make


@pytest.fixture
def run_secured(run, context):
    """A run whose sides are server and client of a mechanism."""

    def make(
        transport, sender, receiver, we_bind, we_send, *args, mechanism, we_serve, besides=None
    ):
        if not we_serve and not we_send and sender == "REQ":
            pytest.skip("a REQ of libzmq's that asks an authenticator never hears a reply")
        if we_serve:
            security.Doorkeeper(zmq, context)
        server, client = (
            {**security.OPTIONS[mechanism, role], **(besides or {})}
            for role in ("server", "client")
        )
        ours, theirs = (server, client) if we_serve else (client, server)
        run(
            *(transport, sender, receiver, we_bind, we_send, *args),
            our_options=ours,
            their_options=theirs,
        )

    return make

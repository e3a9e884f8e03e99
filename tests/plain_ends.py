"""Plain ends of connections, for sockets that speak no ZMTP and for scripted peers."""

import contextlib
import socket as plain

from support import TIMEOUT, port_of
from wire.zmtp import Peer

import zmqlite as zmq


class End(Peer):
    """One end of a connection of any kind of stream, with ZMTP or without."""

    def __init__(self, connection):
        connection.settimeout(TIMEOUT)
        self._connection = connection

    def half_close(self):
        self._connection.shutdown(plain.SHUT_WR)

    def has_ended(self):
        """True if the other side has closed the connection and sent nothing before."""
        return not self.hears_nothing(0) and not self._connection.recv(1, plain.MSG_PEEK)


class Listener:
    """Takes the connections that a zmqlite socket makes to `endpoint`."""

    def __init__(self, ends, port):
        self._ends = ends
        self._server = plain.create_server(("127.0.0.1", port))
        self._server.settimeout(TIMEOUT)
        self.endpoint = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self.close = self._server.close

    def accept(self):
        return self._ends.keep(End(self._server.accept()[0]))

    def accepts_nothing(self, seconds):
        return End(self._server).hears_nothing(seconds)


class Ends(contextlib.ExitStack):
    """Makes plain ends, and closes them when it is left."""

    def keep(self, end):
        return self.enter_context(contextlib.closing(end))

    def dial(self, socket):
        """Connect to where a zmqlite socket is bound, tcp or ipc."""
        endpoint = socket.get(zmq.LAST_ENDPOINT).decode()
        if endpoint.startswith("tcp://"):
            address = ("127.0.0.1", port_of(endpoint))
            return self.keep(End(plain.create_connection(address, TIMEOUT)))
        connection = plain.socket(plain.AF_UNIX)
        end = self.keep(End(connection))
        connection.connect(endpoint.removeprefix("ipc://"))
        return end

    def listen(self, port=0):
        return self.keep(Listener(self, port))

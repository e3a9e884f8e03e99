"""Plain network peers for the tests: a listener, and a small SOCKS5 proxy."""

import contextlib
import select
import socket as plain
import struct
import threading

from support import TIMEOUT


@contextlib.contextmanager
def listening(host):
    """A plain TCP listener on a free port."""
    family = plain.AF_INET6 if ":" in host else plain.AF_INET
    with plain.create_server((host, 0), family=family) as made:
        made.settimeout(TIMEOUT)
        yield made


IPV4, NAME, IPV6 = 1, 3, 4
NO_CREDENTIALS, CREDENTIALS, NO_METHOD = 0, 2, 0xFF


class SocksProxy:
    """A SOCKS5 proxy (RFC 1928) with user names (RFC 1929), on a thread for each connection.

    What it does is read anew from its attributes for each connection, so a test may change it:

    - `credentials`: the (user, password) that it wants, or None;
    - `answer(stage, octets)`: what it says in truth in place of `octets` at "method",
      "credentials" and "request"; None closes the connection.

    `requests` has a (kind of address, host, port) for each connection asked for.
    """

    def __init__(self, port=0):
        self.credentials = None
        self.answer = lambda stage, octets: octets
        self.offered = []
        self.requests = []
        self._server = plain.create_server(("127.0.0.1", port))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._stopping, self._stop = plain.socketpair()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self):
        self._stop.close()
        for thread in self._threads:
            thread.join(TIMEOUT)
        self._server.close()
        self._stopping.close()

    def _accept(self):
        while self._server in select.select([self._server, self._stopping], [], [])[0]:
            thread = threading.Thread(target=self._serve, args=[self._server.accept()[0]])
            self._threads.append(thread)
            thread.start()

    def _serve(self, client):
        # What a client or a target breaks off is over.
        with client, contextlib.suppress(OSError, EOFError):
            self._choose_method(client)
            target = self._connect(client)
            with target:
                self._relay(client, target)

    def _choose_method(self, client):
        version, count = self._read(client, 2)
        methods = list(self._read(client, count))
        self.offered.append(methods)
        wanted = CREDENTIALS if self.credentials else NO_CREDENTIALS
        chosen = wanted if version == 5 and wanted in methods else NO_METHOD
        self._say(client, "method", bytes([5, chosen]))
        if chosen == CREDENTIALS:
            assert self._read(client, 1) == b"\1"
            given = self._read_text(client), self._read_text(client)
            self._say(client, "credentials", bytes([1, given != self.credentials]))

    def _connect(self, client):
        version, command, _, kind = self._read(client, 4)
        assert (version, command) == (5, 1)
        if kind == NAME:
            host = self._read_text(client).decode()
        else:
            family, size = (plain.AF_INET, 4) if kind == IPV4 else (plain.AF_INET6, 16)
            host = plain.inet_ntop(family, self._read(client, size))
        (port,) = struct.unpack(">H", self._read(client, 2))
        self.requests.append((kind, host, port))
        self._say(client, "request", b"\5\0\0\1" + bytes(6))
        return plain.create_connection((host, port), TIMEOUT)

    def _say(self, client, stage, octets):
        said = self.answer(stage, octets)
        if said is None:
            raise EOFError
        # In pieces, as a network may deliver it.
        client.setsockopt(plain.IPPROTO_TCP, plain.TCP_NODELAY, 1)
        for octet in said:
            client.sendall(bytes([octet]))

    def _read(self, client, count):
        octets = b""
        while len(octets) < count:
            if self._stopping in select.select([client, self._stopping], [], [])[0]:
                raise EOFError
            more = client.recv(count - len(octets))
            if not more:
                raise EOFError
            octets += more
        return octets

    def _read_text(self, client):
        return self._read(client, self._read(client, 1)[0])

    def _relay(self, *ends):
        while True:
            ready = select.select([*ends, self._stopping], [], [])[0]
            if self._stopping in ready:
                return
            for here, there in (ends, ends[::-1]):
                if here in ready:
                    octets = here.recv(65536)
                    if not octets:
                        return
                    there.sendall(octets)

"""One process of a run: reads its job from stdin, plays its roles, answers with JSON lines.

Job in; `{"bound": [endpoint, ...]}` out if a role listens; `{"results": [...]}` out; any line in
(everyone is done); `{"cpu": seconds}` out. `{"error": reason}` may take the place of any answer.
Sockets stay open until everyone is done, so closing one never loses a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import json
import resource
import signal
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from bench.cases import CASES

IMPLEMENTATIONS = {"pyzmq": "zmq", "pyomq": "pyomq", "zmqlite": "zmqlite"}  # name: module


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


# The pairs of keys that libzmq's tests have made public.
SERVER_KEY = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
SERVER_SECRET = b"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
CLIENT_KEY = b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
CLIENT_SECRET = b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


class Link:
    """What a role may use: sockets of the implementation under test, and the other side's address.

    The roles of one process share it.
    """

    def __init__(self, zmq, context, transport: str, load, directory: str, in_curve: bool):
        self.load = load
        self._in_curve = in_curve
        self.endpoints: Future[list[str]] = Future()
        self.on_listen = lambda endpoints: None
        self.cpu_at_start = cpu_seconds()
        self.zmq = zmq
        self.batches = hasattr(zmq.Socket, "send_many")
        self._context = context
        self._sockets: list = []
        self._address = {
            "tcp": "tcp://127.0.0.1:*",
            "ipc": f"ipc://{directory}/{{}}",
            "inproc": "inproc://bench-{}",
        }.get(transport)

    def socket(self, kind: str, **options):
        """A socket of the named type; every option that is not named here keeps its default."""
        socket = self._context.socket(getattr(self.zmq, kind))
        for name, value in options.items():
            socket.setsockopt(getattr(self.zmq, name), value)
        self._sockets.append(socket)
        return socket

    def listen(self, *sockets) -> None:
        endpoints = []
        for index, socket in enumerate(sockets):
            if self._in_curve:
                socket.setsockopt(self.zmq.CURVE_SERVER, 1)
                socket.setsockopt(self.zmq.CURVE_SECRETKEY, SERVER_SECRET)
            socket.bind(self._address.format(index))
            endpoints.append(socket.getsockopt(self.zmq.LAST_ENDPOINT).decode().rstrip("\0"))
        self.on_listen(endpoints)
        self.endpoints.set_result(endpoints)

    def connect(self, socket, index: int = 0):
        """Connect to the other side's `index`-th listening socket and return the socket."""
        if self._in_curve:
            socket.setsockopt(self.zmq.CURVE_SERVERKEY, SERVER_KEY)
            socket.setsockopt(self.zmq.CURVE_PUBLICKEY, CLIENT_KEY)
            socket.setsockopt(self.zmq.CURVE_SECRETKEY, CLIENT_SECRET)
        socket.connect(self.endpoints.result()[index])
        return socket

    def address(self, index: int = 0) -> tuple[str, int]:
        """Where the other side's `index`-th listening socket is, for a plain TCP socket."""
        host, _, port = self.endpoints.result()[index].removeprefix("tcp://").rpartition(":")
        return host, int(port)

    def proxy(self, frontend, backend) -> None:
        """Pass messages on, in a thread that closes both sockets when the context ends."""

        def pass_on() -> None:
            with contextlib.suppress(self.zmq.ContextTerminated):
                self.zmq.proxy(frontend, backend)
            for socket in (frontend, backend):
                socket.close(linger=0)

        for socket in (frontend, backend):
            self._sockets.remove(socket)
        threading.Thread(target=pass_on).start()

    def start_cpu_clock(self) -> None:
        """Leave what was used so far, set-up and warm-up, out of the CPU seconds."""
        self.cpu_at_start = cpu_seconds()

    def close(self) -> None:
        for socket in self._sockets:
            socket.close(linger=0)
        self._context.term()


def say(**answer) -> None:
    print(json.dumps(answer), flush=True)


def play(role, link: Link) -> dict:
    try:
        result = role(link)
        return asyncio.run(result) if inspect.iscoroutine(result) else result
    except BaseException as error:
        # At once: to end, this process may first wait for roles that wait for this one.
        say(error=f"{type(error).__name__}: {error}")
        raise


def main() -> None:
    job = json.loads(sys.stdin.readline())
    # The kernel ends a peer that is stuck even when the bench itself was killed.
    signal.alarm(job["seconds"])
    case = CASES[job["case"]].scaled(job["scale"])
    name = IMPLEMENTATIONS[job["implementation"]]
    zmq = importlib.import_module(name)
    module = importlib.import_module(f"{name}.asyncio") if case.in_asyncio else zmq
    link = Link(zmq, module.Context(), case.transport, case.load, job["directory"], case.in_curve)
    if job["endpoints"]:
        link.endpoints.set_result(job["endpoints"])
    else:
        link.on_listen = lambda endpoints: say(bound=endpoints)
    roles = [case.roles[index] for index in job["roles"]]
    if len(roles) == 1:
        results = [play(roles[0], link)]
    else:
        with ThreadPoolExecutor(len(roles)) as threads:
            results = list(threads.map(play, roles, [link] * len(roles)))
    say(results=results)
    sys.stdin.readline()
    say(cpu=cpu_seconds() - link.cpu_at_start)
    link.close()


if __name__ == "__main__":
    main()

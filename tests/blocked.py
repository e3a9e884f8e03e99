"""Child of test_signals.py: makes the blocking call it is told to, and says what became of it.

python blocked.py CALL interrupt           KeyboardInterrupt must end the call
python blocked.py CALL handle              a handler runs on SIGUSR1, the call goes on
python blocked.py CALL tick MILLISECONDS   a handler runs all the time, the time-out must count
"""

import contextlib
import signal
import sys
import time

import zmqlite as zmq


class Blocked:
    """Sockets on which each call waits, and the calls by name.

    Over inproc with low marks, so that the main thread can free the call itself from a handler.
    """

    def __init__(self, timeout):
        self.timeout = timeout
        self.context = zmq.Context()
        self.push, self.pull = self._pair(zmq.PUSH, zmq.PULL)
        self.full, self.drain = self._pair(zmq.PUSH, zmq.PULL)
        self.full.send(b"1")
        self.full.send(b"2")
        self.poller = zmq.Poller()
        self.poller.register(self.pull, zmq.POLLIN)

    def _pair(self, a_type, b_type):
        a, b = self.context.socket(a_type), self.context.socket(b_type)
        for each in (a, b):
            each.set(zmq.SNDHWM, 1)
            each.set(zmq.RCVHWM, 1)
            each.set(zmq.SNDTIMEO, self.timeout)
            each.set(zmq.RCVTIMEO, self.timeout)
        address = f"inproc://{id(a)}"
        a.bind(address)
        b.connect(address)
        assert a.poll(1000, zmq.POLLOUT)
        return a, b

    def recv(self):
        return self.pull.recv()

    def recv_multipart(self):
        return self.pull.recv_multipart()

    def recv_frame(self):
        return self.pull.recv(copy=False)

    def recv_into(self):
        return self.pull.recv_into(bytearray(9))

    def send(self):
        self.full.send(b"3")
        return True

    def send_multipart(self):
        self.full.send_multipart([b"3", b"4"])
        return True

    def poll(self):
        return self.pull.poll(self.timeout)

    def poller_poll(self):
        return self.poller.poll(self.timeout)

    def zmq_poll(self):
        return zmq.zmq_poll([(self.pull, zmq.POLLIN)], self.timeout)

    def select(self):
        seconds = None if self.timeout < 0 else self.timeout / 1000
        return any(zmq.select([self.pull], [], [], seconds))

    def proxy(self):
        _, front = self._pair(zmq.DEALER, zmq.DEALER)
        _, back = self._pair(zmq.DEALER, zmq.DEALER)
        zmq.proxy(front, back)

    def term(self):
        self.context.term()

    def flush(self):
        self.lonely = self.context.socket(zmq.PUSH)
        self.lonely.connect("tcp://127.0.0.1:9")  # nobody answers there
        self.lonely.send(b"x")
        return self.lonely.flush()

    def release(self):
        """Let any of the calls return."""
        self.push.send(b"x")
        self.drain.recv()


def interrupt(blocked, call):
    try:
        call()
    except KeyboardInterrupt:
        say("interrupted")


def handle(blocked, call):
    handled = []

    def handler(*_):
        handled.append(1)
        say("handled")
        if len(handled) == 2:
            blocked.release()

    signal.signal(signal.SIGUSR1, handler)
    say("handler set")
    assert call()
    say("returned")


def tick(blocked, call):
    ticks = []
    signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    begun = time.monotonic()
    with contextlib.suppress(zmq.Again):
        assert not call(), "nothing could have ended this call but its time-out"
    waited = (time.monotonic() - begun) * 1000
    signal.setitimer(signal.ITIMER_REAL, 0)
    say("timed out" if ticks and waited >= blocked.timeout - 1 else f"only {waited} ms, {ticks}")


def say(word):
    print(word, flush=True)


def main():
    name, way, *timeout = sys.argv[1:]
    blocked = Blocked(int(timeout[0]) if timeout else -1)
    say("ready")
    {"interrupt": interrupt, "handle": handle, "tick": tick}[way](blocked, getattr(blocked, name))
    blocked.context.destroy(linger=0)
    say("ended")


main()

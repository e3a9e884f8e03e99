"""ThreadAuthenticator: an authenticator that runs in a thread, whatever the program does."""

from __future__ import annotations

import asyncio
from threading import Thread

from ..error import ZMQError
from .base import Authenticator


class AuthenticationThread(Thread):
    """Answers the requests to an authenticator until its socket is closed or its context ends.

    It has an event loop of its own, for credentials providers with coroutines.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        super().__init__(name="zmqlite authenticator", daemon=True)
        self.authenticator = authenticator
        self._socket = authenticator.zap_socket

    def run(self) -> None:
        if self._socket is None:
            raise RuntimeError("an authenticator without a socket was not started")
        loop = asyncio.new_event_loop()
        try:
            while True:
                request = self._socket.recv_multipart()
                loop.run_until_complete(self.authenticator.handle_zap_message(request))
        except ZMQError as error:
            self.authenticator.log.debug("the authenticator ends: %s", error)
        finally:
            self._socket.close()
            loop.close()


class ThreadAuthenticator(Authenticator):
    """Runs in a daemon thread between `start` and `stop`."""

    thread: AuthenticationThread | None = None

    def start(self) -> None:
        """Begin to answer requests."""
        super().start()
        self.thread = AuthenticationThread(self)
        self.thread.start()

    def stop(self) -> None:
        """Stop answering, and wait for the thread to end."""
        super().stop()
        if self.thread is not None:
            self.thread.join()
            self.thread = None

    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self.thread is not None and self.thread.is_alive()


__all__ = ["ThreadAuthenticator"]

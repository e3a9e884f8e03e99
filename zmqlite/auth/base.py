"""Authenticator: answers for a context whether a connection may be made, as ZAP (RFC 27) asks.

The address of a client is looked at first, then what its mechanism demands: nothing for NULL, a
user and password for PLAIN, a known key for CURVE.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Mapping, Sequence
from hmac import compare_digest
from typing import Any

from ..constants import Errno, SocketType
from ..context import Context
from ..error import ZMQError
from ..socket import Socket
from ..utils import z85
from .certs import load_certificates
from .zap import ENDPOINT, Question, Refusal, answer

CURVE_ALLOW_ANY = "*"
"""As a location of certificates: any client that has the server's key may connect."""

ALL_DOMAINS = "*"

TAKEN = (
    "the context has an authenticator already: one that was started, or the one that serves the "
    "sockets with a rule of secure() or plain()"
)


class AnyKey:
    """A credentials provider that knows everybody."""

    def callback(self, domain: str, key: bytes) -> bool:
        return True


class Authenticator:
    """Decides by the lists, passwords and keys that it is configured with.

    Passwords and keys are those of a domain, the ZAP_DOMAIN of the server socket. The domain "*"
    stands for all that are not configured themselves. What is configured may be changed at any
    time, from any thread.

    This class does not run by itself: await `handle_zap_message` with each message that
    `zap_socket` receives, or use one of the subclasses.
    """

    context: Context[Any]
    encoding: str
    log: Any
    zap_socket: Socket[bytes] | None
    passwords: dict[str, Mapping[str, str]]
    """By domain, the passwords by user."""
    certs: dict[str, Mapping[bytes, bool]]
    """By domain, the public CURVE keys that are let in, in Z85."""
    credentials_providers: dict[str, Any]
    """By domain, the object to ask about CURVE keys, instead of `certs`."""

    def __init__(
        self, context: Context[Any] | None = None, encoding: str = "utf-8", log: Any = None
    ) -> None:
        self.context = context or Context.instance()
        self.encoding = encoding
        self.log = log or logging.getLogger("zmq.auth")
        self.zap_socket = None
        self.passwords = {}
        self.certs = {}
        self.credentials_providers = {}
        self._allowed: frozenset[str] = frozenset()
        self._denied: frozenset[str] = frozenset()

    # ---- Running

    def start(self) -> None:
        """Open the socket that requests come to; a context has one authenticator at a time."""
        # Of the plain class, whatever class of sockets the context makes.
        socket: Socket[bytes] = self.context.socket(SocketType.REP, socket_class=Socket)
        socket.linger = 1
        try:
            socket.bind(ENDPOINT)
        except BaseException as error:
            socket.close()
            if isinstance(error, ZMQError) and error.errno == Errno.EADDRINUSE:
                raise ZMQError(error.errno, TAKEN) from None
            raise
        self.zap_socket = socket

    def stop(self) -> None:
        """Close the socket that `start` has opened."""
        if self.zap_socket is not None:
            self.zap_socket.close()
            self.zap_socket = None

    # ---- What is configured

    def allow(self, *addresses: str) -> None:
        """Refuse clients from all addresses but these; ValueError after a `deny`."""
        if self._denied:
            raise ValueError("an authenticator that denies addresses lets in all others")
        self._allowed |= {*addresses}

    def deny(self, *addresses: str) -> None:
        """Refuse clients from these addresses; ValueError after an `allow`."""
        if self._allowed:
            raise ValueError("an authenticator that allows addresses refuses all others")
        self._denied |= {*addresses}

    def configure_plain(
        self, domain: str = ALL_DOMAINS, passwords: Mapping[str, str] | None = None
    ) -> None:
        """Let in the PLAIN clients that have one of these users and its password."""
        self.passwords[domain] = passwords or {}

    def configure_curve(
        self, domain: str = ALL_DOMAINS, location: str | os.PathLike[str] = "."
    ) -> None:
        """Let in the CURVE clients whose public keys are in the `.key` files of a folder.

        The files are read now; if they cannot be, the error is logged and nobody is let in. The
        location CURVE_ALLOW_ANY lets in everybody.
        """
        if location == CURVE_ALLOW_ANY:
            self.configure_curve_callback(domain, AnyKey())
            return
        try:
            self.certs[domain] = load_certificates(location)
        except (OSError, ValueError):
            self.certs[domain] = {}
            self.log.exception("the certificates of domain %r cannot be read", domain)
        self.credentials_providers.pop(domain, None)

    def configure_curve_callback(
        self, domain: str = ALL_DOMAINS, credentials_provider: Any = None
    ) -> None:
        """Let in the CURVE clients for which `credentials_provider.callback` returns true.

        It is called with the domain and the client's public key in Z85. It may be a coroutine
        function; other clients wait meanwhile. If it raises, the client is refused.
        """
        if credentials_provider is None:
            self.log.error("no credentials provider was given for domain %r", domain)
        else:
            self.credentials_providers[domain] = credentials_provider

    def configure_gssapi(
        self, domain: str = ALL_DOMAINS, location: str | os.PathLike[str] | None = None
    ) -> None:
        """Nothing is to be configured: the mechanism itself has proved who the client is."""

    @property
    def allow_any(self) -> bool:
        """Whether any CURVE client may connect, in domains that are not configured themselves."""
        return isinstance(self.credentials_providers.get(ALL_DOMAINS), AnyKey)

    def curve_user_id(self, client_public_key: bytes) -> str:
        """The User-Id of a client with this key of 32 bytes: its Z85 text, unless replaced."""
        return z85.encode(client_public_key).decode()

    # ---- Requests

    async def handle_zap_message(self, msg: Sequence[bytes]) -> None:
        """Answer a request; one that makes no sense, or breaks something here, is refused."""
        socket = self.zap_socket
        if socket is not None:
            socket.send_multipart(await answer(msg, self._authenticate, self.log))

    async def _authenticate(self, question: Question) -> bytes:
        """The User-Id of the client that is asked about; Refusal if it is not let in."""
        self._check_address(question.address.decode(self.encoding, "replace"))
        domain = question.domain.decode(self.encoding, "replace") or ALL_DOMAINS
        match question.mechanism, *question.credentials:
            case b"PLAIN", user, password:
                self._check_password(domain, user, password)
                return user
            case b"CURVE", key:
                await self._check_key(domain, z85.encode(key))
                return self.curve_user_id(key).encode(self.encoding)
            case b"GSSAPI", principal:
                return principal
        return b"anonymous"

    def _check_address(self, address: str) -> None:
        if self._allowed and address not in self._allowed:
            raise Refusal(f"Address {address} not allowed")
        if address in self._denied:
            raise Refusal(f"Address {address} denied")

    def _check_password(self, domain: str, user: bytes, password: bytes) -> None:
        passwords = self.passwords.get(domain, self.passwords.get(ALL_DOMAINS))
        if passwords is None:
            raise Refusal(f"No passwords for domain {domain!r}")
        right = passwords.get(user.decode(self.encoding, "replace"))
        if right is None:
            raise Refusal("Invalid username")
        if not compare_digest(right.encode(self.encoding), password):
            raise Refusal("Invalid password")

    async def _check_key(self, domain: str, key: bytes) -> None:
        for configured in (domain, ALL_DOMAINS):
            provider = self.credentials_providers.get(configured)
            if provider is not None:
                known = provider.callback(domain, key)
                if isinstance(known, Awaitable):
                    known = await known
                break
            certs = self.certs.get(configured)
            if certs is not None:
                known = key in certs
                break
        else:
            raise Refusal(f"No keys for domain {domain!r}")
        if not known:
            raise Refusal("Unknown key")


__all__ = ["CURVE_ALLOW_ANY", "Authenticator"]

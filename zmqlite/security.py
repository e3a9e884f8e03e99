"""What makes a socket secure in one line: `secure` for CURVE, `plain` for PLAIN.

The same methods serve both sides. A server says whom it lets in, a client says who the server is or
who it is itself; a call that says neither, or both, is refused.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload
from warnings import warn

from . import _core
from .constants import SocketOption

if TYPE_CHECKING:
    from .auth.guard import Served
    from .auth.rules import Check
    from .auth.zap import Refusal

    Verdict: TypeAlias = bool | str | Refusal | None
    Answer: TypeAlias = Verdict | Awaitable[Verdict]

    Key: TypeAlias = bytes | str
    """40 characters in Z85, or 32 bytes."""

    Allow: TypeAlias = (
        Iterable[Key]
        | Mapping[Key, Verdict]
        | str
        | os.PathLike[str]
        | Callable[[str, str], Answer]
    )
    """Public keys, a folder of certificates ("*": everybody), or what is called with the client's
    key in Z85 and its address."""

    Passwords: TypeAlias = Mapping[str, str] | Callable[[str, str, str], Answer]
    """By user, or what is called with the user, the password and the client's address."""

TIMEOUT = 5.0
"""Seconds that a callable may take."""

PLAIN_TEXT_MAX = 255
"""Bytes of a user or password."""


class Secured(_core.Socket):
    """The part of a socket that says who may be at the other end."""

    # By what stands for the socket in the core, as several objects may be the same socket.
    _served: ClassVar[dict[int, Served]] = {}
    # What is left of that when the socket is closed.
    _refused: Mapping[str, int] = {}

    @overload
    def secure(self, secret_key: Key, *, allow: Allow, timeout: float = TIMEOUT) -> None: ...
    @overload
    def secure(self, secret_key: Key | None = None, *, server_key: Key) -> None: ...
    def secure(
        self,
        secret_key: Key | None = None,
        *,
        allow: Allow | None = None,
        server_key: Key | None = None,
        timeout: float | None = None,
    ) -> None:
        """Encrypt what is bound or connected from now on with CURVE, and know who is there.

        A server: `secure(secret_key, allow=...)`. It lets in the clients whose public keys are in
        a list, or in the `.key` files of a folder as they are at that moment; or those for whom
        `allow(key, address)` returns true, or a str, which becomes their User-Id instead of the
        key; or with "*" everybody who knows the server's public key.

        A client: `secure(server_key=...)` with the public key of the server, and its own secret
        one if the server is to recognise it; without, it is somebody else each time.

        Keys have 40 characters in Z85, or 32 bytes. The callable may be a coroutine function; it
        runs outside of the program's threads, for at most `timeout` seconds. It says why it
        refuses by a `zmqlite.auth.Refusal`. If it raises or is late, the client is refused, too.
        """
        if (allow is None) == (server_key is None):
            raise TypeError(
                "secure() takes either allow=, which makes a server of the socket (a list of "
                'public keys, a folder, a callable, or "*" for everybody), or server_key=, the '
                "public key of a server, which makes a client of it"
            )
        from .curve import curve_keypair, curve_public, key_octets

        if secret_key is not None:
            secret = key_octets(secret_key, "the secret key")
        elif allow is not None:
            raise TypeError("secure(allow=...) needs the secret key of the server")
        else:
            secret = key_octets(curve_keypair()[1], "the secret key")
        options: dict[int, int | bytes] = {
            SocketOption.CURVE_SECRETKEY: secret,
            SocketOption.CURVE_PUBLICKEY: curve_public(secret),
        }
        if allow is None:
            options[SocketOption.CURVE_SERVERKEY] = key_octets(server_key, "the server's key")
            self._become_client(options, timeout)
        else:
            from .auth.rules import key_check

            options[SocketOption.CURVE_SERVER] = 1
            self._become_server(options, key_check(allow, _limit(timeout)), b"CURVE")

    @overload
    def plain(self, *, check: Passwords, timeout: float = TIMEOUT) -> None: ...
    @overload
    def plain(self, user: str, password: str) -> None: ...
    def plain(
        self,
        user: str | None = None,
        password: str | None = None,
        *,
        check: Passwords | None = None,
        timeout: float | None = None,
    ) -> None:
        """Have clients of what is bound or connected from now on show a password, with PLAIN.

        Nothing is encrypted, the password neither: this is for networks that are trusted.

        A server: `plain(check=...)` with a dict of users and passwords, or a callable as for
        `secure`, called as `check(user, password, address)`. A client: `plain(user, password)`.
        """
        is_client = user is not None and password is not None
        if is_client == (check is not None) or (user is None) != (password is None):
            raise TypeError(
                "plain() takes either check=, which makes a server of the socket (a dict of "
                "users and passwords, or a callable), or the user and password of a client"
            )
        if check is not None:
            from .auth.rules import password_check

            options: dict[int, int | bytes] = {SocketOption.PLAIN_SERVER: 1}
            self._become_server(options, password_check(check, _limit(timeout)), b"PLAIN")
        else:
            names: dict[int, int | bytes] = {
                SocketOption.PLAIN_USERNAME: plain_text(user, "the user"),
                SocketOption.PLAIN_PASSWORD: plain_text(password, "the password"),
            }
            self._become_client(names, timeout)

    def stats(self) -> dict[str, Any]:
        """What the socket has counted: messages sent and received, connections, and by reason under
        "dropped" the messages it has discarded, under "closed" the connections that have ended and
        under "refused" the clients that its rule of `secure` or `plain` has not let in."""
        served = self._served.get(self.underlying)
        return {**super().stats(), "refused": served.refused if served else self._refused}

    def close(self, linger: int | None = None) -> None:
        underlying = self.underlying
        super().close(linger)
        served = self._served.pop(underlying, None)
        if served is not None:
            served.end()
            self._refused = served.refused

    # ---- Roles

    def _become_client(self, options: Mapping[int, int | bytes], timeout: float | None) -> None:
        if timeout is not None:
            raise TypeError("timeout= is for servers: it limits what decides about clients")
        self._apply(options)
        before = self._served.pop(self.underlying, None)
        if before is not None:
            before.end()

    def _become_server(
        self, options: Mapping[int, int | bytes], check: Check, mechanism: bytes
    ) -> None:
        from .auth.guard import own_domain, serve
        from .auth.rules import Rule

        if self.context is None:
            raise ValueError("a socket that is shadowed by its address does not know its context")
        domain = self.get(SocketOption.ZAP_DOMAIN) or own_domain()
        before = self._served.get(self.underlying)
        rule = Rule(check, before.refused if before else {})
        # The rule comes first: from the first of these options on, it is asked for.
        served = serve(self.context, (domain, mechanism), rule, before)
        self._served[self.underlying] = served
        try:
            # With the domain enforced, nobody is let in should there be no authenticator any more.
            self._apply(
                {SocketOption.ZAP_DOMAIN: domain, SocketOption.ZAP_ENFORCE_DOMAIN: 1, **options}
            )
        except BaseException:
            served.end()
            raise
        finally:
            if before is not None and before.name != served.name:
                before.end()

    def _apply(self, options: Mapping[int, int | bytes]) -> None:
        if self.get(SocketOption.LAST_ENDPOINT):
            warn(
                "what the socket is bound or connected to already stays as it is: secure() and "
                "plain() come before bind() and connect()",
                RuntimeWarning,
                stacklevel=4,
            )
        for option, value in options.items():
            self.set(option, value)


def end_rules(context: int) -> None:
    """Forget the rules of all sockets of a context, given by what stands for it in the core."""
    for underlying, served in list(Secured._served.items()):
        if served.guard.key == context:
            Secured._served.pop(underlying, None)
            served.end()


def _limit(timeout: float | None) -> float:
    return TIMEOUT if timeout is None else timeout


def plain_text(text: Any, name: str) -> bytes:
    """A user or password as it is sent; errors name it, and do not show it."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not an object of type {type(text).__name__}")
    octets = text.encode()
    if not 1 <= len(octets) <= PLAIN_TEXT_MAX:
        raise ValueError(f"{name} must have 1 to {PLAIN_TEXT_MAX} bytes, not {len(octets)}")
    return octets

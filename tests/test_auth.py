"""Authenticators: what they answer to requests of ZAP, which are asked by hand here.

A REQ socket in the context of the authenticator stands for the server socket that would ask.
"""

import asyncio
import logging
from contextlib import contextmanager

import pytest
from support import TIMEOUT, Background, fails_with, wait_until

import zmqlite as zmq
from zmqlite.auth import CURVE_ALLOW_ANY, Authenticator
from zmqlite.auth.asyncio import AsyncioAuthenticator
from zmqlite.auth.thread import ThreadAuthenticator
from zmqlite.utils import z85

ENDPOINT = "inproc://zeromq.zap.01"

KEY, OTHER_KEY = bytes(range(32)), bytes(32)


def request(mechanism="NULL", *credentials, domain=b"", address=b"1.2.3.4"):
    return [b"1.0", b"id", domain, address, b"", mechanism.encode(), *credentials]


@pytest.fixture
def authenticator(context):
    """One that runs in a thread."""
    running = ThreadAuthenticator(context)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def ask(socket):
    """Send a request; the parts of the answer behind the version and the id."""

    def ask(parts):
        with socket(zmq.REQ) as asking:
            asking.connect(ENDPOINT)
            asking.send_multipart(parts)
            version, request_id, *answer = asking.recv_multipart()
        assert version == b"1.0"
        assert request_id == (parts[1] if len(parts) > 1 else b"")
        assert len(answer) == 4
        return answer

    return ask


@pytest.fixture
def user(authenticator, ask):
    """Ask; the User-Id of a client that is let in, None if it is refused."""

    def user(*args, **kwargs):
        status, _, user_id, metadata = ask(request(*args, **kwargs))
        assert metadata == b""
        assert status in (b"200", b"400")
        if status == b"200":
            return user_id
        assert user_id == b""
        return None

    return user


# ---- What is let in


def test_null_is_let_in(user):
    assert user() == user(domain=b"any") == b"anonymous"


def test_only_allowed_addresses_are_let_in(authenticator, user):
    authenticator.allow("1.2.3.4", "1.2.3.5")
    authenticator.allow("1.2.3.6")
    let_in = [n for n in range(10) if user(address=b"1.2.3.%d" % n)]
    assert let_in == [4, 5, 6]


def test_denied_addresses_are_refused(authenticator, user):
    authenticator.deny("1.2.3.4", "1.2.3.5")
    authenticator.deny("1.2.3.6")
    refused = [n for n in range(10) if not user(address=b"1.2.3.%d" % n)]
    assert refused == [4, 5, 6]


def test_addresses_are_either_allowed_or_denied(context):
    with pytest.raises(ValueError, match="allows"):
        allowing = Authenticator(context)
        allowing.allow("1.2.3.4")
        allowing.deny("1.2.3.5")
    with pytest.raises(ValueError, match="denies"):
        denying = Authenticator(context)
        denying.deny("1.2.3.4")
        denying.allow("1.2.3.5")


def test_an_allowed_address_still_needs_credentials(authenticator, user):
    authenticator.allow("1.2.3.4")
    assert user("PLAIN", b"bob", b"secret") is None
    assert user("CURVE", KEY) is None


def test_plain_needs_the_password(authenticator, user):
    assert user("PLAIN", b"bob", b"secret") is None
    authenticator.configure_plain(passwords={"bob": "secret", "é": "ü", "eve": ""})
    assert user("PLAIN", b"bob", b"secret") == b"bob"
    assert user("PLAIN", "é".encode(), "ü".encode()) == "é".encode()
    assert user("PLAIN", b"eve", b"") == b"eve"
    for credentials in ((b"bob", b"secre"), (b"bob", b""), (b"", b""), (b"\xff", b"\xff")):
        assert user("PLAIN", *credentials) is None


def test_curve_needs_a_known_key(authenticator, user, tmp_path):
    assert user("CURVE", KEY) is None
    text = z85.encode(KEY)
    (tmp_path / "bob.key").write_text(f'curve\n    public-key = "{text.decode()}"\n')
    authenticator.configure_curve(location=tmp_path)
    assert user("CURVE", KEY) == text
    assert user("CURVE", OTHER_KEY) is None


def test_curve_may_let_in_anybody(authenticator, user, tmp_path):
    assert not authenticator.allow_any
    authenticator.configure_curve(location=CURVE_ALLOW_ANY)
    assert authenticator.allow_any
    assert user("CURVE", KEY) == z85.encode(KEY)
    authenticator.configure_curve(location=tmp_path)
    assert not authenticator.allow_any
    assert user("CURVE", KEY) is None


def test_certificates_that_cannot_be_read_let_in_nobody(authenticator, user, tmp_path, caplog):
    authenticator.configure_curve(location=CURVE_ALLOW_ANY)
    authenticator.configure_curve(location=tmp_path / "absent")
    assert "absent" in caplog.text
    assert user("CURVE", KEY) is None


class Provider:
    """Knows one key, and notes who it was asked about."""

    def __init__(self):
        self.asked = []

    def callback(self, domain, key):
        self.asked.append((domain, key))
        return key == z85.encode(KEY)


class AsyncProvider(Provider):
    async def callback(self, domain, key):
        await asyncio.sleep(0)
        return super().callback(domain, key)


@pytest.mark.parametrize("kind", [Provider, AsyncProvider])
def test_curve_by_a_callback(authenticator, user, kind):
    provider = kind()
    authenticator.configure_curve_callback(credentials_provider=provider)
    assert user("CURVE", KEY) == z85.encode(KEY)
    assert user("CURVE", OTHER_KEY, domain=b"some") is None
    assert provider.asked == [("*", z85.encode(KEY)), ("some", z85.encode(OTHER_KEY))]


def test_no_callback_lets_in_nobody(authenticator, user, caplog):
    authenticator.configure_curve_callback("some")
    assert "some" in caplog.text
    assert user("CURVE", KEY, domain=b"some") is None


def test_the_user_id_of_a_key_may_be_another(authenticator, user):
    authenticator.configure_curve(location=CURVE_ALLOW_ANY)
    authenticator.curve_user_id = lambda key: f"key of {len(key)} bytes, é"
    assert user("CURVE", KEY) == "key of 32 bytes, é".encode()


def test_gssapi_has_proved_itself(authenticator, user):
    authenticator.configure_gssapi()
    assert user("GSSAPI", b"principal") == b"principal"


# ---- Domains


def test_a_domain_has_its_own_passwords(authenticator, user):
    authenticator.configure_plain("some", {"bob": "secret"})
    assert user("PLAIN", b"bob", b"secret", domain=b"some") == b"bob"
    assert user("PLAIN", b"bob", b"secret", domain=b"other") is None
    assert user("PLAIN", b"bob", b"secret") is None


def test_all_other_domains_have_those_of_the_star(authenticator, user):
    authenticator.configure_plain("*", {"bob": "secret"})
    authenticator.configure_plain("some", {"eve": "secret"})
    domains = (b"", b"other", b"some")
    assert [user("PLAIN", b"bob", b"secret", domain=d) for d in domains] == [b"bob", b"bob", None]


def test_a_domain_has_its_own_keys(authenticator, user, tmp_path):
    authenticator.configure_curve(location=CURVE_ALLOW_ANY)
    authenticator.configure_curve("some", tmp_path)
    authenticator.configure_curve_callback("asked", Provider())
    let_in = [user("CURVE", OTHER_KEY, domain=d) for d in (b"", b"other", b"some", b"asked")]
    assert let_in == [z85.encode(OTHER_KEY), z85.encode(OTHER_KEY), None, None]


def test_a_domain_may_be_open_alone(authenticator, user):
    authenticator.configure_curve("open", CURVE_ALLOW_ANY)
    assert not authenticator.allow_any
    assert user("CURVE", KEY, domain=b"open") == z85.encode(KEY)
    assert user("CURVE", KEY, domain=b"other") is None


# ---- Requests that make no sense


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([b""], "frames"),
        ([b"1.0", b"id"], "frames"),
        (request()[:-1], "frames"),
        ([b"2.0", *request()[1:]], "version"),
        (request("WHAT"), "mechanism"),
        (request("NULL", b"x"), "credentials"),
        (request("PLAIN"), "credentials"),
        (request("PLAIN", b"bob"), "credentials"),
        (request("PLAIN", b"bob", b"secret", b"x"), "credentials"),
        (request("CURVE"), "credentials"),
        (request("CURVE", KEY[:-1]), "credentials"),
        (request("GSSAPI"), "credentials"),
    ],
)
def test_a_malformed_request_is_refused(authenticator, ask, parts, reason):
    authenticator.configure_plain(passwords={"bob": "secret"})
    authenticator.configure_curve(location=CURVE_ALLOW_ANY)
    status, text, *rest = ask(parts)
    assert (status, rest) == (b"400", [b"", b""])
    assert reason in text.decode()
    assert ask(request())[0] == b"200"


def test_a_callback_that_raises_refuses(authenticator, ask, caplog):
    class Broken:
        def callback(self, domain, key):
            raise KeyError("inside")

    authenticator.configure_curve_callback(credentials_provider=Broken())
    assert ask(request("CURVE", KEY)) == [b"500", b"Internal error", b"", b""]
    assert "KeyError: 'inside'" in caplog.text
    assert ask(request())[0] == b"200"


def test_passwords_are_not_logged(authenticator, user, caplog):
    caplog.set_level(logging.DEBUG)
    authenticator.configure_plain(passwords={"bob": "secret"})
    user("PLAIN", b"bob", b"secret")
    user("PLAIN", b"bob", b"guess")
    assert "bob" in caplog.text
    assert "secret" not in caplog.text
    assert "guess" not in caplog.text


# ---- Running


def test_the_socket_is_a_plain_one(context, monkeypatch):
    class Other(zmq.Socket):
        pass

    monkeypatch.setattr(context, "_socket_class", Other)
    authenticator = Authenticator(context)
    authenticator.start()
    assert type(authenticator.zap_socket) is zmq.Socket
    assert authenticator.zap_socket.last_endpoint == ENDPOINT.encode()
    authenticator.stop()
    authenticator.stop()
    assert authenticator.zap_socket is None


def test_a_context_has_one_authenticator(context):
    first, second = ThreadAuthenticator(context), ThreadAuthenticator(context)
    first.start()
    with fails_with(zmq.EADDRINUSE):
        second.start()
    assert not second.is_alive()
    first.stop()
    second.start()
    assert second.is_alive()
    second.stop()


def test_the_thread_begins_and_ends(context, ask):
    authenticator = ThreadAuthenticator(context)
    assert not authenticator.is_alive()
    for _ in range(2):
        authenticator.start()
        assert authenticator.is_alive()
        assert ask(request())[0] == b"200"
        authenticator.stop()
        assert not authenticator.is_alive()
    authenticator.stop()


@pytest.mark.parametrize("end", ["term", "destroy"])
def test_the_thread_ends_with_its_context(new_context, end):
    context = new_context()
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    Background(getattr(context, end)).result()
    wait_until(lambda: not authenticator.is_alive(), "the thread has ended")
    authenticator.stop()


@contextmanager
def _asyncio_authenticator(context):
    authenticator = AsyncioAuthenticator(context)
    authenticator.start()
    try:
        yield authenticator
    finally:
        authenticator.stop()


def test_asyncio(context, ask):
    async def main():
        with _asyncio_authenticator(context) as authenticator:
            authenticator.deny("1.2.3.5")
            for address, status in ((b"1.2.3.4", b"200"), (b"1.2.3.5", b"400")) * 3:
                answer = await asyncio.to_thread(ask, request(address=address))
                assert answer[0] == status

    asyncio.run(main())


def test_asyncio_goes_on_while_a_callback_waits(context, ask, socket):
    """The loop is free meanwhile, and requests that come in the meantime are not lost."""

    class Waiting:
        async def callback(self, domain, key):
            reached.set()
            await go_on.wait()
            return True

    async def main():
        nonlocal reached, go_on
        reached, go_on = asyncio.Event(), asyncio.Event()
        with _asyncio_authenticator(context) as authenticator:
            authenticator.configure_curve_callback(credentials_provider=Waiting())
            others = [socket(zmq.REQ) for _ in range(3)]
            first = asyncio.create_task(asyncio.to_thread(ask, request("CURVE", KEY)))
            await asyncio.wait_for(reached.wait(), TIMEOUT)
            for other in others:
                other.connect(ENDPOINT)
                other.send_multipart(request())
            assert not first.done()
            go_on.set()
            assert (await first)[0] == b"200"
            for other in others:
                assert (await asyncio.to_thread(other.recv_multipart))[2] == b"200"

    reached = go_on = None
    asyncio.run(main())


def test_asyncio_stops_while_a_callback_waits(context, socket):
    class Waiting:
        async def callback(self, domain, key):
            reached.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    async def main():
        nonlocal reached, ended
        reached, ended = asyncio.Event(), asyncio.Event()
        with _asyncio_authenticator(context) as authenticator:
            authenticator.configure_curve_callback(credentials_provider=Waiting())
            asking = socket(zmq.REQ)
            asking.connect(ENDPOINT)
            asking.send_multipart(request("CURVE", KEY))
            await asyncio.wait_for(reached.wait(), TIMEOUT)
        await asyncio.wait_for(ended.wait(), TIMEOUT)

    reached = ended = None
    asyncio.run(main())


def test_asyncio_ends_with_its_context(new_context):
    async def main():
        context = new_context()
        authenticator = AsyncioAuthenticator(context)
        authenticator.start()
        await asyncio.wait_for(asyncio.to_thread(context.term), TIMEOUT)
        assert authenticator.zap_socket is None
        authenticator.stop()

    asyncio.run(main())


def test_a_loop_is_no_argument_any_more(context):
    with pytest.deprecated_call():
        AsyncioAuthenticator(context, loop=object())


def test_without_a_context_it_is_the_shared_one(context, monkeypatch):
    monkeypatch.setattr(zmq.Context, "instance", lambda: context)
    assert Authenticator().context is context

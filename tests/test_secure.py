"""`secure` and `plain`: CURVE and PLAIN in one line, and the authenticator behind them."""

import asyncio
import contextlib
import copy
import functools
import gc
import logging
import os
import re
import threading
from pathlib import Path

import pytest
from event_loops import in_each_loop
from snippets import python
from support import (
    TIMEOUT,
    TIMEOUT_MS,
    Background,
    beyond_libzmq,
    fails_with,
    free_port,
    wait_readable,
    wait_until,
)

import zmqlite as zmq
import zmqlite.asyncio
from zmqlite import auth
from zmqlite.auth.rules import OTHER_REASONS, REASONS_MAX
from zmqlite.auth.thread import ThreadAuthenticator
from zmqlite.utils import z85
from zmqlite.utils.monitor import recv_monitor_message

pytestmark = beyond_libzmq

ROOT = Path(__file__).parent.parent

SERVER, SERVER_SECRET = zmq.curve_keypair()
BOB, BOB_SECRET = zmq.curve_keypair()
EVE, EVE_SECRET = zmq.curve_keypair()

REFUSED = zmq.Event.HANDSHAKE_FAILED_AUTH


@pytest.fixture
def serve(socket):
    """Make a server: serve("secure", ...) or serve("plain", ...)."""

    def make(method, *args, options=None, **kwargs):
        server = socket(zmq.PULL, options)
        getattr(server, method)(*args, **kwargs)
        server.bind("tcp://127.0.0.1:*")
        return server

    return make


@pytest.fixture
def secured(serve):
    """Make a server of CURVE that lets these in."""
    return functools.partial(serve, "secure", SERVER_SECRET)


@pytest.fixture
def dial(socket):
    """Connect a client to a server, and have it send a message."""

    def make(server, method="secure", *args, options=None, **kwargs):
        client = socket(zmq.PUSH, options)
        if method == "secure":
            kwargs.setdefault("server_key", SERVER)
        if method:
            getattr(client, method)(*args, **kwargs)
        client.watch = stack.enter_context(client.get_monitor_socket(REFUSED))
        client.connect(server.last_endpoint)
        with contextlib.suppress(zmq.Again):  # it may have been refused already
            client.send(b"let me in", zmq.DONTWAIT)
        return client

    with contextlib.ExitStack() as stack:
        yield make


class Client(zmq.Socket):
    """One whose monitor can be kept with it."""

    watch = None


@pytest.fixture(autouse=True)
def clients(context):
    context._socket_class = Client


def user_of(server):
    """The User-Id of the client whose message comes next."""
    frame = server.recv(copy=False)
    assert frame.bytes == b"let me in"
    return frame.get("User-Id")


def refusal(client):
    """The code that the client is refused with."""
    wait_readable(client.watch)
    return recv_monitor_message(client.watch)["value"]


def authenticators():
    return [thread for thread in threading.enumerate() if thread.name == "zmqlite authenticator"]


# ---- CURVE


@pytest.mark.parametrize(
    "form", [bytes, bytes.decode, z85.decode], ids=["Z85 bytes", "Z85 str", "32 bytes"]
)
def test_a_known_key_is_let_in(serve, dial, form):
    """In whatever form keys are given; the key is the User-Id."""
    server = serve("secure", form(SERVER_SECRET), allow=[form(EVE), form(BOB)])
    dial(server, secret_key=form(BOB_SECRET), server_key=form(SERVER))
    assert user_of(server) == BOB.decode()
    assert server.stats()["refused"] == {}


def test_a_refusal_is_heard_of_everywhere(secured, dial, caplog):
    caplog.set_level(logging.INFO, "zmq.auth")
    server = secured(allow=[BOB])
    with server.get_monitor_socket(REFUSED) as monitor:
        client = dial(server, secret_key=EVE_SECRET)
        assert refusal(client) == 400
        wait_readable(monitor)
        assert recv_monitor_message(monitor)["value"] == 400
    assert server.stats()["refused"] == {"unknown key": 1}
    assert server.stats()["closed"] == {"refused by authenticator": 1}
    assert client.stats()["closed"] == {"refused by peer": 1}
    (line,) = caplog.messages
    assert "unknown key" in line
    assert EVE.decode() in line
    assert "127.0.0.1" in line
    dial(server, secret_key=BOB_SECRET)
    assert user_of(server) == BOB.decode()


def test_everybody_may_come(secured, dial):
    """Each client without a key of its own is another."""
    server = secured(allow=auth.CURVE_ALLOW_ANY)
    dial(server)
    dial(server)
    users = {user_of(server), user_of(server)}
    assert len(users) == 2
    dial(server, secret_key=BOB_SECRET)
    assert user_of(server) == BOB.decode()


def test_nobody_may_come(secured, dial):
    server = secured(allow=[])
    assert refusal(dial(server)) == 400


def test_keys_may_have_names(secured, dial):
    server = secured(allow={BOB: "bob", EVE: False, SERVER: auth.Refusal("that is me")})
    dial(server, secret_key=BOB_SECRET)
    assert user_of(server) == "bob"
    assert refusal(dial(server, secret_key=EVE_SECRET)) == 400
    assert refusal(dial(server, secret_key=SERVER_SECRET)) == 400
    assert server.stats()["refused"] == {"not allowed": 1, "that is me": 1}


def test_the_wrong_server_is_not_talked_to(serve, dial):
    """Its clients see to that, whatever it lets in."""
    server = serve("secure", EVE_SECRET, allow="*")
    client = dial(server)
    wait_until(lambda: client.stats()["closed"], "the connection ends")
    assert not server.poll(0)


def test_without_security_there_is_no_way_in(secured, dial):
    server = secured(allow="*")
    dial(server, None)
    wait_until(lambda: server.stats()["closed"], "it is turned away")
    assert server.stats()["handshakes"] == 0
    assert not server.poll(0)


# ---- Folders


def write_key(folder, name, key):
    (folder / f"{name}.key").write_text(f'curve\n    public-key = "{key.decode()}"\n')


def test_a_folder_is_what_it_is_at_that_moment(secured, dial, tmp_path):
    server = secured(allow=tmp_path)
    bob = functools.partial(dial, server, secret_key=BOB_SECRET)
    eve = functools.partial(dial, server, secret_key=EVE_SECRET)
    assert refusal(bob()) == 400
    write_key(tmp_path, "guest", BOB)
    bob()
    assert user_of(server) == BOB.decode()
    write_key(tmp_path, "guest", EVE)
    eve()
    assert user_of(server) == EVE.decode()
    assert refusal(bob()) == 400
    (tmp_path / "guest.key").unlink()
    assert refusal(eve()) == 400
    assert server.stats()["refused"] == {"unknown key": 3}


def test_files_that_have_not_changed_are_not_read_again(tmp_path, monkeypatch):
    read = []

    def load(path):
        read.append(os.path.basename(path))
        return auth.load_certificate(path)

    monkeypatch.setattr(auth.rules, "load_certificate", load)
    write_key(tmp_path, "bob", BOB)
    write_key(tmp_path, "eve", EVE)
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))
    folder = auth.rules.Folder(tmp_path)
    assert folder(BOB.decode(), "") is True
    assert folder(EVE.decode(), "") is True
    assert sorted(read) == ["bob.key", "eve.key"]
    write_key(tmp_path, "bob", SERVER)
    assert isinstance(folder(BOB.decode(), ""), auth.Refusal)
    # Too fresh to be sure of.
    assert folder(SERVER.decode(), "") is True
    assert sorted(read) == ["bob.key"] * 3 + ["eve.key"]


def test_a_broken_certificate_concerns_nobody_else(secured, dial, tmp_path, caplog):
    (tmp_path / "broken.key").write_text("no key")
    (tmp_path / "bob.key_secret").write_text("secret files do not count")
    write_key(tmp_path, "bob", BOB)
    server = secured(allow=str(tmp_path))
    dial(server, secret_key=BOB_SECRET)
    assert user_of(server) == BOB.decode()
    assert "broken.key" in caplog.text


def test_a_folder_that_goes_lets_nobody_in(secured, dial, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    write_key(folder, "bob", BOB)
    server = secured(allow=folder)
    (folder / "bob.key").unlink()
    folder.rmdir()
    assert refusal(dial(server, secret_key=BOB_SECRET)) == 500
    assert server.stats()["refused"] == {"the check raised FileNotFoundError": 1}


# ---- PLAIN


def test_passwords(serve, dial, caplog):
    caplog.set_level(logging.DEBUG, "zmq.auth")
    server = serve("plain", check={"bob": "secret", "\u00e9": "\u00fc"})
    dial(server, "plain", "bob", "secret")
    assert user_of(server) == "bob"
    dial(server, "plain", "\u00e9", "\u00fc")
    assert user_of(server) == "\u00e9"
    assert refusal(dial(server, "plain", "bob", "guess")) == 400
    assert refusal(dial(server, "plain", "eve", "secret")) == 400
    assert server.stats()["refused"] == {"wrong password": 1, "unknown user": 1}
    assert "bob" in caplog.text
    assert "secret" not in caplog.text
    assert "guess" not in caplog.text


def test_passwords_by_a_callable(serve, dial):
    asked = []

    def check(user, password, address):
        asked.append((user, password, address))
        return password == "secret"

    server = serve("plain", check=check)
    dial(server, "plain", "bob", "secret")
    assert user_of(server) == "bob"
    assert refusal(dial(server, "plain", "bob", "guess")) == 400
    assert asked == [("bob", "secret", "127.0.0.1"), ("bob", "guess", "127.0.0.1")]


def test_credentials_that_are_no_text(serve, dial):
    server = serve("plain", check=lambda user, password, address: True)
    client = dial(server, None, options={zmq.PLAIN_USERNAME: b"\xff", zmq.PLAIN_PASSWORD: b"x"})
    assert refusal(client) == 400
    assert server.stats()["refused"] == {"the user or password is not UTF-8": 1}


# ---- Callables


def plainly(verdict):
    return lambda key, address: verdict


def as_coroutine(verdict):
    async def allow(key, address):
        await asyncio.sleep(0)
        return verdict

    return allow


def as_object(verdict):
    class Check:
        async def __call__(self, key, address):
            return verdict

    return Check()


def as_method(verdict):
    class Check:
        def allow(self, key, address):
            return verdict

    return Check().allow


def as_partial(verdict):
    return functools.partial(lambda answer, key, address: answer, verdict)


each_kind = pytest.mark.parametrize(
    "kind", [plainly, as_coroutine, as_object, as_method, as_partial]
)


@each_kind
def test_a_callable_lets_in(secured, dial, kind):
    dial(server := secured(allow=kind(True)), secret_key=BOB_SECRET)
    assert user_of(server) == BOB.decode()
    dial(server := secured(allow=kind("bob")), secret_key=BOB_SECRET)
    assert user_of(server) == "bob"


@each_kind
@pytest.mark.parametrize(
    ("verdict", "code", "reason"),
    [
        (False, 400, "not allowed"),
        (None, 400, "not allowed"),
        ("", 400, "not allowed"),
        (auth.Refusal("come back tomorrow"), 400, "come back tomorrow"),
        (auth.Refusal(), 400, "refused"),
        (1, 500, "the check returned an object of type int"),
        (object, 500, "the check returned an object of type type"),
        ("\ud800", 500, "the check raised UnicodeEncodeError"),
    ],
)
def test_a_callable_refuses(secured, dial, kind, verdict, code, reason):
    server = secured(allow=kind(verdict))
    assert refusal(dial(server)) == code
    assert server.stats()["refused"] == {reason: 1}


def raising(error):
    def allow(key, address):
        raise error

    return allow


def raising_in_coroutine(error):
    async def allow(key, address):
        raise error

    return allow


@pytest.mark.parametrize("kind", [raising, raising_in_coroutine])
@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (auth.Refusal("come back tomorrow"), 400, "come back tomorrow"),
        (KeyError("inside"), 500, "the check raised KeyError"),
        (SystemExit(1), 500, "the check raised RuntimeError"),
        (KeyboardInterrupt(), 500, "the check raised RuntimeError"),
        (asyncio.CancelledError(), 500, "the check was cancelled"),
    ],
)
def test_a_callable_raises(secured, dial, kind, error, code, reason):
    """That is no end of anything but the attempt of this client."""
    server, other = secured(allow=kind(error)), secured(allow=[BOB])
    assert refusal(dial(server)) == code
    assert server.stats()["refused"] == {reason: 1}
    dial(other, secret_key=BOB_SECRET)
    assert user_of(other) == BOB.decode()


def test_a_client_may_be_put_off(secured, dial):
    """It tries again, and knows nothing of it."""
    verdicts = iter([auth.TryAgain("not yet"), auth.TryAgain("nearly"), True])
    server = secured(allow=lambda key, address: next(verdicts))
    with server.get_monitor_socket(REFUSED) as monitor:
        client = dial(server, options={zmq.RECONNECT_IVL: 1})
        user_of(server)
        assert [recv_monitor_message(monitor)["value"] for _ in range(2)] == [300, 300]
    assert server.stats()["refused"] == {"not yet": 1, "nearly": 1}
    assert not client.watch.poll(0)


def test_what_went_wrong_is_logged(secured, dial, caplog):
    refusal(dial(secured(allow=raising(KeyError("inside")))))
    assert "KeyError: 'inside'" in caplog.text


def test_a_callable_hears_who_it_is_and_runs_elsewhere(secured, dial):
    heard = []

    def allow(key, address):
        heard.append((key, address, threading.current_thread().daemon))
        return True

    user_of(dial(server := secured(allow=allow), secret_key=BOB_SECRET) and server)
    assert heard == [(BOB.decode(), "127.0.0.1", True)]


def test_a_client_of_ipc_has_the_address_of_a_process(socket, dial, endpoint):
    heard = []
    server = socket(zmq.PULL)
    server.secure(SERVER_SECRET, allow=lambda key, address: heard.append(address) or True)
    server.bind(endpoint("ipc"))
    dial(server)
    user_of(server)
    assert heard == [f"localhost:{os.getuid()}:{os.getgid()}:{os.getpid()}"]


@pytest.mark.parametrize("is_coroutine", [False, True], ids=["function", "coroutine"])
def test_one_that_waits_holds_up_nobody(secured, serve, dial, is_coroutine):
    """Neither the clients of other sockets, nor others of its own."""
    go_on, reached = threading.Event(), threading.Event()

    def allow(key, address):
        if key == BOB.decode():
            reached.set()
            go_on.wait(TIMEOUT)
        return True

    async def allow_later(key, address):
        while key == BOB.decode() and not go_on.is_set():
            reached.set()
            await asyncio.sleep(0.001)
        return True

    server = secured(allow=allow_later if is_coroutine else allow, timeout=TIMEOUT)
    other = serve("plain", check={"bob": "secret"})
    try:
        dial(server, secret_key=BOB_SECRET)
        assert reached.wait(TIMEOUT)
        dial(other, "plain", "bob", "secret")
        assert user_of(other) == "bob"
        dial(server, secret_key=EVE_SECRET)
        assert user_of(server) == EVE.decode()
    finally:
        go_on.set()
    assert user_of(server) == BOB.decode()


@pytest.mark.parametrize("is_coroutine", [False, True], ids=["function", "coroutine"])
def test_one_that_is_late_refuses(secured, dial, is_coroutine):
    go_on = threading.Event()

    def allow(key, address):
        return key == EVE.decode() or go_on.wait(TIMEOUT)

    async def allow_later(key, address):
        return key == EVE.decode() or await asyncio.Event().wait()

    server = secured(allow=allow_later if is_coroutine else allow, timeout=0.3)
    try:
        assert refusal(dial(server, secret_key=BOB_SECRET)) == 500
        assert server.stats()["refused"] == {"the check took longer than 0.3 s": 1}
        dial(server, secret_key=EVE_SECRET)
        assert user_of(server) == EVE.decode()
    finally:
        go_on.set()
    assert not server.poll(0)


def test_not_more_than_so_many_threads(secured, dial, monkeypatch):
    """The others wait for their turn."""
    monkeypatch.setattr(auth.rules, "CALLS_AT_ONCE", 2)
    busy, most, lock = 0, 0, threading.Lock()
    full, go_on = threading.Event(), threading.Event()

    def allow(key, address):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        if busy == 2:
            full.set()
        go_on.wait(TIMEOUT)
        with lock:
            busy -= 1
        return True

    server = secured(allow=allow, timeout=TIMEOUT)
    try:
        for _ in range(6):
            dial(server)
        assert full.wait(TIMEOUT)
    finally:
        go_on.set()
    for _ in range(6):
        user_of(server)
    assert most == 2


def test_the_number_of_reasons_is_bounded(secured, dial):
    reasons = iter(range(1000))
    server = secured(allow=lambda key, address: auth.Refusal(f"{next(reasons)}"))
    for _ in range(REASONS_MAX + 5):
        refusal(dial(server))
    due = {f"{number}": 1 for number in range(REASONS_MAX)}
    assert server.stats()["refused"] == due | {OTHER_REASONS: 5}


# ---- What cannot be meant


@pytest.mark.parametrize(
    ("args", "kwargs", "what"),
    [
        ((), {}, "either allow="),
        ((SERVER,), {}, "either allow="),
        ((SERVER_SECRET,), {"allow": None}, "either allow="),
        ((SERVER_SECRET,), {"allow": [], "server_key": SERVER}, "either allow="),
        ((), {"allow": []}, "needs the secret key"),
        ((5,), {"allow": []}, "secret key must be bytes or a str, not an object of type int"),
        ((SERVER_SECRET,), {"allow": 5}, "list of public keys, .* not an object of type int"),
        ((SERVER_SECRET,), {"allow": BOB}, "list of public keys, .* not an object of type bytes"),
        ((SERVER_SECRET,), {"allow": [5]}, "key in allow= must be bytes"),
        ((SERVER_SECRET,), {"allow": lambda key: True}, r"called as <lambda>\(key, address\)"),
        ((), {"server_key": 5}, "server's key must be bytes"),
        ((), {"server_key": SERVER, "timeout": 5}, "timeout= is for servers"),
    ],
)
def test_secure_with_wrong_arguments(socket, args, kwargs, what):
    _refuses(TypeError, what, socket(zmq.PULL), "secure", args, kwargs)


@pytest.mark.parametrize(
    ("args", "kwargs", "what"),
    [
        ((SERVER_SECRET[1:],), {"allow": []}, "the secret key has 40 ASCII characters in Z85"),
        ((b"~" * 40,), {"allow": []}, "the secret key has 40 ASCII characters in Z85"),
        (("\u00e9" * 40,), {"allow": []}, "the secret key has 40 ASCII characters in Z85"),
        ((b"#" * 40,), {"allow": []}, "the secret key has 40 ASCII characters in Z85"),
        ((SERVER_SECRET,), {"allow": [b"x"]}, "a key in allow= has 40"),
        ((SERVER_SECRET,), {"allow": [], "timeout": 0}, "more than 0 seconds"),
        ((), {"server_key": "D" * 32}, "the server's key has 40"),
    ],
)
def test_secure_with_wrong_values(socket, args, kwargs, what):
    if "timeout" in kwargs:
        kwargs["allow"] = plainly(True)
    error = _refuses(ValueError, what, socket(zmq.PULL), "secure", args, kwargs)
    assert SERVER_SECRET[1:].decode() not in str(error)


@pytest.mark.parametrize(
    "path", ["absent", BOB.decode(), __file__], ids=["absent", "a key", "a file"]
)
def test_secure_with_what_is_no_folder(socket, path):
    args = (SERVER_SECRET,), {"allow": path}
    _refuses(NotADirectoryError, "folder of certificates", socket(zmq.PULL), "secure", *args)


@pytest.mark.parametrize(
    ("error", "args", "kwargs", "what"),
    [
        (TypeError, (), {}, "either check="),
        (TypeError, ("bob",), {}, "either check="),
        (TypeError, ("bob", "secret"), {"check": {}}, "either check="),
        (TypeError, ("bob",), {"check": {}}, "either check="),
        (TypeError, ("bob", b"secret"), {}, "password must be a str, not an object of type bytes"),
        (TypeError, (), {"check": ["bob"]}, "dict of users and passwords or a callable"),
        (TypeError, (), {"check": {"bob": 5}}, "a password in check= must be a str"),
        (TypeError, (), {"check": lambda user, password: 1}, r"user, password, address\)"),
        (TypeError, ("bob", "secret"), {"timeout": 5}, "timeout= is for servers"),
        (ValueError, ("", "secret"), {}, "the user must have 1 to 255 bytes, not 0"),
        (ValueError, ("bob", "\u00e9" * 128), {}, "the password must have 1 to 255 bytes, not 256"),
        (ValueError, (), {"check": {"bob": ""}}, "a password in check= must have"),
    ],
)
def test_plain_with_wrong_arguments(socket, error, args, kwargs, what):
    _refuses(error, what, socket(zmq.PULL), "plain", args, kwargs)


def _refuses(error, what, made, method, args, kwargs):
    """And nothing about the socket has changed."""
    with pytest.raises(error, match=what) as raised:
        getattr(made, method)(*args, **kwargs)
    assert made.mechanism == zmq.NULL
    assert made.zap_domain == b""
    assert not authenticators()
    return raised.value


@pytest.mark.parametrize(
    ("args", "kwargs"), [((SERVER_SECRET,), {"allow": "*"}), ((), {"server_key": SERVER})]
)
def test_what_is_open_already_is_warned_of(socket, args, kwargs):
    made = socket(zmq.PULL)
    made.bind("tcp://127.0.0.1:*")
    with pytest.warns(RuntimeWarning, match="come before bind") as warned:
        made.secure(*args, **kwargs)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("end", ["close", "term"])
def test_a_socket_that_is_no_more(new_context, end):
    context = new_context()
    made = context.socket(zmq.PULL)
    ending = Background(context.term) if end == "term" else None
    if ending:
        wait_until(lambda: _has_ended(made), "the context ends")
    else:
        made.close()
    with fails_with(zmq.ETERM if ending else zmq.ENOTSOCK):
        made.plain(check={"bob": "secret"})
    made.close()


def _has_ended(made):
    try:
        made.get(zmq.EVENTS)
    except zmq.ContextTerminated:
        return True
    return False


# ---- The authenticator


def test_it_starts_with_the_first_rule_and_ends_with_the_last(socket, secured, serve):
    socket(zmq.PULL).secure(server_key=SERVER)
    assert not authenticators()
    first, second = secured(allow="*"), serve("plain", check={"bob": "secret"})
    (thread,) = authenticators()
    first.close()
    with pytest.warns(RuntimeWarning):
        second.plain("bob", "secret")
    wait_until(lambda: not authenticators(), "it ends")
    third = secured(allow="*")
    assert authenticators() != [thread]
    third.close()


def test_each_context_has_its_own(secured, dial, new_context):
    server = secured(allow=[BOB])
    with new_context().socket(zmq.PULL) as other:
        other.secure(SERVER_SECRET, allow=[EVE])
        assert len(authenticators()) == 2
    dial(server, secret_key=BOB_SECRET)
    assert user_of(server) == BOB.decode()


@pytest.mark.parametrize("end", ["term", "destroy"])
def test_it_ends_with_its_context(new_context, end):
    context = new_context()
    made = context.socket(zmq.PULL)
    made.plain(check={"bob": "secret"})
    if end == "term":
        ending = Background(context.term)
        wait_until(lambda: not authenticators(), "it ends")
        made.close()
        ending.result()
    else:
        Background(context.destroy).result()
        wait_until(lambda: not authenticators(), "it ends")


def test_sockets_of_a_shadow_end_too(new_context):
    context = new_context()
    made = zmq.Context.shadow(context).socket(zmq.PULL)
    made.plain(check={"bob": "secret"})
    Background(context.destroy).result()
    wait_until(lambda: not authenticators(), "it ends")
    made.close()


def test_it_ends_with_its_context_while_checks_run(new_context):
    reached = threading.Event()
    ended = threading.Event()

    async def check(user, password, address):
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    context = new_context()
    server, client = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    server.plain(check=check)
    server.bind("tcp://127.0.0.1:*")
    client.plain("bob", "secret")
    client.connect(server.last_endpoint)
    assert reached.wait(TIMEOUT)
    Background(context.destroy).result()
    assert ended.wait(TIMEOUT)


def test_another_authenticator_is_told_of(context, socket):
    own = ThreadAuthenticator(context)
    own.start()
    made = socket(zmq.PULL)
    with fails_with(zmq.EADDRINUSE) as failed:
        made.plain(check={"bob": "secret"})
    assert "the program has started" in str(failed.error)
    assert made.mechanism == zmq.NULL
    own.stop()
    made.plain(check={"bob": "secret"})
    with fails_with(zmq.EADDRINUSE) as failed:
        own.start()
    assert "secure() or plain()" in str(failed.error)
    made.close()
    own.start()
    own.stop()


def test_sockets_without_a_rule_fare_as_before(socket, serve, dial):
    """As if there were no authenticator, unless they have a domain."""
    serve("plain", check={"bob": "secret"})
    options = {zmq.CURVE_SECRETKEY: SERVER_SECRET, zmq.CURVE_SERVER: 1}
    free, bound = (socket(zmq.PULL, options) for _ in range(2))
    bound.zap_domain = b"some"
    without = socket(zmq.PULL, {zmq.PLAIN_SERVER: 1})
    for made in (free, bound, without):
        made.bind("tcp://127.0.0.1:*")
    dial(free)
    user_of_nobody = free.recv(copy=False)
    assert user_of_nobody.bytes == b"let me in"
    assert refusal(dial(bound)) == 400
    assert refusal(dial(without, "plain", "bob", "secret")) == 400


def test_a_domain_is_kept(socket, serve, dial):
    options = {zmq.ZAP_DOMAIN: b"some"}
    server = serve("plain", check={"bob": "secret"}, options=options)
    assert server.zap_domain == b"some"
    other = serve("secure", SERVER_SECRET, allow=[BOB], options=options)
    third = socket(zmq.PULL, options)
    with pytest.raises(ValueError, match=r"another socket .* PLAIN in the ZAP domain 'some'"):
        third.plain(check={"eve": "secret"})
    dial(server, "plain", "bob", "secret")
    assert user_of(server) == "bob"
    dial(other, secret_key=BOB_SECRET)
    assert user_of(other) == BOB.decode()


def test_nobody_is_let_in_unasked(serve):
    """Even if the authenticator should be gone."""
    assert serve("plain", check={}).zap_enforce_domain == 1
    assert serve("secure", SERVER_SECRET, allow="*").zap_enforce_domain == 1


def test_a_rule_may_be_replaced(secured, dial):
    server = secured(allow=[BOB])
    domain = server.zap_domain
    assert refusal(dial(server, secret_key=EVE_SECRET)) == 400
    with pytest.warns(RuntimeWarning):
        server.secure(SERVER_SECRET, allow=[EVE])
    assert server.zap_domain == domain
    dial(server, secret_key=EVE_SECRET)
    assert user_of(server) == EVE.decode()
    assert refusal(dial(server, secret_key=BOB_SECRET)) == 400
    assert server.stats()["refused"] == {"unknown key": 2}
    with pytest.warns(RuntimeWarning):
        server.plain(check={"bob": "secret"})
    # What is bound already is still of CURVE, for which there is no rule any more.
    assert refusal(dial(server, secret_key=EVE_SECRET)) == 400
    server.bind("tcp://127.0.0.1:*")
    dial(server, "plain", "bob", "secret")
    assert user_of(server) == "bob"
    assert len(authenticators()) == 1


def test_what_was_refused_is_known_to_the_end(secured, dial):
    server = secured(allow=[])
    refusal(dial(server))
    server.close()
    assert server.stats()["refused"] == {"unknown key": 1}


@pytest.mark.parametrize("closes", ["original", "shadow"])
def test_shadows_are_the_same_socket(secured, dial, closes):
    server = secured(allow=[BOB])
    shadow = copy.copy(server)
    refusal(dial(server, secret_key=EVE_SECRET))
    assert shadow.stats()["refused"] == {"unknown key": 1}
    with pytest.warns(RuntimeWarning):
        shadow.secure(SERVER_SECRET, allow=[EVE])
    (server if closes == "original" else shadow).close()
    wait_until(lambda: not authenticators(), "the rule is forgotten")


def test_a_shadow_of_a_number_has_no_context(socket):
    made = socket(zmq.PULL)
    shadow = zmq.Socket.shadow(made.underlying)
    with pytest.raises(ValueError, match="context"):
        shadow.plain(check={})


def test_garbage_has_no_rules(context):
    def forget():
        context.socket(zmq.PULL).plain(check={"bob": "secret"})
        gc.collect()

    with pytest.warns(ResourceWarning):
        forget()
    wait_until(lambda: not authenticators(), "the rule is forgotten")


# ---- Kinds of sockets


@in_each_loop
async def test_asyncio(new_context):
    context = zmqlite.asyncio.Context.shadow(new_context())
    with context.socket(zmq.REP) as server, context.socket(zmq.REQ) as client:
        asked = []

        async def allow(key, address):
            asked.append(key)
            return "bob"

        server.secure(SERVER_SECRET, allow=allow)
        server.bind("tcp://127.0.0.1:*")
        client.secure(BOB_SECRET, server_key=SERVER)
        client.connect(server.last_endpoint)
        await client.send(b"question")
        frame = await asyncio.wait_for(server.recv(copy=False), TIMEOUT)
        assert frame.get("User-Id") == "bob"
        await server.send(b"answer")
        assert await asyncio.wait_for(client.recv(), TIMEOUT) == b"answer"
        assert asked == [BOB.decode()]


GREEN = """
import sys
if "patched" in sys.argv:
    from gevent import monkey
    monkey.patch_all()
import threading
import gevent
import zmqlite.green as zmq

sent = threading.Event()

def check(user, password, address):
    assert sent.wait(60)
    return f"{user} at {address}"

with gevent.Timeout(60), zmq.Context() as context, context.socket(zmq.REP) as server:
    server.plain(check=check)
    server.bind("tcp://127.0.0.1:*")
    with context.socket(zmq.REQ) as client:
        client.plain("bob", "secret")
        client.connect(server.last_endpoint)
        client.send(b"question")
        sent.set()
        print(server.recv(copy=False).get("User-Id"))
"""


@pytest.mark.parametrize("arguments", [[], ["patched"]], ids=["green", "monkey-patched"])
def test_green(arguments):
    pytest.importorskip("gevent")
    ended = python("-W", "error", "-c", GREEN, *arguments)
    assert (ended.stdout, ended.stderr) == ("bob at 127.0.0.1\n", "")


# ---- Processes

FORKED = """
import os
import sys
import zmqlite as zmq

def serve():
    context = zmq.Context()
    server = context.socket(zmq.REP)
    server.plain(check={"bob": "secret"})
    server.bind("tcp://127.0.0.1:*")
    return context, server

def talk(context, server):
    with context.socket(zmq.REQ) as client:
        client.plain("bob", "secret")
        client.connect(server.last_endpoint)
        client.send(b"")
        print(server.recv(copy=False).get("User-Id"), flush=True)
        server.send(b"")
        client.recv()

parent = serve()
talk(*parent)
child = os.fork()
if not child:
    parent[1].close()
    talk(*serve())
    os._exit(0)
os.waitpid(child, 0)
talk(*parent)
parent[0].destroy()
"""


def test_fork():
    ended = python("-W", "ignore::DeprecationWarning", "-c", FORKED)
    assert (ended.stdout, ended.stderr) == ("bob\n" * 3, "")


LEAVES = """
import sys
import threading
import zmqlite as zmq

reached = threading.Event()

def check(user, password, address):
    reached.set()
    threading.Event().wait()

context = zmq.Context()
server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
client.linger = 0
server.plain(check=check)
server.bind("tcp://127.0.0.1:*")
client.plain("bob", "secret")
client.connect(server.last_endpoint)
reached.wait()
"""


def test_the_end_of_the_program_waits_for_nothing():
    ended = python("-c", LEAVES)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_nothing_of_it_is_loaded_before_it_is_used():
    script = "import sys, zmqlite\nzmqlite.Context().socket(1).close()\nprint(*sys.modules)"
    loaded = python("-c", script).stdout.split()
    assert "zmqlite.security" in loaded
    assert not {"asyncio", "nacl", "zmqlite.auth"} & {*loaded}


# ---- What is shown


def test_the_example():
    ended = python(ROOT / "examples" / "secure.py")
    assert ended.stdout.splitlines() == [
        "bob sends a secret",
        "the stranger hears: 400",
        "the server knows why: {'nobody knows this key': 1}",
    ]
    assert ended.stderr == ""


SHOWN = re.findall(
    r"```python\n(.*?)```",
    (ROOT / "README.md").read_text().partition("\n## Security\n")[2].partition("\n## ")[0],
    re.DOTALL,
)


@pytest.mark.parametrize("lines", SHOWN, ids=["CURVE", "PLAIN"])
def test_the_readme(socket, lines):
    names = {
        "server": socket(zmq.REP),
        "client": socket(zmq.REQ),
        "server_secret": SERVER_SECRET,
        "server_key": SERVER,
        "client_secret": BOB_SECRET,
        "client_key": BOB,
    }
    assert len(lines.split("\n")) <= 6
    exec(lines.replace("5555", f"{free_port()}"), names)  # noqa: S102
    names["client"].send(b"question")
    assert names["server"].recv(copy=False).get("User-Id") in ("bob", BOB.decode())


# ---- With libzmq on the other side


@pytest.fixture
def theirs(no_leaks):
    """pyzmq, and a context of its."""
    rival = pytest.importorskip("zmq")
    with rival.Context() as their_context:
        yield their_context
        their_context.destroy(linger=0)


def set_curve_client(made, secret_key):
    made.curve_publickey, made.curve_secretkey = zmq.curve_public(secret_key), secret_key
    made.curve_serverkey = SERVER


def set_plain_client(made, password):
    made.plain_username, made.plain_password = b"bob", password


@pytest.mark.interop
@pytest.mark.parametrize(
    ("method", "args", "configure", "right", "wrong", "user"),
    [
        ("secure", {"secret_key": SERVER_SECRET, "allow": [BOB]}, set_curve_client)
        + (BOB_SECRET, EVE_SECRET, BOB.decode()),
        ("plain", {"check": {"bob": "secret"}}, set_plain_client, b"secret", b"guess", "bob"),
    ],
    ids=["CURVE", "PLAIN"],
)
def test_clients_of_libzmq(serve, theirs, method, args, configure, right, wrong, user):
    server = serve(method, **args)
    with theirs.socket(zmq.PUSH) as client:
        configure(client, right)
        client.connect(server.last_endpoint.decode())
        client.send(b"let me in")
        assert user_of(server) == user
    with theirs.socket(zmq.PUSH) as client:
        configure(client, wrong)
        with client.get_monitor_socket(REFUSED) as monitor:
            client.connect(server.last_endpoint.decode())
            assert monitor.poll(TIMEOUT_MS)
            assert recv_monitor_message(monitor)["value"] == 400
            client.disable_monitor()
    assert sum(server.stats()["refused"].values()) == 1


@pytest.mark.interop
@pytest.mark.parametrize("mechanism", ["CURVE", "PLAIN"])
def test_servers_of_libzmq(dial, theirs, mechanism, tmp_path):
    from zmq.auth.thread import ThreadAuthenticator as TheirAuthenticator

    write_key(tmp_path, "bob", BOB)
    authenticator = TheirAuthenticator(theirs)
    authenticator.start()
    try:
        authenticator.configure_plain(passwords={"bob": "secret"})
        authenticator.configure_curve(location=str(tmp_path))
        with theirs.socket(zmq.PULL) as server:
            if mechanism == "CURVE":
                server.curve_secretkey, server.curve_server = SERVER_SECRET, True
                right, wrong = {"secret_key": BOB_SECRET}, {"secret_key": EVE_SECRET}
            else:
                server.plain_server = True
                right, wrong = ({"user": "bob", "password": p} for p in ("secret", "guess"))
            server.bind("tcp://127.0.0.1:*")
            method = "secure" if mechanism == "CURVE" else "plain"
            dial(server, method, **right)
            assert server.poll(TIMEOUT_MS)
            assert server.recv() == b"let me in"
            assert refusal(dial(server, method, **wrong)) == 400
    finally:
        authenticator.stop()

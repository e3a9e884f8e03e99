"""zmqlite with the libzmq of long ago, in a process of Python 3.6: ZMTP 1.0, 2.0, 3.0 and 3.1.

The old pyzmq are installed once, in the folder that ZMQLITE_OLD_PEERS names or else in one of
pytest's own. Those that come without a compiled libzmq take a minute each to build, and are built
for ZMQLITE_OLD_PEERS alone.
"""

import os
import pathlib
import shutil
import subprocess
import typing

import pytest
from remote import (
    Remote,
    both_roles,
    both_servers,
    both_ways,
    each_mechanism,
    each_transport,
)

pytestmark = pytest.mark.interop


class Release(typing.NamedTuple):
    pyzmq: str
    libzmq: str
    zmtp: str
    is_compiled: bool = True


RELEASES = [
    Release("2.2.0.1", "2.2.0", "1.0", is_compiled=False),
    Release("13.1.0", "3.2.2", "2.0", is_compiled=False),
    Release("17.0.0", "4.1.6", "3.0"),
    Release("19.0.2", "4.3.2", "3.0"),
    Release("20.0.0", "4.3.3", "3.1"),
]

KEPT = os.environ.get("ZMQLITE_OLD_PEERS")


@pytest.fixture(scope="session")
def python():
    """The last CPython that all of these can be installed for."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    for candidate in ("python3.6", *pyenv.glob("versions/3.6.*/bin/python3")):
        # pyenv's stand-in for a version that is not active can be found, but not run.
        if shutil.which(candidate) and not _complaint(candidate, "-m", "pip", "--version"):
            return candidate
    pytest.skip("no CPython 3.6 with pip was found")


def _complaint(*command):
    """The last words of a command that failed."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    words = (done.stdout + done.stderr).splitlines() or [f"exit code {done.returncode}"]
    return done.returncode and words[-1]


@pytest.fixture(scope="session", params=RELEASES, ids=lambda one: f"libzmq {one.libzmq}")
def release(request):
    return request.param


@pytest.fixture(scope="session")
def packages(release, python, tmp_path_factory):
    """A folder with nothing but the release in it."""
    home = pathlib.Path(KEPT).resolve() if KEPT else tmp_path_factory.mktemp("old")
    folder = home / f"pyzmq-{release.pyzmq}"
    if not folder.exists():
        if not (release.is_compiled or KEPT):
            pytest.skip("would have to be compiled; set ZMQLITE_OLD_PEERS")
        form = ["--only-binary", "pyzmq"]
        if not release.is_compiled:
            # Against the libzmq that comes with it, whatever the system has.
            form = ["--no-binary", "pyzmq", "--global-option=--zmq=bundled"]
        part = folder.with_name(f"{folder.name}.{os.getpid()}")
        complaint = _complaint(
            *(python, "-I", "-m", "pip", "install", "--disable-pip-version-check"),
            *("--retries", "1", "--timeout", "20", "--no-deps", *form),
            *("--target", part, f"pyzmq=={release.pyzmq}"),
        )
        if complaint:
            pytest.skip(f"pyzmq {release.pyzmq} cannot be installed: {complaint}")
        part.rename(folder)
    return folder


@pytest.fixture(scope="session")
def remote(packages, python):
    script = pathlib.Path(__file__).with_name("old_peer.py")
    made = Remote(script, python=python, packages=packages)
    yield made
    made.kill()


@pytest.fixture
def exchange(run, release):
    def make(transport, sender, receiver, *args, **kwargs):
        if release.zmtp == "1.0" and not {"XPUB", "XSUB"}.isdisjoint([sender, receiver]):
            pytest.skip("in ZMTP 1.0 no publisher is told of subscriptions")
        run(transport, sender, receiver, *args, **kwargs)

    return make


def test_the_peer_is_as_old_as_meant(release, python, packages):
    told = "import zmq; print(zmq.__version__, zmq.zmq_version())"
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    said = subprocess.check_output([python, "-c", told], env=environment, text=True)
    assert said.split() == [release.pyzmq, release.libzmq]


@both_ways
@both_roles
@each_transport
@pytest.mark.parametrize(
    ("sender", "receiver", "count"),
    [
        ("PUSH", "PULL", 1500),
        ("PUB", "SUB", 1500),
        ("XPUB", "XSUB", 1500),
        ("PAIR", "PAIR", 1500),
        ("DEALER", "ROUTER", 1500),
        ("ROUTER", "DEALER", 1500),
        ("REQ", "REP", 300),
    ],
)
def test_mixed_messages(exchange, transport, sender, receiver, count, we_bind, we_send):
    exchange(transport, sender, receiver, we_bind, we_send, "mixed", count)


@both_ways
@both_roles
@each_transport
@pytest.mark.parametrize(
    ("sender", "receiver"),
    [("PUB", "SUB"), ("PUB", "XSUB"), ("XPUB", "SUB"), ("XPUB", "XSUB")],
)
def test_changing_subscriptions(exchange, transport, sender, receiver, we_bind, we_send):
    exchange(transport, sender, receiver, we_bind, we_send, "changing topics", count=100)


@both_ways
@both_servers
@each_mechanism
@pytest.mark.parametrize(
    ("sender", "receiver", "messages"),
    [
        ("PUSH", "PULL", "mixed"),
        ("REQ", "REP", "mixed"),
        ("DEALER", "ROUTER", "mixed"),
        ("PUB", "SUB", "changing topics"),
        ("XPUB", "XSUB", "changing topics"),
    ],
)
def test_secured(run_secured, release, sender, receiver, messages, mechanism, we_serve, we_send):
    """The server is bound; a client of ZMTP 3.0 subscribes by sealed messages."""
    if release.zmtp < "3.0":
        pytest.skip("security came with ZMTP 3.0")
    run_secured(
        *("tcp", sender, receiver, we_serve, we_send, messages, 300),
        mechanism=mechanism,
        we_serve=we_serve,
    )

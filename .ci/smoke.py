"""Does the zmqlite that is installed in this Python work? A short look, for each build of it."""

import sys
import sysconfig
import tempfile
from pathlib import Path

import zmqlite as zmq

SIZES = (0, 1, 255, 256, 70_000, 1_000_000)
PATIENCE_MS = 10_000


def check_installation() -> None:
    """The installed package was imported, whole, and it left the interpreter as it was."""
    package = Path(zmq.__file__).parent
    assert "site-packages" in package.parts, f"imported from {package}"
    assert (package / "py.typed").exists()
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert not sys._is_gil_enabled(), "the import has turned the GIL on"


def check_messages(endpoint: str) -> None:
    """Messages of all sizes arrive, in order and unchanged."""
    sent = [[bytes([size % 251]) * size, b"end"] for size in SIZES]
    with zmq.Context() as context, context.socket(zmq.PULL) as pull:
        pull.rcvtimeo = PATIENCE_MS
        pull.bind(endpoint)
        with context.socket(zmq.PUSH) as push:
            push.sndtimeo = PATIENCE_MS
            push.connect(pull.last_endpoint)
            for message in sent:
                push.send_multipart(message)
            assert [pull.recv_multipart() for _ in sent] == sent


check_installation()
with tempfile.TemporaryDirectory(prefix="zl") as folder:
    for endpoint in ("tcp://127.0.0.1:*", f"ipc://{folder}/smoke", "inproc://smoke"):
        check_messages(endpoint)
print(f"zmqlite {zmq.__version__} works on {sys.version}")

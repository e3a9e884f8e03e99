"""Signals during blocking calls: Ctrl-C ends them, a handler does not, no wait is prolonged."""

import pathlib
import signal

import pytest
from support import beyond_libzmq

BLOCKED = pathlib.Path(__file__).with_name("blocked.py")

SENDING = ["send", "send_multipart"]
RECEIVING = ["recv", "recv_multipart", "recv_frame", "recv_into"]
POLLING = ["poll", "poller_poll", "zmq_poll", "select"]
ENDLESS = ["proxy", "term", pytest.param("flush", marks=beyond_libzmq)]


@pytest.mark.parametrize("call", SENDING + RECEIVING + POLLING + ENDLESS)
def test_ctrl_c_ends_a_blocking_call(child, call):
    process = child(BLOCKED, call, "interrupt")
    process.expect("ready")
    process.wait_asleep()
    process.signal(signal.SIGINT)
    process.expect("interrupted")
    process.expect("ended")
    assert process.wait() == 0


@pytest.mark.parametrize("call", SENDING + RECEIVING + POLLING)
def test_a_blocking_call_goes_on_after_a_handler(child, call):
    process = child(BLOCKED, call, "handle")
    process.expect("ready")
    process.expect("handler set")
    for _ in range(2):
        process.wait_asleep()
        process.signal(signal.SIGUSR1)
        process.expect("handled")
    process.expect("returned")
    process.expect("ended")
    assert process.wait() == 0


@beyond_libzmq
@pytest.mark.parametrize("call", SENDING + RECEIVING + POLLING)
def test_signals_do_not_prolong_a_time_out(child, call):
    """A wait that began anew after each signal would never end here."""
    process = child(BLOCKED, call, "tick", 200)
    process.expect("ready")
    process.expect("timed out")
    process.expect("ended")
    assert process.wait() == 0

"""What Python adds to the core: attributes, strings, objects, `with`, Poller, warnings, repr."""

import array
import os
import pickle
import subprocess
import sys
import threading
from unittest import mock

import pytest
from support import TIMEOUT_MS, fails_with, wait_readable

import zmqlite as zmq

# ---- Options


def test_options_are_attributes_in_either_case(socket):
    push = socket(zmq.PUSH)
    push.linger = 5
    assert (push.linger, push.LINGER, push.get(zmq.LINGER)) == (5, 5, 5)
    push.SNDHWM = 7
    assert push.getsockopt(zmq.SNDHWM) == 7
    push.RcvHwm = 9
    assert push.rcvhwm == 9


@pytest.mark.parametrize("cls", [zmq.Socket, zmq.Context])
def test_methods_are_looked_up_without_a_hook(cls):
    # Python would call it after a slow search for any attribute at all.
    assert not hasattr(cls, "__getattr__")


def test_an_unknown_attribute_is_refused(socket):
    push = socket(zmq.PUSH)
    with pytest.raises(AttributeError, match="Socket has no such option: FOO"):
        push.foo = 1
    with pytest.raises(AttributeError, match="'Socket' object has no attribute 'foo'"):
        _ = push.foo


def test_an_option_that_cannot_be_read_is_an_attribute_error(socket):
    sub = socket(zmq.SUB)
    with pytest.raises(AttributeError, match="write-only"):
        _ = sub.SUBSCRIBE
    assert not hasattr(sub, "router_mandatory")


@pytest.mark.filterwarnings("ignore:Socket.socket_type")
def test_a_socket_can_be_the_spec_of_a_mock(socket):
    mimic = mock.Mock(spec=socket(zmq.PUSH))
    mimic.send(b"nowhere")
    with pytest.raises(AttributeError):
        mimic.no_such_method()


def test_a_closed_socket_has_no_options(socket):
    push = socket(zmq.PUSH)
    push.close()
    with fails_with(zmq.ENOTSOCK):
        _ = push.linger
    with fails_with(zmq.ENOTSOCK):
        push.linger = 1


def test_a_subclass_may_declare_attributes(context):
    class Named(zmq.Socket):
        nickname: str
        linger_twice = False
        identity: str
        affinity = "none"

        def __init__(self, context, kind, nickname):
            super().__init__(context, kind)
            self.nickname = self.identity = nickname

    with context.socket(zmq.PUSH, socket_class=Named, nickname="x") as push:
        push.linger_twice = True
        assert (push.nickname, push.linger_twice) == ("x", True)
        assert (push.identity, push.IDENTITY, push.affinity) == ("x", b"", "none")
        assert Named.linger_twice is False
        with pytest.raises(AttributeError):
            push.other = 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (zmq.LINGER, "1"),
        (zmq.LINGER, b"1"),
        (zmq.LINGER, 1.0),
        (zmq.MAXMSGSIZE, b"1"),
        (zmq.ROUTING_ID, "text"),
        (zmq.ROUTING_ID, 1),
        (zmq.ROUTING_ID, bytearray(b"x")),
        (9999, b"1"),
    ],
)
def test_an_option_refuses_the_wrong_type(socket, option, value):
    with pytest.raises(TypeError):
        socket(zmq.DEALER).set(option, value)


def test_an_option_refuses_what_fits_no_int(socket):
    with pytest.raises(OverflowError):
        socket(zmq.DEALER).set(zmq.LINGER, 2**40)


def test_an_unknown_option_is_invalid(socket):
    dealer = socket(zmq.DEALER)
    with fails_with(zmq.EINVAL):
        dealer.set(9999, 1)
    with fails_with(zmq.EINVAL):
        dealer.get(9999)


def test_a_bool_is_an_int(socket):
    dealer = socket(zmq.DEALER)
    dealer.immediate = True
    assert dealer.immediate == 1


def test_values_are_plain(socket):
    dealer = socket(zmq.DEALER)
    assert type(dealer.get(zmq.TYPE)) is int
    assert type(dealer.get(zmq.ROUTING_ID)) is bytes
    assert dealer.type is zmq.DEALER
    dealer.close()
    assert dealer.type is zmq.DEALER


def test_strings_as_options(socket):
    dealer = socket(zmq.DEALER)
    for name in ("set_string", "setsockopt_string", "setsockopt_unicode"):
        getattr(dealer, name)(zmq.IDENTITY, name + "é")
        assert dealer.identity == (name + "é").encode()
    dealer.set_string(zmq.IDENTITY, "é", encoding="latin-1")
    for name in ("get_string", "getsockopt_string", "getsockopt_unicode"):
        assert getattr(dealer, name)(zmq.IDENTITY, encoding="latin-1") == "é"
    with pytest.raises(TypeError):
        dealer.set_string(zmq.IDENTITY, b"bytes")
    with pytest.raises(TypeError):
        dealer.get_string(zmq.LINGER)
    with pytest.raises(ValueError):
        dealer.get_string(9999)
    with fails_with(zmq.EINVAL):
        dealer.get_string(zmq.SUBSCRIBE)


def test_hwm_sets_both_marks(socket):
    dealer = socket(zmq.DEALER)
    dealer.hwm = 11
    assert (dealer.hwm, dealer.get_hwm(), dealer.sndhwm, dealer.rcvhwm) == (11, 11, 11, 11)
    dealer.set_hwm(12)
    assert (dealer.sndhwm, dealer.rcvhwm) == (12, 12)


def test_fileno_is_the_option_fd(socket):
    dealer = socket(zmq.DEALER)
    assert dealer.fileno() == dealer.FD == dealer.fd >= 0


def test_dir_lists_the_options(socket, context):
    assert {"LINGER", "SUBSCRIBE", "send", "type"} <= set(dir(socket(zmq.SUB)))
    assert {"IO_THREADS", "MAX_SOCKETS", "socket"} <= set(dir(context))


@pytest.mark.parametrize("topic", ["tëxt", "tëxt".encode()])
@pytest.mark.parametrize(
    "subscribe",
    [
        lambda sub, topic: sub.subscribe(topic),
        lambda sub, topic: setattr(sub, "subscribe", topic),
        lambda sub, topic: setattr(sub, "SUBSCRIBE", topic),
    ],
    ids=["method", "attribute", "upper"],
)
def test_subscribe_as_method_and_as_attribute(pair, subscribe, topic):
    xpub, sub = pair("inproc", zmq.XPUB, zmq.SUB)
    subscribe(sub, topic)
    assert xpub.recv() == b"\x01" + "tëxt".encode()
    sub.unsubscribe(topic)
    assert xpub.recv() == b"\x00" + "tëxt".encode()
    assert callable(sub.subscribe)


# ---- Messages that are not bytes


def test_strings(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    a.send_string("grüße")
    assert b.recv() == "grüße".encode()
    b.send_unicode("grüße", encoding="utf-16")
    assert a.recv_string(encoding="utf-16") == "grüße"
    with pytest.raises(TypeError):
        a.send_string(b"bytes")
    with pytest.raises(TypeError):
        a.send("text")
    assert a.send_unicode == a.send_string
    assert a.recv_unicode == a.recv_string


def test_json(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    a.send_json({"b": [1, None], "a": "é"}, sort_keys=True)
    assert b.recv() == b'{"a": "\\u00e9", "b": [1, null]}'
    b.send(b"[1.5]")
    assert a.recv_json(parse_float=str) == ["1.5"]


def test_objects(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    a.send_pyobj({1, 2}, protocol=2)
    assert b.recv_pyobj() == {1, 2}


def test_serialized(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    a.send_serialized(range(3), lambda numbers: [b"%d" % number for number in numbers])
    assert b.recv_serialized(lambda parts: [int(part) for part in parts]) == [0, 1, 2]
    a.send_serialized(7, lambda number: [bytes(number)])
    assert b.recv_serialized(lambda frames: len(frames[0]), copy=False) == 7
    with pytest.raises(TypeError):
        a.send_serialized("x", lambda text: [text])


def test_a_flag_is_passed_on(socket):
    pair = socket(zmq.PAIR)
    for receive in (pair.recv_string, pair.recv_json, pair.recv_pyobj):
        with pytest.raises(zmq.Again):
            receive(zmq.DONTWAIT)


def test_sending_and_receiving_is_not_wrapped():
    for name in ("send", "recv", "send_multipart", "recv_multipart", "recv_into", "poll"):
        assert name not in vars(zmq.Socket)


# ---- Contexts and sockets: making and ending them


def test_a_socket_needs_a_context():
    with pytest.raises(TypeError):
        zmq.Socket()


@pytest.mark.filterwarnings("error")
def test_a_context_that_could_not_be_made_leaves_nothing():
    with fails_with(zmq.EINVAL):
        zmq.Context(-1)


def test_a_socket_of_a_context_alone_is_a_pair(context):
    with zmq.Socket(context) as pair:
        assert pair.type is zmq.PAIR
        assert pair.context is context


def test_with_closes(context):
    with context.socket(zmq.PUSH) as push:
        assert not push.closed
    assert push.closed
    with zmq.Context() as other:
        assert not other.closed
    assert other.closed


def test_bind_and_connect_in_a_with_are_undone(socket, endpoint):
    rep, req = socket(zmq.REP), socket(zmq.REQ)
    binding = rep.bind("tcp://127.0.0.1:*")
    address = rep.get_string(zmq.LAST_ENDPOINT)
    assert repr(binding) == f"<SocketContext(bind={address!r})>"
    with binding as bound:
        assert bound is rep
        with req.connect(address) as connected:
            assert connected is req
            req.send(b"question")
            assert rep.recv() == b"question"
        with fails_with(2):
            req.disconnect(address)
    with fails_with(2):
        rep.unbind(address)
    with rep.bind(endpoint("ipc")):
        rep.close()


def test_random_port(socket):
    rep = socket(zmq.REP)
    port = rep.bind_to_random_port("tcp://127.0.0.1")
    assert rep.last_endpoint == b"tcp://127.0.0.1:%d" % port
    other = socket(zmq.REP)
    with pytest.raises(zmq.ZMQBindError):
        other.bind_to_random_port("tcp://127.0.0.1", port, port + 1, max_tries=3)
    with fails_with(zmq.EPROTONOSUPPORT):
        other.bind_to_random_port("rand://*")
    with fails_with(zmq.EINVAL):
        other.bind_to_random_port("tcp:*")


def test_instance_is_shared_until_it_is_closed():
    first = zmq.Context.instance()
    assert zmq.Context.instance() is first
    first.term()
    second = zmq.Context.instance()
    assert second is not first
    second.term()


def test_a_subclass_with_an_instance_of_its_own():
    class Sharing(zmq.Context):
        pass

    class Own(zmq.Context):
        _instance = None

    shared = zmq.Context.instance()
    own = Own.instance()
    assert Sharing.instance() is shared
    assert own is not shared and type(own) is Own
    shared.term()
    own.term()


def test_threads_get_the_same_instance():
    class Slow(zmq.Context):
        _instance = None

        def __init__(self, *args, **kwargs):
            inside.set()
            leave.wait()
            super().__init__(*args, **kwargs)

    inside, leave = threading.Event(), threading.Event()
    got = []
    threads = [threading.Thread(target=lambda: got.append(Slow.instance())) for _ in range(16)]
    for thread in threads:
        thread.start()
    inside.wait()
    leave.set()
    for thread in threads:
        thread.join()
    assert len(got) == 16 and len({id(context) for context in got}) == 1
    got[0].term()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_context_of_its_own(child, tmp_path):
    script = tmp_path / "fork.py"
    script.write_text(
        "import os, warnings, zmqlite as zmq\n"
        "warnings.simplefilter('ignore', DeprecationWarning)  # of forking with threads\n"
        "context = zmq.Context.instance()\n"
        "socket = context.socket(zmq.PUSH)\n"
        "if not os.fork():\n"
        "    own = zmq.Context.instance()\n"
        "    assert own is not context\n"
        "    own.term()\n"
        "    socket.close()\n"
        "    context.term()\n"
        "    context.destroy()\n"
        "    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "assert not socket.closed\n"
        "context.destroy()\n"
    )
    parent = child(script)
    parent.expect("7")
    assert parent.wait() == 0


def test_destroy_closes_the_sockets(new_context):
    context = new_context()
    sockets = [context.socket(zmq.PUSH) for _ in range(3)]
    context.destroy(linger=0)
    assert all(socket.closed for socket in sockets) and context.closed
    context.destroy()
    sockets[0].close()


def test_a_closed_context(new_context):
    context = new_context()
    context.term()
    with fails_with(zmq.ENOTSUP):
        context.socket(zmq.PUSH)
    with pytest.raises(RuntimeError):
        context.get(zmq.IO_THREADS)
    with pytest.raises(RuntimeError):
        context.set(zmq.IO_THREADS, 1)


def test_context_options(context):
    assert context.IO_THREADS == context.get(zmq.IO_THREADS) == 1
    context.max_sockets = 100
    assert context.MAX_SOCKETS == 100
    with pytest.raises(TypeError):
        context.set(zmq.MAX_SOCKETS, "many")
    with fails_with(zmq.EINVAL):
        context.get(9999)


def test_defaults_of_new_sockets(context):
    context.linger = 5
    context.setsockopt(zmq.SUBSCRIBE, b"topic")
    assert (context.LINGER, context.getsockopt(zmq.LINGER)) == (5, 5)
    with context.socket(zmq.PUSH) as push:
        assert push.linger == 5
    del context.linger
    for missing in ("linger", "pollin", "foo"):
        with pytest.raises(AttributeError):
            getattr(context, missing)
        with pytest.raises(AttributeError):
            delattr(context, missing)
    with pytest.raises(AttributeError):
        context.foo = 1
    with pytest.raises(KeyError):
        context.getsockopt(zmq.LINGER)


def test_a_subclass_picks_the_class_of_its_sockets():
    class MySocket(zmq.Socket):
        pass

    class MyContext(zmq.Context):
        _socket_class = MySocket

    with MyContext() as context:
        with context.socket(zmq.PUSH) as push:
            assert type(push) is MySocket
        with context.socket(zmq.PUSH, socket_class=zmq.Socket) as push:
            assert type(push) is zmq.Socket


def test_classes_can_be_subscripted():
    assert zmq.Context[zmq.Socket] and zmq.Socket[bytes]
    assert zmq.SyncContext and zmq.SyncSocket


def test_neither_can_be_pickled(context, socket):
    for thing in (context, socket(zmq.PUSH), zmq.Frame(b"x")):
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_a_forgotten_socket_is_reported(context):
    sockets = [context.socket(zmq.PUSH)]
    with pytest.warns(ResourceWarning, match="Unclosed socket"):
        sockets.clear()


def test_a_forgotten_context_is_reported():
    contexts = [zmq.Context()]
    with pytest.warns(ResourceWarning, match="Unclosed context"):
        contexts.clear()


def test_a_socket_left_open_in_a_with_is_reported():
    with (
        pytest.warns(ResourceWarning, match="Destroying context with unclosed socket") as warnings,
        zmq.Context() as context,
    ):
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    assert push.closed and pull.closed
    assert len(warnings) == 2


def test_the_old_name_of_the_type_is_reported(socket):
    with pytest.warns(DeprecationWarning):
        assert socket(zmq.PUSH).socket_type is zmq.PUSH


def test_repr(new_context):
    context = new_context()
    assert repr(context) == f"<zmq.Context() at {id(context):#x}>"
    push = context.socket(zmq.PUSH)
    assert repr(context) == f"<zmq.Context(1 socket) at {id(context):#x}>"
    pull = context.socket(zmq.PULL)
    assert repr(context) == f"<zmq.Context(2 sockets) at {id(context):#x}>"
    assert repr(push) == f"<zmq.Socket(zmq.PUSH) at {id(push):#x}>"
    push.close()
    assert repr(push) == f"<zmq.Socket(zmq.PUSH) at {id(push):#x} closed>"
    pull.close()
    context.term()
    assert repr(context) == f"<zmq.Context() at {id(context):#x} closed>"


def test_repr_of_a_subclass(new_context):
    class Special(zmq.Socket):
        pass

    with new_context().socket(zmq.PUSH, socket_class=Special) as push:
        assert repr(push).startswith(f"<{__name__}.Special(zmq.PUSH) at ")


# ---- Poller and select


def test_poller_tells_what_is_registered(socket):
    dealer, poller = socket(zmq.DEALER), zmq.Poller()
    assert dealer not in poller
    poller.register(dealer)
    assert dealer in poller
    assert poller.sockets == [(dealer, zmq.POLLIN | zmq.POLLOUT)]
    poller.modify(dealer, zmq.POLLIN)
    assert poller.sockets == [(dealer, zmq.POLLIN)]
    poller.register(dealer, 0)
    assert dealer not in poller
    poller.register(dealer, 0)
    with pytest.raises(KeyError):
        poller.unregister(dealer)


def test_poller_refuses_what_cannot_be_polled():
    with pytest.raises(TypeError):
        zmq.Poller().register(object())


def test_an_empty_poller_returns_at_once():
    assert zmq.Poller().poll() == []


def test_poller_waits_for_the_events_asked_for(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    poller = zmq.Poller()
    poller.register(a, zmq.POLLIN)
    poller.register(b, zmq.POLLIN | zmq.POLLOUT)
    assert poller.poll(0) == [(b, zmq.POLLOUT)]
    b.send(b"x")
    ready = poller.poll()
    assert ready == [(a, zmq.POLLIN), (b, zmq.POLLOUT)]
    assert all(type(events) is int for _, events in ready)
    a.recv()
    poller.unregister(b)
    assert poller.poll(0.5) == []


def test_poller_lists_in_the_order_of_registration(pair):
    pairs = [pair("inproc", zmq.PAIR, zmq.PAIR) for _ in range(5)]
    poller = zmq.Poller()
    readers = [reader for _, reader in pairs]
    for reader in readers:
        poller.register(reader, zmq.POLLIN)
    for writer, reader in reversed(pairs):
        writer.send(b"x")
        wait_readable(reader)
    assert [reader for reader, _ in poller.poll(TIMEOUT_MS)] == readers


def test_poller_tells_a_file_by_its_descriptor():
    reader_fd, writer_fd = os.pipe()
    with os.fdopen(reader_fd, "rb") as reader, os.fdopen(writer_fd, "wb", 0) as writer:
        poller = zmq.Poller()
        poller.register(reader, zmq.POLLIN)
        poller.register(writer_fd, zmq.POLLOUT)
        assert poller.poll(TIMEOUT_MS) == [(writer_fd, zmq.POLLOUT)]
        writer.write(b"x")
        assert dict(poller.poll(TIMEOUT_MS)) == {reader_fd: zmq.POLLIN, writer_fd: zmq.POLLOUT}
        with pytest.raises(ValueError, match="already"):
            poller.register(reader_fd, zmq.POLLIN)
        poller.unregister(reader)
        assert reader not in poller
        poller.unregister(writer_fd)
        assert poller.poll() == []


def test_select(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    assert zmq.select([a, b], [b], [a, b], 0) == ([], [b], [])
    b.send(b"x")
    assert zmq.select([a, b], [a, b], []) == ([a], [a, b], [])
    assert zmq.select([], [], [], 0) == ([], [], [])


def test_zmq_poll(pair):
    a, b = pair("inproc", zmq.PAIR, zmq.PAIR)
    b.send(b"x")
    assert zmq.zmq_poll([(a, zmq.POLLIN), (b, zmq.POLLIN)], TIMEOUT_MS) == [(a, zmq.POLLIN)]
    with pytest.raises(TypeError):
        zmq.zmq_poll([(object(), zmq.POLLIN)], 0)


# ---- MessageTracker


def test_tracker_of_nothing_is_done():
    tracker = zmq.MessageTracker()
    assert tracker.done
    tracker.wait()
    assert zmq._FINISHED_TRACKER.done


def test_tracker_waits_for_all_it_is_made_of():
    event, other = threading.Event(), threading.Event()
    inner = zmq.MessageTracker(other)
    tracker = zmq.MessageTracker(event, inner)
    assert tracker.events == {event} and tracker.peers == {inner}
    with pytest.raises(zmq.NotDone):
        tracker.wait(timeout=0)
    event.set()
    with pytest.raises(zmq.NotDone):
        tracker.wait(timeout=0.001)
    assert not tracker.done
    other.set()
    tracker.wait()
    tracker.wait(None)
    assert tracker.done


def test_tracker_of_frames():
    tracked = zmq.Frame(b"x" * 100_000, copy=False, track=True)
    tracker = zmq.MessageTracker(tracked)
    assert not tracker.done
    with pytest.raises(ValueError):
        zmq.MessageTracker(zmq.Frame(b"x"))
    with pytest.raises(TypeError):
        zmq.MessageTracker(array.array("b"))
    del tracked
    tracker.wait(TIMEOUT_MS / 1000)


# ---- The module


def test_importing_stays_light():
    heavy = {"asyncio", "inspect", "json", "multiprocessing", "pickle", "random", "subprocess"}
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}; before = set(sys.modules); import zmqlite; "
        f"print({heavy!r} & (set(sys.modules) - before))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_device_is_a_proxy(socket):
    with mock.patch("zmqlite._core.proxy") as proxy:
        zmq.device(zmq.QUEUE, "front", "back")
    proxy.assert_called_once_with("front", "back")

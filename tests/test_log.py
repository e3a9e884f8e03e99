"""Log records published: their topics and texts, and the command that shows them."""

import itertools
import logging
import re
import signal
from pathlib import Path

import pytest
from support import settle

import zmqlite as zmq
from zmqlite.log import __main__ as watcher
from zmqlite.log.handlers import PUBHandler, TopicLogger

_serial = itertools.count()


@pytest.fixture
def pair(socket, endpoint):
    """A PUB socket and a SUB socket that has subscribed to everything."""
    pub, sub = socket(zmq.PUB), socket(zmq.SUB)
    pub.bind(endpoint("inproc"))
    sub.connect(pub.last_endpoint)
    sub.subscribe(b"")
    settle(pub, sub)
    return pub, sub


@pytest.fixture
def handler(pair):
    handler = PUBHandler(pair[0], root_topic="root")
    yield handler
    handler.close()


@pytest.fixture
def logger(handler):
    return _logger(logging.Logger, handler)


@pytest.fixture
def heard(pair):
    """The next record that was published, as topic and text."""
    return lambda: [part.decode() for part in pair[1].recv_multipart()]


def _logger(kind, handler):
    # Not by getLogger, which would keep it for ever.
    logger = kind(f"test-{next(_serial)}", logging.NOTSET)
    logger.addHandler(handler)
    return logger


@pytest.mark.parametrize("root", ["", "root", "a.b"])
def test_topic(handler, logger, heard, root):
    handler.root_topic = root
    prefix = f"{root}." if root else ""
    logger.info("%d messages", 3)
    assert heard() == [f"{prefix}INFO", "3 messages\n"]
    logger.info("disk.left::%s", "a::b")
    assert heard() == [f"{prefix}INFO.disk.left", "a::b\n"]


def test_the_root_topic_may_be_bytes(handler):
    handler.root_topic = b"one"
    assert handler.root_topic == "one"
    handler.setRootTopic(b"two")
    assert handler.root_topic == "two"


@pytest.mark.parametrize(
    ("message", "topic", "text"),
    [
        ("::rest", "root.INFO", "rest\n"),
        ("a::b::c", "root.INFO.a", "b::c\n"),
        ("tøpic::é", "root.INFO.tøpic", "é\n"),
        (Path("x/y"), "root.INFO", "x/y\n"),
        (5, "root.INFO", "5\n"),
    ],
)
def test_messages_of_all_kinds(logger, heard, message, topic, text):
    logger.info(message)
    assert heard() == [topic, text]


def test_other_handlers_see_the_record_as_it_was(logger, heard):
    seen = []
    logger.addFilter(lambda record: seen.append(record) or True)
    logger.info("sub::%s", "text")
    assert heard() == ["root.INFO.sub", "text\n"]
    assert seen[0].msg == "sub::%s"


def test_each_level_has_its_format(logger, heard):
    logger.warning("careful")
    topic, text = heard()
    assert topic == "root.WARNING"
    assert re.fullmatch(r"WARNING test_log\.py:\d+ - careful\n", text)
    try:
        raise KeyError("inside")
    except KeyError:
        logger.exception("oops")
    assert "KeyError: 'inside'" in heard()[1]


def test_a_level_without_a_format_has_the_next_lower_one(handler, logger, heard):
    handler.setFormatter(logging.Formatter("lowest %(message)s"), logging.DEBUG)
    logger.log(logging.INFO + 5, "x")
    assert heard() == ["root.Level 25", "x\n"]
    logger.log(logging.DEBUG - 5, "x")
    assert heard() == ["root.Level 5", "lowest x"]


def test_formats_are_set_for_one_level_or_for_all(handler, logger, heard):
    handler.setFormatter(logging.Formatter("all %(message)s"))
    handler.setFormatter(logging.Formatter("error %(message)s"), logging.ERROR)
    handler.formatters[logging.DEBUG] = logging.Formatter("debug %(message)s")
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        logger.log(level, "x")
    assert [heard()[1] for _ in range(3)] == ["debug x", "all x", "error x"]
    handler.setFormatter(None)
    logger.info("x")
    assert heard()[1] == "x"


def test_what_cannot_be_formatted_goes_to_the_error_handler(handler, logger):
    failed = []
    handler.handleError = failed.append
    logger.info("%d", "no number")
    assert [record.msg for record in failed] == ["%d"]


def test_a_socket_that_was_given_stays_open(pair):
    handler = PUBHandler(pair[0])
    assert handler.socket is pair[0]
    assert handler.ctx is pair[0].context
    handler.close()
    assert not pair[0].closed


def test_an_endpoint_is_bound_in_the_context_that_was_given(context, endpoint):
    handler = PUBHandler(endpoint("tcp"), context, root_topic="mine")
    assert (handler.ctx, handler.socket.context, handler.root_topic) == (context, context, "mine")
    assert handler.socket.last_endpoint.startswith(b"tcp://127.0.0.1:")
    handler.close()
    assert handler.socket.closed
    assert not context.closed


def test_without_a_context_the_handler_has_its_own(endpoint):
    handler = PUBHandler(endpoint("inproc"))
    handler.close()
    handler.close()
    assert handler.socket.closed
    assert handler.ctx.closed


def test_a_topic_logger_takes_a_topic_in_front(handler, heard):
    topical = _logger(TopicLogger, handler)
    topical.info("disk", "%d left", 5)
    assert heard() == ["root.INFO.disk", "5 left\n"]
    topical.log(logging.INFO, "disk", "%(count)d left", {"count": 5})
    assert heard() == ["root.INFO.disk", "5 left\n"]
    topical.warning("disk", "full")
    assert re.fullmatch(r"WARNING test_log\.py:\d+ - full\n", heard()[1])
    with pytest.raises(TypeError, match="disk"):
        topical.info("disk")


# ---- The command

RECORDS = [[b"a.INFO.x", b"one\n"], [b"bb.ERROR", b"two"], [b"alone"]]
LAST = [b"bb", b"that is all"]


@pytest.fixture
def watch(socket, endpoint, child):
    """Start the command and publish the records; its first lines, and the process."""

    def run(*options):
        pub = socket(zmq.XPUB)
        pub.bind(endpoint("tcp"))
        started = child("-m", "zmqlite.log", pub.last_endpoint.decode(), *options)
        assert pub.recv().startswith(b"\x01")
        for record in [*RECORDS, LAST]:
            pub.send_multipart(record)
        lines = []
        while not lines or LAST[-1].decode() not in lines[-1]:
            lines.append(started.line())
        return lines[:-1], started

    return run


def test_the_command_prints_records_until_it_is_interrupted(watch):
    lines, process = watch()
    assert lines == ["a.INFO.x | one", "bb.ERROR | two", "alone"]
    process.signal(signal.SIGINT)
    assert process.wait() == 0


def test_the_command_subscribes_to_a_topic(watch):
    assert watch("--topic", "bb", "--separator", "=")[0] == ["bb.ERROR=two"]


def test_the_command_shows_when(watch):
    lines, _ = watch("--timestamp", "--dateformat", "at %Y")
    assert [line[:3] for line in lines] == ["at "] * 3
    assert lines[0][7:] == " a.INFO.x | one"
    lines, _ = watch("--timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d alone", lines[2])


def test_the_command_aligns_topics(watch):
    assert watch("--align")[0] == ["a INFO x | one", "bb ERROR   | two", "alone        "]


def test_the_command_colors_by_level(watch):
    lines, _ = watch("--color")
    assert lines[1] == f"{watcher.COLORS['ERROR']}bb.ERROR | two{watcher.RESET}"
    assert lines[2] == "alone"

"""PUBHandler, which publishes log records, and TopicLogger, whose calls name a topic.

A record is a message of two parts, topic and text. The topic is the root topic, the level and the
sub-topic of the record, joined by dots, so that subscribers can choose: "worker3.ERROR.disk". A
record has a sub-topic if its message is written "sub-topic::text".
"""

from __future__ import annotations

import logging
from copy import copy
from typing import Any

from ..constants import SocketType
from ..context import Context
from ..socket import Socket

TOPIC_DELIM = "::"
"""Stands between the sub-topic and the text in the message of a record."""

LINGER_AT_CLOSE = 1000
"""Milliseconds that the last records have to reach subscribers when the handler closes."""

_WITH_PLACE = "%(levelname)s %(filename)s:%(lineno)d - %(message)s\n"
_FORMATS = {
    logging.DEBUG: _WITH_PLACE,
    logging.INFO: "%(message)s\n",
    logging.WARNING: _WITH_PLACE,
    logging.ERROR: _WITH_PLACE,
    logging.CRITICAL: _WITH_PLACE,
}


class PUBHandler(logging.Handler):
    """Publishes records through a PUB socket.

    It is given that socket, or an endpoint to bind one of its own to, which it closes with itself:
    one of `context`, or else of a context of its own.
    """

    ctx: Context[Any]
    socket: Socket[Any]
    formatters: dict[int, logging.Formatter | None]
    """The formatter of each level; one that is not here has that of the next lower one."""

    def __init__(
        self,
        interface_or_socket: str | Socket[Any],
        context: Context[Any] | None = None,
        root_topic: str | bytes = "",
    ) -> None:
        super().__init__()
        self.root_topic = root_topic
        self.formatters = {level: logging.Formatter(text) for level, text in _FORMATS.items()}
        self._owns_socket = not isinstance(interface_or_socket, Socket)
        self._owns_context = self._owns_socket and context is None
        if isinstance(interface_or_socket, Socket):
            self.socket = interface_or_socket
            self.ctx = self.socket.context
        else:
            self.ctx = Context() if context is None else context
            self.socket = self.ctx.socket(SocketType.PUB)
            self.socket.bind(interface_or_socket)

    @property
    def root_topic(self) -> str:
        """What all topics begin with; it may be empty."""
        return self._root_topic

    @root_topic.setter
    def root_topic(self, topic: str | bytes) -> None:
        self._root_topic = topic.decode() if isinstance(topic, bytes) else topic

    def setRootTopic(self, root_topic: str | bytes) -> None:
        """Set the root topic."""
        self.root_topic = root_topic

    def setFormatter(self, fmt: logging.Formatter | None, level: int = logging.NOTSET) -> None:
        """Format records of a level by `fmt`, or all if none is given."""
        for each in [level] if level else self.formatters:
            self.formatters[each] = fmt

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record, by the formatter of its level."""
        lower = (level for level in self.formatters if level <= record.levelno)
        formatter = self.formatters[max(lower, default=min(self.formatters))]
        return (formatter or logging.Formatter()).format(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Publish a record."""
        try:
            sub_topic, delimiter, text = str(record.msg).partition(TOPIC_DELIM)
            if delimiter:
                record = copy(record)
                record.msg = text
            topics = filter(None, (self.root_topic, record.levelname, sub_topic * bool(delimiter)))
            self.socket.send_multipart([".".join(topics).encode(), self.format(record).encode()])
        except Exception:  # noqa: BLE001 - as all handlers do
            self.handleError(record)

    def close(self) -> None:
        """Close the socket and end the context, if they are the handler's own."""
        super().close()
        if self._owns_context:
            self.ctx.destroy(linger=LINGER_AT_CLOSE)
        elif self._owns_socket:
            self.socket.close(linger=LINGER_AT_CLOSE)


class TopicLogger(logging.Logger):
    """A logger whose calls take a topic in front: `logger.info("disk", "%d left", count)`."""

    def makeRecord(
        self,
        name: str,
        level: int,
        fn: str,
        lno: int,
        msg: object,
        args: Any,
        *rest: Any,
        **kwargs: Any,
    ) -> logging.LogRecord:
        """The record of a call, in which `msg` is the topic and the message comes first in `args`."""
        if not args:
            raise TypeError(f"a message is needed besides the topic {msg!r}")
        text, *values = args
        topical = f"{msg}{TOPIC_DELIM}{text}"
        return super().makeRecord(name, level, fn, lno, topical, tuple(values), *rest, **kwargs)


__all__ = ["TOPIC_DELIM", "PUBHandler", "TopicLogger"]

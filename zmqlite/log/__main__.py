"""`python -m zmqlite.log URL`: prints the log records that a PUBHandler publishes there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from ..constants import SocketType
from ..context import Context

RESET = "\033[0m"
COLORS = {
    "DEBUG": "\033[36m",
    "INFO": "\033[32m",
    "WARNING": "\033[33m",
    "ERROR": "\033[31m",
    "CRITICAL": "\033[1;31m",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print records until interrupted."""
    given = _parser().parse_args(arguments)
    with Context() as context, context.socket(SocketType.SUB) as socket:
        socket.subscribe(given.topic)
        socket.connect(given.zmq_pub_url)
        columns = Columns(given.align)
        while True:
            topic, *texts = (part.decode(errors="replace") for part in socket.recv_multipart())
            head = columns.fit(topic)
            if given.timestamp:
                head = f"{datetime.now().strftime(given.dateformat)} {head}"
            line = given.separator.join([head, *texts]).removesuffix("\n")
            print(_colored(topic, line) if given.color else line, flush=True)


class Columns:
    """Keeps the words of topics in columns, each as wide as its longest word so far."""

    def __init__(self, align: bool) -> None:
        self._align = align
        self._widths: list[int] = []

    def fit(self, topic: str) -> str:
        """The topic, filled up with blanks if it is to be aligned."""
        if not self._align:
            return topic
        words = topic.split(".")
        words += [""] * (len(self._widths) - len(words))
        self._widths += [0] * (len(words) - len(self._widths))
        self._widths = [max(w, len(word)) for w, word in zip(self._widths, words, strict=True)]
        padded = [word.ljust(w) for w, word in zip(self._widths, words, strict=True)]
        return " ".join(padded)


def _colored(topic: str, line: str) -> str:
    color = next((COLORS[word] for word in topic.split(".") if word in COLORS), "")
    return f"{color}{line}{RESET}" if color else line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m zmqlite.log",
        description="Print the log records that a PUBHandler publishes.",
    )
    parser.add_argument("zmq_pub_url", help="the endpoint that the handler is bound to")
    parser.add_argument("-t", "--topic", default="", help="only show records whose topic begins so")
    parser.add_argument(
        "--timestamp", action="store_true", help="show when each record was received"
    )
    parser.add_argument(
        "--separator", default=" | ", help="what stands between topic and text (default: ' | ')"
    )
    parser.add_argument(
        "--dateformat",
        default="%Y-%m-%d %H:%M:%S",
        help="the form of the time, as for strftime (default: %(default)r)".replace("%Y", "%%Y"),
    )
    parser.add_argument("--align", action="store_true", help="show the words of topics in columns")
    parser.add_argument("--color", action="store_true", help="color each line by its level")
    return parser


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)

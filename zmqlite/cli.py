"""The command `zmqlite`: its arguments, and the exit status it ends with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .version import __version__, zmq_version

DEFAULT_MESSAGES = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if all went well, 1 if messages were lost, 2 if the demo itself failed."""
    given = _parser().parse_args(arguments)
    from .demo import DemoError, run

    transports = ["tcp", "ipc"] if given.transport == "both" else [given.transport]
    try:
        lost = run(given.peer, transports, given.messages)
    except DemoError as error:
        print(f"\nzmqlite demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nzmqlite demo: interrupted", file=sys.stderr)
        return 130
    return 1 if lost else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zmqlite", description="ZeroMQ for Python.")
    parser.add_argument(
        "--version",
        action="version",
        version=f"zmqlite {__version__}, does what libzmq {zmq_version()} does",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    demo = commands.add_parser(
        "demo",
        help="exchange messages between processes in each pattern and count what is lost",
        description="Start processes that exchange messages in each pattern, and count what is "
        "sent, received and lost. The exit status is 1 if anything was lost.",
    )
    demo.add_argument(
        "--peer",
        choices=["zmqlite", "pyzmq"],
        default="zmqlite",
        help="the library on the far side of every link (default: zmqlite)",
    )
    demo.add_argument(
        "--transport",
        choices=["tcp", "ipc", "both"],
        default="both",
        help="what the messages travel over (default: both)",
    )
    demo.add_argument(
        "--messages",
        type=_count,
        default=DEFAULT_MESSAGES,
        metavar="N",
        help="messages of each one-way pattern; patterns that wait for an answer exchange a "
        f"twentieth of it (default: {DEFAULT_MESSAGES})",
    )
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one message is needed")
    return count

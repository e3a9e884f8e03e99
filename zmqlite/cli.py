"""The command `zmqlite`: its arguments, and the exit status it ends with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import curve_keygen
from .version import zmq_version, zmqlite_version

DEFAULT_MESSAGES = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is told by the command's own function."""
    given = _parser().parse_args(arguments)
    status: int = given.command(given)
    return status


def _demo(given: argparse.Namespace) -> int:
    """0 if all went well, 1 if messages were lost, 2 if the demo itself failed."""
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


def _run(given: argparse.Namespace) -> int:
    """Does not return, unless with 2 as the program could not be started."""
    from .running import RunError, run

    try:
        run([*(["-m"] if given.is_module else []), given.program, *given.arguments])
    except RunError as error:
        print(f"zmqlite run: {error}", file=sys.stderr)
        return 2


def _keygen(given: argparse.Namespace) -> int:
    """0 if keys were made, 2 if not."""
    try:
        print(curve_keygen.made(given))
    except curve_keygen.KeygenError as error:
        print(f"zmqlite keygen: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zmqlite", description="ZeroMQ for Python.")
    parser.add_argument(
        "--version",
        action="version",
        version=f"zmqlite {zmqlite_version()}, does what libzmq {zmq_version()} does",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    demo = commands.add_parser(
        "demo",
        help="exchange messages between processes in each pattern and count what is lost",
        description="Start processes that exchange messages in each pattern, and count what is "
        "sent, received and lost. The exit status is 1 if anything was lost.",
    )
    demo.set_defaults(command=_demo)
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
    run = commands.add_parser(
        "run",
        help="run an unchanged program for pyzmq with zmqlite in its place",
        description="Run an unchanged program as python itself does, but zmq is zmqlite, in its "
        "child processes too.",
    )
    run.set_defaults(command=_run)
    run.add_argument(
        "-m", dest="is_module", action="store_true", help="PROGRAM is a module, not a script"
    )
    run.add_argument("program", metavar="PROGRAM", help="a script, or with -m a module")
    run.add_argument(
        "arguments", metavar="...", nargs=argparse.REMAINDER, help="the program's own arguments"
    )
    keygen = commands.add_parser(
        "keygen", help="make a pair of CURVE keys", description=curve_keygen.DESCRIPTION
    )
    keygen.set_defaults(command=_keygen)
    curve_keygen.add_arguments(keygen)
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one message is needed")
    return count

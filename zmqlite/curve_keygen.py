"""`python -m zmqlite.curve_keygen`: makes a pair of CURVE keys and prints it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import zmqlite

KEY_LENGTH = 40


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the keys."""
    given = _parser().parse_args(arguments)
    try:
        public, secret = _keys(given.secret)
    except zmqlite.ZMQError as error:
        sys.exit(f"no keys were made: {error}")
    if given.json:
        print(json.dumps({"public": public, "secret": secret}, indent=2))
    else:
        print(f"== CURVE PUBLIC KEY ==\n{public}\n\n== CURVE SECRET KEY ==\n{secret}")


def _keys(secret: str | None) -> tuple[str, str]:
    """The public and the secret key: those of this secret key, or new ones."""
    if secret is not None:
        return zmqlite.curve_public(secret.encode()).decode(), secret
    public, secret_key = zmqlite.curve_keypair()
    return public.decode(), secret_key.decode()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python3 -m {__spec__.name}",
        description="Print a new pair of CURVE keys, as text in Z85. The public one is for "
        "everybody, the secret one for its owner alone.",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--secret",
        type=_key,
        metavar="KEY",
        help="make no new pair, but print this secret key with the public one that belongs to it",
    )
    return parser


def _key(text: str) -> str:
    if len(text) != KEY_LENGTH or not text.isascii():
        raise argparse.ArgumentTypeError(f"a key has {KEY_LENGTH} ASCII characters")
    return text


if __name__ == "__main__":
    main()

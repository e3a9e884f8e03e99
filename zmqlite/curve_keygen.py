"""`zmqlite keygen`, also `python -m zmqlite.curve_keygen`: makes a pair of CURVE keys."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import zmqlite

DESCRIPTION = (
    "Print a new pair of CURVE keys, as text in Z85. The public one is for everybody, the secret "
    "one for its owner alone."
)

TITLES = {
    "secret": "SECRET KEY",
    "public_certificate": "PUBLIC CERTIFICATE",
    "secret_certificate": "SECRET CERTIFICATE",
}


class KeygenError(Exception):
    """No keys were made; the text says why."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the keys."""
    parser = argparse.ArgumentParser(prog=f"python3 -m {__spec__.name}", description=DESCRIPTION)
    add_arguments(parser)
    try:
        print(made(parser.parse_args(arguments)))
    except KeygenError as error:
        sys.exit(str(error))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `made` is to be given."""
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--secret",
        type=_key,
        metavar="KEY",
        help="make no new pair, but take this secret key and the public one that belongs to it",
    )
    parser.add_argument(
        "--certificate",
        nargs=2,
        metavar=("DIR", "NAME"),
        help="write the keys to DIR/NAME.key, to hand out, and DIR/NAME.key_secret, and print "
        "only the public one",
    )


def made(given: argparse.Namespace) -> str:
    """Make the keys; what is to be printed. KeygenError if something is in the way."""
    try:
        public, secret = _keys(given.secret)
        rest = {"secret": secret}
        if given.certificate:
            folder, name = given.certificate
            rest = _write_certificates(folder, name, public, secret)
    except (zmqlite.ZMQError, OSError) as error:
        raise KeygenError(f"no keys were made: {error}") from error
    if given.json:
        return json.dumps({"public": public, **rest}, indent=2)
    shown = {"PUBLIC KEY": public, **{TITLES[name]: value for name, value in rest.items()}}
    return "\n\n".join(f"== CURVE {title} ==\n{value}" for title, value in shown.items())


def _keys(secret: str | None) -> tuple[str, str]:
    """The public and the secret key: those of this secret key, or new ones."""
    if secret is not None:
        return zmqlite.curve_public(secret.encode()).decode(), secret
    public, secret_key = zmqlite.curve_keypair()
    return public.decode(), secret_key.decode()


def _write_certificates(folder: str, name: str, public: str, secret: str) -> dict[str, str]:
    from .auth.certs import PUBLIC_SUFFIX, SECRET_SUFFIX, write_certificates

    for suffix in (PUBLIC_SUFFIX, SECRET_SUFFIX):
        path = Path(folder, name + suffix)
        if path.exists():
            raise KeygenError(f"no keys were made: {path} is there already")
    public_file, secret_file = write_certificates(folder, name, public, secret)
    return {"public_certificate": public_file, "secret_certificate": secret_file}


def _key(text: str) -> str:
    from .curve import key_octets

    try:
        key_octets(text, "a key")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


if __name__ == "__main__":
    main()

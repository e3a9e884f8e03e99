"""Certificates: CURVE keys in files, as text that other bindings of ZeroMQ read and write too.

    metadata
        name = value
    curve
        public-key = "<Z85>"
        secret-key = "<Z85>"

A certificate is a pair of such files: `NAME.key` to hand out, and `NAME.key_secret`, which alone
has the secret key and the metadata. Lines that begin with # are comments.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import zmqlite

PUBLIC_SUFFIX, SECRET_SUFFIX = ".key", ".key_secret"

PUBLIC_NOTE = """\
# ZeroMQ CURVE public certificate, made by zmqlite on {now:%Y-%m-%d %H:%M:%S}
# For everybody: hand it out in a way that nobody can tamper with.

"""
SECRET_NOTE = """\
# ZeroMQ CURVE *secret* certificate, made by zmqlite on {now:%Y-%m-%d %H:%M:%S}
# For its owner alone: do not hand it out, and let nobody else read it.

"""


def create_certificates(
    key_dir: str | os.PathLike[str], name: str, metadata: Mapping[str, Any] | None = None
) -> tuple[str, str]:
    """Make a pair of keys, write it to two files and return their paths, the public one first.

    Files of the same names are replaced. The secret one is for the eyes of its owner only.
    """
    public_key, secret_key = (key.decode() for key in zmqlite.curve_keypair())
    return write_certificates(key_dir, name, public_key, secret_key, metadata)


def write_certificates(
    key_dir: str | os.PathLike[str],
    name: str,
    public_key: str,
    secret_key: str,
    metadata: Mapping[str, Any] | None = None,
) -> tuple[str, str]:
    """The same for keys that there are."""
    public_key, secret_key = f'"{public_key}"', f'"{secret_key}"'
    note = {"now": datetime.now()}
    public = _write(
        Path(key_dir, name + PUBLIC_SUFFIX),
        PUBLIC_NOTE.format(**note),
        {"metadata": {}, "curve": {"public-key": public_key}},
    )
    secret = _write(
        Path(key_dir, name + SECRET_SUFFIX),
        SECRET_NOTE.format(**note),
        {
            "metadata": metadata or {},
            "curve": {"public-key": public_key, "secret-key": secret_key},
        },
        mode=0o600,
    )
    return public, secret


def _write(
    path: Path, note: str, sections: Mapping[str, Mapping[str, Any]], mode: int = 0o666
) -> str:
    text = note
    for section, entries in sections.items():
        text += f"{section}\n"
        text += "".join(f"    {key} = {value}\n" for key, value in entries.items())
    # Anew, since a file that is only overwritten keeps its permissions.
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf8") as f:
        f.write(text)
    return str(path)


def load_certificate(filename: str | os.PathLike[str]) -> tuple[bytes, bytes | None]:
    """The public key in a file and, if it has one, the secret key.

    OSError if there is no such file, ValueError if there is no public key in it.
    """
    keys = {}
    for line in Path(filename).read_text("utf8", "replace").splitlines():
        name, _, value = line.partition("=")
        keys[name.strip()] = value.strip(" \t'\"").encode()
    if not keys.get("public-key"):
        raise ValueError(f"there is no public key in {os.fspath(filename)!r}")
    return keys["public-key"], keys.get("secret-key")


def load_certificates(directory: str | os.PathLike[str] = ".") -> dict[bytes, bool]:
    """The public keys of all `.key` files in a folder, as a dict for quick look-ups.

    OSError if there is no such folder.
    """
    paths = (path for path in Path(directory).iterdir() if path.suffix == PUBLIC_SUFFIX)
    return {load_certificate(path)[0]: True for path in paths}


__all__ = ["create_certificates", "load_certificate", "load_certificates"]

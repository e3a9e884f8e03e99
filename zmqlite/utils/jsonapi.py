"""JSON as bytes, the form in which it is sent."""

from __future__ import annotations

import json
from typing import Any

jsonmod = json
"""The module that does the work."""


def dumps(o: object, **kwargs: Any) -> bytes:
    """An object as JSON in UTF-8; `kwargs` are for `json.dumps`."""
    return json.dumps(o, **kwargs).encode()


def loads(s: bytes | str, **kwargs: Any) -> Any:
    """The object in JSON text, which is UTF-8 if it is bytes; `kwargs` are for `json.loads`."""
    return json.loads(s if isinstance(s, str) else s.decode(), **kwargs)


__all__ = ["dumps", "loads"]

"""Frame, by the module and the two names under which programs import it."""

from ._core import Frame

Message = Frame

__all__ = ["Frame", "Message"]

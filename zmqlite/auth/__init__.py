"""Who may connect: certificates, and authenticators that answer the questions of ZAP (RFC 27).

`zmqlite.auth.thread` and `zmqlite.auth.asyncio` have the authenticators that run by themselves.
"""

from . import base as base
from . import certs as certs
from .base import CURVE_ALLOW_ANY, Authenticator
from .certs import create_certificates, load_certificate, load_certificates
from .zap import Refusal, TryAgain

__all__ = [
    "CURVE_ALLOW_ANY",
    "Authenticator",
    "Refusal",
    "TryAgain",
    "create_certificates",
    "load_certificate",
    "load_certificates",
]

"""Devices: proxies that run in a thread or a process of their own, with pyzmq's names."""

from .._core import proxy as proxy
from .._core import proxy_steerable as proxy_steerable
from ..constants import DeviceType as DeviceType
from . import (
    basedevice,
    monitoredqueue,
    monitoredqueuedevice,
    proxydevice,
    proxysteerabledevice,
)
from .basedevice import *
from .monitoredqueue import *
from .monitoredqueuedevice import *
from .proxydevice import *
from .proxysteerabledevice import *

__all__: list[str] = []
__all__ += basedevice.__all__
__all__ += proxydevice.__all__
__all__ += proxysteerabledevice.__all__
__all__ += monitoredqueue.__all__
__all__ += monitoredqueuedevice.__all__

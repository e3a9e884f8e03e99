"""monitored_queue: a proxy whose copies say in which direction a message passed."""

from .._core import monitored_queue

__all__ = ["monitored_queue"]

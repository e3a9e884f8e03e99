"""The process that another library runs in, and the sides that a run has."""

import json

import pytest
from support import Child

both_ways = pytest.mark.parametrize("we_send", [True, False], ids=["we send", "they send"])
both_roles = pytest.mark.parametrize("we_bind", [True, False], ids=["we bind", "they bind"])
both_servers = pytest.mark.parametrize("we_serve", [True, False], ids=["we serve", "they serve"])
each_mechanism = pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
each_transport = pytest.mark.parametrize("transport", ["tcp", "ipc"])


class Remote:
    """A Child that makes runs; replaced after a run that did not end as it should."""

    def __init__(self, script, **how):
        self._start = lambda: Child(script, **how)
        self._child = self._start()
        self._at_rest = True

    def begin(self, **task):
        if not self._at_rest:
            self.kill()
            self._child = self._start()
        self._at_rest = False
        self._child.tell(json.dumps(task))
        self._child.expect("open")
        return self._child.line()

    def say(self, text):
        self._child.tell(text)

    def heard(self):
        return self._child.has_line(0.001) and self._child.line()

    def end(self):
        self._child.expect("done")
        self._child.tell("close")
        self._at_rest = True

    def kill(self):
        self._child.kill()

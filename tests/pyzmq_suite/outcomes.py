"""A pytest plugin that writes down the outcome of each test as soon as it is known.

So a run that hangs or dies tells all the same what it has done. A line is the outcome, the test
and a note, with tabs between; the last line of a test counts.
"""

COLLECTED, PASSED, FAILED, SKIPPED = "collected", "passed", "failed", "skipped"


def pytest_addoption(parser):
    parser.addoption("--outcomes", metavar="FILE", required=True)


def pytest_configure(config):
    config.pluginmanager.register(_Writer(config.getoption("outcomes")))


class _Writer:
    def __init__(self, path):
        self._path = path

    def _write(self, outcome, test, note=""):
        with open(self._path, "a") as file:
            print(outcome, test, " ".join(note.split()), sep="\t", file=file)

    def pytest_collectreport(self, report):
        self._write_if_not_passed(report)

    def pytest_collection_finish(self, session):
        for item in session.items:
            self._write(COLLECTED, item.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.passed and report.when == "call":
            self._write(PASSED, report.nodeid)
        self._write_if_not_passed(report)

    def _write_if_not_passed(self, report):
        if report.failed:
            self._write(FAILED, report.nodeid, _crash(report))
        elif report.skipped:
            self._write(SKIPPED, report.nodeid, _reason(report))


def _crash(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else report.longreprtext.splitlines()[-1]


def _reason(report):
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected to fail"

"""install_as_zmq: afterwards zmq is another name of zmqlite, and nothing is there twice."""

import textwrap

import pytest
from snippets import module, python, said

import zmqlite as zmq

INSTALL = "import zmqlite; zmqlite.install_as_zmq()\n"


def posing(code, **options):
    """What a process says that has called install_as_zmq."""
    return said(python("-c", INSTALL + textwrap.dedent(code), **options))


@pytest.fixture
def other_zmq(tmp_path):
    """A folder to import from that has a zmq which is not zmqlite."""
    module(tmp_path, "zmq/__init__", "own = 'another zmq'")
    module(tmp_path, "zmq/nonsense", "")
    return tmp_path


def test_every_module_is_the_same_under_both_names():
    walk = """
        import importlib, pkgutil, zmq
        print(zmq is zmqlite)
        for _, name, _ in pkgutil.walk_packages(zmqlite.__path__, "zmqlite."):
            if name.endswith("__main__"):
                continue
            try:
                own = importlib.import_module(name)
            except ModuleNotFoundError as error:
                assert not error.name.startswith("zmq"), error
                continue
            posed = importlib.import_module(name.replace("zmqlite", "zmq", 1))
            assert posed is own and own.__spec__.name == own.__name__ == name, name
            print(name)
        """
    same, *names = posing(walk).splitlines()
    assert same == "True"
    assert {"zmqlite.error", "zmqlite.devices.basedevice", "zmqlite.utils.monitor"} <= {*names}


def test_the_alias_may_come_first():
    code = """
        import zmq.utils.monitor
        from zmq.devices.basedevice import Device
        import zmqlite.utils.monitor, zmqlite.devices
        print(zmq.utils.monitor is zmqlite.utils.monitor, Device is zmqlite.devices.Device)
        """
    assert posing(code) == "True True"


IMPORT_PATHS = {
    "import zmq": "zmq.sugar.context.Context is zmq.Context",
    "from zmq.sugar import *": "Context is zmq.Context and ZMQError is zmq.ZMQError",
    "from zmq.sugar.context import Context": "Context is zmq.Context",
    "from zmq.sugar.socket import Socket": "Socket is zmq.Socket",
    "from zmq.sugar.frame import Frame, Message": "Frame is Message is zmq.Frame",
    "from zmq.sugar.poll import Poller": "Poller is zmq.Poller",
    "from zmq.sugar.tracker import MessageTracker": "MessageTracker is zmq.MessageTracker",
    "from zmq.sugar.version import VERSION_EXTRA": "VERSION_EXTRA == ''",
    "from zmq.sugar.stopwatch import Stopwatch": "Stopwatch is zmq.Stopwatch",
    "import zmq.sugar.attrsettr": "zmq.sugar.attrsettr",
    "from zmq.backend import Socket as Base": "issubclass(zmq.Socket, Base)",
    "from zmq.backend import zmq_poll, has": "zmq_poll is zmq.zmq_poll and has is zmq.has",
    "from zmq.backend.select import public_api, select_backend": (
        "select_backend('zmq.backend.cython').keys() >= {*public_api, 'monitored_queue'}"
    ),
    "from zmq.backend.cython import monitored_queue": "monitored_queue",
    "from zmq.error import Again": "Again is zmq.Again",
    "from zmq.constants import PUSH": "PUSH is zmq.PUSH",
}


@pytest.mark.parametrize("package", ["zmq", "zmqlite"])
def test_import_paths_of_programs(package):
    code = f"""
        for statement, expected in {IMPORT_PATHS!r}.items():
            names = {{"zmq": zmqlite}}
            exec(statement.replace("zmq.", "{package}."), names)
            assert eval(expected, names), (statement, expected)
        """
    assert posing(code) == ""


def test_what_is_lacking_is_not_taken_from_elsewhere(other_zmq):
    code = """
        import importlib.util, zmq
        print(importlib.util.find_spec("zmq.nonsense"))
        try:
            import zmq.nonsense
        except ModuleNotFoundError as error:
            print(error)
        """
    lines = posing(code, paths=[other_zmq]).splitlines()
    assert lines == ["None", "No module named 'zmq.nonsense'"]


def test_calling_it_again_changes_nothing():
    code = """
        import sys
        before = sys.meta_path[:]
        zmqlite.install_as_zmq()
        import zmq, zmq.devices
        zmq.install_as_zmq()
        print(sys.meta_path == before)
        """
    assert posing(code) == "True"


@pytest.mark.parametrize("first", ["zmq", "zmq.nonsense"])
def test_another_zmq_that_is_imported_already_is_named(other_zmq, first):
    code = f"""
        import sys, zmqlite, {first}
        before = sys.meta_path[:]
        try:
            zmqlite.install_as_zmq()
        except RuntimeError as error:
            print(error)
        print(sys.meta_path == before, zmq.own)
        """
    said_lines = said(python("-c", textwrap.dedent(code), paths=[other_zmq])).splitlines()
    error, unchanged = said_lines
    assert error.startswith(f"zmq is imported already, from {other_zmq}")
    assert "call zmqlite.install_as_zmq() before" in error
    assert "zmqlite run" in error
    assert unchanged == "True another zmq"


def test_other_names_are_left_alone(tmp_path):
    module(tmp_path, "zmqother", "print('other')")
    assert posing("import zmqother", paths=[tmp_path]) == "other"


def test_a_forked_child_has_it_too():
    code = """
        import os
        if os.fork() == 0:
            import zmq.devices
            print(zmq is zmqlite, flush=True)
            os._exit(0)
        os.wait()
        """
    assert posing(code) == "True"


def test_packages_have_their_command():
    code = """
        import runpy, sys
        sys.argv = ["", "--help"]
        runpy.run_module("zmq.log", run_name="__main__", alter_sys=True)
        """
    assert posing(code).startswith("usage:")


def test_tools_find_the_source():
    code = """
        import inspect, zmq.error
        print("class Again" in inspect.getsource(zmq.error))
        print(zmq.error.__loader__.get_source("zmqlite.error") == inspect.getsource(zmq.error))
        """
    assert posing(code).split() == ["True", "True"]


def test_a_version_of_pyzmq_is_installed(tmp_path):
    metadata = "Metadata-Version: 2.1\nName: pyzmq\nVersion: 1.2.3\n"
    (tmp_path / "pyzmq-1.2.3.dist-info").mkdir()
    (tmp_path / "pyzmq-1.2.3.dist-info" / "METADATA").write_text(metadata)
    code = """
        from importlib.metadata import distribution, version
        print(version("pyzmq"), distribution("pyzmq").files, version("pytest"))
        """
    expected = f"{zmq.pyzmq_version()} None {pytest.__version__}"
    assert posing(code, paths=[tmp_path]) == expected


def test_importing_zmqlite_imports_little_else():
    code = """
        import sys, zmqlite
        heavy = {"asyncio", "tornado", "gevent", "multiprocessing", "importlib.metadata", "json"}
        print(sorted(heavy & sys.modules.keys()))
        """
    assert said(python("-S", "-c", textwrap.dedent(code))) == "[]"

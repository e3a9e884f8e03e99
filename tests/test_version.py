"""The versions: zmqlite's own, and those of what it stands for, which programs ask for."""

import textwrap

from snippets import python, said

import zmqlite as zmq


def test_the_own_version():
    assert zmq.__version__ == zmq.zmqlite_version() == "0.1.0"


def test_the_versions_that_it_stands_for():
    assert zmq.pyzmq_version() == "27.3.0"
    assert zmq.pyzmq_version_info() == (27, 3, 0)
    assert zmq.zmq_version() == "4.3.5"
    assert zmq.zmq_version_info() == (4, 3, 5)


def test_sugar_speaks_of_pyzmq():
    version = zmq.sugar.version
    assert version.__version__ == zmq.sugar.__version__ == zmq.pyzmq_version()
    numbers = version.VERSION_MAJOR, version.VERSION_MINOR, version.VERSION_PATCH
    assert numbers == version.version_info == zmq.pyzmq_version_info()
    assert version.VERSION_EXTRA == version.__revision__ == zmq.__revision__ == ""


def test_as_zmq_it_has_the_version_of_pyzmq():
    """Programs compare this attribute, some number by number."""
    code = """
        import zmqlite
        zmqlite.install_as_zmq()
        import zmq
        numbers = tuple(int(number) for number in zmq.__version__.split("."))
        print(zmq.__version__ == zmq.pyzmq_version(), numbers == zmq.pyzmq_version_info())
        print(zmq.zmqlite_version())
        """
    expected = ["True", "True", zmq.zmqlite_version()]
    assert said(python("-c", textwrap.dedent(code))).split() == expected


def test_the_command_tells_the_own_version():
    told = said(python("-m", "zmqlite", "run", "-m", "zmqlite", "--version"))
    assert told.startswith(f"zmqlite {zmq.zmqlite_version()},")

"""Python imports this when it starts under `zmqlite run`: zmq becomes zmqlite.

This folder is in PYTHONPATH then, so that every child process which is a Python finds it too. It
takes the place of a sitecustomize that would be found without it, so it runs that one as well.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

FOLDER = os.path.dirname(os.path.abspath(__file__))
PACKAGES = os.path.dirname(os.path.dirname(FOLDER))


def install() -> None:
    # zmqlite may have been found in a way that a child does not share, as its current folder.
    paths = list(sys.path)
    sys.path.append(PACKAGES)
    try:
        from zmqlite import install_as_zmq
    except ImportError:
        return  # another Python, for which this zmqlite is not built
    finally:
        sys.path[:] = paths
    try:
        install_as_zmq()
    except RuntimeError as error:
        # Raised from here it would be told of, and the program would run with pyzmq.
        print(f"zmqlite run: {error}", file=sys.stderr, flush=True)
        os._exit(2)


def run_the_replaced_one() -> None:
    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        module = sys.modules["sitecustomize"] = module_from_spec(spec)
        spec.loader.exec_module(module)


sys.path[:] = [path for path in sys.path if os.path.abspath(path) != FOLDER]
install()
run_the_replaced_one()

"""Runs a program of this corpus with pyzmq under zmqlite's name: `as_pyzmq.py PROGRAM`."""

import contextlib
import importlib
import pkgutil
import runpy
import sys
import warnings

import zmq

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # some modules are deprecated
    for found in pkgutil.walk_packages(zmq.__path__, "zmq."):
        if not found.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # of what is not installed
                importlib.import_module(found.name)

for name, module in list(sys.modules.items()):
    if name.partition(".")[0] == "zmq":
        sys.modules["zmqlite" + name[len("zmq") :]] = module

runpy.run_path(sys.argv[1], run_name="__main__")

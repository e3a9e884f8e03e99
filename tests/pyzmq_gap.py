"""Run as a program: prints what zmqlite lacks of pyzmq's public modules, names and members.

As JSON: the version of pyzmq, the modules that were looked at, the names that are lacking. A name
is told without the `zmq.` in front, one that is found at several places by its shortest; a member as
`Class.member`. Modules that need a package which is not installed are passed over.
"""

import importlib
import inspect
import json
import pkgutil
import warnings

import zmq


def main():
    modules, lacking = [], {}
    for name in public_modules():
        try:
            theirs = importlib.import_module(name)
        except ImportError:
            continue
        modules.append(name)
        for thing, path in differences(name, theirs):
            lacking[thing] = min(path, lacking.get(thing, path), key=len)
    names = sorted(path.removeprefix("zmq.") for path in modules)
    found = {"pyzmq": zmq.__version__, "modules": names, "lacking": sorted(lacking.values())}
    print(json.dumps(found))


def public_modules():
    walk = pkgutil.walk_packages(zmq.__path__, "zmq.", onerror=lambda name: None)
    return ["zmq", *(module.name for module in walk if "._" not in module.name)]


def differences(module, theirs):
    """Each thing that is public in a module of pyzmq and not in that of zmqlite, with its name."""
    prefix = f"{module}.".removeprefix("zmq.")
    try:
        ours = importlib.import_module(module.replace("zmq", "zmqlite", 1))
    except ModuleNotFoundError:
        yield theirs, prefix.removesuffix(".")
        return
    for name in public_names(theirs):
        thing = getattr(theirs, name)
        if not hasattr(ours, name):
            yield thing, prefix + name
        elif inspect.isclass(thing):
            for member in public_members(thing):
                if not hasattr(getattr(ours, name), member):
                    told = f"{thing.__name__.lstrip('_')}.{member}"
                    yield told, told


def public_names(module):
    """If it does not say which, those of the classes and functions that were made in it."""
    made = (name for name, thing in vars(module).items() if is_made_in(thing, module.__name__))
    return {name for name in getattr(module, "__all__", made) if not name.startswith("_")}


def is_made_in(thing, module):
    return getattr(thing, "__module__", None) == module


def public_members(thing):
    """Those of pyzmq's own; not what a class has from a base that is of another package."""
    own = [base for base in thing.__mro__ if base.__module__.partition(".")[0] == "zmq"]
    return {member for base in own for member in vars(base) if not member.startswith("_")}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

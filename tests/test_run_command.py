"""`zmqlite run`: programs run as Python runs them, but zmq is zmqlite, in their children too."""

import signal
import textwrap

import pytest
from snippets import PACKAGES, module, python, said

FACTS = """
    import json, os, sys
    import __main__
    paths = [os.path.relpath(path) for path in sys.path]
    spec = __spec__ and (__spec__.name, __spec__.origin)
    facts = [sys.argv, paths, sys.flags, __name__, __file__, __package__, spec, __doc__]
    print(json.dumps([*facts, __main__.facts is facts, sys.executable, sys.warnoptions]))
    """

ARGUMENTS = ["-m", "--", "-h", "run", "--version", ""]


def run(*arguments, options=(), **more):
    """End with what the program ended with, started by `python OPTIONS -m zmqlite run`."""
    return python(*options, "-m", "zmqlite", "run", *arguments, **more)


def script(folder, text):
    return module(folder, "program", text)


WAYS = {
    "a script": ["program.py"],
    "a module": ["-m", "program"],
    "a module of a package": ["-m", "package.inner"],
    "a package": ["-m", "package"],
}


@pytest.mark.parametrize("program", WAYS.values(), ids=WAYS.keys())
def test_a_program_sees_what_python_shows_it(tmp_path, program):
    script(tmp_path, FACTS)
    module(tmp_path, "package/__init__", "")
    module(tmp_path, "package/inner", FACTS)
    module(tmp_path, "package/__main__", FACTS)
    by_python = said(python(*program, *ARGUMENTS, cwd=tmp_path))
    assert said(run(*program, *ARGUMENTS, cwd=tmp_path)) == by_python


def test_the_options_of_python_are_handed_on(tmp_path):
    options = ["-O", "-W", "error::FutureWarning", "-X", "utf8"]
    program = script(tmp_path, FACTS)
    assert said(run(program, options=options)) == said(python(*options, program))


def test_zmq_is_zmqlite(tmp_path):
    program = script(tmp_path, "import zmq, zmq.devices; print(zmq.__name__, zmq.devices.__name__)")
    assert said(run(program)) == "zmqlite zmqlite.devices"
    assert said(run("-m", "program", cwd=tmp_path)) == "zmqlite zmqlite.devices"


def test_modules_of_zmq_are_commands():
    ended = run("-m", "zmq.log", "--help")
    assert said(ended).startswith("usage:")
    assert ended.stderr == ""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing(tmp_path, method):
    program = f"""
        import multiprocessing
        import zmq

        def child(names):
            names.put(zmq.__name__)

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            names = context.Queue()
            process = context.Process(target=child, args=[names])
            process.start()
            print(names.get())
            process.join()
        """
    assert said(run(script(tmp_path, program))) == "zmqlite"


def test_children_of_subprocess_and_theirs(tmp_path):
    program = """
        import subprocess, sys, zmq
        print(zmq.__name__, flush=True)
        if depth := int(sys.argv[1]):
            subprocess.run([sys.executable, __file__, str(depth - 1)], check=True)
        """
    assert said(run(script(tmp_path, program), "2")).split() == ["zmqlite"] * 3


def test_the_exit_status_is_the_program_s(tmp_path):
    assert run(script(tmp_path, "raise SystemExit(3)")).returncode == 3
    killed = run(script(tmp_path, "import os; os.kill(os.getpid(), 9)"))
    assert killed.returncode == -signal.SIGKILL


def test_a_traceback_shows_the_program_only(tmp_path):
    program = script(tmp_path, "def broken():\n    1 / 0\nbroken()")
    ended = run(program)
    assert ended.returncode == 1
    assert ended.stderr.count("File ") == 2
    assert "zmqlite" not in ended.stderr


def test_a_program_that_is_not_there(tmp_path):
    by_python, by_zmqlite = (start(tmp_path / "none.py") for start in (python, run))
    assert by_zmqlite.returncode == by_python.returncode == 2
    assert by_zmqlite.stderr == by_python.stderr


def test_nothing_to_run():
    ended = run()
    assert ended.returncode == 2
    assert "PROGRAM" in ended.stderr


@pytest.mark.parametrize("option", ["-E", "-I", "-S"])
def test_a_python_that_starts_without_the_environment_is_refused(tmp_path, option):
    # Not by `-m zmqlite`, as such a Python need not find it.
    start = f"""
        import sys
        sys.path.append({str(PACKAGES)!r})
        from zmqlite.cli import main
        sys.exit(main(["run", "program.py"]))
        """
    ended = python(option, "-c", textwrap.dedent(start))
    assert ended.returncode == 2
    assert ended.stderr == "zmqlite run: this needs a Python without the options -E, -I and -S\n"


def test_a_zmq_that_came_first_is_an_error(tmp_path):
    # As from a .pth file, which Python heeds before it starts anything else.
    module(tmp_path, "zmq", "")
    startup = PACKAGES / "zmqlite" / "startup" / "sitecustomize.py"
    code = f"import runpy, zmq; runpy.run_path({str(startup)!r}); print('the program runs')"
    ended = python("-c", code, paths=[tmp_path])
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("zmqlite run: zmq is imported already, from ")


def test_an_own_sitecustomize_runs_too(tmp_path):
    own = module(tmp_path, "sitecustomize", "import zmq; print('own', zmq.__name__)")
    program = script(tmp_path, "import sitecustomize; print(sitecustomize.__file__)")
    lines = said(run(program, paths=[tmp_path])).splitlines()
    # The first is of the Python that is zmqlite's command, where zmq may be anything.
    assert lines[-2:] == ["own zmqlite", str(own)]


def test_a_broken_own_sitecustomize_is_told_of_as_ever(tmp_path):
    module(tmp_path, "sitecustomize", "raise ValueError('broken here')")
    program = script(tmp_path, "import zmq; print(zmq.__name__)")
    ended = run(program, paths=[tmp_path])
    assert said(ended) == "zmqlite"
    by_python = python("-c", "", paths=[tmp_path])
    assert "broken here" in by_python.stderr
    assert ended.stderr == by_python.stderr * 2


def test_a_child_that_is_another_python_keeps_its_own_zmq(tmp_path):
    other = tmp_path / "other"
    module(other, "zmqlite", "raise ImportError('not built for this Python')")
    module(other, "zmq", "")
    program = f"""
        import os, subprocess, sys
        os.environ["PYTHONPATH"] = {str(other)!r} + os.pathsep + os.environ["PYTHONPATH"]
        subprocess.run([sys.executable, "-c", "import zmq; print(zmq.__name__)"], check=True)
        """
    ended = run(script(tmp_path, program))
    assert said(ended) == "zmq"
    assert ended.stderr == ""

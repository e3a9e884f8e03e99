"""The core without Python: each program in tests/c is compiled against csrc alone and run, and each
fuzzer in tests/fuzz, which here goes through its seeds and what chance makes of them.

ZMQLITE_C_VARIANT selects how: "" as released, "asan" for memory errors, leaks and undefined
behaviour, "tsan" for data races.
"""

import os
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "csrc"
PROGRAMS = sorted(Path(__file__).parent.glob("c/test_*.c"))
FUZZ = Path(__file__).parent / "fuzz"
FUZZERS = ["null", "plain", "curve", "frames"]

MUTATIONS = 2000
"""Inputs that a fuzzer makes of its seeds."""

TIME_LIMIT = 60
"""Seconds a program may run, under a sanitizer too."""

VARIANT = os.environ.get("ZMQLITE_C_VARIANT", "")
VARIANTS = {
    "": ["-O2"],
    "asan": [
        "-O1",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "-fno-omit-frame-pointer",
    ],
    "tsan": ["-O1", "-g", "-fsanitize=thread"],
}
CC = shlex.split(os.environ.get("CC", "cc"))
FLAGS = [
    "-std=gnu11",
    *(["-D_GNU_SOURCE"] if sys.platform == "linux" else []),
    *("-Wall", "-Wextra", "-Werror", "-pthread", f"-I{CORE}"),
    *VARIANTS[VARIANT],
]
LEAKS = int(sys.platform == "linux")  # the sanitizer of other systems cannot find them
SANITIZERS = {
    "ASAN_OPTIONS": f"detect_leaks={LEAKS}",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}

pytestmark = pytest.mark.skipif(not shutil.which(CC[0]), reason="there is no C compiler")


def run(*command, **options):
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, check=False, **output, **options)
    if done.returncode:
        pytest.fail(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout}", False)


@pytest.fixture(scope="session")
def core(tmp_path_factory):
    """The library of all of csrc."""
    folder = tmp_path_factory.mktemp("core")
    sources = sorted(CORE.rglob("*.c"))
    objects = [folder / f"{source.parent.name}_{source.stem}.o" for source in sources]

    def compile_one(source, made):
        run(*CC, *FLAGS, "-c", source, "-o", made)

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        list(workers.map(compile_one, sources, objects))
    run("ar", "rcs", folder / "libcore.a", *objects)
    return folder / "libcore.a"


def build(program, *sources):
    run(*CC, *FLAGS, *sources, "-o", program)


def run_in_time(*command):
    try:
        run(*command, timeout=TIME_LIMIT, env={**os.environ, **SANITIZERS})
    except subprocess.TimeoutExpired as expired:
        said = (expired.stdout or b"").decode()
        pytest.fail(f"still running after {TIME_LIMIT} s; it had said:\n{said}", False)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(program, core, tmp_path):
    built = tmp_path / program.stem
    build(built, program, core)
    run_in_time(built)


@pytest.mark.parametrize("name", FUZZERS)
def test_fuzzer(name, core, tmp_path):
    built = tmp_path / name
    seeds = tmp_path / "seeds"
    build(built, FUZZ / f"fuzz_{name}.c", FUZZ / "fuzz_main.c", core)
    run(sys.executable, FUZZ / "seeds.py", seeds)
    run_in_time(built, str(MUTATIONS), *sorted((seeds / name).iterdir()))

"""Builds the one extension: the C core and its Cython binding.

ZMQLITE_BUILD selects a variant: "debug" (-O0), "asan", "tsan"; unset is the release.
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

LAYERS = ("base", "wire", "loop", "net", "core", "type")
VARIANTS = {
    "": ["-O3"],
    "debug": ["-O0", "-g"],
    "asan": ["-O1", "-g", "-fsanitize=address,undefined", "-fno-omit-frame-pointer"],
    "tsan": ["-O1", "-g", "-fsanitize=thread"],
}

root = Path(__file__).parent
os.chdir(root)
variant = VARIANTS[os.environ.get("ZMQLITE_BUILD", "")]
sources = [
    "zmqlite/_core.pyx",
    "csrc/zmqlite.c",
    *sorted(str(path) for layer in LAYERS for path in Path("csrc", layer).glob("*.c")),
]
depends = [str(path) for path in Path("csrc").rglob("*.h")]
depends += [str(path) for path in Path("zmqlite/core").glob("*.pxi")]

extension = Extension(
    "zmqlite._core",
    sources,
    include_dirs=["csrc"],
    depends=depends,
    define_macros=[("_GNU_SOURCE", "1")] if sys.platform == "linux" else [],
    extra_compile_args=["-std=gnu11", "-fvisibility=hidden", "-pthread", *variant],
    extra_link_args=["-pthread", *(flag for flag in variant if flag.startswith("-fsanitize"))],
)

setup(
    ext_modules=cythonize(
        [extension],
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "initializedcheck": False,
            "nonecheck": False,
            "cdivision": True,
            "embedsignature": True,
            "freethreading_compatible": True,
        },
    )
)

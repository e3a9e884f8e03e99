#!/usr/bin/env bash
# Runs pyzmq's own tests with zmqlite in pyzmq's place: pyzmq-suite.sh PYTHON, a Python of a virtual
# environment that has zmqlite. What the tests need is installed there.
set -euo pipefail

python=$1
cd "$(dirname "$0")/.."
release=27.3.0
cache=$PWD/.venv/pyzmq-suite

if [ ! -d "$cache/pyzmq-$release" ]; then
    mkdir -p "$cache"
    "$python" -m pip download --quiet --no-deps --no-binary pyzmq --dest "$cache" "pyzmq==$release"
    # Not all of it: its package must not be importable from here.
    tar -xzf "$cache/pyzmq-$release.tar.gz" -C "$cache" \
        "pyzmq-$release/tests" "pyzmq-$release/pytest.ini"
fi
"$python" -m pip install --quiet --requirement tests/pyzmq_suite/requirements.txt
"$python" tests/pyzmq_suite/run.py "$cache/pyzmq-$release"

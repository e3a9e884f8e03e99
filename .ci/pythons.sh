#!/usr/bin/env bash
# Builds the sdist (of package.sh) with every other supported CPython found here, and uses it. On
# two of them, an old and a new one, it has to pass pyzmq's own tests too.
set -euo pipefail

found() {
    for version in 3.10 3.11 3.12 3.13 3.14; do
        for python in "python$version" "python${version}t" \
            "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3; do
            # What cannot run, as pyenv's stand-in for an inactive version, is passed over.
            name=$("$python" -c "$describe" 2>/dev/null) && echo "$name $python"
        done
    done | sort -u -k1,1
}

describe='
import ensurepip, pathlib, sys, sysconfig
assert pathlib.Path(sysconfig.get_path("include"), "Python.h").exists()
print("{}.{}{}".format(*sys.version_info[:2], sys.abiflags))'

own=$(python3 -c "$describe")
smoke=$PWD/.ci/smoke.py
sdist=$(ls "$PWD"/dist/zmqlite-*.tar.gz)
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
while read -r name python <&3; do
    [ "$name" != "$own" ] || continue
    echo "--- CPython $name"
    "$python" -m venv "$away/$name"
    "$away/$name/bin/pip" install --quiet "$sdist"
    (cd "$away" && "$name/bin/python" "$smoke" && "$name/bin/zmqlite" demo --messages 5000)
    case $name in
        3.10 | 3.13) .ci/pyzmq-suite.sh "$away/$name/bin/python" ;;
    esac
done 3< <(found)

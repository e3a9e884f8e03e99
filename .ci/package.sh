#!/usr/bin/env bash
# Builds the sdist, and from it alone the wheel; installs the wheel and uses it far from the sources.
set -euo pipefail
rm -rf dist
.venv/bin/python -m build

smoke=$PWD/.ci/smoke.py
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
python3 -m venv "$away/venv"
"$away/venv/bin/pip" install --quiet dist/*.whl
cd "$away"
venv/bin/python "$smoke"
venv/bin/zmqlite demo

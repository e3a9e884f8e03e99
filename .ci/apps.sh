#!/usr/bin/env bash
# Runs the tests with unmodified programs for pyzmq, such as Jupyter. These come with dozens of
# packages, so they have a virtual environment of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv/apps
python3 -m venv $venv
$venv/bin/pip install --quiet --editable '.[apps]'
$venv/bin/pytest tests/apps

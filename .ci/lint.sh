#!/usr/bin/env bash
# Style and types of all Python in the repository.
set -euxo pipefail
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy --strict zmqlite

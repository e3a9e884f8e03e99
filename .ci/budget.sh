#!/usr/bin/env bash
# Takes each hot path of the inside once, and where there is valgrind counts its instructions: fails
# if it takes more than bench/budget.json grants.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/python -m pytest --benchmark-disable --quiet bench/inside
if [ "$(uname)" = Linux ]; then
    .venv/bin/python -m bench.inside.budget
fi

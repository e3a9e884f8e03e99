#!/usr/bin/env bash
# The types that users see: mypy and pyright read typical programs and what they must refuse, and
# stubtest compares the stubs with the modules themselves.
set -euxo pipefail
.venv/bin/mypy --strict tests/types/programs tests/types/refused.py
.venv/bin/pyright --pythonpath .venv/bin/python
# Attributes that are made from the options: type checkers take any name.
options=$(.venv/bin/python -c "
from zmqlite import ContextOption, SocketOption
print('|'.join([*ContextOption.__members__, *SocketOption.__members__]))")
.venv/bin/python -m mypy.stubtest zmqlite --allowlist tests/types/stubtest.txt \
    --allowlist <(echo "zmqlite\.(context\.Context|socket\.Socket)\.(?i:$options)")

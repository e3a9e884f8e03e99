#!/usr/bin/env bash
# Runs what README.md shows, word for word: `readme.sh demo`, `tests` or `snippet`.
# A comment <!-- ci: NAME --> stands above each of these blocks, and one above the snippet's output.
set -euo pipefail

block() {
    awk -v mark="<!-- ci: $1 -->" '
        $0 == mark { wanted = 1 }
        /^```$/ && inside { exit }
        inside
        /^```/ && wanted { inside = 1 }' README.md
}

content=$(block "$1")
[ -n "$content" ] || { echo "README.md has no block named $1"; exit 1; }
echo "$content"
if [ "$1" = snippet ]; then
    diff <(block output) <(.venv/bin/python -c "$content")
else
    bash -euc "$content"
fi

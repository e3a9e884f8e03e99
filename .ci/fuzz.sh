#!/usr/bin/env bash
# Runs each fuzzer of the wire for FUZZ_SECONDS (20 unless told). A corpus in FUZZ_CORPUS is used
# and added to, and an input that fails is left there as crash-*; without one each run begins at
# the seeds.
set -euo pipefail
cd "$(dirname "$0")/.."

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
corpus=${FUZZ_CORPUS:-$made/corpus}
flags=(-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -pthread -g -O1 -Icsrc
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)

python3 tests/fuzz/seeds.py "$made/seeds"
for fuzzer in null plain curve frames; do
    echo "--> $fuzzer"
    clang "${flags[@]}" tests/fuzz/fuzz_$fuzzer.c csrc/wire/*.c csrc/base/*.c -o "$made/$fuzzer"
    mkdir -p "$corpus/$fuzzer"
    "$made/$fuzzer" -max_total_time="${FUZZ_SECONDS:-20}" -print_final_stats=1 \
        -artifact_prefix="$corpus/" "$corpus/$fuzzer" "$made/seeds/$fuzzer" \
        >"$made/log" 2>&1 || { tail -100 "$made/log"; exit 1; }
    grep number_of_executed_units "$made/log"
done

#!/usr/bin/env bash
# Looks for what the checks need of the machine, and installs what is missing where apt-get can.
set -euo pipefail

# need PACKAGE WHAT CHECK...: WHAT is there if the check succeeds; on Debian PACKAGE brings it.
need() {
    local package=$1 what=$2
    shift 2
    if "$@" >/dev/null 2>&1; then
        return
    fi
    echo "missing: $what"
    if command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"
    fi
    "$@" || { echo "still missing: $what"; exit 1; }
}

has_headers() {
    [ -f "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ]
}

sanitizes() {
    echo 'int main(void) { return 0; }' | "${CC:-cc}" -x c "-fsanitize=$1" -o /dev/null -
}

fuzzes() {
    echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return p && n < 0; }' |
        clang -x c -fsanitize=fuzzer,address -o /dev/null -
}

# Debian keeps the sanitizers of clang 14 and later in a package of that version.
runtime_of_clang() {
    echo "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
}

# With the header by which a program says what is to be counted.
counts() {
    valgrind --version && echo '#include <valgrind/callgrind.h>' | "${CC:-cc}" -E -
}

need python3 "Python 3.10 or newer" python3 -c 'import sys; assert sys.version_info >= (3, 10)'
need python3-venv "venv" python3 -c 'import ensurepip, venv'
need python3-dev "the headers of Python" has_headers
need gcc "a C compiler" command -v "${CC:-cc}"
need g++ "a C++ compiler, for the libzmq of old peers" command -v "${CXX:-c++}"
need gcc "the address and undefined behaviour sanitizers" sanitizes address,undefined
need gcc "the thread sanitizer" sanitizes thread
need clang "clang, for libFuzzer" command -v clang
need "$(runtime_of_clang)" "libFuzzer" fuzzes
if [ "$(uname)" = Linux ]; then
    need valgrind "valgrind, which counts instructions" counts
fi

python3 -VV
"${CC:-cc}" --version | head -1

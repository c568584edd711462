#!/bin/sh
# Make .venv and install the locked dependencies and the project into it.
# Usage: sh scripts/setup.sh PYTHON LOCK
set -eu
python=$1
lock=$2

say() { printf '%s\n' "$*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed (set PYTHON=...)"
    exit 2
}
if [ ! -x .venv/bin/python ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian ships venv apart from Python
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq python3-venv
        else
            say "缺少 venv 模块：请安装 python3-venv / the venv module is missing: install the package python3-venv"
            exit 2
        fi
    fi
    "$python" -m venv .venv
fi
.venv/bin/python -m ensurepip --upgrade >/dev/null 2>&1 || true
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -e .
# compiled once: where the environment forbids Python to keep what it compiled, every start would compile anew
.venv/bin/python -m compileall -q src || true
# the kernels of transport too, so that nobody waits half a minute for a first answer
.venv/bin/python -c 'from shangyou.adapters.computing import ComputingBeside
from shangyou.basin.transport.warm import warm
computing = ComputingBeside()
computing.run(warm)
computing.close()' || true

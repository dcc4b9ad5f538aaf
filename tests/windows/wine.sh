#!/bin/bash
# SPDX-License-Identifier: MIT
# wine.sh up: starts Wine's server and services once for all tests, with no hold on the
# caller's output (a test that starts them itself is waited for until they end).
# wine.sh down: ends them. The prefix is WINEPREFIX or build/wine.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
export WINEPREFIX="${WINEPREFIX:-$top/build/wine}" WINEDEBUG=-all
case ${1-} in
up)
    wineserver -p > /dev/null 2>&1 < /dev/null || true   # 2: it runs already
    timeout 60 wine cmd /c exit > /dev/null 2>&1 < /dev/null
    ;;
down)
    wineserver -k || true   # 1: there was none
    ;;
*)
    echo "usage: wine.sh up|down" >&2
    exit 1
    ;;
esac

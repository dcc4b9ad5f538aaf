#!/bin/bash
# SPDX-License-Identifier: MIT
# recorded_test.sh MAKER ETWAS EXPECTED [EMULATOR...]: a small trace, made by MAKER, comes out of
# ETWAS in every format as it is in the folder EXPECTED, byte by byte and on every system.
# After a change that is meant: UPDATE=1 recorded_test.sh MAKER ETWAS EXPECTED
set -uo pipefail
maker=$1 etwas=$2 expected=$3
shift 3
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8
cd "$folder" || exit 2

"$@" "$maker" small.etl || { echo "no trace could be made"; exit 1; }
result=0
for format in text json table xml csv; do
    "$@" "$etwas" --file small.etl --format "$format" > "$format" 2> errors < /dev/null || {
        echo "$format: etwas failed"
        cat errors
        result=1
    }
    if [ -n "${UPDATE-}" ]; then
        cp "$format" "$expected/$format"
    elif ! cmp "$format" "$expected/$format"; then
        diff "$expected/$format" "$format" | head -n 20
        result=1
    fi
done
exit $result

#!/bin/bash
# SPDX-License-Identifier: MIT
# traces.sh ETWAS_EXE REFERENCE TRACES EMULATOR...: for every trace in the folder TRACES, and in
# every format, etwas for Windows gives the bytes of REFERENCE, an etwas built for this system.
# ETWAS_REFERENCE and ETWAS_TRACES of the environment count more than the arguments. Without
# traces or a reference: 77.
set -uo pipefail
etwas=$1 reference=${ETWAS_REFERENCE:-$2} traces=${ETWAS_TRACES:-$3}
shift 3
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8

skip() {
    echo "skipped: $*"
    exit 77
}
[ -n "$(ls "$traces"/*.etl 2> /dev/null)" ] || skip "there are no traces in $traces"
[ -x "$reference" ] || skip "there is no $reference to compare with (cmake --build --preset release)"

# sum WHICH COMMAND...: the sum of what it prints, and its exit status
sum() {
    local which=$1
    shift
    "$@" 2> "$folder/$which.errors" < /dev/null | sha256sum
    echo "${PIPESTATUS[0]}"
}

result=0 count=0
# compare FILE ARGUMENT...
compare() {
    local here there
    here=$(sum here "$reference" --quiet --file "$@")
    there=$(sum there "${emulator[@]}" "$etwas" --quiet --file "$@")
    count=$((count + 1))
    if [ "$here" != "$there" ] || ! cmp -s "$folder/here.errors" "$folder/there.errors"; then
        echo "differs: $*"
        diff "$folder/here.errors" "$folder/there.errors"
        result=1
    fi
}

emulator=("$@")
for file in "$traces"/*.etl; do
    for format in text json table xml csv; do
        compare "$file" --format "$format" --stats
    done
    compare "$file" --format xml --stacks --keep-values
done
for manifest in "$traces"/*.man; do
    [ -e "$manifest" ] && compare "${manifest%.man}.etl" --manifest "$manifest" --format xml
done
echo "$count outputs compared"
exit $result

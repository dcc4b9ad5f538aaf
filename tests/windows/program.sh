#!/bin/bash
# SPDX-License-Identifier: MIT
# program.sh MAKER ETWAS_EXE EMULATOR...: what etwas for Windows does with its arguments and
# files. Each function is a claim; the first that does not hold ends the test.
set -uo pipefail
maker=$1 etwas=$2
shift 2
emulator=("$@")
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8
cd "$folder" || exit 2

fail() {
    echo "$claim: $*"
    sed 's/^/  out: /' out | head -n 5
    sed 's/^/  err: /' err | head -n 5
    exit 1
}

# run STATUS ARGUMENT...
run() {
    local wanted=$1 status
    shift
    timeout 30 "${emulator[@]}" "$etwas" "$@" > out 2> err < /dev/null
    status=$?
    [ "$status" = "$wanted" ] || fail "etwas $* ended with $status, not $wanted"
}

says() { # FILE TEXT
    grep -qF -- "$2" "$1" || fail "$1 does not say: $2"
}

names_are_utf8() {
    cp small.etl 'Größe-測試.etl'
    run 0 --file 'Größe-測試.etl' --format json
    cmp -s out expected || fail "another file was read"
    run 0 --file small.etl --sink 'file:Übersicht.jsonl'
    cmp -s 'Übersicht.jsonl' expected || fail "the file is not what standard output gets"
    run 4 --file 'fehlt-ß.etl'
    says err 'fehlt-ß.etl: opening the file: '
}

patterns_are_expanded_in_order() {
    mkdir -p one two
    cp small.etl one/b.etl
    cp small.etl two/a.etl
    run 0 --file one/b.etl --file two/a.etl --format json
    cp out both
    run 0 --file '*/?.etl' --format json
    cmp -s out both || fail "other files than those named"
    run 0 --file '*\?.etl' --format json
    cmp -s out both || fail "a backslash parts folders, too"
    run 4 --file 'one/x*.etl'
    says err 'no file matches'
}

lines_end_as_they_do_elsewhere() {
    run 0 --help
    grep -q $'\r' out && fail "a carriage return"
    run 0 --version
    says out etwas
}

what_is_not_there_is_said() {
    run 2 --source cpu
    says err 'cpu: not in this version of etwas for Windows'
    run 2 --source sched
    says err 'there is no controller for Windows yet'
    run 2 --doctor
    says err 'there is no controller for Windows yet'
    run 2 --file small.etl --sink http://127.0.0.1:9/
    says err 'cannot send to relays'
    run 1 --nonsense
}

a_reader_who_leaves_is_no_failure() {
    timeout 30 "${emulator[@]}" "$etwas" --file small.etl --file small.etl 2> err | head -c 1 > out
    [ "${PIPESTATUS[0]}" = 0 ] || fail "etwas ended badly"
}

claim=setup
"${emulator[@]}" "$maker" small.etl || fail "no trace could be made"
run 0 --file small.etl --format json
cp out expected
for claim in names_are_utf8 patterns_are_expanded_in_order lines_end_as_they_do_elsewhere \
        what_is_not_there_is_said a_reader_who_leaves_is_no_failure; do
    $claim
done

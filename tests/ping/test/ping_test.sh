#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: ping_test.sh PATH-TO-ETWAS-PING
# What whoever runs etwas-ping can see: exit codes, counts, how it ends.
set -u
ping=$1
folder=$(mktemp -d) || exit 1
child=
trap 'test -n "$child" && kill "$child" 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
failures=0

check() { # WHAT EXPECTED ACTUAL
    if [ "$2" != "$3" ]; then
        echo "FAILED: $1: expected '$2', got '$3'" >&2
        failures=$((failures + 1))
    fi
}

# Runs ping with the arguments; leaves $code, $folder/out and $folder/err.
run() {
    "$ping" "$@" >"$folder/out" 2>"$folder/err"
    code=$?
}

sent() {
    sed -n 's/^sent \([0-9]*\), heard .*/\1/p' "$folder/out"
}

# Until $1 holds, at most ten seconds.
until_true() {
    tries=0
    until eval "$1"; do
        tries=$((tries + 1))
        [ "$tries" -lt 1000 ] || return 1
        sleep 0.01
    done
}

for help in --help -h /h /help '/?'; do
    run "$help"
    check "$help exits" 0 "$code"
    check "$help prints the usage" 1 "$(grep -c '^Usage: etwas-ping' "$folder/out")"
done
run --version
check "--version" "0 1" "$code $(grep -c '^etwas-ping [0-9]' "$folder/out")"

for bad in --rate --rate=x --rate=1.5 --nonsense extra --size=4097 --threads=0 --burst=0 \
    --duration=1d --count=-1 --wait=0 --quiet=1; do
    run "$bad"
    check "$bad exits" 1 "$code"
    check "$bad prints the usage on stderr" 1 "$(grep -c '^Usage: etwas-ping' "$folder/err")"
    check "$bad prints nothing on stdout" "" "$(cat "$folder/out")"
done

for count in 0 1 1023 1025 100000; do
    run --rate 0 --count "$count"
    check "flat out, $count events" "0 $count" "$code $(sent)"
    run --rate=-1 --count="$count" --threads=3
    check "flat out, $count events, three threads" "0 $count" "$code $(sent)"
done
run --rate 100000 --count 1000 --threads 7 --burst 10 --size 4096
check "paced, 1000 events, seven threads" "0 1000" "$code $(sent)"

run --rate 50000 --duration 1 --quiet
check "50,000 a second for a second" "0 sent 50000, heard 0" "$code $(cat "$folder/out")"
run --rate 2000 --duration 500ms --burst 100 --threads 2 --quiet
check "2000 a second for half a second" "0 sent 1000, heard 0" "$code $(cat "$folder/out")"
run --rate 1 --duration 0.5
check "the first event goes out at once" "0 1" "$code $(sent)"
run --rate 20 --duration 1.2
check "a line a second" "0 1" "$code $(grep -c "^[0-9]*	msg/s\$" "$folder/out")"

run --wait 50ms --count 1
check "nobody listens" 2 "$code"
check "and it says so" 1 "$(grep -c 'nobody listened' "$folder/err")"

for signal in INT TERM; do
    rm -f "$folder/out" # its first line will tell that ping runs
    "$ping" --rate 100 >"$folder/out" 2>"$folder/err" &
    child=$!
    until_true "[ -s '$folder/out' ]" || check "$signal: it runs" yes no
    kill -s "$signal" "$child"
    wait "$child"
    check "$signal ends it cleanly" 0 "$?"
    child=
    check "$signal: what was sent is told" 1 "$(grep -c '^sent [1-9]' "$folder/out")"
    check "$signal: no complaint" "" "$(cat "$folder/err")"
done

# The reader leaves after the first line.
{
    "$ping" --rate 100 2>"$folder/err"
    echo "$?" >"$folder/code"
} | head -n 1 >"$folder/out"
check "closed pipe" 0 "$(cat "$folder/code")"
check "closed pipe: quietly" "" "$(cat "$folder/err")"
"$ping" --rate 0 --count 10 >&- 2>"$folder/err"
check "closed stdout" "0 " "$? $(cat "$folder/err")"
if [ -w /dev/full ]; then
    "$ping" --rate 0 --count 10 >/dev/full 2>"$folder/err"
    check "full disk" "2 1" "$? $(grep -c 'cannot write' "$folder/err")"
fi

[ "$failures" -eq 0 ]

#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: ping_check.sh BUILD [RATE SECONDS [THREADS]]
# etwas-ping through controller and monitor to JSON on a tmpfs: each number once, in the
# order of its thread, and as many missing as were reported lost. Without a rate: 50,000/s
# for 20 s (none may be missing), 400,000/s for 5 s (at most 1 %), flat out for 5 s, and
# flat out into rings far too small, which must lose some, and say how many.
set -u
build=$(cd "${1:?"the build folder is missing"}" && pwd) || exit 1
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=bench.sh
. "$here/bench.sh"
# shellcheck disable=SC2034 # bench.sh uses it
aside=
failures=0

# check RATE SECONDS THREADS MOST_MISSING_PERCENT [OPTIONS OF ETWAS]
check() {
    start_controller
    # shellcheck disable=SC2086
    start_monitor --source Ping --format json ${5:-} >"$folder/events.jsonl"
    "$build/tests/ping/etwas-ping" --rate "$1" --duration "$2" --threads "$3" --wait 10s \
        --quiet >"$folder/sent" || exit 1
    stop_monitor
    stop_controller
    echo "rate $1 for $2 s, $3 thread(s): $(cat "$folder/sent")"
    awk -v sent="$(sed -n 's/.*heard \([0-9]*\).*/\1/p' "$folder/sent")" -v kernel="$(lost kernel)" \
        -v monitor="$(lost monitor)" -v threads="$3" -v most="$4" '
        match($0, /"Number":[0-9]+/) && index($0, "\"Provider\":\"Ping\"") {
            number = substr($0, RSTART + 9, RLENGTH - 9) + 0
            match($0, /"Thread":[0-9]+/)
            thread = substr($0, RSTART + 9, RLENGTH - 9)
            disorder += number <= last[thread]
            last[thread] = number
            came++
            if (threads > 1) { twice += seen[number]++ > 0 }
            foreign += number < 1 || number > sent
        }
        match($0, /"EventName":"Lost".*"Count":[0-9]+/) {
            said = substr($0, RSTART, RLENGTH)
            sub(/.*:/, "", said)
            events_said += said
        }
        END {
            missing = sent - came
            lost = kernel + monitor
            printf "  came %d, missing %d (%.3f %%), reported lost %d (kernel %d, monitor %d), in Lost events %d; out of order %d, twice %d, unknown %d\n",
                came, missing, 100 * missing / sent, lost, kernel, monitor, events_said,
                disorder, twice, foreign
            good = missing == lost && events_said == lost && disorder + twice + foreign == 0
            good = good && came > 0 && missing <= sent * most / 100
            print good ? "  good" : "  NOT GOOD"
            exit !good
        }' "$folder/events.jsonl" || failures=$((failures + 1))
    grep "total:" "$folder/stats"
    rm "$folder/events.jsonl"
}

if [ $# -ge 3 ]; then
    check "$2" "$3" "${4:-1}" 100
else
    check 50000 20 1 0
    check 400000 5 1 1
    check 0 5 1 100
    check 0 5 2 100
    check 0 2 2 100 "--buffer-size 4 --max-buffers 64"
fi
[ $failures = 0 ]

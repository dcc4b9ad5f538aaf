#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: json_vs_report.sh BUILD [RUNS [SECONDS]]
# What an event costs as text: etwas live, as JSON to /dev/null, the monitor's processor time
# with all it does (receive, merge, decode, encode, write), against `trace-cmd report` of a
# file with the same events: raw_syscalls:sys_enter of a getppid() loop. Interleaved runs.
set -u
build=$(cd "${1:?"the build folder is missing"}" && pwd) || exit 1
runs=${2:-7}
seconds=${3:-0.3}
here=$(cd "$(dirname "$0")" && pwd)
command -v trace-cmd >/dev/null || { echo "needs trace-cmd" >&2; exit 77; }
# shellcheck source-path=SCRIPTDIR source=bench.sh
. "$here/bench.sh"
# shellcheck source-path=SCRIPTDIR source=private_trace_cmd.sh
. "$here/private_trace_cmd.sh"
loop=$build/tests/bench/getppid_loop

etwas_run() {
    start_controller
    start_monitor --source raw_syscalls:sys_enter --format json >/dev/null
    before=$(cpu_ns "$monitor")
    "$loop" "$seconds" >"$folder/loop"
    # What is held is handed over within two rounds; it may then still be encoded.
    sleep 0.5
    after=$(cpu_ns "$monitor")
    stop_monitor
    stop_controller
    echo "$before $after $(cat "$folder/loop") $(lost kernel) $(lost monitor)" |
        awk '{ printf "%.0f %d %d\n", ($2 - $1) / $3, $3, $6 + $7 }' >>"$folder/etwas"
}

report_run() {
    $aside $private record --compression none -o "$folder/trace.dat" -b 65536 \
        -e raw_syscalls:sys_enter -F "$loop" "$seconds" >"$folder/record" 2>&1
    bash -c 'TIMEFORMAT="%U %S"; time trace-cmd report -i "$1" >/dev/null' bash \
        "$folder/trace.dat" 2>"$folder/time"
    trace-cmd report -i "$folder/trace.dat" | grep -c sys_enter >"$folder/lines"
    echo "$(cat "$folder/lines") $(tail -n 1 "$folder/time")" |
        awk '{ printf "%.0f %d\n", ($2 + $3) * 1e9 / $1, $1 }' >>"$folder/report"
}

run=0
while [ $run -lt "$runs" ]; do
    run=$((run + 1))
    etwas_run
    report_run
    printf 'run %d: etwas %s | trace-cmd report %s\n' $run "$(tail -n 1 "$folder/etwas")" \
        "$(tail -n 1 "$folder/report")"
done
etwas=$(cut -d' ' -f1 "$folder/etwas" | median)
report=$(cut -d' ' -f1 "$folder/report" | median)
echo "medians, ns of processor time an event: etwas $etwas, trace-cmd report $report," \
    "$(echo "$report $etwas" | awk '{ printf "%.1f", $1 / $2 }') times as fast"

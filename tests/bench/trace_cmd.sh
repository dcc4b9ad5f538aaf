#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: trace_cmd.sh BUILD [RUNS [SECONDS]]
# What an event costs: etwas (controller and monitor, null sink) against `trace-cmd record`
# to a tmpfs, raw_syscalls:sys_enter of a getppid() loop that goes flat out. Processor time
# without start-up; runs are interleaved. Changes nothing for good.
set -u
build=$(cd "${1:?"the build folder is missing"}" && pwd) || exit 1
runs=${2:-7}
seconds=${3:-1}
here=$(cd "$(dirname "$0")" && pwd)
command -v trace-cmd >/dev/null || { echo "needs trace-cmd" >&2; exit 77; }
# shellcheck source-path=SCRIPTDIR source=bench.sh
. "$here/bench.sh"
# shellcheck source-path=SCRIPTDIR source=private_trace_cmd.sh
. "$here/private_trace_cmd.sh"
loop=$build/tests/bench/getppid_loop

etwas_run() {
    start_controller
    start_monitor --source raw_syscalls:sys_enter --sink null
    before_c=$(cpu_ns "$controller")
    before_m=$(cpu_ns "$monitor")
    "$loop" "$seconds" >"$folder/loop"
    sleep 0.1 # the last rounds are part of it
    after_c=$(cpu_ns "$controller")
    after_m=$(cpu_ns "$monitor")
    stop_monitor
    stop_controller
    events=$(cut -d' ' -f1 "$folder/loop")
    echo "$before_c $after_c $before_m $after_m $events $(lost kernel) $(lost monitor)" |
        awk '{ printf "%.1f %.1f %.1f %d %d\n", ($2 - $1 + $4 - $3) / $5, ($2 - $1) / $5,
               ($4 - $3) / $5, $5, $6 + $7 }' >>"$folder/etwas"
}

# trace_cmd_once SECONDS: "ns of processor time without the loop's, events, lost"
trace_cmd_once() {
    /usr/bin/env bash -c 'TIMEFORMAT="%U %S"; out=$1; shift; time "$@" >"$out" 2>&1' bash \
        "$folder/record" $aside $private record --compression none \
        -o "$folder/trace.dat" -b 65536 -e raw_syscalls:sys_enter -F "$loop" "$1" 2>"$folder/time"
    { grep -E '^[0-9]+ [0-9.]+ [0-9.]+$' "$folder/record"
      tail -n 1 "$folder/time"
      sed -n 's/.*overrun: \([0-9]*\).*/lost \1/p' "$folder/record"; } |
        awk 'NR == 1 { events = $1; own = $3 } NR == 2 { used = $1 + $2 }
             $1 == "lost" { lost += $2 }
             END { printf "%.0f %d %d\n", (used - own) * 1e9, events, lost }'
}

trace_cmd_run() {
    startup=$(trace_cmd_once 0.001 | cut -d' ' -f1)
    trace_cmd_once "$seconds" >"$folder/once"
    echo "$startup $(cat "$folder/once")" |
        awk '{ printf "%.1f %d %d\n", ($2 - $1) / $3, $3, $4 }' >>"$folder/trace_cmd"
}

run=0
while [ $run -lt "$runs" ]; do
    run=$((run + 1))
    etwas_run
    trace_cmd_run
    printf 'run %d: etwas %s | trace-cmd %s\n' $run "$(tail -n 1 "$folder/etwas")" \
        "$(tail -n 1 "$folder/trace_cmd")"
done
column() { cut -d' ' -f"$2" "$folder/$1" | median; }
echo "medians, ns of processor time an event:"
echo "  etwas       $(column etwas 1) (controller $(column etwas 2), monitor $(column etwas 3)), events $(column etwas 4), most lost $(cut -d' ' -f5 "$folder/etwas" | sort -n | tail -n 1)"
echo "  trace-cmd   $(column trace_cmd 1), events $(column trace_cmd 2), most lost $(cut -d' ' -f3 "$folder/trace_cmd" | sort -n | tail -n 1)"
echo "  ratio       $(echo "$(column etwas 1) $(column trace_cmd 1)" | awk '{ printf "%.3f", $1 / $2 }')"
echo "  median of the runs' ratios $(paste -d' ' "$folder/etwas" "$folder/trace_cmd" | awk '{ printf "%.3f\n", $1 / $6 }' | median)"

# SPDX-License-Identifier: MIT
# What the benchmarks share; sourced. Sets $folder, on a tmpfs, gone at the end as are
# the controller and the setting of the system that was changed.

[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 77; }
folder=$(mktemp -d /dev/shm/etwas-bench.XXXXXX) || exit 1
controller=
monitor=
wmem_before=$(cat /proc/sys/net/core/wmem_max)

clean_up() {
    [ -z "$monitor" ] || kill -KILL "$monitor" 2>/dev/null
    stop_controller
    echo "$wmem_before" >/proc/sys/net/core/wmem_max
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# As many as a stock kernel allows: the controller asks for more and gets this.
echo 212992 >/proc/sys/net/core/wmem_max

# Collectors share the second CPU, the loads have the first for themselves.
aside=
[ "$(nproc)" -lt 2 ] || aside="taskset -c 1"

start_controller() {
    printf 'allow * *:*\nallow * usdt:own\nallow * usdt:%s\n' "${1:-own}" >"$folder/policy"
    $aside "$build/controller/etwas-controller" --socket "$folder/socket" \
        --policy "$folder/policy" 2>"$folder/controller.log" &
    controller=$!
    tries=0
    until "$build/monitor/etwas" --controller "$folder/socket" --status >"$folder/out" 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { cat "$folder/controller.log" "$folder/out" >&2; exit 1; }
        sleep 0.05
    done
}

stop_controller() {
    [ -n "$controller" ] || return 0
    kill "$controller" 2>/dev/null
    wait "$controller" 2>/dev/null
    controller=
}

# start_monitor ARGUMENTS: returns when the controller has its session.
start_monitor() {
    $aside "$build/monitor/etwas" --controller "$folder/socket" --stats --quiet \
        --buffer-size 64 --max-buffers 1024 "$@" 2>"$folder/stats" &
    monitor=$!
    tries=0
    until "$build/monitor/etwas" --controller "$folder/socket" --status | grep -q uid; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { cat "$folder/stats" >&2; exit 1; }
        sleep 0.05
    done
    sleep 0.3 # start-up is not part of what is measured
}

stop_monitor() {
    kill -INT "$monitor"
    wait "$monitor" || { cat "$folder/stats" >&2; exit 1; }
    monitor=
}

# Processor time of all threads of a process so far, in ns.
cpu_ns() {
    cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

# lost WHERE: "kernel" or "monitor", of all CPUs.
lost() {
    sed -n "s/^  total: .*$1 \([0-9]*\).*/\1/p" "$folder/stats"
}

median() { # of numbers, one a line
    sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}

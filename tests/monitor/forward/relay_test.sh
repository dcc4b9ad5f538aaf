#!/bin/bash
# SPDX-License-Identifier: MIT
# etwas and etwass together, over the loopback: what goes in comes out once, whatever ends in
# between. Needs no privilege. Each function is a claim, checked in a folder of its own.
set -u

etwas=$1
etwass=$2
command -v curl > /dev/null || { echo "skipped: curl is not installed"; exit 77; }
folder=$(mktemp -d) || exit 2
relay=
sender=
claim=

end_all() {
    [ -z "$relay" ] || { kill -CONT "$relay"; kill -KILL "$relay"; wait "$relay"; } 2> /dev/null
    [ -z "$sender" ] || { kill -KILL "$sender"; wait "$sender"; } 2> /dev/null
    relay=
    sender=
}
trap 'end_all; rm -rf "$folder"' EXIT

fail() {
    echo "$claim: $*" >&2
    for kept in relay.log sender.log sender2.log; do
        [ -f "$kept" ] && tail -n 20 "$kept" | sed "s/^/  $kept: /" >&2
    done
    exit 1
}

# Waits up to 30 s until the rest, a command, is true.
await() {
    local tenths=300
    while ! "$@"; do
        [ $((tenths -= 1)) -gt 0 ] || return 1
        sleep 0.1
    done
}

# start_relay PORT OPTIONS: leaves its port in $port; 0 is any.
start_relay() {
    local wanted=$1
    shift
    : > relay.out
    "$etwass" --port "$wanted" --data data "$@" > relay.out 2>> relay.log < /dev/null &
    relay=$!
    listens() { cat relay.out relay.log 2> /dev/null | grep -q 'listens on http://'; }
    await listens || fail "the relay does not start"
    port=$(cat relay.log relay.out | sed -n 's|.*listens on http://127.0.0.1:\([0-9]*\).*|\1|p' |
        tail -n 1)
}

kill_relay() {
    kill -KILL "$relay"
    wait "$relay" 2> /dev/null
    relay=
}

send() { "$etwas" --source stdout --sink "http://localhost:$port" --spool spool --key key "$@"; }

# The numbers that the relay has stored, one a line.
numbers() {
    curl -s -H "Authorization: Bearer $(cat data/viewer-token)" \
        "http://localhost:$port/v1/events?order=asc&limit=1000000" |
        sed -n 's/.*"Line":"number \([0-9]*\)".*/\1/p'
}

# has_all N: 1 to N came, each once.
has_all() {
    numbers > got
    [ "$(wc -l < got)" -eq "$1" ] && sort -n got | cmp -s - <(seq 1 "$1")
}

count_up() { seq -f 'number %.0f' "$1" "$2"; }

what_is_typed_in_comes_out() {
    start_relay 0
    count_up 1 30000 | send 2> sender.log || fail "etwas fails"
    has_all 30000 || fail "$(wc -l < got) of 30000 came"
}

a_relay_that_hangs_and_dies_costs_nothing() {
    start_relay 0
    for i in $(seq 0 49); do
        count_up $((i * 400 + 1)) $((i * 400 + 400))
        sleep 0.1
    done | send --drain 60 2> sender.log &
    sender=$!
    await has_some || fail "nothing came"
    kill -STOP "$relay"
    sleep 2
    kill -CONT "$relay"
    kill_relay
    sleep 1
    start_relay "$port"
    wait "$sender" || fail "etwas ends with $?"
    sender=
    has_all 20000 || fail "$(wc -l < got) of 20000 came, $(sort -u got | wc -l) different"
    grep -q 'delivers again after' sender.log || fail "that it delivers again is not said"
}
has_some() { [ "$(numbers | wc -l)" -gt 0 ]; }

a_sender_that_is_killed_loses_nothing_that_was_spooled() {
    start_relay 0
    kill_relay
    { count_up 1 5000; sleep 30; } | send 2> sender.log &
    sender=$!
    await is_spooled || fail "not all is spooled"
    pkill -KILL -P "$sender"
    kill -KILL "$sender"
    wait "$sender" 2> /dev/null
    sender=
    start_relay "$port"
    count_up 5001 6000 | send 2> sender2.log || fail "the second etwas fails"
    has_all 6000 || fail "$(wc -l < got) of 6000 came, $(sort -u got | wc -l) different"
}
# All was taken, and then, for a second, nothing came: by then it is in the spool.
is_spooled() {
    awk '/msg\/s$/ { sum += $1; last = $1 } END { exit !(sum == 5000 && last == 0) }' sender.log
}

a_key_is_approved_by_hand_where_that_is_wanted() {
    start_relay 0 --no-trust-local
    count_up 1 10 | send --drain 60 2> sender.log &
    sender=$!
    said() { grep -q 'on the relay: etwass --approve SHA256:' sender.log; }
    await said || fail "what is to be done is not said"
    local key
    key=$(sed -n 's/.*--approve \(SHA256:[A-Za-z0-9+/]*\).*/\1/p' sender.log | head -n 1)
    approved() { "$etwass" --data data --approve "$key" >> relay.log 2>&1; }
    await approved || fail "it cannot be approved" # the relay writes down who asks now and then
    wait "$sender" || fail "etwas ends with $?"
    sender=
    has_all 10 || fail "$(wc -l < got) of 10 came"
}

for claim in what_is_typed_in_comes_out a_relay_that_hangs_and_dies_costs_nothing \
    a_sender_that_is_killed_loses_nothing_that_was_spooled \
    a_key_is_approved_by_hand_where_that_is_wanted; do
    mkdir "$folder/$claim" && cd "$folder/$claim" || exit 2
    $claim
    end_all
done

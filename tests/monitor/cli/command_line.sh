#!/bin/sh
# SPDX-License-Identifier: MIT
# What etwas does without any privilege. Each function is a claim, checked in a
# folder of its own; the first that does not hold ends the test.
set -u

etwas=$1
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
claim=

fail() {
    echo "$claim: $*" >&2
    for kept in out err; do
        [ -f "$kept" ] && sed "s/^/  $kept: /" "$kept" >&2
    done
    exit 1
}

# run STATUS ARGUMENTS: runs etwas, whose exit status must be that.
run() {
    wanted=$1
    shift
    timeout 30 "$etwas" "$@" > out 2> err < /dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || fail "etwas $* ended with $status, not $wanted"
}

says() { # FILE TEXT
    grep -qF -- "$2" "$1" || fail "$1 does not say \"$2\""
}

without_arguments_it_prints_its_usage() {
    run 0
    says out 'Usage: etwas'
}

help_is_given_under_every_name() {
    for word in --help -h /h /help '/?'; do
        run 0 "$word"
        says out 'Usage: etwas'
        [ -s err ] && fail "$word prints to standard error"
    done
    run 0 --version
    says out 'etwas '
}

bad_arguments_print_the_usage_on_standard_error() {
    for arguments in --bogus sched '--source' '--source cpu --sink pigeon' '--quiet' \
        '--source cpu?nonsense=1' '--source cpu --format yaml' '--source cpu --duration x'; do
        # shellcheck disable=SC2086
        run 1 $arguments
        says err 'Usage: etwas'
        [ -s out ] && fail "$arguments prints to standard output"
    done
}

later_versions_are_named() {
    run 1 --source cpu --query x.kql
    says err 'not in this version'
    run 1 --source clr
    says err 'Windows'
}

lines_become_events() {
    printf 'a\nb\n\nlast' | timeout 30 "$etwas" --quiet --source stdout --format json > out 2> err ||
        fail "it failed"
    [ "$(wc -l < out)" -eq 4 ] || fail "not one object for each line"
    says out '"EventData":{"Line":"a"}'
    says out '"EventData":{"Line":"last"}'
    says out '"Provider":"stdout"'
    [ -s err ] && fail "--quiet is not quiet"
}

text_is_the_usual_format() {
    printf 'a\n' | timeout 30 "$etwas" --source stdout > out 2> err || fail "it failed"
    [ "$(head -n 1 out)" = 'Event: 0 (Line)' ] || fail "the first line is another"
    says out 'Line = a'
}

a_reader_that_leaves_is_no_failure() {
    yes | head -n 200000 | {
        timeout 30 "$etwas" --quiet --source stdout --format json
        echo $? > status
    } | head -n 1 > out
    [ "$(cat status)" -eq 0 ] || fail "it ended with $(cat status)"
    [ "$(wc -l < out)" -eq 1 ] || fail "nothing came"
    { timeout 30 "$etwas" --help; echo $? > status; } | head -n 1 > out
    [ "$(cat status)" -eq 0 ] || fail "--help ended with $(cat status)"
}

the_lines_of_a_command_are_taken() {
    run 0 --quiet --source stdout --format json -- sh -c 'echo out; echo diagnostics >&2'
    says out '"Line":"out"'
    says err diagnostics
    run 0 --quiet --source stdout -- sh -c 'exit 3'
    says err 'status 3'
    run 4 --quiet --source stdout -- there-is-no-such-command-of-ours
    says err there-is-no-such-command-of-ours
    run 1 --source cpu -- ls
}

a_limit_ends_it() {
    run 0 --quiet --source 'cpu?interval=100' --max-events 3 --format json
    [ "$(wc -l < out)" -eq 3 ] || fail "not three events"
    says out '"Cpu":-1'
    run 0 --quiet --source 'process-cpu?interval=50&name=etwas' --max-events 1 --format json
    says out '"Name":"etwas"'
    run 0 --quiet --source 'cpu?interval=1h' --duration 100ms
    run 0 --quiet --source stdout --max-events 1 --format json -- sh -c 'echo a; exec sleep 1000'
    [ "$(wc -l < out)" -eq 1 ] || fail "not one event"
}

several_sinks_get_the_same() {
    printf 'a\nb\n' | timeout 30 "$etwas" --quiet --source stdout --format json --sink stdout \
        --sink file:copy.jsonl --sink stdout --sink null > out 2> err || fail "it failed"
    [ "$(wc -l < out)" -eq 2 ] || fail "sinks are not named once"
    cmp -s out copy.jsonl || fail "the file differs"
}

the_accounts_are_exact() {
    printf 'a\nb\n' | timeout 30 "$etwas" --quiet --stats --fail-on-loss --source stdout \
        --sink null 2> err || fail "it failed"
    says err 'produced 2 = delivered 2'
}

without_a_controller_it_says_what_to_do() {
    for arguments in '--source sched' --stop --status '--list providers' '--list events sched'; do
        # shellcheck disable=SC2086
        run 2 $arguments --controller "$folder/none"
        says err "$folder/none"
        says err 'next: '
    done
    timeout 30 "$etwas" --doctor --controller "$folder/none" > out 2> err
    [ $? -ne 0 ] || fail "--doctor finds nothing wrong"
    says out 'no  '
}

what_no_relay_takes_stays_in_the_spool() {
    printf 'a\nb\n' | timeout 30 "$etwas" --quiet --stats --source stdout --drain 100ms \
        --sink http://127.0.0.1:1 --spool spool --key keys/key > out 2> err
    [ $? -eq 2 ] || fail "it does not end with 2"
    says err 'http://127.0.0.1:1/: relay does not answer (Connection refused)'
    says err 'waiting 2 in 1'
    says err '1 batches with 2 events are not sent'
    says err 'next: '
    [ "$(stat -c %a keys/key)" = 600 ] || fail "others can read the key"
    run 0 --key-show --key keys/key
    says out 'etwas-ed25519 '
    chmod 644 keys/key
    run 3 --key-show --key keys/key
    says err 'next: chmod 600 keys/key'
    timeout 30 "$etwas" --doctor --controller "$folder/none" --sink http://127.0.0.1:1 \
        --spool spool --key keys/key > out 2> err
    says out 'no  relay http://127.0.0.1:1/ does not answer: Connection refused'
    says out 'ok  spool spool: 1 stream,'
    says out 'no  key keys/key: the key file is open to others'
}

programs_without_probes_have_no_rule() {
    run 4 --usdt-rule "$folder/none"
    echo text > text
    run 2 --usdt-rule "$folder/text"
    run 1 --usdt-rule ''
}

for claim in without_arguments_it_prints_its_usage help_is_given_under_every_name \
    bad_arguments_print_the_usage_on_standard_error later_versions_are_named lines_become_events \
    text_is_the_usual_format a_reader_that_leaves_is_no_failure the_lines_of_a_command_are_taken \
    a_limit_ends_it several_sinks_get_the_same the_accounts_are_exact \
    without_a_controller_it_says_what_to_do what_no_relay_takes_stays_in_the_spool programs_without_probes_have_no_rule; do
    rm -f out err
    $claim
done

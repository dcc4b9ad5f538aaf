#!/bin/bash
# SPDX-License-Identifier: MIT
# metrics_test.sh ETWASS SCRATCH: a real Prometheus scrapes a real relay and finds what it says;
# promtool has nothing to say against the text.
set -uo pipefail
etwass=$1 scratch=$2

for tool in prometheus promtool curl; do
    command -v "$tool" > /dev/null || { echo "skipped: no $tool"; exit 77; }
done
rm -rf "$scratch"
mkdir -p "$scratch"
relay='' prometheus=''
clean_up() {
    [ -z "$relay" ] || kill "$relay" 2> /dev/null
    [ -z "$prometheus" ] || kill "$prometheus" 2> /dev/null
    wait
}
trap clean_up EXIT

fail() { printf 'metrics: %s\n' "$*" >&2; exit 1; }
# wait_for FILE PATTERN: the part of a line that the pattern is, as soon as it is there.
wait_for() {
    for ((i = 0; i < 300; i++)); do
        grep -m1 -oE "$2" "$1" 2> /dev/null && return 0
        sleep 0.1
    done
    return 1
}

env -u JOURNAL_STREAM "$etwass" --port 0 --data "$scratch/relay" \
    > "$scratch/relay.out" 2> "$scratch/relay.err" < /dev/null &
relay=$!
url=$(wait_for "$scratch/relay.out" 'http://127\.0\.0\.1:[0-9]+/\?token=') ||
    { cat "$scratch/relay.err"; fail "the relay did not start"; }
target=${url#http://}
target=${target%%/*}
token=$(cat "$scratch/relay/viewer-token")
curl -sf -H "Authorization: Bearer $token" "http://$target/metrics" > "$scratch/metrics" ||
    fail "no metrics"
promtool check metrics < "$scratch/metrics" || fail "promtool does not like them"
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$target/metrics")" = 401 ] ||
    fail "there are metrics without a token"

cat > "$scratch/prometheus.yml" << END
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: etwas
    authorization:
      credentials_file: $scratch/relay/viewer-token
    static_configs:
      - targets: ['$target']
END
promtool check config "$scratch/prometheus.yml" > /dev/null || fail "the configuration is wrong"
prometheus --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/tsdb" \
    --web.listen-address=127.0.0.1:0 > "$scratch/prometheus.log" 2>&1 < /dev/null &
prometheus=$!
address=$(wait_for "$scratch/prometheus.log" 'Listening on" address=127\.0\.0\.1:[0-9]+') ||
    { cat "$scratch/prometheus.log"; fail "Prometheus did not start"; }
address=${address##*=}

# query TEXT: the value, once there is one.
query() {
    local answer
    for ((i = 0; i < 300; i++)); do
        answer=$(curl -sfG --data-urlencode "query=$1" "http://$address/api/v1/query") || answer=
        if [[ $answer =~ \"value\":\[[0-9.]+,\"([^\"]*)\"\] ]]; then
            printf '%s\n' "${BASH_REMATCH[1]}"
            return 0
        fi
        sleep 0.1
    done
    fail "Prometheus knows nothing of $1"
}
[ "$(query 'up{job="etwas"} == 1')" = 1 ] || fail "the target is not up"
[ "$(query etwas_build_info)" = 1 ] || fail "etwas_build_info is not 1"
[ "$(query etwas_store_healthy)" = 1 ] || fail "the store is not healthy"
[ "$(query 'sum(etwas_ingest_refused_total)')" = 0 ] || fail "something was refused"
[ "$(query 'etwas_http_answers_total{status="4xx"} >= 1')" -ge 1 ] || fail "answers are not counted"
echo "scraped and understood"

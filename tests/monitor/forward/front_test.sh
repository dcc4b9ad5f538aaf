#!/bin/bash
# SPDX-License-Identifier: MIT
# etwas and relays behind what relays stand behind: a name server that knows the instances of a role,
# and a proxy that speaks TLS. Both are real ones, and run in a network of their own, so this needs
# root. Each function is a claim, checked in a folder of its own.
set -u

etwas=$1
etwass=$2
for program in dnsmasq haproxy openssl curl ip unshare; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" > /dev/null ||
        { echo "skipped: $program is not installed"; exit 77; }
done
PATH=$PATH:/usr/sbin:/sbin
if [ -z "${ETWAS_FRONT_INSIDE-}" ]; then
    unshare --mount --net true 2> /dev/null ||
        { echo "skipped: a network of one's own needs root"; exit 77; }
    ETWAS_FRONT_INSIDE=1 exec unshare --mount --net --propagation private -- bash "$0" "$@"
fi
folder=$(mktemp -d) || exit 2
jobs=()
claim=

end_all() {
    [ ${#jobs[@]} -eq 0 ] || { kill -KILL "${jobs[@]}"; wait "${jobs[@]}"; } 2> /dev/null
    jobs=()
}
trap 'end_all; rm -rf "$folder"' EXIT

fail() {
    echo "$claim: $*" >&2
    for kept in *.log; do
        tail -n 20 "$kept" | sed "s/^/  $kept: /" >&2
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

ip link set lo up || exit 2
ip address add 127.0.0.2/8 dev lo 2> /dev/null
printf 'nameserver 127.0.0.1\noptions attempts:1 timeout:2\n' > "$folder/resolv.conf"
mount --bind "$folder/resolv.conf" /etc/resolv.conf || exit 2

# relay NAME PORT: with its data in a folder of that name.
relay() {
    "$etwass" --port "$2" --data "$1" --host "one.example:$2" --host "two.example:$2" \
        --host relay.example:8443 --trust-local > "$1.log" 2>&1 < /dev/null &
    jobs+=($!)
    listens() { grep -q 'listens on http://' "$1.log"; }
    await listens "$1" || fail "the relay $1 does not start"
}

# names LINE...: a name server that knows these, in dnsmasq's words, and nothing else.
names() {
    [ -z "${server-}" ] || { kill "$server" && wait "$server"; } 2> /dev/null
    dnsmasq --keep-in-foreground --no-resolv --no-hosts --user=root --conf-file=/dev/null \
        --pid-file --listen-address=127.0.0.1 --bind-interfaces --local-ttl=1 \
        --address=/one.example/127.0.0.1 --address=/two.example/127.0.0.1 \
        --address=/relay.example/127.0.0.1 --address=/other.example/127.0.0.1 "$@" \
        > names.log 2>&1 < /dev/null &
    server=$!
    jobs+=("$server")
    answers() { curl -s -o /dev/null --connect-timeout 1 http://one.example:1/; [ $? -ne 6 ]; }
    await answers || fail "the name server does not start"
}

# numbers DATA URL: those that the relay has stored, one a line.
numbers() {
    curl -s -H "Authorization: Bearer $(cat "$1/viewer-token")" \
        "$2/v1/events?order=asc&limit=1000000" | sed -n 's/.*"Line":"number \([0-9]*\)".*/\1/p'
}

# has_all DATA URL N: 1 to N came, each once.
has_all() {
    numbers "$1" "$2" > got
    [ "$(wc -l < got)" -eq "$3" ] && sort -n got | cmp -s - <(seq 1 "$3")
}

count_up() { seq -f 'number %.0f' "$1" "$2"; }

send() { "$etwas" --source stdout --spool spool --key key --quiet "$@"; }

all_instances_that_the_dns_names_get_everything() {
    relay one 8081
    relay two 8082
    names --srv-host=_etwas._tcp.hub.example,one.example,8081 \
        --srv-host=_etwas._tcp.hub.example,two.example,8082
    count_up 1 2000 | send --sink role:hub.example 2> send.log || fail "etwas fails"
    has_all one http://127.0.0.1:8081 2000 || fail "$(wc -l < got) of 2000 came to the first"
    has_all two http://127.0.0.1:8082 2000 || fail "$(wc -l < got) of 2000 came to the second"
}

a_role_that_the_dns_does_not_know_yet_is_waited_for() {
    relay one 8081
    names
    count_up 1 200 | send --sink role:hub.example --drain 90 2> send.log &
    jobs+=($!)
    local sender=$!
    said() { grep -q 'SRV records of _etwas._tcp.hub.example' send.log; }
    await said || fail "what is to be done is not said"
    names --srv-host=_etwas._tcp.hub.example,one.example,8081
    wait "$sender" || fail "etwas ends with $?"
    has_all one http://127.0.0.1:8081 200 || fail "$(wc -l < got) of 200 came"
}

# certificate NAME SUBJECT DAYS: of the authority ca, for relay.example unless told otherwise.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$2" > openssl.log 2>&1 &&
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" \
            -extfile <(echo "subjectAltName=DNS:$2") -out "$1.crt" >> openssl.log 2>&1 ||
        fail "openssl"
    cat "$1.crt" "$1.key" > "$1.pem"
}

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
        -out "$1.pem" -subj "/CN=$1" -days 2 > openssl.log 2>&1 || fail "openssl"
}

# front CERTIFICATE: a proxy that speaks TLS on port 8443 for the relay on 8081.
front() {
    [ -z "${proxy-}" ] || { kill "$proxy" && wait "$proxy"; } 2> /dev/null
    cat > front.cfg << END
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend tls
    bind 127.0.0.1:8443 ssl crt $1.pem
    option forwardfor
    default_backend relay
backend relay
    server relay 127.0.0.1:8081
END
    haproxy -db -f front.cfg > front.log 2>&1 < /dev/null &
    proxy=$!
    jobs+=("$proxy")
    accepts() { curl -sk -o /dev/null https://127.0.0.1:8443/healthz; }
    await accepts || fail "the proxy does not start"
}

# refused WORDS OPTIONS: etwas is told these words by libcurl, says them, and keeps the batch.
refused() {
    local words=$1
    shift
    count_up 1 10 | send --drain 2 "$@" 2> send.log
    local status=$?
    [ "$status" -eq 2 ] || fail "etwas ends with $status, not with 2"
    grep -q "the relay's certificate is not good (.*$words" send.log || fail "'$words' is not said"
    grep -q '1 batches with 10 events are not sent; they are kept' send.log ||
        fail "that it is kept is not said"
    has_all one http://127.0.0.1:8081 0 || fail "something came"
}

tls() {
    relay one 8081
    names
    authority ca
}

what_goes_through_a_tls_proxy_is_signed_for_its_name() {
    tls
    certificate good relay.example 2
    front good
    # Through a proxy nobody is local: somebody has to trust the key.
    count_up 1 2000 | send --sink https://relay.example:8443/ --ca ca.pem --drain 60 2> send.log &
    local sender=$!
    jobs+=("$sender")
    said() { grep -q 'on the relay: etwass --approve SHA256:' send.log; }
    await said || fail "what is to be done is not said"
    approved() {
        "$etwass" --data one --approve \
            "$(sed -n 's/.*--approve \(SHA256:[A-Za-z0-9+/]*\).*/\1/p' send.log | head -n 1)" \
            >> approve.log 2>&1
    }
    await approved || fail "it cannot be approved"
    wait "$sender" || fail "etwas ends with $?"
    has_all one http://127.0.0.1:8081 2000 || fail "$(wc -l < got) of 2000 came"
}

who_is_not_who_he_should_be_gets_nothing() {
    tls
    authority stranger
    certificate good relay.example 2
    front good
    refused 'unable to get local issuer certificate' --sink https://relay.example:8443/ \
        --ca stranger.pem
    rm -rf spool
    refused '--ca FILE says whom to trust' --sink https://relay.example:8443/
    rm -rf spool
    refused 'does not match\|no alternative certificate subject name' \
        --sink https://other.example:8443/ --ca ca.pem
    rm -rf spool
    certificate old relay.example 0
    sleep 1
    front old
    refused 'certificate has expired' --sink https://relay.example:8443/ --ca ca.pem
    rm -rf spool
    count_up 1 10 | send --drain 1 --sink https://relay.example:8443/ --ca none.pem 2> send.log
    grep -q 'whom to trust cannot be read (none.pem)' send.log || fail "a missing --ca is not said"
}

for claim in all_instances_that_the_dns_names_get_everything \
    a_role_that_the_dns_does_not_know_yet_is_waited_for \
    what_goes_through_a_tls_proxy_is_signed_for_its_name \
    who_is_not_who_he_should_be_gets_nothing; do
    mkdir "$folder/$claim" && cd "$folder/$claim" || exit 2
    server='' proxy=''
    $claim
    end_all
done

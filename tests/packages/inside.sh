#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs in the bare Debian of packages_test.sh, with all packages in /packages.
set -euo pipefail
policy=/etc/etwas/policy
controller=(/packages/etwas-controller_*.deb)
etwas=(/packages/etwas_*.deb)
relay=(/packages/etwas-relay_*.deb)

fail() { printf 'packages: %s\n' "$*" >&2; exit 1; }
check() { "$@" > /tmp/out 2>&1 || { cat /tmp/out; fail "failed: $*"; }; }
refused() { if "$@" > /dev/null 2>&1; then fail "should have failed: $*"; fi; }
# mode FILE EXPECTED: its permissions, owner and group
mode() { [ "$(stat -c '%a %U %G' "$1")" = "$2" ] || fail "$1 is $(stat -c '%a %U %G' "$1")"; }

# All files with mode and owner, but for what any installation writes to.
all_files() { find / -xdev -path /proc -prune -o -path /sys -prune -o -path /tmp -prune -o \
    -path /var/lib/dpkg -prune -o -path /var/log -prune -o -path /var/cache -prune -o \
    -path /packages -prune -o ! -path '/etc/*-' -printf '%p %m %u\n' | sort; }
has_rule() {
    grep -A2 '^# begin etwas-ping' "$policy" |
        grep -q "^allow group:etwas usdt:$(stat -c %i /usr/bin/etwas-ping):"
}

# What the packages need of others comes first: it is not what is tested.
needed() { dpkg-deb -f "$1" Depends | tr ',' '\n' | sed 's/[(|].*//; s/ //g'; }
mapfile -t others < <(for package in /packages/*.deb; do needed "$package"; done | sort -u)
check apt-get -qq update
check apt-get -qq install -y --no-install-recommends "${others[@]}"
all_files > /tmp/before
getent group > /tmp/groups

# The controller alone: no rule yet, and a policy that it accepts.
check dpkg -i "${controller[@]}"
[ "$(dpkg-deb -c "${controller[@]}" | grep -c 'bin/.')" = 1 ] || fail "more than one program"
mode /usr/sbin/etwas-controller '755 root root'
mode "$policy" '644 root root'
mode /usr/share/etwas/policy.default '644 root root'
[ -f /usr/share/man/man8/etwas-controller.8 ] || fail "no manual page of etwas-controller"
[ -f /usr/share/man/man5/etwas-policy.5 ] || fail "no manual page of the policy"
[ -f /usr/lib/systemd/system/etwas-controller.service ] || fail "no unit"
grep -qx 'ExecStart="/usr/sbin/etwas-controller" --policy "/etc/etwas/policy"' \
    /usr/lib/systemd/system/etwas-controller.service || fail "the unit starts something else"
getent group etwas > /dev/null || fail "no group etwas"
check cmp "$policy" /usr/share/etwas/policy.default
check etwas-controller --check
check etwas-controller --help

# Now etwas: its rule comes by itself, once, also when it comes again.
check dpkg -i "${etwas[@]}"
mode /usr/bin/etwas '755 root root'
mode /usr/bin/etwas-ping '755 root root'
mode /usr/bin/etwasc '755 root root'
check etwas --help
check etwasc --help
check etwas --usdt-rule /usr/bin/etwas-ping
check etwas-ping --rate 1000 --count 3 --quiet
[ -f /usr/share/man/man1/etwas-ping.1 ] || fail "no manual page of etwas-ping"
[ -f /usr/share/man/man1/etwasc.1 ] || fail "no manual page of etwasc"
has_rule || { cat "$policy"; fail "no rule for etwas-ping"; }
check etwas-controller --check
check dpkg -i "${etwas[@]}"
has_rule || fail "no rule for etwas-ping after it was installed again"
[ "$(grep -c '^# begin etwas-ping' "$policy")" = 1 ] || fail "more than one rule"

# The administrator's own lines stay; the rule goes with the program.
echo 'allow uid:4711 sched' >> "$policy"
check dpkg -i "${controller[@]}"
grep -qx 'allow uid:4711 sched' "$policy" || fail "an upgrade overwrote the policy"
check dpkg -r etwas
refused grep -q etwas-ping "$policy"
grep -qx 'allow uid:4711 sched' "$policy" || fail "removing etwas took a rule of others"
check dpkg -r etwas-controller
[ -f "$policy" ] || fail "removing without purging took the policy"
check dpkg -P etwas-controller etwas

# The other way round, and both at once.
check dpkg -i "${etwas[@]}"
check dpkg -i "${controller[@]}"
has_rule || fail "no rule when etwas comes first"
check dpkg -P etwas etwas-controller
check dpkg -i "${etwas[@]}" "${controller[@]}"
has_rule || fail "no rule when both come at once"
check dpkg -P etwas-controller etwas

# The relay by itself: a user of its own, a folder that only he can read, one program.
getent passwd > /tmp/users
check dpkg -i "${relay[@]}"
[ "$(dpkg-deb -c "${relay[@]}" | grep -c 'bin/.')" = 1 ] || fail "more than one program"
mode /usr/bin/etwass '755 root root'
[ -f /usr/share/man/man8/etwass.8 ] || fail "no manual page of etwass"
[ -f /usr/lib/systemd/system/etwass.service ] || fail "no unit of the relay"
grep -qx 'ExecStart="/usr/bin/etwass"' /usr/lib/systemd/system/etwass.service ||
    fail "the unit of the relay starts something else"
getent passwd etwas-relay | grep -q '/nologin$' || fail "no user etwas-relay"
check etwass --help
mkdir -m 700 /var/lib/etwas-relay
chown etwas-relay: /var/lib/etwas-relay
check su -s /bin/sh -c 'timeout -s TERM 2 etwass --port 0 --data /var/lib/etwas-relay; [ $? = 124 ]' \
    etwas-relay
mode /var/lib/etwas-relay/viewer-token '600 etwas-relay etwas-relay'
check dpkg -i "${relay[@]}"
[ -f /var/lib/etwas-relay/etwas.db ] || fail "an upgrade took the store"
check dpkg -r etwas-relay
[ -f /var/lib/etwas-relay/etwas.db ] || fail "removing without purging took the store"
check dpkg -P etwas-relay
getent passwd | diff /tmp/users - || fail "a user was left behind"

all_files > /tmp/after
diff /tmp/before /tmp/after || fail "this was left behind"
getent group | diff /tmp/groups - || fail "a group was left behind"
echo "all packages came and went"

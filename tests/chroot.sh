#!/bin/bash
# SPDX-License-Identifier: MIT
# chroot.sh [-c SOURCE:TARGET]... [--] COMMAND [ARGUMENT...]
#
# Runs a command as root in a bare Debian (debootstrap, minbase; on Ubuntu, Ubuntu) of
# its own, with /proc and /sys, into which the sources were copied first. The bare system
# is kept below build/ for the next time. All mounts are in a namespace of their own, so
# they end with the command whatever becomes of it. Exit status: the command's, or 77
# where this cannot be done.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
kept=$top/build/chroot
copies=()
while [ $# -gt 0 ]; do
    case $1 in
    -c) copies+=("$2"); shift 2 ;;
    --) shift; break ;;
    *) break ;;
    esac
done

skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "making a chroot needs root"
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap > /dev/null || skip "debootstrap is not installed"
command -v apt-get > /dev/null || skip "no apt-get to ask for a mirror"
unshare --mount true 2> /dev/null || skip "this root may not mount"

make_base() {
    local uri codename
    uri=$(apt-get download --print-uris base-files | sed -n "s/^'\([^']*\)'.*/\1/p" | head -n 1)
    [ -n "$uri" ] || { echo "apt knows no mirror: run apt-get update" >&2; exit 2; }
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    rm -rf --one-file-system "$kept/partial"
    debootstrap --variant=minbase "$codename" "$kept/partial" "${uri%%/pool/*}" \
        > "$kept/debootstrap.log" 2>&1 || { tail -n 20 "$kept/debootstrap.log" >&2; exit 2; }
    # How to reach the mirror from here (a proxy, say) holds inside as well.
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Check-[A-Za-z-]*|Retries)' \
        > "$kept/partial/etc/apt/apt.conf.d/90outside" || true
    rm -f "$kept/partial/var/cache/apt/archives/"*.deb
    mv "$kept/partial" "$kept/base"
}

# Whom this system trusts (a proxy with a certificate of its own, say) is trusted inside by npm.
trusted=/etc/ssl/certs/ca-certificates.crt
bring_trusted() {
    [ ! -r "$trusted" ] || cp -L "$trusted" "$root/etc/outside.crt"
}

mkdir -p "$kept"
exec 9> "$kept/lock"
flock 9
[ -d "$kept/base" ] || make_base
flock -u 9

root=$(mktemp -d "$kept/run.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM HUP
cp -a "$kept/base/." "$root"
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2> /dev/null || true
bring_trusted
for copy in "${copies[@]}"; do
    mkdir -p "$root$(dirname "${copy#*:}")"
    cp -a "${copy%%:*}" "$root${copy#*:}"
done

# shellcheck disable=SC2016 # expanded inside
unshare --mount --propagation private bash -c '
    set -e
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys"
    exec 9>&-
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LC_ALL=C NODE_EXTRA_CA_CERTS=/etc/outside.crt http_proxy="${http_proxy-}" https_proxy="${https_proxy-}" \
        chroot "$root" "$@"' bash "$root" "$@"

# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced by ./demo and ./check: installs what is missing.
#
#   need cmd:cmake=cmake hdr:stdio.h=libc6-dev
#
# looks for commands and headers, and only names packages to apt for those it does
# not find. Uses sudo when the caller is not root. Returns 1, having said what is
# missing, when it cannot install.

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# may_become_root: is as_root of any use? Asks for the password if there is a terminal.
may_become_root() {
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo > /dev/null || return 1
    sudo -n true 2> /dev/null && return 0
    [ -t 0 ] && sudo -v
}

has_header() {
    local found
    for found in "/usr/include/$1" /usr/include/*/"$1" "/usr/local/include/$1"; do
        [ -e "$found" ] && return 0
    done
    return 1
}

need() {
    local item kind name missing=() packages=()
    for item in "$@"; do
        kind=${item%%:*}
        name=${item#*:}
        name=${name%%=*}
        case $kind in
        cmd) PATH=$PATH:/usr/sbin:/sbin command -v "$name" > /dev/null && continue ;;
        hdr) has_header "$name" && continue ;;
        file) [ -e "$name" ] && continue ;;
        esac
        missing+=("$name")
        packages+=("${item#*=}")
    done
    [ ${#missing[@]} = 0 ] && return 0
    if ! command -v apt-get > /dev/null; then
        echo "missing: ${missing[*]}; please install them (no apt-get here)" >&2
        return 1
    fi
    if ! may_become_root; then
        echo "missing: ${missing[*]}; as root: apt-get install ${packages[*]}" >&2
        return 1
    fi
    echo "installing ${packages[*]}"
    install_packages "${packages[@]}" || {
        echo "could not install ${packages[*]}" >&2
        return 1
    }
}

install_packages() {
    local log
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y
               -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3)
    log=$(mktemp)
    if ! { as_root "${apt[@]}" update &&
           as_root "${apt[@]}" install --no-install-recommends "$@"; } > "$log" 2>&1 < /dev/null
    then
        tail -n 20 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

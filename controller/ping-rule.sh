#!/bin/sh
# SPDX-License-Identifier: MIT
# ping-rule [POLICY [BINDIR]]: keeps the lines right by which a policy lets its users
# probe the installed etwas-ping. They name the program's inode, so they change with
# every new one; without the program they go. All other lines stay as they are.
set -eu
policy=${1:-/etc/etwas/policy}
bin=${2:-/usr/bin}
[ -f "$policy" ] || exit 0

new=$(mktemp "$policy.XXXXXX")
trap 'rm -f "$new"' EXIT
sed '/^# begin etwas-ping/,/^# end etwas-ping/d' "$policy" > "$new"
if [ -x "$bin/etwas" ] && [ -x "$bin/etwas-ping" ]; then
    rule=$("$bin/etwas" --usdt-rule "$bin/etwas-ping" --who group:etwas)
    {
        echo "# begin etwas-ping (kept right by the installation)"
        printf '%s\n' "$rule"
        echo "# end etwas-ping"
    } >> "$new"
fi
if ! cmp -s "$policy" "$new"; then
    chmod 644 "$new"
    mv "$new" "$policy"
fi

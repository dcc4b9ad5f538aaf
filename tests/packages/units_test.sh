#!/bin/bash
# SPDX-License-Identifier: MIT
# units_test.sh BUILD CONTROLLER RELAY SCRATCH: systemd understands every line of the units, and
# finds little that they leave exposed.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1 controller=$2 relay=$3 scratch=$4
rm -rf "$scratch"
mkdir -p "$scratch"
cp "$top/controller/etwas-controller.socket" "$scratch"
# The installed path of the program need not exist here.
sed "s|^ExecStart=.*|ExecStart=\"$controller\"|; /^Documentation=/d" \
    "$build/etwas-controller.service" > "$scratch/etwas-controller.service"
sed -i '/^Documentation=/d' "$scratch/etwas-controller.socket"
# Nor need the user.
sed "s|^ExecStart=.*|ExecStart=\"$relay\"|; /^Documentation=/d; /^User=/d; /^Group=/d" \
    "$build/etwass.service" > "$scratch/etwass.service"

output=$(SYSTEMD_UNIT_PATH="$scratch:" systemd-analyze --man=no verify \
    "$scratch/etwas-controller.service" "$scratch/etwas-controller.socket" \
    "$scratch/etwass.service" 2>&1) ||
    { printf '%s\n' "$output"; exit 1; }
if grep -E "etwas-controller|etwass" <<< "$output"; then
    exit 1
fi
# judge UNIT: how exposed it is, of 100
judge() {
    if ! systemd-analyze security --offline=true --threshold=25 "$1" > "$scratch/security" 2>&1; then
        cat "$scratch/security"
        exit 1
    fi
    tail -n 1 "$scratch/security"
}
judge "$scratch/etwas-controller.service"
judge "$build/etwass.service"

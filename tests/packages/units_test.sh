#!/bin/bash
# SPDX-License-Identifier: MIT
# units_test.sh BUILD CONTROLLER SCRATCH: systemd understands every line of the units, and
# finds little that they leave exposed.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1 controller=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cp "$top/controller/etwas-controller.socket" "$scratch"
# The installed path of the program need not exist here.
sed "s|^ExecStart=.*|ExecStart=\"$controller\"|; /^Documentation=/d" \
    "$build/etwas-controller.service" > "$scratch/etwas-controller.service"
sed -i '/^Documentation=/d' "$scratch/etwas-controller.socket"

output=$(SYSTEMD_UNIT_PATH="$scratch:" systemd-analyze --man=no verify \
    "$scratch/etwas-controller.service" "$scratch/etwas-controller.socket" 2>&1) ||
    { printf '%s\n' "$output"; exit 1; }
if grep -F etwas-controller <<< "$output"; then
    exit 1
fi
if ! systemd-analyze security --offline=true --threshold=25 \
    "$scratch/etwas-controller.service" > "$scratch/security" 2>&1; then
    cat "$scratch/security"
    exit 1
fi
tail -n 1 "$scratch/security"

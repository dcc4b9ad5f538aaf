#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh NODE FILE: runs one file of tests. What it needs is in the environment, see harness.mjs.
if ! [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
    echo "skipped: no chromium (Debian: chromium fonts-dejavu-core)"
    exit 77
fi
exec "$1" "$2"

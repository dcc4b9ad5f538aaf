#!/bin/bash
# SPDX-License-Identifier: MIT
# interop.sh NPM_FOLDER PEER: runs interop.mjs where there is what it needs, else says what
# is missing and returns 77. ./check puts the packages into the folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
skip() {
    echo "skipped: $*"
    exit 77
}
command -v node > /dev/null || skip "there is no node"
version=$(node --version)
version=${version#v}
[ "${version%%.*}" -ge 18 ] || skip "node $version is older than 18"
cmp -s "$here/package-lock.json" "$1/package-lock.json" && [ -d "$1/node_modules" ] ||
    skip "the npm packages are not in $1: ./check puts them there"
exec node "$here/interop.mjs" "$1" "$2"

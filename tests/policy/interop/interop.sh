#!/bin/bash
# SPDX-License-Identifier: MIT
# interop.sh SCRIPT NPM_FOLDER PEER: runs SCRIPT beside this file where there is what it needs, else
# says what is missing and returns 77. ./check puts the packages into the folder.
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
if ! cmp -s "$here/package-lock.json" "$2/package-lock.json" || [ ! -d "$2/node_modules" ]; then
    skip "the npm packages are not in $2: ./check puts them there"
fi
exec node "$here/$1" "$2" "$3"

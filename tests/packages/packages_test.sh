#!/bin/bash
# SPDX-License-Identifier: MIT
# packages_test.sh SCRATCH: builds all packages below SCRATCH and installs, uses, removes
# and purges them in a bare Debian, whichever comes first. Nothing stays behind.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$1

if [ "$(id -u)" != 0 ]; then
    echo "skipped: installing packages needs root"
    exit 77
fi
for tool in dpkg-shlibdeps file; do
    command -v "$tool" > /dev/null || { echo "skipped: no $tool"; exit 77; }
done

make_packages() {
    cmake --preset package -B "$scratch/build" && cmake --build "$scratch/build" &&
        rm -rf "$scratch/packages" &&
        (cd "$scratch/build" && cpack -G DEB -B "$scratch/packages")
}
mkdir -p "$scratch"
cd "$top"
if ! make_packages > "$scratch/log" 2>&1; then
    tail -n 30 "$scratch/log"
    exit 1
fi
rm -rf "$scratch/packages/_CPack_Packages"
ls -l "$scratch/packages"
exec "$top/tests/chroot.sh" -c "$scratch/packages:/packages" \
    -c "$top/tests/packages/inside.sh:/inside.sh" -- /bin/bash /inside.sh

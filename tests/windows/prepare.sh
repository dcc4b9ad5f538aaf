#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes what the windows-cross preset needs and Debian has no package of: cmocka, libsodium and
# zstd for Windows in build/windows-deps and a Wine prefix in build/wine. Does nothing that is
# done already. Asks apt for the sources in a configuration of its own, so that the system's
# sources stay as they are.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
deps=$top/build/windows-deps
export WINEPREFIX=$top/build/wine WINEDEBUG=-all

say() { printf 'prepare.sh: %s\n' "$*"; }

# The mirror that serves libcmocka-dev serves its sources, too.
write_apt_config() {
    local uri base os_id codename component=main
    uri=$(apt-get download --print-uris libcmocka-dev | sed -n "s/^'\([^']*\)'.*/\1/p" | head -n 1)
    [ -n "$uri" ] || { say "apt knows no libcmocka-dev: run apt-get update"; exit 1; }
    base=${uri%%/pool/*}
    component=${uri#*/pool/}
    component=${component%%/*}
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    os_id=$(. /etc/os-release && echo "$ID")
    mkdir -p lists/partial archives/partial
    echo "deb-src [signed-by=/usr/share/keyrings/$os_id-archive-keyring.gpg]" \
         "$base $codename $component" > sources.list
    cat > apt.conf <<END
Dir::Etc::SourceList "$PWD/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$PWD/lists";
Dir::Cache "$PWD";
Dir::Cache::Archives "$PWD/archives";
APT::Sandbox::User "root";
END
}

# fetch PACKAGE: its sources come to ./PACKAGE.
fetch() {
    [ -e apt.conf ] || {
        write_apt_config
        APT_CONFIG=$PWD/apt.conf apt-get -q update
    }
    APT_CONFIG=$PWD/apt.conf apt-get -q source --download-only "$1"
    dpkg-source --no-check -x "$1"_*.dsc "$1" > unpack.log
}

# build SOURCE OBJECTS OPTION...: for Windows, to be installed in $deps
build() {
    cmake -S "$1" -B "$2" -G Ninja -Wno-dev -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_SYSTEM_NAME=Windows -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc \
        -DCMAKE_INSTALL_PREFIX="$deps" "${@:3}" > configure.log
    cmake --build "$2" > build.log
}

build_cmocka() {
    fetch cmocka
    build cmocka objects -DWITH_STATIC_LIB=ON -DBUILD_SHARED_LIBS=OFF -DWITH_EXAMPLES=OFF \
        -DUNIT_TESTING=OFF
    mkdir -p "$deps/lib" "$deps/include"
    cp cmocka/include/cmocka*.h "$deps/include/"
    find objects -name 'libcmocka-static.a' -o -name 'libcmocka.a' | head -n 1 |
        xargs -d '\n' -I{} cp {} "$deps/lib/libcmocka-static.a"
}

build_libraries() {
    fetch libsodium
    fetch libzstd
    build "$top/tests/windows/libraries" libraries -DSODIUM="$PWD/libsodium" -DZSTD="$PWD/libzstd"
    cmake --install libraries > install.log
}

# missing FILE NAME: is FILE not in $deps yet? Says so.
missing() {
    if [ -e "$deps/$1" ]; then
        say "$2 for Windows is there"
        return 1
    fi
    say "building $2 for Windows"
}

scratch=$top/build/windows-deps.partial
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
missing lib/libcmocka-static.a cmocka && build_cmocka
missing lib/pkgconfig/libzstd.pc "libsodium and zstd" && build_libraries # it comes last
cd "$top"
rm -rf "$scratch"

if [ -e "$WINEPREFIX/ready" ]; then
    say "the Wine prefix is there"
else
    say "making a Wine prefix"
    mkdir -p "$WINEPREFIX"
    export WINEDLLOVERRIDES="mscoree,mshtml="   # asks for nothing to be downloaded
    timeout 300 wine wineboot --init < /dev/null
    timeout 120 wine winecfg -v win10 < /dev/null
    timeout 120 wineserver -w
    touch "$WINEPREFIX/ready"
fi

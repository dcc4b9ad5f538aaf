#!/bin/bash
# SPDX-License-Identifier: MIT
# peers.sh FOLDER: unpacks the packages of rsyslog, its RELP modules and syslog-ng below
# FOLDER, with the libraries that this system lacks. Nothing is installed or started: as
# packages the two do not go together.
set -euo pipefail
folder=${1:?"where to?"}
[ ! -e "$folder/ready" ] || exit 0
mkdir -p "$folder/packages" "$folder/root"
folder=$(cd "$folder" && pwd)
cd "$folder/packages"
wanted=(rsyslog rsyslog-relp syslog-ng-core)
for library in libestr0 libfastjson4 liblognorm5 librelp0 libivykis0 libnet1 libwrap0 libpcre3; do
    dpkg -s "$library" > /dev/null 2>&1 || wanted+=("$library")
done
apt-get -q download "${wanted[@]}" > download.log 2>&1 || { cat download.log >&2; exit 2; }
for package in *.deb; do
    dpkg -x "$package" "$folder/root"
done
touch "$folder/ready"

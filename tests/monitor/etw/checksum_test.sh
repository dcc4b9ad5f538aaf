#!/bin/sh
# SPDX-License-Identifier: MIT
# What etl_bench decodes is what the JSON says: one checksum over both, of our own trace and of the
# small real ones that lie beside the project, if there are any.
#
#   checksum_test.sh ETL_BENCH ETWAS CHECKSUM.py SAMPLE FOLDER
bench=$1 etwas=$2 checksum=$3 sample=$4 folder=$5
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
failed=0
compared=0

compare() { # FILE [--raw-values]
    decoded=$("$bench" "$@") || failed=1
    shown=$("$etwas" --format json --quiet --file "$@" | python3 "$checksum")
    compared=$((compared + 1))
    [ -n "$decoded" ] && [ "$decoded" = "$shown" ] ||
        { echo "$*: decoded $decoded, JSON has $shown"; failed=1; }
}

compare "$sample"
compare "$sample" --raw-values
for name in AMSITrace HTTP_Server Process SelfDescribingSingleEvent gcevents powershell \
    primitive-types waasmedic; do
    if [ -f "$folder/$name.etl" ]; then
        compare "$folder/$name.etl"
    else
        echo "skipped: no $folder/$name.etl"
    fi
done
echo "$compared compared"
exit $failed

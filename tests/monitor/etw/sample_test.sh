#!/bin/sh
# tests/data/sample.etl is what the project's writer makes today, and etwas reads all of it.
set -eu
maker=$1 etwas=$2 sample=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "$*" >&2; exit 1; }

"$maker" "$folder/made.etl"
cmp "$folder/made.etl" "$sample" || fail "the writer makes another file"
[ "$(wc -c < "$sample")" -lt 20000 ] || fail "it is too big to be carried along"

"$etwas" --quiet --file "$sample" --format json > "$folder/all"
[ "$(wc -l < "$folder/all")" -eq 41 ] || fail "events are missing"
grep -q '"EventData":{"Number":3,"Customer":"Ada","Price":0.75,"Items":\["tea","cake"\]}' "$folder/all"
"$etwas" --quiet --file "$sample" --format table > "$folder/table"
grep -q 'Status=3221225599 (STATUS_DISK_FULL)' "$folder/table"

# What it was read from, it is written to: the same events again, whatever they lie in.
"$etwas" --quiet --file "$sample" --sink "file:$folder/again.etl"
"$etwas" --quiet --file "$folder/again.etl" --format json | tail -n +2 > "$folder/twice"
tail -n +2 "$folder/all" > "$folder/once"
tail -n +2 "$folder/twice" | cmp - "$folder/once" || fail "they do not come back the same"

"$etwas" --quiet --file "$sample" --source Etwas-Sample-Disk:2 --format json > "$folder/disk"
[ "$(wc -l < "$folder/disk")" -eq 5 ] || fail "five writes failed"
"$etwas" --quiet --file "$sample" --source '*Etwas-Sample-Shop?ids=10&pid=1200' --sink null --stats \
    2> "$folder/stats"
grep -q 'produced 41 = delivered 35 + filtered 6 ' "$folder/stats" || fail "the accounts are wrong"
if "$etwas" --quiet --file "$sample" --source Etwas-Sample-Dsik 2> "$folder/err"; then
    fail "an unknown provider is none"
else
    [ $? -eq 4 ] || fail "not found is 4"
fi
grep -q 'did you mean Etwas-Sample-Disk' "$folder/err" || fail "nothing is suggested"

"$etwas" --file "$sample" --info | grep -q '^session: *Etwas-Sample$' || fail "--info"
"$etwas" --file "$sample" --info --format json | grep -q '"Cpus":2,' || fail "--info in JSON"
"$etwas" --file "$sample" --list providers | grep -q '35 .* Etwas-Sample-Shop  (TraceLogging)' ||
    fail "--list providers"
"$etwas" --file "$sample" --list events Etwas-Sample-Disk |
    grep -q '5  Etwas-Sample-Disk 20 v0 WriteFailed  (TraceLogging)' || fail "--list events"

# What is read is not written to, by whatever name.
cp "$sample" "$folder/mine.etl"
ln -s mine.etl "$folder/link.etl"
for sink in "$folder/mine.etl" "$folder/./mine.etl" "$folder/link.etl"; do
    status=0
    "$etwas" --quiet --file "$folder/mine.etl" --sink "file:$sink" 2> "$folder/err" || status=$?
    [ "$status" -eq 2 ] || fail "a sink that is the input is status 2, not $status"
    grep -q 'is what --file reads' "$folder/err" || fail "it is not said"
    cmp "$sample" "$folder/mine.etl" || fail "the input is gone"
done

# One damage: the events around it, one warning with its place, exit status 2.
cp "$sample" "$folder/damaged.etl"
chmod u+w "$folder/damaged.etl"
dd if=/dev/zero of="$folder/damaged.etl" bs=1 seek=4096 count=600 conv=notrunc 2> "$folder/dd"
status=0
"$etwas" --quiet --file "$folder/damaged.etl" --format json > "$folder/left" 2> "$folder/warning" ||
    status=$?
[ "$status" -eq 2 ] || fail "damage is status 2, not $status"
[ "$(wc -l < "$folder/left")" -ge 35 ] || fail "more is lost than what was damaged"
grep -v -x -F -f "$folder/all" "$folder/left" > "$folder/strange" && fail "events nobody wrote"
[ "$(wc -l < "$folder/warning")" -eq 1 ] || fail "it is not one warning"
grep -q "damaged.etl: [0-9]* bytes at offset 4096 skipped: " "$folder/warning" ||
    fail "the warning does not say where: $(cat "$folder/warning")"

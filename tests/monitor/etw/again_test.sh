#!/bin/sh
# Real traces, written again as traces of ours, have the same fields with the same values. They lie
# beside the project, where there are any.
set -eu
etwas=$1 traces=$2
[ -d "$traces" ] || { echo "no real traces in $traces"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What a writer keeps: not the message, which ETW has no place for.
fields() { sed -e 's/.*"EventData"://' -e 's/,"Message":.*/}/'; }

for name in primitive-types AMSITrace powershell SelfDescribingSingleEvent gcevents waasmedic; do
    "$etwas" --quiet --file "$traces/$name.etl" --sink "file:$folder/again.etl"
    "$etwas" --quiet --file "$traces/$name.etl" --format json | fields > "$folder/before"
    # One more: what the new trace says of itself.
    "$etwas" --quiet --file "$folder/again.etl" --format json | tail -n +2 | fields > "$folder/after"
    cmp "$folder/before" "$folder/after" || { echo "$name is another one"; exit 1; }
done

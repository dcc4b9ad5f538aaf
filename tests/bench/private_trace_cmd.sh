# SPDX-License-Identifier: MIT
# Sourced after bench.sh: $private runs trace-cmd.
# A restricted machine refuses the knobs of the function tracer even to root, and trace-cmd
# ends then: it sees empty files in their place, in a mount namespace of its own.
cat >"$folder/private.sh" <<'END'
folder=$(dirname "$0")
mount --bind "$folder/zero" /proc/sys/kernel/ftrace_enabled
for knob in filter notrace pid notrace_pid; do
    file=/sys/kernel/tracing/set_ftrace_$knob
    [ ! -e "$file" ] || mount --bind "$folder/nothing" "$file"
done
exec trace-cmd "$@"
END
: >"$folder/nothing"
echo 0 >"$folder/zero"
private="unshare --mount --propagation private sh $folder/private.sh"

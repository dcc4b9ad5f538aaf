#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: boot.sh BUILD KERNEL [SECONDS]
# Boots KERNEL (a vmlinuz, as of Debian 12's linux-image-6.1.0-*-amd64) under qemu with
# nothing but a busybox and our programs, and traces there as an ordinary user: kernel
# events for SECONDS (default 3), then Ping's, at last flat out into a ring of 256 KiB. Prints
# what the machine said. Succeeds when events came, every Ping came once and those flat out
# are all accounted for, the accounts are exact, and tracefs was left clean.
# Needs qemu-system-x86_64, a static busybox and cpio; neither root nor KVM.
set -eu
build=$(cd "${1:?"the build folder is missing"}" && pwd)
kernel=${2:?"the kernel is missing"}
seconds=${3:-3}
for program in qemu-system-x86_64 busybox cpio; do
    command -v $program >/dev/null || { echo "needs $program" >&2; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root
mkdir -p "$root/bin" "$root/etc" "$root/dev" "$root/proc" "$root/sys" "$root/run/etwas" "$root/tmp"

# A program with the libraries it names, at the places it names.
put() {
    cp "$1" "$root/bin/"
    ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
}
put "$(command -v busybox)"
put "$build/controller/etwas-controller"
put "$build/monitor/etwas"
put "$build/tests/ping/etwas-ping"

printf 'root:x:0:0::/:/bin/sh\nsomebody:x:1000:1000::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nsomebody:x:1000:\netwas:x:999:somebody\n' >"$root/etc/group"
printf 'allow * *:*\nallow * usdt:own\n' >"$root/etc/policy"
cp "$build/tests/ping/etwas-ping" "$root/tmp/" # becomes the user's, who may then probe it

cat >"$root/init" <<EOF
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tracefs tracefs /sys/kernel/tracing
chmod 755 /run /run/etwas
chmod 777 /tmp
chown somebody /tmp/etwas-ping
echo "kernel \$(uname -r), buffer_subbuf_size_kb: \$(ls /sys/kernel/tracing | grep -c subbuf)"
etwas-controller --socket /run/etwas/s --policy /etc/policy --group etwas 2>/tmp/log &
until [ -S /run/etwas/s ]; do sleep 0.1; done
cat >/tmp/user <<'USER'
etwas="etwas --controller /run/etwas/s --quiet"
\$etwas --source sched --duration $seconds --stats --format json >/tmp/events 2>/tmp/stats
echo "sched exit \$? lines \$(wc -l </tmp/events)"
cat /tmp/stats
\$etwas --source usdt:/tmp/etwas-ping --format json --stats >/tmp/pings 2>/tmp/pingstats &
/tmp/etwas-ping --rate 2000 --count 5000 --wait 10 --quiet
echo "ping exit \$?"
tries=0
until [ \$(wc -l </tmp/pings) -ge 5000 ] || [ \$tries -ge 100 ]; do
    tries=\$((tries + 1))
    sleep 0.1
done
kill -INT \$!
wait \$!
echo "listener exit \$? lines \$(wc -l </tmp/pings) once \$(sort -u /tmp/pings | wc -l)"
cat /tmp/pingstats
\$etwas --stop # while a session lingers, its probes still count as heard
echo "stop exit \$?"
\$etwas --session small --max-buffers 64 --source usdt:/tmp/etwas-ping --sink null --stats \
    2>/tmp/smallstats &
/tmp/etwas-ping --rate 0 --count 100000 --wait 10 --quiet
sleep 1 # two rounds and more: what is left in the ring is read
kill -INT \$!
wait \$!
echo "flat out exit \$?"
cat /tmp/smallstats
\$etwas --stop
echo "stop exit \$?"
USER
su somebody -s /bin/sh /tmp/user
echo "instances left: \$(ls /sys/kernel/tracing/instances | wc -l)"
kill -TERM \$(pidof etwas-controller)
wait
cat /tmp/log
echo "probes left: \$(wc -l </sys/kernel/tracing/uprobe_events)"
poweroff -f
EOF
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$folder/initramfs"

timeout 300 qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 768 -no-reboot \
    -nographic -nic none -kernel "$kernel" -initrd "$folder/initramfs" \
    -append "console=ttyS0 quiet panic=-1" </dev/null | tr -d '\r' | tee "$folder/said"

failed=0
expect() { # PATTERN TIMES
    [ "$(grep -c "$1" "$folder/said")" = "$2" ] || { echo "not $2 times: $1" >&2; failed=1; }
}
expect '^sched exit 0 lines [1-9]' 1
expect '  total: produced [1-9].*late 0: exact$' 3
expect '^ping exit 0' 1
expect '^listener exit 0 lines 5000 once 5000$' 1
expect '  total: produced 100000 = .*late 0: exact$' 1
expect '^stop exit 0' 2
expect '^instances left: 0$' 1
expect '^probes left: 0$' 1
exit $failed

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast events of 300 bytes get from a sender to the disk of a receiver, and what that costs:
Etwas, spool on, and rsyslog and syslog-ng with disk queues, in interleaved runs. Prints a table
of medians.

    throughput.py --build build/release [--runs 7] [--first] [--only NAME ...]
"""
import argparse
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "chaos")]
# pylint: disable=wrong-import-position
from measure import (come_first, cpu_seconds, die_with_us, free_port, median, memory_mb,
                     wait_for_port)
from peers import PEERS, open_peer
from world import Proxy

COUNT = 600000
COUNT_SLOW = 100000
LINE = 301           # as the receiver of a peer writes it
PATIENCE = 180


def run_peer(name, arguments, folder, count, through_proxy):
    peer = open_peer(name, arguments.build / "peers/root", folder)
    proxy = None
    try:
        if through_proxy:
            proxy = Proxy(arguments.build, peer.output)
            peer.target = proxy.port
        peer.open()
        sender, receiver = (peer.running[part].pid for part in ("sender", "receiver"))
        before = cpu_seconds(sender), cpu_seconds(receiver)
        wire = sum(proxy.command("stats")[:2]) if proxy else 0
        start = time.monotonic()
        load = subprocess.Popen([arguments.build / "tests/bench/delivery/delivery_gen", "syslog",
                                 str(count), "0", str(peer.input)], preexec_fn=die_with_us)
        while peer.received() < count * LINE and time.monotonic() < start + PATIENCE:
            time.sleep(0.005)
        seconds = time.monotonic() - start
        load.wait()
        assert peer.received() == count * LINE, f"{name}: {peer.received()} bytes came"
        return dict(rate=count / seconds, sender=(cpu_seconds(sender) - before[0]) / count * 1e6,
                    receiver=(cpu_seconds(receiver) - before[1]) / count * 1e6,
                    sender_mb=memory_mb(sender), receiver_mb=memory_mb(receiver),
                    wire=(sum(proxy.command("stats")[:2]) - wire) / count if proxy else 0)
    finally:
        peer.close()
        if proxy:
            proxy.close()


def stored(folder):
    store = sqlite3.connect(f"file:{next(folder.rglob('etwas.db'))}?mode=ro", uri=True)
    count = store.execute("SELECT sum(count - own) FROM batches").fetchone()[0]
    store.close()
    return count


def run_etwas(arguments, folder, count, through_proxy):
    port = free_port()
    environment = dict(os.environ, HOME=str(folder), XDG_STATE_HOME=str(folder))
    lines = arguments.folder / f"lines.{count}"
    if not lines.exists():
        with open(lines, "wb") as output:
            subprocess.run([arguments.build / "tests/bench/delivery/delivery_gen", "lines", str(count)],
                           stdout=output, check=True)
    proxy = Proxy(arguments.build, port) if through_proxy else None
    target = proxy.port if proxy else port
    with open(folder / "log", "wb") as log, open(lines, "rb") as source:
        relay = subprocess.Popen([arguments.build / "relay/etwass", "--port", str(port), "--data",
                                  folder / "data", "--host", f"127.0.0.1:{target}"], stdout=log,
                                 stderr=log, env=environment, preexec_fn=die_with_us)
        try:
            wait_for_port(port)
            time.sleep(0.5)
            idle = memory_mb(relay.pid, "VmRSS")
            before = cpu_seconds(relay.pid)
            start = time.monotonic()
            monitor = subprocess.Popen(
                [arguments.build / "monitor/etwas", "--source", "stdout", "--sink",
                 f"http://127.0.0.1:{target}/", "--spool", folder / "spool", "--drain", "60",
                 "--quiet"], stdin=source, stdout=log, stderr=log, env=environment,
                preexec_fn=die_with_us)
            _, status, usage = os.wait4(monitor.pid, 0)
            seconds = time.monotonic() - start
            assert status == 0, f"etwas ended with {status}: {(folder / 'log').read_text()}"
            receiver = cpu_seconds(relay.pid) - before
            peak = memory_mb(relay.pid)
            wire = sum(proxy.command("stats")[:2]) if proxy else 0
        finally:
            relay.terminate()
            relay.wait()
            if proxy:
                proxy.close()
    assert stored(folder) == count, f"{stored(folder)} events are stored"
    return dict(rate=count / seconds, sender=(usage.ru_utime + usage.ru_stime) / count * 1e6,
                receiver=receiver / count * 1e6, sender_mb=usage.ru_maxrss / 1024,
                receiver_mb=peak, idle_mb=idle, wire=wire / count)


def run(name, arguments, through_proxy=False):
    count = COUNT_SLOW if "relp" in name else COUNT
    folder = pathlib.Path(tempfile.mkdtemp(dir=arguments.folder))
    try:
        if name == "etwas":
            return run_etwas(arguments, folder, count, through_proxy)
        return run_peer(name, arguments, folder, count, through_proxy)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def print_table(results, wire):
    print("| who | events/s | lowest to highest | sender, us/event | receiver | both | most "
          "memory, MB: sender | receiver | bytes/event on the wire |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, runs in results.items():
        def middle(what, runs=runs):
            return median([one[what] for one in runs])
        rates = sorted(one["rate"] for one in runs)
        both = median([one["sender"] + one["receiver"] for one in runs])
        print(f"| {name} | {middle('rate'):,.0f} | {rates[0]:,.0f} to {rates[-1]:,.0f} | "
              f"{middle('sender'):.2f} | {middle('receiver'):.2f} | {both:.2f} | "
              f"{middle('sender_mb'):.0f} | {middle('receiver_mb'):.0f} | {wire[name]:.0f} |")
    if "etwas" not in results:
        return
    ours = results["etwas"]
    print(f"\nrelay idle: {ours[0]['idle_mb']:.1f} MB")
    for name, runs in results.items():
        if name != "etwas":
            faster = median([one["rate"] for one in ours]) / median([one["rate"] for one in runs])
            each = median([a["rate"] / b["rate"] for a, b in zip(ours, runs)])
            cost = (median([one["sender"] + one["receiver"] for one in ours]) /
                    median([one["sender"] + one["receiver"] for one in runs]))
            print(f"against {name}: {faster:.2f} times as fast (median of the runs' ratios "
                  f"{each:.2f}), {cost:.2f} of its CPU, {wire['etwas'] / wire[name]:.2f} of its "
                  "bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--first", action="store_true", help="before all others on this machine")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--folder", default="/var/tmp", help="where all files are")
    parser.add_argument("--only", action="append", help="one of: etwas, " + ", ".join(PEERS))
    arguments = parser.parse_args()
    if arguments.first:
        come_first()
    names = arguments.only or ["etwas", *PEERS]
    if set(names) - {"etwas"}:
        subprocess.run([HERE / "peers.sh", arguments.build / "peers"], check=True)
    results = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="etwas-throughput.",
                                     dir=arguments.folder) as folder:
        arguments.folder = pathlib.Path(folder)
        wire = {name: run(name, arguments, through_proxy=True)["wire"] for name in names}
        for number in range(arguments.runs):
            for name in names:
                results[name].append(run(name, arguments))
                one = results[name][-1]
                print(f"run {number + 1}, {name}: {one['rate']:,.0f}/s, {one['sender']:.2f} + "
                      f"{one['receiver']:.2f} us", file=sys.stderr, flush=True)
    print_table(results, wire)
    return 0


if __name__ == "__main__":
    sys.exit(main())

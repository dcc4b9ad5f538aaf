#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What it costs to kill a monitor, and to end it with Ctrl+C, while 20,000 events of 300 bytes come
a second. Each time it is started again at once. The real programs; needs root and tracefs.

    restart.py --build build/release [--kills N] [--ends N]

A kill may cost as many events as a full batch has (256 KiB of lines), and all of them are reported
as lost by the monitor; an end costs none. Prints what each kill cost.
"""
import argparse
import contextlib
import os
import random
import signal
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import check
from chaos import unable
from world import World, wait_until

RATE = 20000
PING_TEXT = 75        # makes a Ping 300 bytes of JSON
BATCH = 256 * 1024 // 300


def hasten(program):
    """What is measured is the program, not who else wants this machine."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, program.process.pid, -10)


def restart(world, how, seed):
    """One of `how` at some moment, and its successor; None if nothing came meanwhile."""
    monitor = world.programs["monitor"]
    time.sleep(1 + seed.random())
    if how == "kill":
        monitor.kill()
    elif monitor.end(signal.SIGINT, 60) != 0:
        raise RuntimeError("the monitor did not end well")
    stored = world.stored()
    monitor.start()
    hasten(monitor)
    wait_until(60, "a batch", lambda: world.stored() > stored)


def costs(path):
    """How much was reported lost by monitors, each time that it was."""
    found, last = [], {}
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for (text,) in store.execute("SELECT etwas_batch FROM batches ORDER BY stream, sequence"):
        head = check.parse_head(text)
        lost = head["lost-monitor"]
        if lost > last.get(head["stream"], 0):
            found.append(lost - last.get(head["stream"], 0))
        last[head["stream"]] = lost
    store.close()
    return found


def run(build, how, count, seed):
    """True: it was as it must be."""
    with World(build, "1G", 4096) as world:
        for name in ("controller", "monitor"):
            hasten(world.programs[name])
        pinging = threading.Thread(target=world.ping, args=(RATE, 3600, PING_TEXT))
        pinging.start()
        wait_until(60, "the first Ping", lambda: world.stored() > 0)
        for _ in range(count):
            restart(world, how, seed)
        with world.silence():
            pinging.join()
            if world.programs["monitor"].end(signal.SIGINT, 90) != 0:
                raise RuntimeError("not all was sent")
            world.programs["relay"].end()
        good = check.check(world.store(), world.heard)
        lost = costs(world.store())
        filtered = sum(stream.last["filtered"]
                       for stream in check.read(world.store())[0].values())
    print(f"{count} times {how}, {RATE} events a second: lost by the monitor {lost}, filtered "
          f"{filtered}; a batch has {BATCH}", flush=True)
    most = BATCH if how == "kill" else 0
    return good and max(lost, default=0) <= most and filtered == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--ends", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    reason = unable()
    if reason:
        print(f"skipped: {reason}")
        return 77
    print(f"--seed {arguments.seed}", flush=True)
    seed = random.Random(arguments.seed)
    good = [run(arguments.build, how, count, seed)
            for how, count in (("kill", arguments.kills), ("end", arguments.ends)) if count]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

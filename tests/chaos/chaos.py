#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the real programs, lets bad things happen to them, and proves that no event was lost
silently or stored twice. Needs root and tracefs; exits with 77 without them.

    chaos.py --build build/release --minutes 5
    chaos.py --build build/release --minutes 5 --seed 4711      the same faults again

No other controller may run on the machine meanwhile: it would take the sessions of ours when that
is killed. Where faketime is not installed, or the build has sanitizers, no clock is moved.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import check
import faults
from world import Broken, World, wait_until

began = time.monotonic()


def say(text):
    print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)


def unable():
    """Why it cannot run here; None: it can."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.isdir("/sys/kernel/tracing/instances"):
        return "no tracefs"
    return None


class Run:
    """One seed."""

    def __init__(self, arguments):
        self.seed = arguments.seed
        self.seconds = arguments.minutes * 60
        self.keep = arguments.keep
        self.spare = arguments.spare
        self.build = arguments.build
        self.failures = []
        self.over = threading.Event()

    def lane(self, name):
        """Its own generator, so that what one lane does never depends on how fast another is."""
        return random.Random(f"{self.seed}/{name}")

    def guard(self, function, *arguments):
        """A thread that cannot fail unseen."""
        def body():
            try:
                function(*arguments)
            except Exception as error: # pylint: disable=broad-except
                self.failures.append(f"{type(error).__name__}: {error}")
        thread = threading.Thread(target=body, daemon=True)
        thread.start()
        return thread

    def send_pings(self, world, until):
        dice = self.lane("pings")
        run = 0
        while time.monotonic() < until:
            run += 1
            rate = dice.choice([200, 1000, 3000, 8000, 20000])
            seconds = min(dice.uniform(2, 15), max(1.0, until - time.monotonic()))
            # The length of its text tells a run from others whose thread has the same number.
            world.ping(rate, round(seconds, 2), run % 512)

    def mend(self, world):
        """What ends by itself comes again; what dies of a signal is a fault of ours."""
        while not self.over.wait(0.5):
            for program in world.programs.values():
                try:
                    if program.mend():
                        say(f"{program.name} had ended and was started again")
                except Broken as broken:
                    say(str(broken))
                    self.failures.append(str(broken))
                    program.start()

    def storm(self, world):
        until = time.monotonic() + self.seconds
        threads = [self.guard(self.send_pings, world, until),
                   self.guard(faults.Processes(world, self.lane("processes"), say,
                                               spare=self.spare).run, until),
                   self.guard(faults.Surroundings(world, self.lane("surroundings"), say).run,
                              until)]
        mender = self.guard(self.mend, world)
        for thread in threads:
            thread.join()
        self.over.set()
        mender.join()

    def drain(self, world):
        """All that waits reaches the relay, and then the programs end."""
        monitor = world.programs["monitor"]
        for _ in range(4):
            world.heal()
            time.sleep(1)
            for program in world.programs.values():
                program.start()
            status = monitor.end(signal.SIGINT, 90)
            say(f"the monitor drained and ended with {status}")
            if status == 0:
                self.watch(world)
                return world.programs["relay"].end() == 0
        return False

    def watch(self, world):
        """The viewer comes to where the relay is, and ends."""
        def printed():
            with open(world.viewer.output, "rb") as lines:
                return sum(1 for _ in lines)
        stored = world.stored()
        try:
            # The last few are on their way to the file until the viewer has ended.
            wait_until(90, f"{stored} lines at the viewer", lambda: printed() >= stored - 1000)
            time.sleep(3)
        finally:
            status = world.viewer.end()
        if status != 0:
            self.failures.append(f"etwasc ended with {status}")

    def verdict(self, world):
        store = world.store()
        self.failures += world.accidents
        if not check.check(store, world.heard, say):
            self.failures.append("the equation does not hold")
        if not check.check_viewer(store, world.viewer.ids(), say):
            self.failures.append("the viewer has not what is stored")
        relay = subprocess.run([world.folder / "bin/etwass", "--verify", "--data", store.parent],
                               capture_output=True, text=True, check=False)
        count = [line for line in relay.stdout.splitlines() if "altered" in line]
        say(f"etwass --verify: {count[:1]} {relay.stderr.strip()}")
        if relay.returncode != 0:
            self.failures.append("etwass --verify found something altered")

    def save(self, world):
        """What is needed to look for the reason."""
        if self.keep:
            subprocess.run(["cp", "-a", world.folder, self.keep], check=False)
            say(f"kept in {self.keep}")
        for name in [*world.programs, "viewer"]:
            lines = (world.folder / f"{name}.log").read_text(errors="replace").splitlines()
            print(f"--- the last lines of the {name}", *lines[-15:], sep="\n")

    def run(self):
        dice = self.lane("world")
        spool_max = dice.choice(["2M", "4M", "1G"])
        max_buffers = dice.choice([4, 16, 64])
        say(f"seed {self.seed}, {self.seconds:.0f} s; spool of {spool_max}, {max_buffers} buffers")
        with World(self.build, spool_max, max_buffers) as world:
            world.accidents = []
            try:
                self.storm(world)
                if not self.drain(world):
                    self.failures.append("it does not drain")
                self.verdict(world)
            except Exception as error: # pylint: disable=broad-except
                self.failures.append(f"{type(error).__name__}: {error}")
            if self.failures or self.keep:
                self.save(world)
        for failure in self.failures:
            say(f"FAILED: {failure}")
        say(f"seed {self.seed}: {'FAILED' if self.failures else 'good'}")
        return not self.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="folder of the build")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000000)
    parser.add_argument("--spare", action="append", default=[], choices=["controller", "monitor",
                                                                         "relay"],
                        help="nothing is done to that program; it may be several")
    parser.add_argument("--keep", help="folder for what is left: the store, the spool, the logs")
    arguments = parser.parse_args()
    reason = unable()
    if reason:
        print(f"skipped: {reason}")
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return 0 if Run(arguments).run() else 2


if __name__ == "__main__":
    sys.exit(main())

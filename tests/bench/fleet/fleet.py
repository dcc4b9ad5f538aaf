#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One relay, 500 publishers with keys of their own, 50 viewers, and an etwasc that wants
everything. Prints what they saw, and whether it is good enough.

    fleet.py --build build/release [--seconds 20]
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "delivery"))
# pylint: disable=wrong-import-position
from measure import (come_first, cpu_seconds, die_with_us, free_port, memory_mb, wait_for_port,
                     wait_still)

FAIR = 0.15          # how far the least and the most of a publisher may be from the median
COMMIT_MS, EVENT_MS = 100, 500
FULL_RATE = 50000


class Relay:
    """One for each part, so that each begins with an empty store."""

    def __init__(self, build, folder):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.port = free_port()
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [build / "relay/etwass", "--port", str(self.port), "--data", self.folder / "data"],
            stdout=self.log, stderr=self.log, preexec_fn=die_with_us)
        self.token = self.folder / "data/viewer-token"
        wait_for_port(self.port)
        while not self.token.exists():
            time.sleep(0.01)
        self.idle_mb = memory_mb(self.process.pid, "VmRSS")

    def load(self, build, *more):
        """What the fleet says, and what it cost the relay."""
        before, start = cpu_seconds(self.process.pid), time.monotonic()
        said = subprocess.run([build / "tests/bench/fleet/fleet", str(self.port),
                               self.token.read_text().strip(), *map(str, more)],
                              stdout=subprocess.PIPE, check=True, preexec_fn=die_with_us)
        result = json.loads(said.stdout)
        result["relay_cpu"] = ((cpu_seconds(self.process.pid) - before) /
                               (time.monotonic() - start))
        result["relay_mb"] = memory_mb(self.process.pid)
        return result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Verdict:
    """What was demanded, and what came of it."""

    def __init__(self):
        self.good = True

    def demand(self, what, holds):
        self.good = self.good and bool(holds)
        print(f"  {'good' if holds else 'NOT GOOD'}: {what}", flush=True)


def steady(arguments, verdict):
    """All publish a little, and the viewers watch."""
    with Relay(arguments.build, arguments.folder) as relay:
        found = relay.load(arguments.build, "--seconds", arguments.seconds, "--rate", 20,
                           "--batch-ms", 200, "--sample", 1000)
    commit, event = found["commit_to_viewer_ms"], found["event_to_viewer_ms"]
    print(f"500 publishers of 20 events/s in batches of 200 ms, 50 viewers of at most 1,000/s, "
          f"{arguments.seconds} s:\n  {found['stored']:,} events in {found['batches']:,} batches, "
          f"{found['seen']:,} shown; relay {100 * found['relay_cpu']:.0f} % of a CPU, "
          f"{found['relay_mb']:.0f} MB ({relay.idle_mb:.0f} when idle)\n"
          f"  answer {found['ingest_ms']}\n  commit to viewer {commit}\n"
          f"  event to viewer {event}, in ms")
    verdict.demand("no error, nobody sent away",
                   found["errors"] == found["busy"] == found["viewer_errors"] == 0)
    verdict.demand(f"commit to viewer p99 at most {COMMIT_MS} ms", commit["p99"] <= COMMIT_MS)
    verdict.demand(f"event to viewer p99 at most {EVENT_MS} ms", event["p99"] <= EVENT_MS)


def flat_out(arguments, verdict):
    """All publish as fast as answers come: who gets how much?"""
    with Relay(arguments.build, arguments.folder) as relay:
        found = relay.load(arguments.build, "--seconds", arguments.seconds, "--rate", 0, "--batch",
                           100, "--viewers", 0)
    each = found["each"]
    print(f"500 publishers as fast as they are answered, batches of 100, {arguments.seconds} s:\n"
          f"  {found['stored'] / arguments.seconds:,.0f} events/s, of each {each['least']:,} to "
          f"{each['most']:,} (median {each['median']:,}); answer {found['ingest_ms']} ms; "
          f"{found['busy']} sent away")
    verdict.demand("no error", found["errors"] == 0)
    verdict.demand(f"shares within {100 * FAIR:.0f} % of the median",
                   each["least"] >= (1 - FAIR) * each["median"] and
                   each["most"] <= (1 + FAIR) * each["median"])


def full_rate(arguments, verdict):
    """One etwasc that wants everything."""
    with Relay(arguments.build, arguments.folder) as relay:
        output = relay.folder / "events"
        with open(output, "wb") as events, open(relay.folder / "stats", "wb") as stats:
            viewer = subprocess.Popen(
                [arguments.build / "viewer/console/etwasc", "--server",
                 f"http://127.0.0.1:{relay.port}/", "--token", relay.token, "--format", "json",
                 "--stats", "--quiet"], stdout=events, stderr=stats, preexec_fn=die_with_us)
            time.sleep(1)
            found = relay.load(arguments.build, "--seconds", arguments.seconds, "--publishers",
                               10, "--rate", FULL_RATE // 10, "--batch-ms", 200, "--viewers", 0)
            wait_still(lambda: output.stat().st_size, 1, 30)
            cpu = cpu_seconds(viewer.pid)
            viewer.send_signal(signal.SIGINT)
            viewer.wait()
        said = (relay.folder / "stats").read_text().strip()
        numbers = set()
        lines = 0
        with open(output, "rb") as events:
            for line in events:
                who = re.search(rb'"Publisher":(\d+),.*"Number":(\d+),', line)
                lines += 1
                numbers.add((who[1], who[2]))
    print(f"one etwasc at {FULL_RATE:,} events/s of 300 bytes, {arguments.seconds} s:\n"
          f"  stored {found['stored']:,}, printed {lines:,}, different {len(numbers):,}; etwasc "
          f"{100 * cpu / arguments.seconds:.0f} % of a CPU\n  {said}")
    verdict.demand("every event once", lines == len(numbers) == found["stored"])
    verdict.demand("that rate was reached",
                   found["stored"] >= 0.98 * FULL_RATE * arguments.seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--first", action="store_true", help="before all others on this machine")
    parser.add_argument("--folder", default="/var/tmp", help="where the stores are")
    arguments = parser.parse_args()
    verdict = Verdict()
    if arguments.first:
        come_first()
    with tempfile.TemporaryDirectory(prefix="etwas-fleet.", dir=arguments.folder) as folder:
        os.chmod(folder, 0o755)
        arguments.folder = folder
        for part in (steady, flat_out, full_rate):
            part(arguments, verdict)
    return 0 if verdict.good else 2


if __name__ == "__main__":
    sys.exit(main())

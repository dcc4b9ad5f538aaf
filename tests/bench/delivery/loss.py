#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who loses what when a receiver hangs and dies, and when a sender is killed: Etwas, rsyslog and
syslog-ng, at 20,000 events of 300 bytes a second. Prints a table. Etwas traces for real, so this
needs root and tracefs.

    loss.py --build build/release [--first] [--only NAME ...]
"""
import argparse
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "chaos")]
# pylint: disable=wrong-import-position
import check
from measure import come_first, wait_still
from peers import PEERS, open_peer
from world import World, wait_until

RATE = 20000
PING_TEXT = 75        # makes a Ping 300 bytes of JSON
NUMBER = re.compile(rb'"seq=(\d{10}) .*\}\}$')


class Hang:
    """The receiver hangs for 2 s, is killed, and away for 10 s, while events go on."""
    title = "receiver hangs 2 s, kill -9, down 10 s"
    count = 400000

    @staticmethod
    def run(receiver, _):
        time.sleep(6)
        receiver.hang()
        time.sleep(2)
        receiver.kill()
        time.sleep(10)
        receiver.start()


class SenderKilled:
    """The receiver is away when all has been sent, and then the sender is killed."""
    title = "receiver down, sender kill -9 and restarted"
    count = 200000

    @staticmethod
    def run(receiver, sender):
        time.sleep(6)
        receiver.kill()
        time.sleep(6)
        sender.kill()
        sender.start()
        time.sleep(3)
        receiver.start()


class Part:
    """Sender or receiver of a peer, as the tests handle it."""

    def __init__(self, peer, part):
        self.peer, self.part = peer, part

    def hang(self):
        self.peer.send(self.part, signal.SIGSTOP)

    def kill(self):
        self.peer.kill(self.part)

    def start(self):
        self.peer.start(self.part)


def count_received(path):
    """How many different ones, how often one came again, and lines that are not whole."""
    seen, twice, broken = set(), 0, 0
    with open(path, "rb") as lines:
        for line in lines:
            match = NUMBER.search(line.rstrip(b"\n"))
            if match is None:
                broken += 1
            elif int(match[1]) in seen:
                twice += 1
            else:
                seen.add(int(match[1]))
    return len(seen), twice, broken


def try_peer(test, name, arguments, folder):
    peer = open_peer(name, arguments.build / "peers/root", folder)
    load = None
    try:
        peer.open()
        load = subprocess.Popen([arguments.build / "tests/bench/delivery/delivery_gen", "syslog",
                                 str(test.count), str(RATE), str(peer.input)],
                                stderr=subprocess.DEVNULL)
        test.run(Part(peer, "receiver"), Part(peer, "sender"))
        wait_still(peer.received, 8, 90)
    finally:
        if load is not None:
            load.kill()
            load.wait()
        peer.close()
    got, twice, broken = count_received(peer.file)
    return dict(lost=test.count - got, silently=test.count - got, twice=twice, broken=broken)


class EtwasPart:
    """The same of a program of ours."""

    def __init__(self, program):
        self.program = program

    def hang(self):
        self.program.send(signal.SIGSTOP)

    def kill(self):
        self.program.kill()

    def start(self):
        self.program.start()


def try_etwas(test, arguments):
    with World(arguments.build, "1G", 1024) as world:
        relay, monitor = world.programs["relay"], world.programs["monitor"]
        load = subprocess.Popen([*world.listener, "--rate", str(RATE), "--count",
                                 str(test.count), "--size", str(PING_TEXT)],
                                stdout=subprocess.PIPE, text=True)
        wait_until(60, "the first Ping", lambda: world.stored() > 0)
        test.run(EtwasPart(relay), EtwasPart(monitor))
        heard = int(re.search(r"heard (\d+)", load.communicate()[0])[1])
        wait_still(world.stored, 5, 90)
        monitor.end(signal.SIGINT, 90)
        relay.end()
        streams, pings, _ = check.read(world.store())
        lost = heard - len(pings)
        reported = sum(sum(stream.lost()) for stream in streams.values())
        return dict(lost=lost, silently=lost - reported,
                    twice=sum(pings.values()) - len(pings), broken=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--first", action="store_true", help="before all others on this machine")
    parser.add_argument("--only", action="append", help="one of: etwas, " + ", ".join(PEERS))
    arguments = parser.parse_args()
    if arguments.first:
        come_first()
    names = arguments.only or ["etwas", *PEERS]
    if set(names) - {"etwas"}:
        subprocess.run([HERE / "peers.sh", arguments.build / "peers"], check=True)
    print("| test | who | events | lost | of these not reported | twice | cut |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for test in (Hang, SenderKilled):
        for name in names:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="etwas-loss.", dir="/var/tmp"))
            try:
                found = (try_etwas(test, arguments) if name == "etwas"
                         else try_peer(test, name, arguments, folder))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            print(f"| {test.title} | {name} | {test.count:,} | {found['lost']:,} | "
                  f"{found['silently']:,} | {found['twice']:,} | {found['broken']:,} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

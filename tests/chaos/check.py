#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py STORE HEARD: proves that nothing was lost silently on the way to a relay.

STORE is the relay's SQLite file, which is read here without a line of the relay's code:
each batch is unpacked with libzstd, its header Etwas-Batch parsed, its Ping numbers looked at.
HEARD is how many Pings etwas-ping says it sent while somebody listened.

For each stream, with D the traced events that are stored:

    produced = D + filtered + lost(kernel) + lost(monitor) + lost(spool)

and for all together, from outside: no Ping is stored twice, and

    HEARD = Pings stored + all that is filtered or lost

What is filtered here came after somebody asked a monitor to end, before it had.
"""
import ctypes
import re
import sqlite3
import sys

UNPACKED_MOST = 16 * 1024 * 1024
PROVIDER = re.compile(rb'"Provider":"((?:[^"\\]|\\.)*)"')
PING = re.compile(rb'"ThreadId":(\d+).*"EventData":\{"Number":(\d+),.*"Text":"(\w*)"')

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p,
                                 ctypes.c_size_t]
room = ctypes.create_string_buffer(UNPACKED_MOST)


def unpack(body):
    """The lines of a batch."""
    if not body:
        return []
    size = zstd.ZSTD_decompress(room, UNPACKED_MOST, body, len(body))
    if zstd.ZSTD_isError(ctypes.c_size_t(size)):
        raise ValueError("a batch cannot be unpacked")
    return ctypes.string_at(room, size).splitlines()


def parse_head(text):
    """Etwas-Batch: the integers and the name of the stream in it."""
    head = {"own": 0, "before": 0, "produced": 0, "filtered": 0, "lost-kernel": 0,
            "lost-monitor": 0}
    for member in text.split(","):
        name, _, value = member.strip().partition("=")
        head[name] = value.strip('"') if name == "stream" else int(value)
    return head


class Stream:
    """What is stored of one stream."""

    def __init__(self):
        self.delivered = 0
        self.batches = 0
        self.last = None      # the head with the highest number
        self.problems = []

    def add(self, head, lines):
        """Takes the next batch, in the order of their numbers."""
        own = traced = 0
        for line in lines:
            if PROVIDER.search(line).group(1) == b"Etwas":
                own += 1
            else:
                traced += 1
        if (own, own + traced) != (head["own"], head["n"]):
            self.problems.append(f"batch {head['seq']} says n={head['n']} own={head['own']} and "
                                 f"has {own + traced} and {own}")
        gap = head["before"] - (self.last["before"] + self.last["n"] - self.last["own"]
                                if self.last else 0)
        follows = head["seq"] == (self.last["seq"] + 1 if self.last else 1)
        if gap < 0 or (follows and gap != 0):
            self.problems.append(f"batch {head['seq']}: {gap} events between it and the one before")
        self.batches += 1
        self.delivered += traced
        self.last = head

    def lost(self):
        """Lost at the kernel, the monitor and the spool, by the last head."""
        head = self.last
        return (head["lost-kernel"], head["lost-monitor"],
                head["before"] + head["n"] - head["own"] - self.delivered)

    def difference(self):
        return (self.last["produced"] - self.delivered - self.last["filtered"]
                - sum(self.lost()))


def read(path):
    """All streams of a store by name, how often each Ping is stored, and what is wrong."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    streams, pings, foreign = {}, {}, 0
    for text, body in store.execute("SELECT etwas_batch, body FROM batches ORDER BY stream, "
                                    "sequence"):
        head = parse_head(text)
        lines = unpack(body)
        streams.setdefault(head["stream"], Stream()).add(head, lines)
        for line in lines:
            ping = PING.search(line)
            if ping and PROVIDER.search(line).group(1) == b"Ping":
                key = (int(ping[1]), len(ping[3]), int(ping[2]))
                pings[key] = pings.get(key, 0) + 1
            elif PROVIDER.search(line).group(1) != b"Etwas":
                foreign += 1
    # The last word on the books may have come with a heartbeat, which is not stored itself.
    books = store.execute("SELECT lower(hex(stream)), sequence, before, produced, filtered, "
                          "lost_kernel, lost_monitor FROM streams")
    for name, sequence, before, produced, filtered, kernel, monitor in books:
        if name not in streams:
            streams[name] = Stream()
        stream = streams[name]
        if stream.last is None or sequence > stream.last["seq"]:
            stream.last = {"seq": sequence, "n": 0, "own": 0, "before": before,
                           "produced": produced, "filtered": filtered, "lost-kernel": kernel,
                           "lost-monitor": monitor}
    store.close()
    return streams, pings, foreign


def check_viewer(path, seen, say=print):
    """True: what a viewer has printed is what is stored, each line once and in that order. `seen`
    are pairs of row and index; index 0 is a gap that the relay noticed, no line of a batch."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    stored = [(row, index + 1)
              for row, count in store.execute("SELECT row, count FROM batches ORDER BY row")
              for index in range(count)]
    store.close()
    gaps = sum(index == 0 for _, index in seen)
    seen = [one for one in seen if one[1] != 0]
    different = set(seen)
    missing = len(set(stored) - different)
    say(f"viewer: {len(stored)} lines stored, {len(seen)} printed, {missing} missing, "
        f"{len(seen) - len(different)} twice, {gaps} gaps, order "
        f"{'kept' if seen == sorted(seen) else 'NOT kept'}")
    return seen == stored


def check(path, heard, say=print):
    """True: the equation holds. Says what was found."""
    streams, pings, foreign = read(path)
    good = True
    lost_in_all = filtered = 0
    for name, stream in sorted(streams.items()):
        kernel, monitor, spool = stream.lost()
        lost_in_all += kernel + monitor + spool
        filtered += stream.last["filtered"]
        difference = stream.difference()
        say(f"stream {name[:8]}: {stream.batches} batches up to {stream.last['seq']}, produced "
            f"{stream.last['produced']} = stored {stream.delivered} + filtered "
            f"{stream.last['filtered']} + lost (kernel {kernel}, monitor {monitor}, spool {spool}); "
            f"difference {difference}")
        for problem in stream.problems:
            say(f"  {problem}")
        good = good and difference == 0 and not stream.problems
        good = good and min(kernel, monitor, spool) >= 0
    twice = sum(count - 1 for count in pings.values())
    missing = heard - len(pings)
    difference = missing - lost_in_all - filtered
    say(f"Pings heard {heard}, stored {len(pings)}, missing {missing}, reported lost "
        f"{lost_in_all}, filtered {filtered}, difference {difference}; twice {twice}, unknown "
        f"{foreign}")
    return good and bool(streams) and twice == 0 and foreign == 0 and difference == 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__)
        sys.exit(1)
    sys.exit(0 if check(sys.argv[1], int(sys.argv[2])) else 2)

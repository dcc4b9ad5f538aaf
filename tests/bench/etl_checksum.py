#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checksum of etl_bench, made from JSON lines on standard input.

    etwas --file FILE --format json --quiet | etl_checksum.py

Shares nothing with the decoder: what comes out equal was decoded to what JSON says.
"""
import json
import re
import struct
import sys

MASK = (1 << 64) - 1
PRIME = 0x9E3779B97F4A7C15
NULL, TRUTH, NUMBER, FLOAT, TEXT, BYTES, LIST = range(1, 8)
HEX = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,15})\Z")
DATA = re.compile(r"0x((?:[0-9a-f]{2})*)\Z")
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{7})Z\Z")


def mixed(data):
    state = len(data)
    whole = len(data) & ~7
    words = struct.unpack_from("<%dQ" % (whole // 8), data)
    for word in words + (int.from_bytes(data[whole:], "little"),):
        state = ((state ^ word) * PRIME) & MASK
        state ^= state >> 29
    return state


def ticks(match):
    year, month, day, hour, minute, second, fraction = map(int, match.groups())
    years = year - 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    before = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)[month - 1]
    days = years * 365 + years // 4 - years // 100 + years // 400 - 584388
    days += before + (leap and month > 2) + day - 1
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 10**7 + fraction


def text_words(text):
    if HEX.match(text):
        return NUMBER, int(text, 16)
    data = DATA.match(text)
    if data:
        return BYTES, mixed(bytes.fromhex(data.group(1)))
    if GUID.match(text):
        parts = text.split("-")
        order = b"".join(bytes.fromhex(p)[::-1] for p in parts[:3])
        return BYTES, mixed(order + bytes.fromhex(parts[3] + parts[4]))
    time = TIME.match(text)
    return (NUMBER, ticks(time)) if time else (TEXT, mixed(text.encode()))


class Checksum:
    def __init__(self):
        self.state = self.words = self.values = self.events = 0

    def fold(self, kind, word):
        self.words += 1
        product = (((word & MASK) ^ kind << 56 ^ self.words) * PRIME) & MASK
        self.state = (self.state + (product ^ product >> 32)) & MASK

    def add(self, value):
        self.values += 1
        if value is None:
            self.fold(NULL, 0)
        elif isinstance(value, bool):
            self.fold(TRUTH, value)
        elif isinstance(value, int):
            self.fold(NUMBER, value)
        elif isinstance(value, float):
            if value.is_integer() and abs(value) < 2**63:
                self.fold(NUMBER, int(value))
            else:
                self.fold(FLOAT, struct.unpack("<Q", struct.pack("<d", value))[0])
        elif isinstance(value, str):
            self.fold(*text_words(value))
        else:
            items = list(value.values()) if isinstance(value, dict) else value
            self.fold(LIST, len(items))
            for item in items:
                self.add(item)


def main():
    checksum = Checksum()
    # Names may come twice in one event: an object that forgot values would not do.
    decoder = json.JSONDecoder(object_pairs_hook=Pairs)
    for line in sys.stdin:
        data = dict(decoder.decode(line).pairs)["EventData"]
        checksum.events += 1
        for _, value in data.pairs:
            checksum.add(value)
    print("%016x %d values of %d events" % (checksum.state, checksum.values, checksum.events))


class Pairs(dict):
    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs

    def values(self):
        return [value for _, value in self.pairs]


main()

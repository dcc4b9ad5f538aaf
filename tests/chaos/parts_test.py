#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""parts_test.py PROXY: the proxy is as bad as it is told to be, and the checker finds what is
wrong with a store. Each function is a claim."""
import contextlib
import ctypes
import pathlib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check # pylint: disable=wrong-import-position

PATIENCE = 10


class Echo:
    """A server that sends everything back, and the proxy before it."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        self.proxy = subprocess.Popen([sys.argv[1], str(self.listening.getsockname()[1])],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.proxy.stdout.readline())

    def serve(self):
        while True:
            client, _ = self.listening.accept()
            threading.Thread(target=self.echo, args=(client,), daemon=True).start()

    @staticmethod
    def echo(client):
        with contextlib.suppress(OSError), client:
            while data := client.recv(65536):
                client.sendall(data)

    def command(self, text):
        self.proxy.stdin.write(text + "\n")
        self.proxy.stdin.flush()
        return [int(number) for number in self.proxy.stdout.readline().split()]

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        client.settimeout(PATIENCE)
        return client

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.stdin.close()
        assert self.proxy.wait(PATIENCE) == 0
        self.proxy.stdout.close()
        self.listening.close()


def receive(client, size):
    got = b""
    while len(got) < size:
        part = client.recv(size - len(got))
        assert part, f"the end after {len(got)} bytes of {size}"
        got += part
    return got


def nothing_comes(client, seconds=0.3):
    client.settimeout(seconds)
    try:
        client.recv(1)
    except TimeoutError:
        client.settimeout(PATIENCE)
        return True
    return False


def is_cut(client):
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def all_bytes_pass_and_are_counted():
    with Echo() as echo, echo.connect() as client:
        data = bytes(range(256)) * 8000
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        assert receive(client, len(data)) == data
        sender.join()
        assert echo.command("stats") == [len(data), len(data), 1]


def a_delay_and_a_rate_take_their_time():
    with Echo() as echo, echo.connect() as client:
        echo.command("delay 150")
        start = time.monotonic()
        client.sendall(b"x")
        receive(client, 1)
        assert time.monotonic() - start >= 0.3
        echo.command("pass")
        echo.command("rate 100000")
        start = time.monotonic()
        client.sendall(b"x" * 50000)
        receive(client, 50000)
        assert time.monotonic() - start >= 0.35


def what_is_cut_is_reset_and_new_connections_are_not():
    with Echo() as echo:
        with echo.connect() as client:
            client.sendall(b"x")
            receive(client, 1)
            echo.command("cut")
            assert is_cut(client)
        with echo.connect() as client:
            echo.command("cutafter 10")
            client.sendall(b"x" * 100)
            while not is_cut(client):
                pass
        with echo.connect() as client:
            client.sendall(b"x")
            receive(client, 1)


def a_stall_loses_nothing():
    with Echo() as echo, echo.connect() as client:
        echo.command("stall")
        client.sendall(b"hello")
        assert nothing_comes(client)
        echo.command("pass")
        assert receive(client, 5) == b"hello"


def what_is_mute_has_heard():
    with Echo() as echo, echo.connect() as client:
        echo.command("mute")
        client.sendall(b"hello")
        assert nothing_comes(client)
        assert echo.command("stats")[:2] == [5, 0]
        echo.command("pass")
        assert receive(client, 5) == b"hello"


def half_a_connection_says_nothing_until_it_is_over():
    with Echo() as echo, echo.connect() as client:
        client.sendall(b"x")
        receive(client, 1)
        echo.command("half")
        client.sendall(b"hello")
        assert nothing_comes(client)
        echo.command("pass")
        assert is_cut(client)


def who_is_refused_is_reset():
    with Echo() as echo:
        echo.command("refuse")
        with contextlib.suppress(ConnectionResetError), echo.connect() as client:
            assert is_cut(client)


# --- the checker ---

def pack(lines):
    text = b"".join(line.encode() + b"\n" for line in lines)
    zstd = check.zstd
    zstd.ZSTD_compress.restype = ctypes.c_size_t
    packed = ctypes.create_string_buffer(len(text) + 1000)
    size = zstd.ZSTD_compress(packed, ctypes.c_size_t(len(packed)), text,
                              ctypes.c_size_t(len(text)), 1)
    return packed.raw[:size]


def ping(number):
    return ('{"TimeCreated":"2026-11-25T10:00:00.0000000Z","Provider":"Ping","ProcessId":1,'
            f'"ThreadId":2,"EventData":{{"Number":{number},"Thread":0,"Text":"abc"}}}}')


OWN = '{"Provider":"Etwas","EventName":"Lost"}'
STREAM = "00" * 16


def verdict(batches, heard, books=None):
    """Of a store with these batches: (members of the head, lines)."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "etwas.db"
        store = sqlite3.connect(path)
        store.execute("CREATE TABLE batches(stream, sequence, etwas_batch, body)")
        store.execute("CREATE TABLE streams(stream, sequence, before, produced, filtered, "
                      "lost_kernel, lost_monitor)")
        for head, lines in batches:
            number = int(head.split("seq=")[1].split(",")[0])
            store.execute("INSERT INTO batches VALUES(1, ?, ?, ?)",
                          (number, f'stream="{STREAM}", {head}', pack(lines)))
        if books:
            store.execute("INSERT INTO streams VALUES(?, ?, ?, ?, ?, ?, ?)",
                          (bytes(16), *books))
        store.commit()
        store.close()
        return check.check(path, heard, lambda text: None)


def what_is_whole_is_good():
    first = ("seq=1, n=2, before=0, produced=2", [ping(1), ping(2)])
    second = ("seq=2, n=2, own=1, before=2, produced=5, lost-kernel=2", [ping(5), OWN])
    assert verdict([first], 2)
    assert verdict([first, second], 5)
    # The spool dropped a batch of two.
    third = ("seq=3, n=1, before=4, produced=5", [ping(5)])
    assert verdict([first, third], 5)
    # The last word came with a heartbeat.
    assert verdict([first], 5, books=(2, 2, 5, 0, 1, 2))


def whatever_is_wrong_is_found():
    first = ("seq=1, n=2, before=0, produced=2", [ping(1), ping(2)])
    assert not verdict([], 0)
    assert not verdict([first], 3)                                             # one is missing
    assert not verdict([first], 1)                                             # one too many
    assert not verdict([("seq=1, n=2, produced=2", [ping(1), ping(1)])], 2)    # twice
    assert not verdict([("seq=1, n=2, produced=3", [ping(1), ping(2)])], 3)    # books off
    assert not verdict([("seq=1, n=3, produced=3", [ping(1), ping(2)])], 3)    # a line is missing
    assert not verdict([first, ("seq=2, n=1, before=3, produced=4", [ping(4)])], 4)
    assert not verdict([("seq=1, n=1, produced=1", [ping(1).replace("Ping", "Pong")])], 1)


def a_viewer_has_each_line_once_and_in_order():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "etwas.db"
        store = sqlite3.connect(path)
        store.execute("CREATE TABLE batches(row, count)")
        store.executemany("INSERT INTO batches VALUES(?, ?)", [(1, 2), (2, 0), (4, 1)])
        store.commit()
        store.close()

        def good(seen):
            return check.check_viewer(path, seen, lambda text: None)
        assert good([(1, 1), (1, 2), (4, 1)])
        assert good([(1, 1), (1, 2), (4, 0), (4, 1)])
        assert not good([(1, 1), (4, 1)])
        assert not good([(1, 1), (1, 1), (1, 2), (4, 1)])
        assert not good([(1, 1), (4, 1), (1, 2)])
        assert not good([])


if __name__ == "__main__":
    for claim in (all_bytes_pass_and_are_counted, a_delay_and_a_rate_take_their_time,
                  what_is_cut_is_reset_and_new_connections_are_not, a_stall_loses_nothing,
                  what_is_mute_has_heard, half_a_connection_says_nothing_until_it_is_over,
                  who_is_refused_is_reset, what_is_whole_is_good, whatever_is_wrong_is_found,
                  a_viewer_has_each_line_once_and_in_order):
        claim()
        print(f"{claim.__name__}: ok")

# SPDX-License-Identifier: MIT
"""The real programs as processes, with disks and a network of their own."""
import concurrent.futures
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

NOBODY = 65534   # runs etwas and etwas-ping
DAEMON = 1       # runs etwass
FAKETIME = "/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1".format(os.uname().machine)
SESSION = f"Etwas-Chaos-{os.getpid()}"
ID = re.compile(rb'\{"Id":"(\d+):(\d+)"')
libc = ctypes.CDLL("libc.so.6", use_errno=True)


# A child dies with the thread that made it, so one that never ends makes them all.
parent = concurrent.futures.ThreadPoolExecutor(1)


def die_with_us():
    """Between fork and exec: nothing of ours outlives the driver."""
    libc.prctl(1, signal.SIGKILL)


def spawn(command, **more):
    return parent.submit(subprocess.Popen, command, preexec_fn=die_with_us, **more).result()


def as_user(uid):
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups",
            "--no-new-privs", "--pdeathsig", "KILL"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(seconds, what, condition):
    """Waits for what must come to pass; that it does not is an error."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Broken(Exception):
    """A program ended as none should: by a signal that nobody sent."""


class Program:
    """One that is meant to run: who kills it says so, anybody else's ending is an accident."""

    def __init__(self, name, user, command, log, environment):
        self.name = name
        self.user = user           # what makes us that user: words before the command
        self.command = command
        self.log = log
        self.environment = environment
        self.pids = []
        self.process = None
        self.wanted = False
        self.faketime = None       # the file that says how far the clock is off
        self.lock = threading.RLock()

    def start(self):
        with self.lock:
            if self.process is not None and self.process.poll() is None:
                return
            clock = []
            if self.faketime is not None:
                clock = ["env", f"LD_PRELOAD={FAKETIME}", "DONT_FAKE_MONOTONIC=1",
                         "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_CACHE_DURATION=1",
                         f"FAKETIME_TIMESTAMP_FILE={self.faketime}"]
            with open(self.log, "ab") as log:
                self.process = spawn([*self.user, *clock, *self.command],
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                     env=dict(os.environ, **self.environment),
                                     start_new_session=True)
            self.pids.append(self.process.pid)
            self.wanted = True

    def send(self, number):
        with self.lock:
            if self.process is not None and self.process.poll() is None:
                self.process.send_signal(number)

    def kill(self):
        """kill -9; it stays dead until start()."""
        with self.lock:
            self.wanted = False
            self.send(signal.SIGKILL)
            if self.process is not None:
                self.process.wait()

    def end(self, number=signal.SIGTERM, seconds=30):
        """Asks for an end; its exit status."""
        with self.lock:
            self.wanted = False
            self.send(signal.SIGCONT)
            self.send(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def mend(self):
        """Starts it again if it ended by itself. True: it had."""
        with self.lock:
            if not self.wanted or self.process.poll() is None:
                return False
            status = self.process.returncode
            if status < 0:
                raise Broken(f"{self.name} died of {signal.Signals(-status).name}")
            self.start()
            return True


class Proxy:
    """The network between monitor and relay."""

    def __init__(self, build, port):
        self.process = spawn([build / "tests/chaos/chaos_proxy", str(port)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             start_new_session=True)
        self.port = int(self.process.stdout.readline())
        self.lock = threading.Lock()

    def command(self, text):
        with self.lock:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().split()
        if answer[:1] == ["unknown"] or not answer:
            raise RuntimeError(f"the proxy does not know {text}")
        return [int(number) for number in answer]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Viewer:
    """An etwasc that wants everything, through the bad network, too. Of each line only its Id is
    kept, which comes first."""

    def __init__(self, world):
        self.output = world.folder / "viewer.ids"
        with open(self.output, "wb") as output, open(world.folder / "viewer.log", "ab") as log:
            self.process = spawn(
                [*as_user(DAEMON), world.folder / "bin/etwasc", "--server",
                 f"http://127.0.0.1:{world.proxy.port}/", "--token",
                 world.folder / "data/relay/viewer-token", "--format", "json", "--since", "1:0",
                 "--stats"], stdout=subprocess.PIPE, stderr=log, cwd="/", start_new_session=True)
            self.cut = spawn(["cut", "-c1-32"], stdin=self.process.stdout, stdout=output)
            self.process.stdout.close()

    def end(self):
        """Its exit status."""
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = None
        self.cut.wait()
        return status

    def ids(self):
        """Row and index of every line that was printed, in that order."""
        with open(self.output, "rb") as lines:
            found = [ID.match(line) for line in lines]
        return [(int(match[1]), int(match[2])) for match in found]


class Disk:
    """A small one of its own for one of the programs."""

    def __init__(self, path, uid, size):
        self.path = path
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755,uid={uid}", "tmpfs",
                        path], check=True)

    def fill(self, leave=0):
        """Leaves `leave` bytes."""
        free = os.statvfs(self.path)
        size = free.f_bavail * free.f_bsize - leave
        if size > 0:
            with open(self.path / "junk", "wb") as junk:
                with contextlib.suppress(OSError):
                    os.posix_fallocate(junk.fileno(), 0, size)

    def clear(self):
        (self.path / "junk").unlink(missing_ok=True)

    def remount(self, how):
        """False: it is in use, and the system would rather not."""
        return subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=False)


class World:
    """All of it. Use as a context: whatever happens, nothing stays behind."""

    def __init__(self, build, spool_max, max_buffers):
        self.build = pathlib.Path(build).resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="etwas-chaos.", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.programs = {}
        self.disks = {}
        self.proxy = None
        self.viewer = None
        self.ping_gate = threading.Lock()
        self.pinging = None
        self.heard = 0
        self.sent = 0
        self.spool_max = spool_max
        self.max_buffers = max_buffers

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def install(self):
        binaries = self.folder / "bin"
        binaries.mkdir()
        for name in ("controller/etwas-controller", "monitor/etwas", "relay/etwass",
                     "tests/ping/etwas-ping", "viewer/console/etwasc"):
            shutil.copy(self.build / name, binaries)
        # Nobody's own program may be probed by nobody.
        os.chown(binaries / "etwas-ping", NOBODY, NOBODY)
        (self.folder / "policy").write_text(f"allow uid:{NOBODY} usdt:own\n"
                                            "limit requests 1000\nlimit linger 600\n")
        return binaries

    def open(self):
        binaries = self.install()
        for name, uid, size in (("spool", NOBODY, "64m"), ("data", DAEMON, "1g")):
            self.disks[name] = Disk(self.folder / name, uid, size)
        relay_port = free_port()
        self.proxy = Proxy(self.build, relay_port)
        sink = f"http://127.0.0.1:{self.proxy.port}/"
        self.add("controller", [], [binaries / "etwas-controller", "--socket", self.folder / "socket",
                                "--policy", self.folder / "policy", "--group", "nogroup"])
        self.add("relay", as_user(DAEMON),
                 [binaries / "etwass", "--port", str(relay_port), "--data",
                  self.folder / "data/relay", "--host", f"127.0.0.1:{self.proxy.port}"],
                 HOME=str(self.folder / "data"), XDG_STATE_HOME=str(self.folder / "data"))
        self.add("monitor", as_user(NOBODY),
                 [binaries / "etwas", "--controller", self.folder / "socket", "--session",
                  SESSION, "--source", "Ping", "--sink", sink, "--spool",
                  self.folder / "spool/spool", "--spool-max", self.spool_max, "--max-buffers",
                  self.max_buffers, "--drain", "60", "--stats", "--quiet"],
                 HOME=str(self.folder / "spool"), XDG_STATE_HOME=str(self.folder / "spool"))
        for name in ("controller", "relay", "monitor"):
            self.programs[name].start()
        wait_until(20, "the viewer's token", (self.folder / "data/relay/viewer-token").exists)
        self.viewer = Viewer(self)
        self.listener = [*as_user(NOBODY), binaries / "etwas-ping", "--wait", "60", "--quiet"]

    def add(self, name, user, command, **environment):
        (self.folder / f"{name}.clock").write_text("+0")
        self.programs[name] = Program(name, user, [str(part) for part in command],
                                      self.folder / f"{name}.log", environment)

    def may_move_clocks(self):
        """A sanitizer wants to be the first library that is loaded."""
        return os.path.exists(FAKETIME) and (
            b"__asan_init" not in (self.folder / "bin/etwas").read_bytes())

    def set_clock(self, name, offset):
        """Seconds that a program's clock is off, from now on, if it runs under faketime."""
        new = self.folder / f"{name}.clock.new"
        new.write_text(f"{offset:+d}")
        new.rename(self.folder / f"{name}.clock")

    def fake_clock(self, name, fake):
        """From its next start on."""
        self.programs[name].faketime = self.folder / f"{name}.clock" if fake else None

    def ping(self, rate, seconds, size):
        """Sends Pings; comes back when they are sent, or are to be no more for now."""
        with self.ping_gate:
            self.pinging = spawn([*self.listener, "--rate", str(rate), "--duration",
                                  str(seconds), "--size", str(size)], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        output = self.pinging.communicate()[0]
        said = re.search(r"sent (\d+), heard (\d+)", output)
        if said is None:
            raise RuntimeError(f"etwas-ping: {output}")
        self.sent += int(said[1])
        self.heard += int(said[2])

    @contextlib.contextmanager
    def silence(self):
        """No Pings meanwhile."""
        with self.ping_gate:
            if self.pinging is not None:
                time.sleep(0.5)   # one that has just begun does not know signals yet
                self.pinging.send_signal(signal.SIGINT)
                wait_until(30, "the end of the Pings", lambda: self.pinging.poll() is not None)
            yield

    def store(self):
        """The relay's file."""
        return self.folder / "data/relay/etwas.db"

    def stored(self):
        """How many lines are in it."""
        if not self.store().exists():
            return 0
        store = sqlite3.connect(f"file:{self.store()}?mode=ro", uri=True)
        try:
            return store.execute("SELECT coalesce(sum(count), 0) FROM batches").fetchone()[0]
        except sqlite3.Error:
            return 0
        finally:
            store.close()

    def heal(self):
        """No fault is left; everything runs."""
        self.proxy.command("pass")
        for disk in self.disks.values():
            disk.remount("rw")
            disk.clear()
        for name, program in self.programs.items():
            program.send(signal.SIGCONT)
            self.set_clock(name, 0)
            program.start()

    @staticmethod
    def has_session():
        return os.path.isdir(f"/sys/kernel/tracing/instances/etwas_{NOBODY}_{SESSION}")

    def is_listened_to(self):
        """Has our session a monitor?"""
        said = subprocess.run([*as_user(NOBODY), self.folder / "bin/etwas", "--controller",
                               self.folder / "socket", "--list", "sessions"], check=False,
                              timeout=20, capture_output=True, text=True).stdout
        return re.search(rf"^{SESSION} +\S+ +[1-9]", said, re.MULTILINE) is not None

    def stop_session(self):
        subprocess.run([self.folder / "bin/etwas", "--controller", self.folder / "socket",
                        "--stop"], check=False, timeout=20, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def close(self):
        if self.viewer is not None:
            self.viewer.process.kill()
        for program in self.programs.values():
            if program.process is not None and program.name != "controller":
                program.kill()
        controller = self.programs.get("controller")
        if controller is not None and controller.process is not None:
            controller.send(signal.SIGCONT)
            controller.start()
            with contextlib.suppress(subprocess.TimeoutExpired, RuntimeError):
                wait_until(5, "the controller", (self.folder / "socket").exists)
                self.stop_session()
            controller.end()
        if self.proxy is not None:
            self.proxy.close()
        for program in self.programs.values():
            for pid in program.pids:   # faketime leaves these behind when its program is killed
                pathlib.Path(f"/dev/shm/faketime_shm_{pid}").unlink(missing_ok=True)
                pathlib.Path(f"/dev/shm/sem.faketime_sem_{pid}").unlink(missing_ok=True)
        for disk in self.disks.values():
            disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)

# SPDX-License-Identifier: MIT
"""What may happen. Each is drawn by a random generator whose seed tells the whole run."""
import contextlib
import signal
import time

from world import wait_until


class Lane:
    """Faults one after the other; two lanes run at the same time and never touch the same."""

    def __init__(self, world, random, say):
        self.world = world
        self.random = random
        self.say = say
        self.until = 0.0

    def pause(self, seconds):
        time.sleep(max(0.0, min(seconds, self.until - time.monotonic())))

    def run(self, until):
        """Until that time, less what it takes to mend the last."""
        self.until = until
        self.pause(self.random.uniform(0.5, 3))
        while time.monotonic() < until:
            names, weights = zip(*self.faults.items())
            getattr(self, self.random.choices(names, weights)[0])()
            self.pause(self.random.uniform(0.2, 4))


class Processes(Lane):
    """What happens to programs."""

    faults = {"kill_monitor": 5, "kill_relay": 5, "kill_controller": 3, "kill_several": 2,
              "stop_monitor": 2, "stop_relay": 3, "stop_controller": 1, "hang_and_kill_relay": 2,
              "restart_monitor": 2, "restart_relay": 2, "restart_controller": 1, "move_clock": 2}

    def __init__(self, *more, spare=()):
        super().__init__(*more)
        self.names = [name for name in ("monitor", "relay", "controller") if name not in spare]
        self.faults = {fault: weight for fault, weight in self.faults.items()
                       if not any(fault.endswith(name) for name in spare)}

    def program(self, name):
        return self.world.programs[name]

    def kill(self, names, down):
        self.say(f"kill -9 {' '.join(names)}, down {down:.1f} s")
        for name in names:
            self.program(name).kill()
        traced = self.world.has_session()
        self.pause(down)
        if "controller" in names and traced and not self.world.has_session():
            self.world.accidents.append("the session went while our controller was dead: another "
                                        "one runs on this machine, and took it")
        for name in names:
            self.program(name).start()

    def kill_monitor(self):
        self.kill(["monitor"], self.random.choice([0, 0, 0.5, 3, 8]))

    def kill_relay(self):
        self.kill(["relay"], self.random.choice([0, 0.5, 2, 10]))

    def kill_controller(self):
        self.kill(["controller"], self.random.choice([0, 0.5, 2, 5]))

    def kill_several(self):
        names = list(self.names)
        self.random.shuffle(names)
        self.kill(names[:self.random.choice([2, 2, 3])], self.random.uniform(0, 4))

    def hold(self, name, seconds):
        self.say(f"stop {name} for {seconds:.1f} s")
        self.program(name).send(signal.SIGSTOP)
        self.pause(seconds)
        self.program(name).send(signal.SIGCONT)

    def stop_monitor(self):
        # From 30 s on the controller closes it.
        self.hold("monitor", self.random.choice([0.3, 1, 3, 8, 33]))

    def stop_relay(self):
        self.hold("relay", self.random.choice([0.3, 2, 6, 15]))

    def stop_controller(self):
        self.hold("controller", self.random.choice([0.3, 2, 6]))

    def hang_and_kill_relay(self):
        self.say("stop relay for 2 s, then kill -9, down 5 s")
        self.program("relay").send(signal.SIGSTOP)
        self.pause(2)
        self.program("relay").kill()
        self.pause(5)
        self.program("relay").start()

    def restart(self, name, number):
        program = self.program(name)
        self.say(f"end {name} by {number.name}")
        # A monitor that drains shall not wait for a relay that is away: that is another fault.
        status = program.end(number, seconds=self.random.choice([1, 10]))
        self.say(f"{name} ended with {status}" if status is not None else f"{name} was too slow")
        if status is not None and status < 0:
            self.world.accidents.append(f"{name} died of signal {-status} when it was to end")
        program.start()

    def restart_monitor(self):
        self.restart("monitor", self.random.choice([signal.SIGINT, signal.SIGTERM]))

    def restart_relay(self):
        self.restart("relay", signal.SIGTERM)

    def restart_controller(self):
        """Its sessions go with it, and what no monitor has read of them by then. Between the end
        of a session and that of its probes Pings are heard that nobody traces any more. A monitor
        that still drains after its controller's death listens to nobody: it is waited for."""
        with self.world.silence():
            wait_until(100, "a monitor that listens", self.world.is_listened_to)
            self.pause(4)
            self.restart("controller", signal.SIGTERM)

    def move_clock(self):
        """Starts a program under a clock of ours, which then jumps there and back."""
        name = self.random.choice(["monitor", "relay"])
        offset = self.random.choice([-7200, -90, -20, 20, 90, 7200])
        if not self.world.may_move_clocks():
            self.say("the clock stays: no faketime, or sanitizers")
            return
        self.say(f"the clock of the {name} jumps by {offset} s and back")
        self.world.fake_clock(name, True)
        self.program(name).end(signal.SIGTERM, 10)
        self.program(name).start()
        self.pause(2)
        self.world.set_clock(name, offset)
        self.pause(self.random.uniform(3, 8))
        self.world.set_clock(name, 0)
        self.pause(2)
        self.world.fake_clock(name, False) # from its next start on


class Surroundings(Lane):
    """What happens to the network and the disks."""

    faults = {"cut": 4, "cut_within": 4, "delay": 3, "narrow": 3, "stall": 3, "half_open": 2,
              "lost_answers": 4, "refuse": 2, "full_spool": 3, "full_store": 3, "read_only": 1}

    def network(self, *commands):
        for command in commands:
            self.world.proxy.command(command)

    @contextlib.contextmanager
    def bad_network(self, *commands):
        self.say(f"network: {', '.join(commands)}")
        self.network(*commands)
        try:
            yield
        finally:
            self.network("pass")

    def cut(self):
        self.say("network: cut")
        self.network("cut")

    def cut_within(self):
        after = self.random.randrange(1, 200000)
        self.say(f"network: cut after {after} bytes")
        self.network(f"cutafter {after}")
        self.pause(self.random.uniform(1, 4))

    def delay(self):
        with self.bad_network(f"delay {self.random.choice([20, 100, 500, 1500])}"):
            self.pause(self.random.uniform(2, 8))

    def narrow(self):
        with self.bad_network(f"rate {self.random.choice([2000, 20000, 100000])}"):
            self.pause(self.random.uniform(2, 8))

    def stall(self):
        with self.bad_network("stall"):
            self.pause(self.random.choice([1, 5, 12, 25]))

    def half_open(self):
        with self.bad_network("half"):
            self.pause(self.random.choice([1, 5, 15]))

    def lost_answers(self):
        """Batches come, and nobody hears that they did."""
        with self.bad_network("mute"):
            self.pause(self.random.choice([0.3, 1, 4]))
            self.network("cut")

    def refuse(self):
        with self.bad_network("refuse", "cut"):
            self.pause(self.random.uniform(0.5, 5))

    def full(self, name):
        leave = self.random.choice([0, 4096, 100000])
        seconds = self.random.choice([1, 4, 10])
        self.say(f"disk of the {name} full but for {leave} bytes for {seconds} s")
        self.world.disks[name].fill(leave)
        self.pause(seconds)
        self.world.disks[name].clear()

    def full_spool(self):
        self.full("spool")

    def full_store(self):
        self.full("data")

    def read_only(self):
        """Only works while no file is open for writing, which is a matter of luck."""
        self.say("disk of the spool read-only for 3 s")
        if self.world.disks["spool"].remount("ro"):
            self.pause(3)
            self.world.disks["spool"].remount("rw")
        else:
            self.say("disk of the spool: it is in use")

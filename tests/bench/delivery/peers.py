# SPDX-License-Identifier: MIT
"""rsyslog and syslog-ng, each as a sender that takes messages on a port and passes them on to a
receiver that writes them to a file. All queues that have a disk have one."""
import os
import pathlib
import signal
import subprocess

from measure import die_with_us, free_port, wait_for_port

RSYSLOG_QUEUE = ('queue.type="{kind}" queue.size="200000" queue.dequeuebatchsize="1024" '
                 'queue.filename="forward" queue.maxdiskspace="2g" queue.saveonshutdown="on" '
                 'queue.maxfilesize="64m" queue.timeoutenqueue="600000" {more}'
                 'action.resumeretrycount="-1" action.resumeinterval="1"')
RSYSLOG_MAIN = ('global(workDirectory="{folder}" maxMessageSize="8k")\n'
                'main_queue(queue.type="LinkedList" queue.size="100000" '
                'queue.dequeuebatchsize="1024" queue.timeoutenqueue="600000")\n')
RSYSLOG_SENDER = '''module(load="imptcp")
{load}
template(name="F" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% \
%APP-NAME% %PROCID% - - %msg:::sp-if-no-1st-sp%%msg%")
input(type="imptcp" port="{input}" address="127.0.0.1")
action(type="{module}" target="127.0.0.1" port="{output}" template="F" {options} {queue})
'''
RSYSLOG_RECEIVER = '''module(load="{module}")
input(type="{module}" port="{output}" address="127.0.0.1" {options})
template(name="M" type="string" string="%msg:2:$%\\n")
action(type="omfile" file="{file}" template="M" asyncWriting="off" ioBufferSize="64k" \
flushOnTXEnd="on")
'''
SYSLOG_NG_MAIN = ('@version: 3.38\noptions { stats-freq(0); threaded(yes); log-fifo-size(400000); '
                  'time-reopen(1); flush-lines(500); };\n')
SYSLOG_NG_SENDER = '''source s {{ syslog(ip(127.0.0.1) port({input}) transport(tcp) \
log-iw-size(100000) log-fetch-limit(1000)); }};
destination d {{ syslog("127.0.0.1" port({output}) transport(tcp) disk-buffer(reliable(yes) \
disk-buf-size(2147483648) mem-buf-size(67108864) dir("{folder}"))); }};
log {{ source(s); destination(d); flags(flow-control); }};
'''
SYSLOG_NG_RECEIVER = '''source s {{ syslog(ip(127.0.0.1) port({output}) transport(tcp) \
log-iw-size(100000) log-fetch-limit(1000)); }};
destination d {{ file("{file}" template("$MSG\\n")); }};
log {{ source(s); destination(d); flags(flow-control); }};
'''


class Peer:
    """Sender, receiver and the file that the latter writes."""

    def __init__(self, name, root, folder):
        self.name = name
        self.root = pathlib.Path(root)
        self.folder = folder
        self.input = free_port()
        self.output = free_port()  # of the receiver
        self.target = self.output  # where the sender sends to
        self.file = folder / "received"
        self.running = {}
        for part in ("sender", "receiver"):
            (folder / part).mkdir(parents=True)

    def values(self, part, **more):
        output = self.target if part == "sender" else self.output
        return dict(folder=self.folder / part, input=self.input, output=output, file=self.file,
                    **more)

    def write(self, part, text):
        (self.folder / f"{part}.conf").write_text(text)

    def open(self):
        """Both, and each before who calls it."""
        self.configure()
        self.start("receiver")
        wait_for_port(self.output)
        self.start("sender")
        wait_for_port(self.input)

    def start(self, part):
        libraries = [self.root / "usr/lib/x86_64-linux-gnu", self.root / "lib/x86_64-linux-gnu",
                     self.root / "usr/lib/syslog-ng"]
        environment = dict(os.environ, LD_LIBRARY_PATH=":".join(map(str, libraries)))
        with open(self.folder / f"{part}.log", "ab") as log:
            self.running[part] = subprocess.Popen(
                [str(word) for word in self.command(part)], env=environment, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, preexec_fn=die_with_us)
        return self.running[part]

    def send(self, part, number):
        self.running[part].send_signal(number)

    def kill(self, part):
        self.running[part].kill()
        self.running[part].wait()

    def close(self):
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(8)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def received(self):
        """Bytes that are in the file."""
        return self.file.stat().st_size if self.file.exists() else 0


class Rsyslog(Peer):
    """By plain TCP or RELP; the queue in memory and on disk, or on disk alone."""

    def configure(self):
        relp = "relp" in self.name
        disk = self.name.endswith("disk")
        queue = RSYSLOG_QUEUE.format(kind="Disk" if disk else "LinkedList",
                                     more='queue.checkpointinterval="1000" ' if disk else "")
        if relp:
            sender = dict(load='module(load="omrelp")', module="omrelp",
                          options='windowsize="1024"')
            receiver = dict(module="imrelp", options='maxdatasize="10k"')
        else:
            sender = dict(load="", module="omfwd",
                          options='protocol="tcp" TCP_Framing="octet-counted"')
            receiver = dict(module="imptcp", options="")
        self.write("sender", RSYSLOG_MAIN.format(**self.values("sender")) +
                   RSYSLOG_SENDER.format(**self.values("sender", queue=queue, **sender)))
        self.write("receiver", RSYSLOG_MAIN.format(**self.values("receiver")) +
                   RSYSLOG_RECEIVER.format(**self.values("receiver", **receiver)))

    def command(self, part):
        return [self.root / "usr/sbin/rsyslogd", "-n", "-f", self.folder / f"{part}.conf", "-i",
                self.folder / f"{part}.pid", "-M", self.root / "usr/lib/x86_64-linux-gnu/rsyslog"]


class SyslogNg(Peer):
    """By TCP, with a disk buffer that it calls reliable."""

    def configure(self):
        self.write("sender", SYSLOG_NG_MAIN + SYSLOG_NG_SENDER.format(**self.values("sender")))
        self.write("receiver",
                   SYSLOG_NG_MAIN + SYSLOG_NG_RECEIVER.format(**self.values("receiver")))

    def command(self, part):
        def own(suffix):
            return self.folder / f"{part}.{suffix}"
        return [self.root / "usr/sbin/syslog-ng", "-F", "-f", own("conf"), "-R", own("persist"),
                "-p", own("pid"), "-c", own("ctl"), "--no-caps", "--module-path",
                self.root / "usr/lib/syslog-ng/3.38"]


PEERS = {
    "rsyslog omfwd": Rsyslog,
    "rsyslog relp": Rsyslog,
    "rsyslog relp disk": Rsyslog,
    "syslog-ng reliable": SyslogNg,
}


def open_peer(name, root, folder):
    return PEERS[name](name, root, folder)

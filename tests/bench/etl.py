#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What reading a recorded trace costs, against sha512sum of the same file.

    etl.py [--build DIR] [--runs N] [--cpu N] [--filter SOURCE] [--shared DIR] [TRACE.etl]

Without a trace net.4.5.2.x64.etl of ../shared/etl is taken ten times (make_big.py there), about
230 MB, and left out visibly where there is none. All programs run in turn on one processor, the
file in the page cache; figures are processor time, user and system, medians of the runs, and the
median of the runs' ratios. Goals: headers 0.21, fields 0.6, JSON 2.2, 64 MB. (Memory is at least
what this script has itself, some 15 MB: Linux counts that of who starts a program.)
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--shared", default=os.path.join(ROOT, "..", "shared", "etl"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--cpu", type=int, default=os.cpu_count() - 1)
    # Ends of methods that were there when the trace ended: a tenth of that file's records.
    parser.add_argument("--filter", default="{a669021c-c450-4609-a035-5af59af4df18}:5:144")
    parser.add_argument("trace", nargs="?")
    return parser.parse_args()


def ways(options, trace):
    etwas = os.path.join(options.build, "monitor", "etwas")
    read = [etwas, "--file", trace, "--quiet"]
    bench = os.path.join(options.build, "tests", "bench", "etl_bench")
    return [
        ("sha512sum", ["sha512sum", trace], None),
        ("headers, filtered", read + ["--sink", "null", "--source", options.filter], 0.21),
        ("headers, all", read + ["--sink", "null"], None),
        ("all fields, checksum", [bench, trace], 0.6),
        ("JSON", read + ["--format", "json"], 2.2),
        ("JSON with stacks", read + ["--format", "json", "--stacks"], None),
    ]


def run(command, cpu):
    """Processor time in seconds, peak memory in KB."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(["taskset", "-c", str(cpu)] + command,
                                 stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
        if status != 0:
            said.seek(0)
            sys.exit("%s: %s" % (" ".join(command), said.read().decode(errors="replace")))
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def measure(options, trace):
    rows = ways(options, trace)
    times = [[] for _ in rows]
    memory = [0] * len(rows)
    for _ in range(options.runs):
        for i, (_, command, _) in enumerate(rows):
            used, peak = run(command, options.cpu)
            times[i].append(used)
            memory[i] = max(memory[i], peak)
    good = True
    print("%s, %d MB, medians of %d runs" %
          (os.path.basename(trace), os.path.getsize(trace) // 1000000, options.runs))
    print("%-22s %8s %8s %8s %6s" % ("", "seconds", "ratio", "goal", "MB"))
    for (name, _, goal), taken, peak in zip(rows, times, memory):
        ratio = statistics.median(a / b for a, b in zip(taken, times[0]))
        good = good and (goal is None or ratio <= goal) and peak < 64 * 1024
        print("%-22s %8.3f %8.3f %8s %6.1f" %
              (name, statistics.median(taken), ratio, goal or "", peak / 1024))
    return good


def main():
    options = arguments()
    if options.trace:
        sys.exit(0 if measure(options, options.trace) else 1)
    source = os.path.join(options.shared, "net.4.5.2.x64.etl")
    if not os.path.exists(source):
        print("skipped: no %s, and no trace was named" % source)
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="etwas-etl-") as folder:
        trace = os.path.join(folder, "net.4.5.2.x64-10.etl")
        subprocess.run([sys.executable, os.path.join(options.shared, "make_big.py"), source, trace, "10"],
                       check=True, stdout=subprocess.DEVNULL)
        good = measure(options, trace)
    sys.exit(0 if good else 1)


main()

#!/usr/bin/env python3
"""What a change of the power grid costs: ./run bench load [--rate R] [--seconds N] [--steps N] [--jobs] [--hold]

The load of `bench pipeline` (1,000 devices, ten rows a transaction, all CORE jobs, one process), one rate, some steps
after each other in the same processes. A JSON line for each step:

  changes_per_s     what the generator really committed; drained_after_s: until its last commit was in the sink
  cpu_us            CPU time of a change, microseconds, by process; of strom also by thread name
  resident_mb       memory of strom

--jobs: after each step a line for each job that had work: rows, batches and CPU time of the step.
--hold: prints strom's process id first and waits for a line on standard input before the first step (perf, gdb).
"""
import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from pipeline import Bench, Failure, Jobs, Warehouse, resident_mb, say

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def stat(path: Path) -> tuple[str, int, float]:
    """Name, parent and CPU seconds of a process or thread."""
    text = (path / "stat").read_text()
    name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return name, int(rest[1]), (int(rest[11]) + int(rest[12])) * TICK_S


def reaped(path: Path) -> float:
    """CPU seconds of children that ended."""
    rest = (path / "stat").read_text().rpartition(")")[2].split()
    return (int(rest[13]) + int(rest[14])) * TICK_S


class Clock:
    """CPU seconds so far, by process: strom, the source's walsender and its sessions, the sink, the generator."""

    def __init__(self, strom: int, warehouse: Warehouse):
        self.strom = strom
        self.servers = {"source": warehouse.source.pid, "sink": warehouse.sink.pid}

    def read(self) -> dict[str, float]:
        seconds = {"generator": reaped(Path("/proc/self"))}
        for task in Path(f"/proc/{self.strom}/task").iterdir():
            name, _, used = stat(task)
            seconds[f"strom/{name}"] = seconds.get(f"strom/{name}", 0) + used
        seconds["strom"] = stat(Path(f"/proc/{self.strom}"))[2]
        for name, server in self.servers.items():
            seconds[name] = stat(Path(f"/proc/{server}"))[2] + reaped(Path(f"/proc/{server}"))
        for process in Path("/proc").glob("[0-9]*"):
            try:
                _, parent, used = stat(process)
                title = (process / "cmdline").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            for name, server in self.servers.items():
                if parent == server:
                    key = f"{name}/walsender" if "walsender" in title else name
                    seconds[key] = seconds.get(key, 0) + used
        return seconds


class JobClock:
    """What each job has done so far."""
    FIELDS = ("rows_in", "rows_out", "batches", "cpu_ms")

    def __init__(self, jobs: Jobs):
        self.jobs = jobs

    def read(self) -> dict[str, dict]:
        return {name: {field: job[field] or 0 for field in self.FIELDS} for name, job in self.jobs.by_name().items()}

    def say_since(self, before: dict, changes: int):
        lines = []
        for name, now in self.read().items():
            done = {field: now[field] - before.get(name, {}).get(field, 0) for field in self.FIELDS}
            if done["batches"] > 0:
                lines.append({"job": name, **done, "cpu_us": round(done["cpu_ms"] * 1000 / changes, 2)})
        for line in sorted(lines, key=lambda line: -line["cpu_ms"]):
            say(bench="load_job", **line)


def step(bench: Bench, clock: Clock, rate: int) -> int:
    """Changes that were made."""
    before, used = bench.changed(), clock.read()
    committed, drained = bench.drain(rate)
    changes = bench.changed() - before
    micros = {name: (seconds - used.get(name, 0)) * 1e6 / changes for name, seconds in clock.read().items()}
    say(bench="load", asked_per_s=rate, changes=changes, changes_per_s=round(changes / committed),
        drained_after_s=round(drained, 2), cpu_us={name: round(cost, 1) for name, cost in sorted(micros.items()) if cost >= 0.5},
        all_cpu_us=round(sum(cost for name, cost in micros.items() if not name.startswith("strom/"))),
        resident_mb=round(resident_mb(clock.strom)))
    return changes


def main():
    parser = argparse.ArgumentParser(prog="./run bench load", description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--jobs", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of strom dev")
    parser.add_argument("--hold", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="strom-load-") as folder, Warehouse() as warehouse:
        warehouse.load()
        with warehouse.strom_dev(Path(folder) / "dev", [p for o in arguments.set for p in ("--set", o)]) as dev:
            jobs = Jobs(dev.endpoints)
            jobs.wait_running(warehouse.register(jobs))
            pid = int(dev.endpoints["PID"])
            bench, clock, job_clock = Bench(warehouse, jobs, arguments.seconds), Clock(pid, warehouse), JobClock(jobs)
            bench.load(1000, 2).wait()  # The devices.
            say(bench="load", pid=pid)
            if arguments.hold:
                sys.stdin.readline()
            for _ in range(arguments.steps):
                before = job_clock.read()
                changes = step(bench, clock, arguments.rate)
                if arguments.jobs:
                    time.sleep(3)  # Workers report with their heartbeats.
                    job_clock.say_since(before, changes)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")

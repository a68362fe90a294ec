#!/usr/bin/env python3
"""A cluster of processes on this machine under faults, while clients write, read and look up: run it as ./run prove.

ZooKeeper, two coordinators and three tablet servers; a log table and a primary-key table of three replicas; open-loop
clients (tests/prove/workload). Everything they saw is judged by the checkers of the simulation. One line a run; exit code 1
if anything was lost, doubled, changed, stale or did not recover: then the data stays, and a line says where.
docs/prove.md tells what each fault does and how to read the line.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import machine  # noqa: E402
from faults import FAULTS, Run, why_not  # noqa: E402
from machine import Network, SmallDisk  # noqa: E402
from prover import ProveCluster, Prover  # noqa: E402
from report import Totals, line  # noqa: E402
from strom_process import Failure  # noqa: E402

ROUND_OPERATIONS = 300_000  # A round is judged and another one begun once it has as many.
SMALL_DISK_MB = 512


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="./run prove", description="A cluster of processes under faults")
    what = p.add_mutually_exclusive_group()
    what.add_argument("--fault", choices=FAULTS, help="this one, --count times")
    what.add_argument("--minutes", type=float, metavar="M", help="a random mix of all for so long (default: 2)")
    p.add_argument("--count", type=int, default=5, metavar="N", help="how often --fault happens (default 5)")
    p.add_argument("--seconds", type=float, default=30, metavar="S", help="how long ZooKeeper is away (default 30)")
    p.add_argument("--seed", type=int, help="which servers, when, how (default: by the clock)")
    p.add_argument("--session", type=float, default=6, metavar="S", help="session timeout of servers (default 6)")
    p.add_argument("--durability", choices=("durable", "replicated"), default="durable")
    p.add_argument("--buckets", type=int, default=6, metavar="N", help="of each of the two tables (default 6)")
    p.add_argument("--rate", type=int, default=25, metavar="R",
                   help="appends, upserts and lookups of each bucket a second (default 25)")
    p.add_argument("--data", type=Path, metavar="DIR", help="where everything is kept, empty or new (default: in /tmp)")
    p.add_argument("--keep", action="store_true", help="keep the data of a run that passed, too")
    p.add_argument("--json", type=Path, metavar="FILE", help="append the figures to this file, as a line of JSON")
    p.add_argument("-v", "--verbose", action="store_true", help="tell of each fault as it happens")
    o = p.parse_args(given)
    if o.count < 1:
        p.error("--count is 1 or more")
    if o.minutes is None and o.fault is None:
        o.minutes = 2
    if o.minutes is not None and o.minutes <= 0:
        p.error("--minutes is above 0")
    if o.seed is None:
        o.seed = int(time.time()) % 1_000_000
    return o


def wanted_faults(o: argparse.Namespace) -> list[str]:
    """Those that this machine can do; says which it cannot and why. Failure if none is left."""
    reasons = {fault: why_not(fault) for fault in ([o.fault] if o.fault else FAULTS)}
    for fault, reason in reasons.items():
        if reason:
            print(f"prove: SKIP {fault}: {reason}", flush=True)
    return [fault for fault, reason in reasons.items() if not reason]


class Proof:
    """One run, from an empty directory to its line."""

    def __init__(self, o: argparse.Namespace, faults: list[str], data: Path):
        self.o = o
        self.faults = faults
        self.totals = Totals()
        self.count = 0
        self.data = data
        self.begun = time.monotonic()
        self.network = Network(ProveCluster.process_names()) if "partition" in faults else None
        self.cluster = ProveCluster(data / "cluster", self.network, session_timeout=f"{o.session:g} s")
        self.disk = None
        if "disk-full" in faults:
            self.disk = SmallDisk(data / "disk.img", self.cluster.directory(2), SMALL_DISK_MB)

    def tell(self, text: str):
        entry = f"{time.monotonic() - self.begun:8.1f} s  {text}"
        with open(self.data / "faults.log", "a") as log:
            print(entry, file=log)
        if self.o.verbose:
            print(entry, flush=True)

    def run(self) -> str:
        """What is wrong, or "". The line is printed."""
        problem, windows, run, prover = "", {}, None, None
        try:
            self.cluster.start()
            prover = Prover(self.cluster, ["--buckets", self.o.buckets, "--rate", self.o.rate,
                                           "--durability", self.o.durability])
            run = Run(self.cluster, prover, self.o.seed, self.o.session, self.outage_seconds(), self.disk, self.tell)
            try:
                self.break_things(run)
            except Failure as failure:
                problem = str(failure)
                self.tell(problem)
                self.judge(prover)
            windows = prover.ask("summary")["windows"]
            prover.close()
        except Failure as failure:
            problem = problem or str(failure)
        finally:
            self.end()
        problem = problem or self.verdict()
        print(line(self.o.seed, self.o.fault or "mix", self.count, self.totals, windows, run.recovered if run else [],
                   problem.splitlines()[0] if problem else ""), flush=True)
        for violation in self.totals.violations[:10]:
            print(f"  {violation}")
        if self.o.json:
            self.write_json(windows, run, problem)
        return problem

    def break_things(self, run: Run):
        run.prover.ask("begin")
        run.must_heal("the start")
        run.recovered.clear()
        end = time.monotonic() + 60 * (self.o.minutes or 0)
        while self.count < self.o.count if self.o.fault else time.monotonic() < end:
            run.last(run.random.uniform(0.3, 1.3))  # At any phase of whatever has a period.
            fault = run.random.choice(self.faults)
            self.count += 1
            self.tell(f"{fault}, number {self.count}")
            FAULTS[fault](run)
            if run.prover.ask("leaders")["operations"] > ROUND_OPERATIONS:
                self.judge(run.prover)
                if not self.totals.clean():
                    return
                run.prover.ask("begin")
        run.last(1)
        self.judge(run.prover)

    def judge(self, prover: Prover):
        memory = prover.memory_mb
        judged = prover.ask("judge")
        self.totals.add(judged)
        self.tell(f"judged {judged['operations']} operations, {judged['records_read']} records read, {memory} MB: "
                  f"{len(judged['violations'])} violations")
        for text, count in sorted(judged["errors"].items()):
            self.tell(f"{count} clients were told: {text}")

    def verdict(self) -> str:
        if not self.totals.clean():
            return self.totals.violations[0]
        if self.o.fault in ("controlled-shutdown", "zk-outage") and self.totals.failed_requests:
            return f"{self.totals.failed_requests} requests failed: {next(iter(self.totals.errors), '')}"
        return ""

    def outage_seconds(self) -> float:
        return self.o.seconds if self.o.fault else min(self.o.seconds, 2 * self.o.session)

    def end(self):
        for name in reversed(self.cluster.names):
            self.cluster.kill(name)
        if self.network:
            self.network.close()
        if self.disk:
            self.disk.close()  # What is in it stays in disk.img.

    def write_json(self, windows: dict, run: Run | None, problem: str):
        figures = {"seed": self.o.seed, "fault": self.o.fault or "mix", "faults": self.count, "problem": problem,
                   "durability": self.o.durability, "buckets": self.o.buckets, "rate": self.o.rate,
                   "session_s": self.o.session, **self.totals.sums, "windows_ms": windows,
                   "recovered_s": [round(s, 2) for s in run.recovered] if run else []}
        with open(self.o.json, "a") as out:
            print(json.dumps(figures), file=out)


def main() -> int:
    o = arguments()
    try:
        faults = wanted_faults(o)
        if not faults:
            return 0
        if o.data and o.data.exists() and any(o.data.iterdir()):
            raise Failure(f"{o.data} is not empty")
        data = o.data or Path(tempfile.mkdtemp(prefix="strom-prove-"))
        data.mkdir(parents=True, exist_ok=True)
        machine.own_namespaces(network="partition" in faults, mounts="disk-full" in faults)
        problem = Proof(o, faults, data.absolute()).run()
    except Failure as failure:
        print(f"prove: {failure}", file=sys.stderr)
        return 1
    if problem or o.keep:
        print(f"prove: logs and data are in {data}")
    else:
        shutil.rmtree(data)
    return 1 if problem else 0


if __name__ == "__main__":
    os.environ.setdefault("STROM", "build/release/cli/strom")
    sys.exit(main())

#!/usr/bin/env python3
"""Load generator of the power grid example: the same seed makes the same transactions.

  generate.py burst  --database URL --seed 7 --transactions 500
  generate.py steady --database URL --seed 7 --rate 2000 --seconds 30

burst: inserts, updates, deletes over all four tables as fast as PostgreSQL takes them: changes of primary keys,
transactions of one to two thousand rows, rollbacks, NULLs, Chinese text, equipment renamed, moved, deleted while rows
name it.
steady: `rate` rows a second in transactions of ten: 70 % updates, 25 % inserts, 5 % deletes of readings of 1000
devices, by one session more than thousands of rows asked for.

At the end the truth is printed as JSON: rows and digest of each table as they must be now, counts of operations.
Python's standard library and psql are all it needs; URL is what psql -d takes.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time
from datetime import datetime

from model import Truth
from values import Values
from workload import SteadyLoad, Workload

CLOCK = "2024-05-20 10:30:00"


class Session:
    """A psql that executes what it is given, in order; the first error ends it."""

    def __init__(self, database: str, clock: str):
        self._command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database]
        self.clock = clock
        self._process = None

    def query(self, text: str) -> str:
        done = subprocess.run([*self._command, "-c", text], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"generate.py: {done.stderr.strip()}")
        return done.stdout

    def execute(self, text: str):
        try:
            if self._process is None:
                self._process = subprocess.Popen([*self._command, "-f", "-"], stdin=subprocess.PIPE, text=True,
                                                 stdout=subprocess.DEVNULL)
                self._process.stdin.write(f"SET grid.clock = '{self.clock}';\n")
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.finish()  # psql has ended: it said why.

    def finish(self):
        """Returns when everything is committed."""
        if self._process is None:
            return
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        if (code := self._process.wait()) != 0:
            raise SystemExit(f"generate.py: psql ended with {code}")
        self._process = None


def burst(arguments, session: Session, workload: Workload) -> dict:
    for _ in range(arguments.transactions):
        session.execute(workload.transaction())
    if not arguments.leave_orphans:
        for transaction in workload.finish():
            session.execute(transaction)
    session.finish()
    return {"transactions": arguments.transactions}


def steady(arguments, session: Session, workload: Workload) -> dict:
    for transaction in workload.prepare_devices(arguments.devices):
        session.execute(transaction)
    session.finish()
    rows = 10
    transactions = arguments.rate * arguments.seconds // rows
    sessions = [session, *(Session(arguments.database, session.clock) for _ in range(arguments.rate // 1000))]
    load = SteadyLoad(workload, len(sessions))
    # All texts first: under load the generator shares the machine with what it loads.
    texts = [load.transaction(i % len(sessions), rows) for i in range(transactions)]
    start, latest = time.monotonic(), 0.0
    for i, text in enumerate(texts):
        due = start + i * rows / arguments.rate
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        latest = max(latest, time.monotonic() - due)
        sessions[i % len(sessions)].execute(text)
    for each in sessions:
        each.finish()
    seconds = time.monotonic() - start
    load.finish()
    return {"transactions": transactions, "seconds": round(seconds, 3), "behind_seconds_max": round(latest, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", default=os.environ.get("GRID_SOURCE_URL", ""), help="where the source schema is")
    common.add_argument("--seed", type=int, default=1)
    common.add_argument("--clock", default=os.environ.get("GRID_CLOCK") or CLOCK,
                        help="the present of all times made; 'now' for the wall clock in UTC (default: %(default)s)")
    common.add_argument("--large-texts", action="store_true", help="some alarm messages of 12 kB")
    common.add_argument("--no-truth", action="store_true", help="print the run alone, at once")
    common.add_argument("--truth", help="file for the JSON, instead of standard output")
    modes = parser.add_subparsers(dest="mode", required=True)
    mode = modes.add_parser("burst", parents=[common])
    mode.add_argument("--transactions", type=int, default=200)
    mode.add_argument("--leave-orphans", action="store_true", help="rows may name equipment that is gone")
    mode = modes.add_parser("steady", parents=[common])
    mode.add_argument("--rate", type=int, default=1000, help="rows a second")
    mode.add_argument("--seconds", type=int, default=10)
    mode.add_argument("--devices", type=int, default=1000)
    arguments = parser.parse_args()

    if arguments.clock == "now":
        arguments.clock = datetime.utcnow().isoformat(" ", "seconds")
    clock = datetime.fromisoformat(arguments.clock)
    session = Session(arguments.database, str(clock))
    rng = random.Random(arguments.seed)
    truth = Truth(session.query, str(clock))
    workload = Workload(rng, truth, Values(rng, clock, arguments.large_texts))
    if not truth.equipment.rows:
        raise SystemExit("generate.py: sgcc_power.power_equipment is empty: load source/seed.sql first")

    run = {"burst": burst, "steady": steady}[arguments.mode](arguments, session, workload)
    result = {"mode": arguments.mode, "seed": arguments.seed, "clock": str(clock), **run,
              "operations": dict(sorted(workload.operations.items())), **({} if arguments.no_truth else truth.summary())}
    with open(arguments.truth, "w") if arguments.truth else sys.stdout as out:
        json.dump(result, out, indent=1, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""How fast the whole of the power grid is: ./run bench pipeline [--cluster] [--seconds N] [--rates R,R,…]

1,000 devices; monitoring rows updated (70 %), inserted (25 %), deleted (5 %), ten rows a transaction; all CORE jobs on;
Strom, PostgreSQL and the load generator on the same machine. Prints JSON lines:

  latency     at 1,000 changes/s: from commit in the source to commit in the sink of the first ADS row that holds a probe's
              value, 20 probes/s on devices of their own
  throughput  for each rate: what the generator really committed a second, and how long after its last commit everything
              was in the sink. A rate is sustained if that is under two seconds: then nothing had piled up.
  result      the highest rate that was sustained
"""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "scripts")]
from grid_probes import Probes  # noqa: E402
from grid_process import DATABASE, GRID, Jobs, Warehouse, resident_mb  # noqa: E402
from strom_process import Failure, Process  # noqa: E402

DEVICES = 1000
SUSTAINED_LAG_S = 2.0
PROBES_PER_SECOND = 20
ADS = ("sink", "ads_equipment_performance_metrics")


def say(**fields):
    print(json.dumps(fields), flush=True)


class Bench:
    def __init__(self, warehouse: Warehouse, jobs: Jobs, seconds: int):
        self.warehouse, self.jobs, self.seconds = warehouse, jobs, seconds
        self.next_probe = 0
        self.seed = 1

    def load(self, rate: int, seconds: int) -> Process:
        self.seed += 1
        return Process([sys.executable, "-B", GRID / "generator" / "generate.py", "steady", "--database",
                        self.warehouse.source.url("grid"), "--seed", self.seed, "--rate", rate, "--seconds", seconds,
                        "--devices", DEVICES, "--no-truth"])

    def probes(self, count: int) -> Probes:
        """Probes that were not used before, with ids that the generator, which counts on from the largest, does not reach."""
        probes = Probes(self.warehouse, count)
        self.next_probe += 1_000_000
        probes.ids = range(self.next_probe, self.next_probe + count)
        probes.prepare()
        return probes

    def commits(self) -> int:
        """Rows changed in the source so far."""
        rows = self.warehouse.source.rows(
            "grid", "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
        return int(rows[0][0] or 0)

    def latency(self, rate: int):
        load = self.load(rate, self.seconds)
        time.sleep(self.seconds / 4)  # It is under way, and does not touch rows that came after its start.
        probes = self.probes(PROBES_PER_SECOND * self.seconds // 2)
        probes.run(1 / PROBES_PER_SECOND)
        load.wait(self.seconds * 3 + 60)
        for (layer, table), found in probes.measure(self.jobs, 120).items():
            say(bench="latency", rate=rate, layer=layer, table=table, probes=len(probes.ids), p50_ms=round(found.p50, 1),
                p99_ms=round(found.p99, 1), **({"is": "result"} if (layer, table) == ADS else {}))

    def drain(self, rate: int) -> tuple[float, float]:
        """Makes the load; seconds until all of it was committed, and then until it was in the sink."""
        load = self.load(rate, self.seconds)
        load.expect_success(self.seconds * 5 + 60)
        took = json.loads(load.output())["seconds"]
        marker = self.probes(1)
        marker.run(0)
        committed = time.monotonic()
        while not self.arrived(marker):
            if time.monotonic() > committed + 600:
                raise Failure("the marker behind the load is not in the sink after 600 s")
            time.sleep(0.05)
        return took, time.monotonic() - committed

    def throughput(self, rate: int) -> bool:
        before = self.changed()
        took, lag = self.drain(rate)
        done = (self.changed() - before) / took
        sustained = lag < SUSTAINED_LAG_S and done > 0.9 * rate
        say(bench="throughput", asked_per_s=rate, changes_per_s=round(done), drained_after_s=round(lag, 2),
            sustained=sustained)
        return sustained

    def arrived(self, marker: Probes) -> bool:
        return bool(self.warehouse.sink.rows(
            "grid", f"SELECT 1 FROM {DATABASE}.{ADS[1]} WHERE equipment_id = {marker.ids[0]} "
            f"AND energy_consumption_kwh = {24 * marker.power(marker.ids[0])}"))

    def changed(self) -> int:
        time.sleep(1.1)  # PostgreSQL's statistics are up to a second late.
        return self.commits()


def run(warehouse: Warehouse, jobs: Jobs, pids: dict, arguments):
    bench = Bench(warehouse, jobs, arguments.seconds)
    bench.latency(1000)
    best = 0
    for rate in map(int, arguments.rates.split(",")):
        if not bench.throughput(rate):
            break
        best = rate
    memory = {name: round(resident_mb(pid)) for name, pid in pids.items()}
    say(bench="result", sustained_changes_per_s=best, cluster=arguments.cluster, memory_mb=memory)


def main():
    parser = argparse.ArgumentParser(prog="./run bench pipeline", description=__doc__.splitlines()[0])
    parser.add_argument("--cluster", action="store_true", help="processes instead of strom dev")
    parser.add_argument("--seconds", type=int, default=60, help="of load, for each measurement")
    parser.add_argument("--rates", default="1000,2000,3000,4000,6000,8000,10000,12500,15000")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="strom-bench-") as folder, Warehouse() as warehouse:
        data = Path(folder)
        warehouse.load()
        if arguments.cluster:
            from cluster import Cluster
            warehouse.set_environment("unused")
            cluster = Cluster(data / "cluster", 3, attached=True, workers=True)
            try:
                cluster.start()
                jobs = Jobs(cluster.endpoints)
                jobs.wait_running(warehouse.register(jobs))
                pids = {name.removeprefix("PID_"): int(pid) for name, pid in cluster.endpoints.items()
                        if name.startswith("PID_")}
                run(warehouse, jobs, pids, arguments)
            finally:
                cluster.stop()
        else:
            with warehouse.strom_dev(data / "dev") as dev:
                jobs = Jobs(dev.endpoints)
                jobs.wait_running(warehouse.register(jobs))
                run(warehouse, jobs, {"dev": int(dev.endpoints["PID"])}, arguments)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")

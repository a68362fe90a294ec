"""The part of the demo that shows the whole pipeline: PostgreSQL -> ODS -> DWD -> DWS -> ADS -> PostgreSQL.

The power-grid warehouse of examples/grid, every table compared row by row with its oracle.
"""
import json

from cluster import Cluster, wait_for
from demo_steps import Steps
from grid_probes import Probes
from grid_process import REST_TIMEOUT, Jobs, Warehouse, compare, model, resident_mb
from strom_process import Failure, Process

SEED = 20240520
# What a process may take at the end, MB.
MEMORY_TARGETS_MB = {"coordinator": 40, "tablet": 80}


class GridDemo:
    def __init__(self, steps: Steps, warehouse: Warehouse, endpoints: dict[str, str]):
        self.steps = steps
        self.warehouse = warehouse
        self.jobs = Jobs(endpoints)
        self._probes = Probes(warehouse)
        self._latencies = {}
        self._report = compare.Report()

    def start(self):
        """The jobs, and the seeds through all of them."""
        count = self.steps.run("strom sql -f examples/grid/sql/00 … 06", lambda: self.warehouse.register(self.jobs))
        self.steps.run(f"all {count} jobs run", lambda: self.jobs.wait_running(count))
        self._equal("the seeds are in every layer and in the sink")

    def probe(self):
        self.steps.run("equipment and readings of the probes", self._probes.prepare)
        self._equal("they are in every layer and in the sink")
        self.steps.run(f"{len(self._probes.ids)} probes: a known value, a transaction each", self._probes.run)
        self._latencies = self.steps.run("each of them is visible in every layer and in the sink",
                                         lambda: self._probes.measure(self.jobs))

    def burst(self, transactions: int):
        def run():
            burst = self.warehouse.burst(SEED, transactions, "--large-texts")
            self._check_truth(burst)
        self.steps.run(f"{transactions} transactions: insert, update, delete, new keys, rollback", run)

    def burst_with_kills(self, cluster: Cluster, transactions: int):
        """Each process dies once, while transactions flow."""
        for number, name in enumerate(cluster.names):
            if name.startswith("tablet_") and name != "tablet_1":
                continue
            self._burst_while(SEED + number, transactions, f"kill -9 of {name} (pid {cluster.pid(name)})",
                              lambda name=name: cluster.kill(name), lambda name=name: cluster.launch(name))
            self.steps.run(f"{name} serves again (pid {cluster.pid(name)})",
                           lambda name=name: cluster.wait_healthy(name))
        source = self.warehouse.source
        senders = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_replication"
        self._burst_while(SEED + 50, transactions, "the source ends its replication connections",
                          lambda: source.psql("grid", "-c", senders), lambda: None)
        self._burst_while(SEED + 51, transactions, f"the source crashes (pid {source.pid})", None, None)
        self.steps.run("and recovers from its WAL", self._restart_source)
        self._burst_while(SEED + 52, transactions, "more transactions", lambda: None, lambda: None)

    def burst_with_losses(self, cluster: Cluster, transactions: int):
        """The leading coordinator and a tablet server die for good, while transactions flow."""
        for number, name in enumerate((cluster.leading_coordinator, "tablet_2")):
            self._burst_while(SEED + 60 + number, transactions, f"kill -9 of {name} (pid {cluster.pid(name)}), for good",
                              lambda name=name: cluster.kill(name), lambda: None)
        self._burst_while(SEED + 62, transactions, "more transactions without them", lambda: None, lambda: None)

    def compare_all(self):
        self._report = self._equal("everything at rest: each row of each table is the oracle's")

    def print_report(self):
        """A line for each table: its rows, whether they are equal, how long a change takes to be visible there."""
        print(f"\n{'layer':<5} {'table':<34} {'rows':>8}  {'equal':<5}  {'commit -> visible, ms: p50':>26} {'p99':>7}")
        for layer, table, rows, found in self._report.lines:
            seen = self._latencies.get((layer, table))
            numbers = f"{seen.p50:>26.1f} {seen.p99:>7.1f}" if seen else ""
            print(f"{layer:<5} {table:<34} {rows:>8}  {'yes' if found is None else 'NO':<5}  {numbers}".rstrip())
        print(flush=True)

    @staticmethod
    def print_memory(cluster: Cluster):
        for name in filter(cluster.pid, cluster.names):
            target = MEMORY_TARGETS_MB.get(name.split("_")[0])
            note = f"  (target {target} MB)" if target else ""
            print(f"memory of {name:<13} {resident_mb(cluster.pid(name)):>7.1f} MB{note}")
        print(flush=True)

    def _equal(self, name: str) -> compare.Report:
        report = self.steps.run(name, lambda: self.warehouse.wait_equal(self.jobs, REST_TIMEOUT))
        self.steps.count_rows(sum(rows for _, _, rows, _ in report.lines))
        return report

    def _burst_while(self, seed: int, transactions: int, what: str, kill, launch):
        """Kills in the midst of a burst, starts again, and waits for the burst's end."""
        def run():
            source = self.warehouse.source
            before = self._committed()
            burst = self.warehouse.burst(seed, transactions)
            wait_for(lambda: self._committed() > before + transactions // 4 or not burst.running(), "the burst flows")
            if kill is None:
                burst.expect_success()
                source.crash()
                return
            kill()
            launch()
            self._check_truth(burst)
        self.steps.run(what, run)

    def _committed(self) -> int:
        """Transactions that the source has given a number to: those that write."""
        return int(self.warehouse.source.rows("grid", "SELECT pg_snapshot_xmax(pg_current_snapshot())")[0][0])

    def _restart_source(self):
        self.warehouse.source.start_again()

    def _check_truth(self, burst: Process):
        """The source holds what the generator says it wrote."""
        truth = json.loads(burst.expect_success().output())
        query = self.warehouse.source.psql
        for table, digest in truth["digest"].items():
            if model.digest(model.read_table(lambda text: query("grid", "-c", text), table)) != digest:
                raise Failure(f"the source's table {table} is not what the load generator wrote")

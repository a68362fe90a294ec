"""The power-grid warehouse (examples/grid) as processes: its two databases, its jobs in a Strom, its load, its oracle.

For the demo and test_pipeline.py. The jobs' clock stands still, so that the oracle, which is views of the source
database, says to the last digit what every table must hold once nothing changes any more.
"""
import json
import os
import sys
import time
from pathlib import Path

from postgres_process import USER, Postgres
from strom_process import Failure, Process, StromDev, free_base_port, strom_binary

GRID = Path(__file__).resolve().parents[2] / "examples" / "grid"
sys.path[:0] = [p for p in (str(GRID), str(GRID / "generator")) if p not in sys.path]
import compare  # noqa: E402  (found by the path above)
import model  # noqa: E402, F401  (for who imports us)

CLOCK = "2024-05-20 10:30:00"
DATABASE = "sgcc_dw"  # In the cluster, and the schema in the sink's database.
# Seconds after the last change until all tables must be equal; more for debug builds on a busy machine.
REST_TIMEOUT = float(os.environ.get("GRID_REST_SECONDS", "60"))
SCRIPTS = sorted((GRID / "sql").glob("0*.sql"))
# (layer, table) of everything that is compared, in the order in which rows flow.
TABLES = [(layer, table) for layer, tables in compare.LAYERS.items() for table in tables]
SINK_TABLES = [("sink", table) for table in compare.SINK]


class Jobs:
    """The jobs of a cluster, through our command; `endpoints` are the lines of its endpoints.env."""

    def __init__(self, endpoints: dict[str, str]):
        self.endpoints = endpoints

    def command(self, *arguments) -> Process:
        return Process([strom_binary(), *arguments, "--server", self.endpoints["STROM_GRPC"], "--transport", "grpc"])

    def sql(self, *arguments) -> str:
        """Runs `strom sql`; what it prints. Failure unless it ends with 0."""
        return self.command("sql", *arguments).expect_success().output()

    def by_name(self) -> dict[str, dict]:
        """As `strom job list` prints them."""
        lines = self.command("job", "list", "--format", "json").expect_success().lines
        return {job["job"]: job for job in map(json.loads, lines)}

    def drop(self, name: str):
        self.command("job", "drop", name).expect_success()

    def troubles(self) -> list[str]:
        """A line for each job that does not run."""
        return [f"job {job['job']} is {job['state']}" + (f": {job['error']}" if job["error"] else "")
                for job in self.by_name().values() if job["state"] != "running"]

    def wait_running(self, count: int, timeout: float = REST_TIMEOUT):
        """Until `count` jobs run and no other is there."""
        deadline = time.monotonic() + timeout
        while True:
            jobs, troubles = self.by_name(), self.troubles()
            if len(jobs) == count and not troubles:
                return
            if time.monotonic() > deadline:
                raise Failure("\n  ".join([f"{len(jobs)} of {count} jobs are there; not running after {timeout:.0f} s:",
                                           *troubles]))
            time.sleep(0.1)


class Warehouse:
    """Source and sink database. Use it in a `with`."""

    def __init__(self):
        commit_times = {"track_commit_timestamp": "on"}  # For latencies: when a row became visible.
        self.source = Postgres(commit_times)
        try:
            self.sink = Postgres(commit_times)
        except BaseException:
            self.source.stop()
            raise
        self._columns: dict[str, list[str]] = {}

    def __enter__(self) -> "Warehouse":
        return self

    def __exit__(self, *_):
        self.source.stop()
        self.sink.stop()

    def load(self, before_seeds: str = ""):
        """Schemas, oracle and seeds. `before_seeds`: statements for the source once its tables are there."""
        self.source.create_database("grid")
        self.source.psql("grid", "-f", GRID / "source" / "schema.sql")
        for file in sorted((GRID / "oracle").glob("*.sql")):
            self.source.psql("grid", "-f", file)
        if before_seeds:
            self.source.psql("grid", input=before_seeds)
        self.source.psql("grid", "-v", f"clock={CLOCK}", "-f", GRID / "source" / "seed.sql")
        self.sink.create_database("grid")
        self.sink.psql("grid", "-f", GRID / "sink" / "schema.sql")

    def set_environment(self, bootstrap: str):
        """The variables of the scripts, for processes that we start from now on: strom sql, and whoever runs jobs."""
        os.environ.update({"GRID_BOOTSTRAP": bootstrap, "GRID_CLOCK": CLOCK})
        for end, server in (("SOURCE", self.source), ("SINK", self.sink)):
            os.environ.update({f"GRID_{end}_HOST": "127.0.0.1", f"GRID_{end}_PORT": str(server.port),
                               f"GRID_{end}_USER": USER, f"GRID_{end}_PASSWORD": "unused",
                               f"GRID_{end}_DATABASE": "grid"})

    def strom_dev(self, data: Path, options: list = ()) -> StromDev:
        """A `strom dev` that runs the warehouse's jobs, on ports that stay the same."""
        for _ in range(5):
            base_port = free_base_port()
            self.set_environment(f"127.0.0.1:{base_port}")
            try:
                return StromDev(data, base_port, options).start()
            except Failure as failure:
                if "Address already in use" not in str(failure):
                    raise
        raise Failure("no free ports")

    @staticmethod
    def register(jobs: Jobs) -> int:
        """Runs the seven scripts; how many jobs they are."""
        jobs.sql(*(part for script in SCRIPTS for part in ("-f", script)))
        return len(jobs.by_name())

    def burst(self, seed: int, transactions: int, *options) -> Process:
        """Starts the load generator; its truth is what it prints."""
        return Process([sys.executable, "-B", GRID / "generator" / "generate.py", "burst", "--database",
                        self.source.url("grid"), "--seed", seed, "--transactions", transactions, *options])

    def columns(self, table: str) -> list[str]:
        if table not in self._columns:
            rows = self.source.rows("grid", "SELECT attname FROM pg_attribute WHERE attrelid = "
                                    f"'oracle.{table}'::regclass AND attnum > 0 ORDER BY attnum")
            self._columns[table] = [name for name, in rows]
        return self._columns[table]

    def expected(self, layer: str, table: str) -> list[list]:
        return self.source.rows("grid", f"SELECT * FROM {compare.oracle_view(layer, table)}", clock=CLOCK)

    def actual(self, jobs: Jobs, layer: str, table: str) -> list[list]:
        columns = self.columns(table)
        if layer == "sink":
            return self.sink.rows("grid", f"SELECT {', '.join(columns)} FROM {DATABASE}.{table}")
        scan = Process([strom_binary(), "table", "scan", f"{DATABASE}.{table}", "--format", "json", "--server",
                        jobs.endpoints["STROM_SERVER"]]).expect_success()
        rows = [json.loads(line, parse_float=str) for line in scan.lines]
        for row in rows:
            if set(row) != set(columns):
                raise Failure(f"{table} has the columns {list(row)}, not {columns}")
        return [[row[column] for column in columns] for row in rows]

    def wait_equal(self, jobs: Jobs, timeout: float = REST_TIMEOUT) -> compare.Report:
        """Until every table of every layer and of the sink is equal to its oracle: all of them in one pass. Nobody
        changes the source meanwhile. Failure names the table and the first row that differs."""
        wanted = {key: self.expected(*key) for key in TABLES + SINK_TABLES}
        deadline = time.monotonic() + timeout
        while True:
            report = compare.Report()
            for layer, table in wanted:
                self._wait_table(jobs, layer, table, wanted[layer, table], deadline, timeout)
            for (layer, table), rows in wanted.items():
                report.add(layer, table, self.columns(table), rows, self.actual(jobs, layer, table))
            if report.equal:
                return report
            if time.monotonic() > deadline:
                layer, table, _, found = next(line for line in report.lines if line[3])
                self._fail(jobs, layer, table, found, timeout)

    def _wait_table(self, jobs: Jobs, layer: str, table: str, rows: list, deadline: float, timeout: float):
        while found := compare.difference(self.columns(table), rows, self.actual(jobs, layer, table)):
            if time.monotonic() > deadline:
                self._fail(jobs, layer, table, found, timeout)
            time.sleep(0.1)

    @staticmethod
    def _fail(jobs: Jobs, layer: str, table: str, found: str, waited: float):
        behind = [f"job {job['job']} is {job['lag_ms']} ms behind" for job in jobs.by_name().values() if job["lag_ms"]]
        troubles = "".join(f"\n  {line}" for line in jobs.troubles() + behind)
        raise Failure(f"{layer} {table} is not at rest as the oracle has it after {waited:.0f} s: {found}{troubles}")


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, MB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))

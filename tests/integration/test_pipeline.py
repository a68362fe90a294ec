#!/usr/bin/env python3
"""The whole pipeline, from PostgreSQL through SQL layers to PostgreSQL: random changes while processes are killed; what
it refuses, and that the other jobs go on."""
import json
import os
import random
import tempfile
import time
import unittest
from pathlib import Path

import grid_versions
from grid_process import Jobs, Warehouse, compare
from postgres_process import USER, Postgres
from strom_process import TIMEOUT, Failure, Process, StromDev, environment, strom_binary

CHANGES = 5_000
KILLS = 4


def wait_for(condition, what: str, timeout: float = TIMEOUT):
    """Until condition() gives something that is true; that."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Failure(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.05)
    return found


class Worker:
    """A strom-worker process for all kinds of jobs."""

    def __init__(self, grpc: str):
        self.grpc = grpc
        self.process: Process | None = None

    def start(self):
        binary = os.environ.get("STROM_WORKER") or Path(strom_binary()).parents[1] / "pipeline/worker/strom-worker"
        self.process = Process([binary, "all", "-D", f"bootstrap.servers={self.grpc}", "-D",
                                "strom.worker.name=worker"], env=environment())

    def kill(self):
        self.process.kill()


class RandomChangesTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)

    def test_every_layer_is_equal_and_ods_has_each_version_once(self):
        """The worker and the servers are processes of their own; which of them dies next is chosen by the seed."""
        seed = int(os.environ.get("STROM_TEST_SEED") or random.randrange(1 << 30))
        print(f"seed {seed}", flush=True)
        rng = random.Random(seed)
        with Warehouse() as warehouse:
            warehouse.load(before_seeds=grid_versions.SCHEMA)
            with warehouse.strom_dev(self.root / "data", ["--set", "strom.worker.slots=0"]) as server:
                worker = Worker(server.endpoints["STROM_GRPC"])
                worker.start()
                self.addCleanup(lambda: worker.process.running() and worker.kill())
                jobs = Jobs(server.endpoints)
                jobs.wait_running(warehouse.register(jobs))
                burst = 0
                while grid_versions.count(warehouse) < CHANGES or burst < KILLS:
                    self.burst_and_kill(warehouse, rng, seed + burst, server, worker)
                    burst += 1
                try:
                    warehouse.wait_equal(jobs)
                except Failure:
                    print(worker.process.output()[-4_000:])
                    raise
                for table in grid_versions.TABLES:
                    self.assertIsNone(grid_versions.problem(jobs, warehouse, table))
                self.check_finds_a_changed_row(warehouse, jobs)
                # A restart of everything adds no version.
                worker.kill()
                server.kill()
                server.start()
                worker.start()
                jobs.wait_running(len(jobs.by_name()))
                warehouse.wait_equal(jobs)
                for table in grid_versions.TABLES:
                    self.assertIsNone(grid_versions.problem(jobs, warehouse, table))

    def check_finds_a_changed_row(self, warehouse: Warehouse, jobs: Jobs):
        (key, name), = warehouse.sink.rows("grid", "SELECT equipment_id, equipment_name FROM "
                                           "sgcc_dw.dwd_power_equipment ORDER BY 1 LIMIT 1")
        change = "UPDATE sgcc_dw.dwd_power_equipment SET equipment_name = {} WHERE equipment_id = " + key
        warehouse.sink.psql("grid", "-c", change.format("'other'"))
        with self.assertRaisesRegex(Failure, "sink dwd_power_equipment is not at rest .*equipment_name is other"):
            warehouse.wait_equal(jobs, timeout=1)
        warehouse.sink.psql("grid", "-c", change.format("'" + name.replace("'", "''") + "'"))

    @staticmethod
    def burst_and_kill(warehouse: Warehouse, rng, seed: int, server: StromDev, worker: Worker):
        before = grid_versions.count(warehouse)
        burst = warehouse.burst(seed, 120)
        changes = rng.randrange(300)
        wait_for(lambda: grid_versions.count(warehouse) > before + changes or not burst.running(), "the burst flows")
        for victim in rng.choice([(worker,), (server,), (worker, server)]):
            print(f"kill -9 of {type(victim).__name__} after {grid_versions.count(warehouse) - before} changes of seed "
                  f"{seed}", flush=True)
            victim.kill()
            victim.start()
        burst.expect_success()


# --- What is refused

PREAMBLE = """
  CREATE CATALOG c WITH ('type' = 'fluss', 'bootstrap.servers' = '127.0.0.1:1'); USE CATALOG c;
  CREATE DATABASE IF NOT EXISTS plant; USE plant;
"""


def cdc_table(name: str, columns: str, port: int, table: str) -> str:
    return f"""CREATE TEMPORARY TABLE {name} ({columns}, PRIMARY KEY (id) NOT ENFORCED) WITH (
      'connector' = 'postgres-cdc', 'hostname' = '127.0.0.1', 'port' = '{port}', 'username' = '{USER}',
      'password' = 'unused', 'database-name' = 'plant', 'schema-name' = 'public', 'table-name' = '{table}',
      'slot.name' = 'plant', 'decoding.plugin.name' = 'pgoutput');"""


def sink_table(name: str, columns: str, port: int, table: str) -> str:
    return f"""CREATE TEMPORARY TABLE {name} ({columns}, PRIMARY KEY (id) NOT ENFORCED) WITH (
      'connector' = 'jdbc', 'url' = 'jdbc:postgresql://127.0.0.1:{port}/plant?currentSchema=public',
      'table-name' = '{table}', 'username' = '{USER}', 'password' = 'unused');"""


def table(name: str, columns: str) -> str:
    return f"CREATE TABLE {name} ({columns}, PRIMARY KEY (id) NOT ENFORCED);"


SOURCE_TABLES = """
  CREATE TABLE meters (id bigint PRIMARY KEY, place text, power numeric(10, 2));
  CREATE TABLE gaps (id bigint PRIMARY KEY, place text);
  INSERT INTO gaps VALUES (1, NULL);
  CREATE TABLE doubled (id bigint PRIMARY KEY, power numeric(12, 2));
  CREATE TABLE tripled (id bigint PRIMARY KEY, power numeric(12, 2));
  CREATE TABLE other (id bigint PRIMARY KEY, power date);
  CREATE TABLE stranger (id bigint PRIMARY KEY, power numeric(12, 2), owner text NOT NULL);
  CREATE TABLE keyless (id bigint, power numeric(12, 2));
"""
PIPELINE = {"plant.meters", "plant.doubled", "sink_doubled"}
METER = "id BIGINT, place STRING, power DECIMAL(10, 2)"
DOUBLED = "id BIGINT, power DECIMAL(12, 2)"


class RefusalTest(unittest.TestCase):
    """One server and one pipeline, meters -> plant.meters -> plant.doubled -> doubled, that goes on through it all."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        cls.addClassCleanup(directory.cleanup)
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.stop)
        cls.postgres.create_database("plant")
        cls.postgres.psql("plant", input=SOURCE_TABLES)
        cls.server = StromDev.with_fixed_ports(Path(directory.name) / "data")
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.jobs = Jobs(cls.server.endpoints)
        cls.port = cls.postgres.port
        cls.run_sql(cdc_table("meters_source", METER, cls.port, "meters") + table("meters", METER) +
                    "INSERT INTO meters SELECT * FROM meters_source;" + table("doubled", DOUBLED) +
                    "INSERT INTO doubled SELECT id, CAST(power * 2 AS DECIMAL(12, 2)) FROM meters;" +
                    sink_table("sink_doubled", DOUBLED, cls.port, "doubled") +
                    "INSERT INTO sink_doubled SELECT * FROM doubled;")
        cls.jobs.wait_running(3)
        cls.next_meter = 1

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(self.server.log_tail(15))
        return result

    @classmethod
    def run_sql(cls, text: str) -> str:
        return cls.jobs.sql("-e", PREAMBLE + text)

    def tearDown(self):
        """The pipeline goes on, beside the job that was refused and without it."""
        try:
            self.assert_flows()
        finally:
            self.drop_others()
        self.assert_flows()
        wait_for(lambda: not self.jobs.troubles(), "all jobs run again")

    def drop_others(self):
        for name in self.jobs.by_name().keys() - PIPELINE:
            self.jobs.drop(name)
        wait_for(lambda: self.jobs.by_name().keys() == PIPELINE, "dropped jobs are gone", timeout=20)

    def assert_flows(self):
        number = type(self).next_meter
        type(self).next_meter += 1
        self.postgres.psql("plant", "-c", f"INSERT INTO meters VALUES ({number}, '北京', {number}.25)")
        wanted = [[f"{2 * number + 0.5:.2f}"]]
        wait_for(lambda: self.postgres.rows("plant", f"SELECT power FROM doubled WHERE id = {number}") == wanted,
                 f"meter {number} is in the sink", timeout=20)

    def assert_job_fails(self, name: str, message: str):
        """It is there, and says why it does not run."""
        def failed() -> dict | None:
            job = self.jobs.by_name()[name]
            return job if job["state"] == "failed" and job["error"] else None  # Between two tries it is starting.
        self.assertIn(message, wait_for(failed, f"job {name} fails", timeout=20)["error"])

    def assert_refused(self, text: str, *messages: str):
        before = self.jobs.by_name().keys()
        process = self.jobs.command("sql", "-e", PREAMBLE + text)
        self.assertEqual(process.wait(), 1, process.output())
        for message in messages:
            self.assertIn(message, process.output())
        self.assertEqual(self.jobs.by_name().keys(), before)

    def test_a_source_without_logical_wal(self):
        with Postgres({"wal_level": "replica"}) as postgres:
            postgres.create_database("plant")
            postgres.psql("plant", input=SOURCE_TABLES)
            self.run_sql(cdc_table("source", METER, postgres.port, "meters") + table("physical", METER) +
                         "INSERT INTO physical SELECT * FROM source;")
            self.assert_job_fails("plant.physical", "wal_level is replica, it must be logical: ALTER SYSTEM SET "
                                  "wal_level = 'logical' and restart the server")
            self.assert_flows()
            self.drop_others()  # While the server is there: its slot is what is cleaned up.

    def test_a_source_table_that_is_not_there(self):
        self.run_sql(cdc_table("source", METER, self.port, "nothing") + table("nothing", METER) +
                     "INSERT INTO nothing SELECT * FROM source;")
        self.assert_job_fails("plant.nothing", "table public.nothing does not exist in ")

    def test_a_source_column_of_another_type(self):
        columns = "id BIGINT, place STRING, power DATE"
        self.run_sql(cdc_table("source", columns, self.port, "meters") + table("dates", columns) +
                     "INSERT INTO dates SELECT * FROM source;")
        self.assert_job_fails("plant.dates",
                              "table public.meters, column power: numeric(10,2) cannot be declared as DATE")

    def test_a_null_where_the_target_takes_none(self):
        columns = "id BIGINT, place STRING"
        self.run_sql(cdc_table("source", columns, self.port, "gaps") +
                     table("gaps", "id BIGINT, place STRING NOT NULL") + "INSERT INTO gaps SELECT * FROM source;")
        self.assert_job_fails("plant.gaps", "table public.gaps: column place is NULL, but NOT NULL in plant.gaps")

    def test_a_null_in_a_layer_where_the_target_takes_none(self):
        self.postgres.psql("plant", "-c", "INSERT INTO meters VALUES (-1, NULL, 1)")
        try:
            self.run_sql(table("places", "id BIGINT, place STRING NOT NULL") +
                         "INSERT INTO places SELECT id, place FROM meters;")
            self.assert_job_fails("plant.places", "column place is NOT NULL, but NULL in row ")
        finally:
            self.postgres.psql("plant", "-c", "DELETE FROM meters WHERE id = -1")

    def test_sinks_that_do_not_match(self):
        for name, target, columns, message in [
                ("missing", "nowhere", DOUBLED, "there is no table public.nowhere"),
                ("column", "tripled", "id BIGINT, pover DECIMAL(12, 2)",
                 "table public.tripled has no column pover; did you mean power?"),
                ("type", "other", DOUBLED, "column power of table public.other is date, which does not take the "
                 "declared DECIMAL(12, 2)"),
                ("more", "stranger", DOUBLED, "column owner of table public.stranger is NOT NULL without a default, "
                 "and the job does not write it"),
                ("key", "keyless", DOUBLED, "table public.keyless has no primary key and no unique index over exactly "
                 "(id), the declared primary key")]:
            with self.subTest(name):
                self.run_sql(sink_table(f"sink_{name}", columns, self.port, target) +
                             f"INSERT INTO sink_{name} SELECT * FROM doubled;")
                self.assert_job_fails(f"sink_{name}", message)

    def test_sql_that_does_not_parse(self):
        self.assert_refused(table("broken", DOUBLED) + "INSERT INTO broken SELECT id, (power FROM meters;",
                            "this '(' is not closed")
        self.assert_refused("CREATE TABEL t (id INT);", "TABEL")

    def test_a_column_that_is_not_there(self):
        self.assert_refused(table("wrong", DOUBLED) + "\nINSERT INTO wrong SELECT id, powr FROM meters;",
                            "there is no column powr", "line ")
        self.assertNotIn("wrong", self.server.strom("table", "list", "plant", "--format", "csv"))

    def test_a_second_job_for_one_table(self):
        text = "INSERT INTO doubled SELECT id, CAST(power * 3 AS DECIMAL(12, 2)) FROM meters;"
        self.assert_refused(text, "job plant.doubled writes plant.doubled already, with another definition")
        text = sink_table("sink_again", DOUBLED, self.port, "doubled") + "INSERT INTO sink_again SELECT * FROM doubled;"
        self.assert_refused(text, "job sink_again cannot write ", "job sink_doubled writes it already")

    def test_rows_that_differ_are_found(self):
        """The check itself can fail: a row that somebody changes in the sink is not what the table has."""
        self.postgres.psql("plant", "-c", "UPDATE doubled SET power = 0 WHERE id = 1")
        scan = self.server.strom("table", "scan", "plant.doubled", "--format", "json")
        rows = [[row["id"], row["power"]] for row in map(json.loads, scan.splitlines())]
        found = compare.difference(["id", "power"], rows, self.postgres.rows("plant", "SELECT id, power FROM doubled"))
        self.assertEqual(found, "id 1: power is 0, should be 2.5")


class VersionsTest(unittest.TestCase):
    """What a changelog must be, of versions."""

    def changes(self, *versions) -> dict:
        return grid_versions.expected_changes([(before and {"id": before[0], "v": before[1]},
                                                after and {"id": after[0], "v": after[1]})
                                               for before, after in versions], ["id", "v"])

    def test_each_kind_of_change(self):
        self.assertEqual(self.changes((None, (1, "a")), ((1, "a"), (1, "b")), ((1, "b"), (1, "b")),
                                      ((1, "b"), (2, "b")), ((2, "b"), None)),
                         {"1": [("+I", ("1", "a")), ("-U", ("1", "a")), ("+U", ("1", "b")), ("-U", ("1", "b")),
                                ("+U", ("1", "b")), ("-D", ("1", "b"))],
                          "2": [("+I", ("2", "b")), ("-D", ("2", "b"))]})


if __name__ == "__main__":
    unittest.main(verbosity=2)

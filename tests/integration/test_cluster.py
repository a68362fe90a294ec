#!/usr/bin/env python3
"""A cluster as processes: ZooKeeper, a coordinator, three tablet servers; each of them dies and comes back."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import cluster as cluster_module  # noqa: E402
from cluster import Cluster, server_binary, wait_for  # noqa: E402
from strom_process import COLUMNS, TIMEOUT, Failure, Feeder, Process, Scan, die_with_parent, row, strom_binary  # noqa: E402

ROWS = 24_000
UPSERTS = 4_000
KEYS = 300
SESSION = "3 s"


def upserts(numbers: range) -> str:
    """Row number i of a primary-key table: keys come again and again."""
    return "".join(json.dumps({**row(i), "id": i % KEYS}) + "\n" for i in numbers)


def latest_rows(server: str, table: str) -> dict:
    """What the changelog of a primary-key table adds up to, checked on the way."""
    rows: dict[int, dict] = {}
    for records in Scan(server, table).buckets.values():
        for record in records:
            key, change = record["id"], record["_change"]
            values = {k: v for k, v in record.items() if not k.startswith("_")}
            if change == "+I":
                if key in rows:
                    raise Failure(f"key {key} is inserted twice")
                rows[key] = values
            elif change in ("-U", "-D"):
                if rows.pop(key, None) != values:
                    raise Failure(f"key {key}: {change} of a row that it has not")
            elif change == "+U":
                rows[key] = values
            else:
                raise Failure(f"key {key}: a change {change}")
    return rows


class ClusterTest(unittest.TestCase):
    """One cluster for all tests; they run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        cls.addClassCleanup(directory.cleanup)
        cls.cluster = Cluster(Path(directory.name) / "cluster", servers=3, session_timeout=SESSION, attached=True)
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        try:
            cls.cluster.start()
        except Failure:
            print(cls.cluster.log_tail())
            raise

    def setUp(self):
        self.server = self.cluster.endpoints["STROM_SERVER"]

    def run(self, result=None):
        super().run(result)
        if result and (result.failures or result.errors):
            print(self.cluster.log_tail(40))
            result.stop()  # The next ones need what this one left.
        return result

    def leaders(self, table: str) -> dict[int, int | None]:
        lines = self.cluster.strom("cluster", "buckets", "--format", "json").splitlines()
        found = (json.loads(line) for line in lines)
        return {b["bucket"]: b["leader"] for b in found if f"{b['database']}.{b['table']}" == table}

    def test_1_leaders_are_spread_over_the_servers(self):
        self.cluster.strom("db", "create", "shop")
        self.cluster.strom("table", "create", "shop.orders", "--columns", COLUMNS, "--buckets", "6")
        keyed = f"{COLUMNS}, PRIMARY KEY (id)"
        self.cluster.strom("table", "create", "shop.stock", "--columns", keyed, "--buckets", "6")
        for table in ("shop.orders", "shop.stock"):
            self.assertEqual(sorted(self.leaders(table).values()), [0, 0, 1, 1, 2, 2], table)
        status = self.cluster.strom("cluster", "status")
        for role in ("coordinator", "tablet"):
            self.assertIn(role, status)

    def test_2_every_server_tells_of_itself(self):
        for name in self.cluster.names[1:]:
            metrics = self.cluster.metrics(name)
            wanted = "coordinator_active_tabletserver_count 3" if name == "coordinator" else "tabletserver_request_"
            self.assertIn(wanted, metrics)
            log = (self.cluster.data / "logs" / f"{name}.log").read_text()
            self.assertIn("option zookeeper.client.session-timeout: " + SESSION, log)
            self.assertIn("option log.segment.file-size: 1024m  # default", log)

    def test_3_each_process_is_killed_while_rows_are_written(self):
        part = ROWS // 6
        feeder = Feeder(self.server, "shop.orders", range(ROWS), allowed=part)
        # Without them nothing can be made or moved, but what serves goes on serving.
        for number, name in enumerate(("zookeeper", "coordinator")):
            feeder.wait_acknowledged(part * number + part // 2)
            self.cluster.kill(name)
            feeder.allow(part * (number + 2))
            feeder.wait_acknowledged(part * (number + 1))
            self.assertTrue(feeder.process.running(), feeder.process.output())
            self.cluster.launch(name)
            if name == "zookeeper":
                self.cluster.wait_healthy(name)
        # The buckets of a server that is away wait for it.
        for number in range(3):
            feeder.wait_acknowledged(part * (number + 2) + part // 2)
            self.cluster.kill(f"tablet_{number}")
            feeder.allow(part * (number + 4))
            self.assertTrue(feeder.process.running(), feeder.process.output())
            self.cluster.launch(f"tablet_{number}")
        feeder.process.expect_success()
        self.assertIn(f"appended {ROWS} rows", feeder.process.lines)
        for name in self.cluster.names:
            self.cluster.wait_healthy(name)
        scan = Scan(self.server, "shop.orders")
        self.assertIsNone(scan.problem(range(ROWS), ROWS))
        self.assertEqual(scan.count(), ROWS)

    def test_4_upserts_outlive_kills_between_them(self):
        step = UPSERTS // 5
        for number, name in enumerate(("tablet_0", "coordinator", "tablet_1", "zookeeper", "tablet_2")):
            self.upsert(range(step * number, step * (number + 1)))
            self.cluster.kill(name)
            self.cluster.launch(name)
            if name == "zookeeper":  # Questions about tables are answered from there.
                wait_for(self.tables_can_be_described, "the servers have found ZooKeeper again")
        for name in self.cluster.names:
            self.cluster.wait_healthy(name)
        expected = {i % KEYS: {**row(i), "id": i % KEYS} for i in range(UPSERTS)}
        self.assertEqual(latest_rows(self.server, "shop.stock"), expected)
        lines = self.cluster.strom("table", "scan", "shop.stock", "--format", "json").splitlines()
        stored = [json.loads(line) for line in lines]  # From the stores, which were made anew from the changelog.
        self.assertEqual({r["id"]: r for r in stored}, expected)
        self.assertEqual(len(stored), KEYS)

    def tables_can_be_described(self) -> bool:
        return all(Process([strom_binary(), "table", "describe", "shop.stock", "--timeout", "5 s", "--server",
                            f"127.0.0.1:{self.cluster.port(name, 'FLUSS')}"]).wait() == 0
                   for name in self.cluster.names[1:])

    def upsert(self, numbers: range):
        command = [strom_binary(), "table", "append", "shop.stock", "--server", self.server]
        command += ["--timeout", f"{TIMEOUT} s"]
        done = subprocess.run(command, input=upserts(numbers), capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_5_a_tablet_server_comes_up_without_a_coordinator(self):
        self.cluster.kill("coordinator")
        self.cluster.kill("tablet_2")
        log = self.cluster.data / "logs" / "tablet_2.log"
        before = log.read_text().count("strom-tablet serves")
        self.cluster.launch("tablet_2")
        wait_for(lambda: log.read_text().count("strom-tablet serves") > before, "tablet_2 is in the cluster")
        self.assertIn("no coordinator has told it", self.cluster.health("tablet_2"))
        address = f"127.0.0.1:{self.cluster.port('tablet_2', 'FLUSS')}"
        asked = Process([strom_binary(), "cluster", "servers", "--server", address, "--timeout", "1 s"])
        self.assertEqual(asked.wait(), 1, asked.output())
        self.cluster.launch("coordinator")
        for name in self.cluster.names:
            self.cluster.wait_healthy(name)

    def test_5b_a_server_that_was_frozen_for_longer_than_its_session_comes_back(self):
        def alive(count: int) -> bool:
            return f"coordinator_active_tabletserver_count {count}\n" in self.cluster.metrics("coordinator")

        os.kill(self.cluster.pid("tablet_0"), signal.SIGSTOP)
        try:
            wait_for(lambda: alive(2), "tablet_0 counts as gone")
        finally:
            os.kill(self.cluster.pid("tablet_0"), signal.SIGCONT)
        wait_for(lambda: alive(3), "tablet_0 is back")
        self.cluster.wait_healthy("tablet_0")
        wait_for(lambda: None not in self.leaders("shop.orders").values(), "all buckets are led")
        self.assertEqual(Scan(self.server, "shop.orders").count(), ROWS)

    def test_6_tables_can_be_made_after_all_that(self):
        self.cluster.strom("table", "create", "shop.late", "--columns", COLUMNS, "--buckets", "3")
        self.assertEqual(sorted(self.leaders("shop.late").values()), [0, 1, 2])
        Feeder(self.server, "shop.late", range(500)).process.expect_success()
        self.assertIsNone(Scan(self.server, "shop.late").problem(range(500), 500))
        self.cluster.strom("table", "drop", "shop.late")
        self.assertEqual(self.leaders("shop.late"), {})

    def test_7_a_second_server_with_the_same_id_or_directory_is_refused(self):
        config = self.cluster.data / "conf" / "tablet_1.yaml"
        anywhere = ["-D", "bind.listeners=INTERNAL://127.0.0.1:0,FLUSS://127.0.0.1:0", "-D", "strom.http.listen=",
                    "-D", "strom.log.file="]

        def second(*settings) -> Process:
            return Process([server_binary("tablet"), "--config", config, *anywhere, *settings])

        same_directory = second()
        same_id = second("-D", f"data.dir={self.cluster.data / 'twin'}")
        other_id = second("-D", "tablet-server.id=7")
        foreign = self.cluster.data / "foreign"
        foreign.mkdir()
        (foreign / "letter.txt").write_text("dear")
        not_ours = second("-D", f"data.dir={foreign}")
        for process, code, text in ((same_directory, 1, "is in use by another process"),
                                    (other_id, 1, "is in use by another process"),
                                    (not_ours, 2, "it holds letter.txt"),
                                    (same_id, 1, "tablet server 1")):
            self.assertEqual(process.wait(), code, process.output())
            self.assertIn(text, process.output())
        self.assertIsNone(self.cluster.health("tablet_1"))

    def test_8_a_data_directory_stays_with_its_server(self):
        self.assertEqual(self.cluster.stop(), dict.fromkeys(reversed(self.cluster.names[1:]), 0) |
                         {"zookeeper": 128 + signal.SIGTERM})
        for number in range(3):
            self.assertTrue((self.cluster.data / f"tablet-{number}" / ".fluss_cleanshutdown").exists())
        self.cluster.launch("zookeeper")
        self.cluster.wait_healthy("zookeeper")
        config = self.cluster.data / "conf" / "tablet_1.yaml"
        wrong = Process([server_binary("tablet"), "--config", config, "-D", "tablet-server.id=7",
                         "-D", "strom.log.file="])
        self.assertEqual(wrong.wait(), 2, wrong.output())
        self.assertIn("belongs to server 1, this is 7", wrong.output())

    def test_9_a_cluster_started_anew_is_where_it_was(self):
        again = Cluster(self.cluster.data, session_timeout=SESSION, attached=True)
        self.addCleanup(again.__exit__, None, None, None)
        again.start()
        self.assertEqual(again.endpoints["STROM_SERVER"], self.server)
        self.assertIsNone(Scan(self.server, "shop.orders").problem(range(ROWS), ROWS))
        self.assertEqual(len(latest_rows(self.server, "shop.stock")), KEYS)
        again.strom("db", "drop", "shop", "--cascade")


class PidTest(unittest.TestCase):
    def test_a_child_runs_also_while_its_command_line_is_another(self):
        """As between two programs that a process executes: then /proc shows none of its arguments."""
        with tempfile.TemporaryDirectory(prefix="strom-it-") as directory:
            cluster = Cluster(Path(directory) / "cluster", servers=1)
            child = subprocess.Popen(["sleep", "600"], preexec_fn=die_with_parent)
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)
            cluster._children["zookeeper"], cluster._pids["zookeeper"] = child, child.pid
            self.assertEqual(cluster.pid("zookeeper"), child.pid)
            child.kill()
            child.wait()
            self.assertIsNone(cluster.pid("zookeeper"))


class CommandTest(unittest.TestCase):
    """./run cluster, as a person uses it: its processes outlive it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        self.addCleanup(directory.cleanup)
        self.data = Path(directory.name) / "cluster"
        self.addCleanup(self.command, "down")

    def command(self, *arguments) -> tuple[int, str]:
        process = Process([sys.executable, "-B", cluster_module.__file__, *arguments, "--data", self.data])
        return process.wait(), process.output()

    def pids(self) -> list[int]:
        lines = (self.data / "endpoints.env").read_text().splitlines()
        return [int(line.split("=")[1]) for line in lines if line.startswith("PID_")]

    def test_up_status_down(self):
        self.assertEqual(self.command("status")[0], 1)
        code, output = self.command("up", "--servers", "1")
        self.assertEqual(code, 0, output)
        self.assertEqual(len(self.pids()), 3)
        before = self.pids()
        self.assertEqual(self.command("up")[0], 0)  # Everything runs: nothing is started.
        self.assertEqual(self.pids(), before)
        code, output = self.command("status")
        self.assertEqual(code, 0, output)
        self.assertEqual(output.count("serves"), 3, output)
        os.kill(before[0], signal.SIGKILL)  # PID_coordinator
        code, output = self.command("status")
        self.assertEqual(code, 1)
        self.assertIn("it does not run", output)
        code, output = self.command("down")
        self.assertEqual(code, 0, output)
        self.assertIn("zookeeper", output)
        self.assertFalse((self.data / "endpoints.env").exists())
        self.assertIn("nothing ran", self.command("down")[1])

    def test_fewer_servers_than_hold_data_are_refused(self):
        self.data.mkdir()
        Cluster(self.data, servers=2)
        code, output = self.command("up", "--servers", "1")
        self.assertEqual(code, 1)
        self.assertIn("has 2 tablet servers", output)


class RefusalTest(unittest.TestCase):
    """What a server says before it starts."""

    def refused(self, role: str, *arguments) -> str:
        process = Process([server_binary(role), *arguments])
        self.assertEqual(process.wait(), 2, process.output())
        return process.output()

    def test_a_configuration_is_refused_with_what_was_meant(self):
        for role in ("coordinator", "tablet"):
            self.assertIn("did you mean zookeeper.address?", self.refused(role, "-D", "zookeeper.adress=a:1"))
            self.assertIn("option zookeeper.address is not set", self.refused(role))
            self.assertIn("did you mean --config?", self.refused(role, "--confg", "x"))
        zookeeper = ["-D", "zookeeper.address=127.0.0.1:1"]
        self.assertIn("option data.dir is not set", self.refused("tablet", *zookeeper))
        self.assertIn("option tablet-server.id is not set", self.refused("tablet", *zookeeper, "-D", "data.dir=/tmp/x"))
        self.assertIn("internal.listener.name is X", self.refused("coordinator", *zookeeper, "-D",
                                                                  "internal.listener.name=X"))

    def test_options_and_version_are_printed(self):
        for role in ("coordinator", "tablet"):
            printed = Process([server_binary(role), "--print-config", "-D", "max.bucket.num=7"]).expect_success()
            self.assertIn("max.bucket.num: 7", printed.lines)
            self.assertIn(f"strom-{role} ", Process([server_binary(role), "--version"]).expect_success().output())


if __name__ == "__main__":
    unittest.main(verbosity=2)

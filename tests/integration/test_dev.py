#!/usr/bin/env python3
"""`strom dev` as a process: start, stop, signals, refusals."""
import shutil
import signal
import tempfile
import unittest
import urllib.request
from pathlib import Path

from strom_process import COLUMNS, Feeder, Process, Scan, StromDev, strom_binary


class DevTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)

    def refused(self, *arguments) -> tuple[int, str]:
        process = Process([strom_binary(), *arguments])
        code = process.wait()
        self.assertNotEqual(code, 0, process.output())
        return code, process.output()

    def test_it_says_where_it_serves_and_stops_cleanly(self):
        with StromDev(self.root / "data").start() as server:
            self.assertEqual(set(server.endpoints), {"FLUSS_BOOTSTRAP", "STROM_SERVER", "STROM_TABLET", "STROM_GRPC",
                                                     "STROM_HTTP", "PID"})
            health = urllib.request.urlopen(f"http://{server.endpoints['STROM_HTTP']}/health", timeout=30)
            self.assertEqual(health.status, 200)
            metrics = urllib.request.urlopen(f"http://{server.endpoints['STROM_HTTP']}/metrics", timeout=30).read()
            self.assertIn(b"# TYPE", metrics)
            self.assertIn("fluss", server.strom("db", "list", "--format", "csv").splitlines())
            self.assertEqual(server.stop(), 0)
            self.assertFalse((server.data / "endpoints.env").exists())
            self.assertTrue((server.data / "tablet-0" / ".fluss_cleanshutdown").exists())
            log = (server.data / "strom.log").read_text()
            self.assertIn("option log.segment.file-size: 1024m  # default", log)
            self.assertIn("SIGTERM: stopping", log)

    def test_ctrl_c_stops_it_too(self):
        with StromDev(self.root / "data").start() as server:
            server.process.signal(signal.SIGINT)
            self.assertEqual(server.process.wait(), 0)

    def test_tables_and_rows_are_there_after_a_clean_restart(self):
        with StromDev(self.root / "data").start() as server:
            server.strom("db", "create", "shop")
            server.strom("table", "create", "shop.orders", "--columns", COLUMNS, "--buckets", "3")
            Feeder(server.server, "shop.orders", range(1_000)).process.expect_success()
            for _ in range(2):
                self.assertEqual(server.stop(), 0)
                server.start()
                self.assertIsNone(Scan(server.server, "shop.orders").problem(range(1_000), 1_000))
            over_grpc = Scan(server.endpoints["STROM_GRPC"], "shop.orders", ["--transport", "grpc"])
            self.assertIsNone(over_grpc.problem(range(1_000), 1_000))

    def test_a_data_directory_has_one_process(self):
        with StromDev(self.root / "data").start() as server:
            code, output = self.refused("dev", "--data", server.data, "--listen", ":0")
            self.assertEqual(code, 1)
            self.assertIn("is in use by another process", output)
            server.strom("db", "list")  # The first one does not mind.
            self.assertEqual(server.stop(), 0)

    def test_a_port_in_use_is_a_clear_error(self):
        with StromDev(self.root / "data").start() as server:
            port = server.server.rsplit(":", 1)[1]
            code, output = self.refused("dev", "--data", self.root / "other", "--listen", f":{port}", "--http", ":0",
                                        "--grpc", ":0")
            self.assertEqual(code, 1)
            self.assertIn(f"127.0.0.1:{port}", output)
            self.assertIn("in use", output)

    def test_a_directory_that_is_not_ours_is_refused(self):
        (self.root / "letter.txt").write_text("dear")
        code, output = self.refused("dev", "--data", self.root, "--listen", ":0")
        self.assertEqual(code, 2)
        self.assertIn("it holds letter.txt", output)

    def test_logs_of_another_cluster_are_refused(self):
        for name in ("one", "two"):
            with StromDev(self.root / name).start() as server:
                self.assertEqual(server.stop(), 0)
        shutil.rmtree(self.root / "two" / "tablet-0")
        shutil.copytree(self.root / "one" / "tablet-0", self.root / "two" / "tablet-0")
        code, output = self.refused("dev", "--data", self.root / "two", "--listen", ":0")
        self.assertEqual(code, 2)
        self.assertIn("cluster", output)

    def test_a_bad_configuration_is_refused_with_what_was_meant(self):
        config = self.root / "server.yaml"
        config.write_text("log.segment.filesize: 64mb\n")
        code, output = self.refused("dev", "--data", self.root / "data", "--config", config)
        self.assertEqual(code, 2)
        self.assertIn("unknown option log.segment.filesize; did you mean log.segment.file-size?", output)
        self.assertFalse((self.root / "data").exists())
        config.write_text("a: [")
        self.assertEqual(self.refused("dev", "--config", config)[0], 2)
        self.assertEqual(self.refused("dev", "--config", self.root / "missing.yaml")[0], 1)

    def test_a_configuration_for_fluss_starts(self):
        config = self.root / "server.yaml"
        config.write_text("zookeeper.address: localhost:2181\nremote.data.dir: /tmp/x\ndefault.bucket.number: 2\n")
        with StromDev(self.root / "data", options=["--config", config]).start() as server:
            self.assertIn("option zookeeper.address is Fluss's and means nothing here", server.process.output())
            server.strom("table", "create", "fluss.t", "--columns", "id INT")
            self.assertEqual(len(server.strom("cluster", "buckets", "--format", "json").splitlines()), 2)

    def test_print_config_prints_and_ends(self):
        process = Process([strom_binary(), "dev", "--print-config", "--set", "max.bucket.num=7"]).expect_success()
        self.assertIn("max.bucket.num: 7", process.lines)

    def test_bash_completes_commands(self):
        script = self.root / "complete.sh"
        script.write_text(Process([strom_binary(), "completion", "bash"]).expect_success().output() + """
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _strom_completion; echo "${COMPREPLY[*]}"; }
complete_words strom ta
complete_words strom --help table sc
complete_words strom db list --format j
""")
        self.assertEqual(Process(["bash", script]).expect_success().lines, ["table", "scan", "json"])


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""`kill -9` while our own command appends: nothing acknowledged is lost, nothing is there twice."""
import tempfile
import unittest
from pathlib import Path

from strom_process import COLUMNS, Feeder, Scan, StromDev

TABLE = "shop.orders"


class CrashTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        self.addCleanup(directory.cleanup)
        self.data = Path(directory.name) / "data"

    def serve(self) -> StromDev:
        # Small segments, so that recovery has more than one file a bucket to look at.
        server = StromDev.with_fixed_ports(self.data, ["--set", "log.segment.file-size=64kb"])
        server.strom("db", "create", "shop")
        server.strom("table", "create", TABLE, "--columns", COLUMNS, "--buckets", "3")
        return server

    def test_a_writer_outlives_three_kills_and_loses_nothing(self):
        self.outlive_kills("framed")

    def test_a_writer_over_grpc_outlives_them_too(self):
        self.outlive_kills("grpc")

    def outlive_kills(self, transport: str):
        ids = range(20_000)
        with self.serve() as server:
            address = server.server if transport == "framed" else server.endpoints["STROM_GRPC"]
            feeder = Feeder(address, TABLE, ids, options=["--transport", transport])
            for acknowledged in (4_000, 8_000, 12_000):
                feeder.wait_acknowledged(acknowledged)
                server.kill()
                self.assertTrue(feeder.process.running(), "the append ended before the kill")
                server.start()
            feeder.process.expect_success()
            self.assertIn(f"appended {len(ids)} rows", feeder.process.output())
            scan = Scan(server.server, TABLE)
            self.assertEqual(scan.count(), len(ids))
            self.assertIsNone(scan.problem(ids, len(ids)))
            self.assertGreater(min(map(len, scan.buckets.values())), 0)
            self.assertEqual(server.stop(), 0)

    def test_when_the_writer_dies_as_well_what_it_was_told_is_there(self):
        ids = range(20_000)
        with self.serve() as server:
            feeder = Feeder(server.server, TABLE, ids)
            feeder.wait_acknowledged(5_000)
            server.kill()
            feeder.process.kill()
            acknowledged = feeder.process.acknowledged()
            server.start()
            scan = Scan(server.server, TABLE)
            self.assertIsNone(scan.problem(ids, acknowledged))
            self.assertLess(scan.count(), len(ids))
            # And it goes on: other rows land behind these.
            more = range(30_000, 31_000)
            Feeder(server.server, TABLE, more).process.expect_success()
            self.assertEqual(Scan(server.server, TABLE).count(), scan.count() + len(more))

    def test_a_kill_in_the_midst_of_tables_being_made_leaves_whole_ones(self):
        with self.serve() as server:
            for i in range(5):
                server.strom("table", "create", f"shop.t{i}", "--columns", COLUMNS, "--buckets", "4")
            server.kill()
            server.start()
            tables = server.strom("table", "list", "shop", "--format", "csv").splitlines()[1:]
            self.assertEqual(tables, ["shop,orders"] + [f"shop,t{i}" for i in range(5)])
            for i in range(5):
                Feeder(server.server, f"shop.t{i}", range(100)).process.expect_success()
                self.assertIsNone(Scan(server.server, f"shop.t{i}").problem(range(100), 100))


if __name__ == "__main__":
    unittest.main(verbosity=2)

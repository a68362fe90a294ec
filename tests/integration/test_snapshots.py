#!/usr/bin/env python3
"""Snapshots of a primary-key table in a cluster of processes: taken while rows are written, the changelog trimmed by
them, and the rows come back from them after `kill -9` of every server, also when the newest one is broken."""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from cluster import Cluster, wait_for  # noqa: E402
from strom_process import COLUMNS, TIMEOUT, Failure, row, strom_binary  # noqa: E402

TABLE = "shop.stock"
BUCKETS = 3
KEYS = 4_000
AT_ONCE = 500  # Rows of one append: their batches fit into a segment.
TAKEN = re.compile(r"bucket (\d+): snapshot (\d+) holds the rows up to offset (\d+)")
RESTORED = re.compile(r"rows up to offset \d+ come from snapshot (\d+)")


def version(i: int, number: int) -> dict:
    """The row of key i as it is put for the number-th time."""
    return {**row(i), "name": f"row {i}, version {number}"}


class SnapshotTest(unittest.TestCase):
    """One cluster for all tests; they run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="strom-it-")
        cls.addClassCleanup(directory.cleanup)
        cls.remote = Path(directory.name) / "remote"
        cls.cluster = Cluster(Path(directory.name) / "cluster", servers=3, session_timeout="3 s", attached=True,
                              options={"remote.data.dir": cls.remote, "kv.snapshot.interval": "1 s",
                                       "log.segment.file-size": "128kb", "log.retention.check-interval": "500 ms"})
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)
        try:
            cls.cluster.start()
        except Failure:
            print(cls.cluster.log_tail())
            raise
        cls.tablets = [name for name in cls.cluster.names if name.startswith("tablet")]
        cls.puts = 0  # How often each key was put.

    def run(self, result=None):
        super().run(result)
        if result and (result.failures or result.errors):
            print(self.cluster.log_tail(60))
            result.stop()  # The next ones need what this one left.
        return result

    # --- What is done

    def put_all(self):
        """Every key once more."""
        type(self).puts += 1
        command = [strom_binary(), "table", "append", TABLE, "--server", self.cluster.endpoints["STROM_SERVER"],
                   "--timeout", f"{TIMEOUT} s"]
        for first in range(0, KEYS, AT_ONCE):
            text = "".join(json.dumps(version(i, self.puts)) + "\n" for i in range(first, first + AT_ONCE))
            done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIMEOUT)
            self.assertEqual(done.returncode, 0, done.stderr)

    def kill_all(self):
        for name in self.tablets:
            self.cluster.kill(name)

    def start_all(self):
        for name in self.tablets:
            self.cluster.launch(name)
        for name in self.tablets:
            self.cluster.wait_healthy(name)
        self.cluster.wait_complete()

    # --- What there is

    def log(self, name: str) -> str:
        return (self.cluster.data / "logs" / f"{name}.log").read_text("utf-8", "replace")

    def restored(self, name: str) -> int:
        """How often the server made rows from a snapshot."""
        return len(RESTORED.findall(self.log(name)))

    def committed(self) -> dict[int, tuple[int, int]]:
        """The newest snapshot of each bucket that its leader knows to be completed, and its log offset."""
        found: dict[int, tuple[int, int]] = {}
        for name in self.tablets:
            for bucket, number, offset in TAKEN.findall(self.log(name)):
                found[int(bucket)] = max(found.get(int(bucket), (-1, 0)), (int(number), int(offset)))
        return found

    def snapshots_hold_everything(self) -> bool:
        changes = KEYS * (2 * self.puts - 1)  # +I, then -U and +U.
        return sum(offset for _, offset in self.committed().values()) == changes

    def log_starts(self) -> list[int]:
        """Where the changelogs of the table begin, on all servers."""
        starts = []
        for number in range(len(self.tablets)):
            for folder in (self.cluster.data / f"tablet-{number}" / "shop").glob("stock-*/log-*"):
                starts.append(min((int(path.stem) for path in folder.glob("*.log")), default=0))
        return starts

    def leaders(self) -> set[int | None]:
        lines = self.cluster.strom("cluster", "buckets", "--format", "json").splitlines()
        return {json.loads(line)["leader"] for line in lines}

    def check_rows(self):
        lines = self.cluster.strom("table", "scan", TABLE, "--format", "json").splitlines()
        rows = [json.loads(line) for line in lines]
        self.assertEqual(len(rows), KEYS)
        self.assertEqual({r["id"]: r for r in rows}, {i: version(i, self.puts) for i in range(KEYS)})

    # --- The tests

    def test_1_snapshots_are_taken_and_changelogs_are_trimmed_by_them(self):
        self.cluster.strom("db", "create", "shop")
        self.cluster.strom("table", "create", TABLE, "--columns", f"{COLUMNS}, PRIMARY KEY (id)", "--buckets",
                           str(BUCKETS), "--property", "table.log.ttl=1 s",
                           "--property", "table.log.arrow.compression.type=NONE")
        for _ in range(3):
            self.put_all()
            wait_for(self.snapshots_hold_everything, "all that was put is in snapshots", TIMEOUT)
        wait_for(lambda: min(self.log_starts()) > 0, "all changelogs are trimmed", TIMEOUT)
        self.assertEqual(len(self.log_starts()), BUCKETS * len(self.tablets))
        self.check_rows()

    def test_2_who_takes_over_makes_no_rows_anew(self):
        before = {name: self.restored(name) for name in self.tablets}
        self.cluster.kill("tablet_0")
        wait_for(lambda: self.leaders().isdisjoint({0, None}), "others lead", TIMEOUT)
        self.check_rows()
        self.put_all()
        self.check_rows()
        for name in self.tablets[1:]:
            self.assertEqual(self.restored(name), before[name], name)
        self.cluster.launch("tablet_0")
        self.cluster.wait_healthy("tablet_0")
        self.cluster.wait_complete()
        wait_for(self.snapshots_hold_everything, "all that was put is in snapshots", TIMEOUT)

    def test_3_after_kill_9_of_all_servers_the_rows_come_from_snapshots(self):
        self.put_all()  # Maybe not all of it is in a snapshot yet: the rest comes from the changelog.
        before = sum(self.restored(name) for name in self.tablets)
        self.kill_all()
        self.assertGreater(min(self.log_starts()), 0)
        self.start_all()
        self.check_rows()
        self.assertGreaterEqual(sum(self.restored(name) for name in self.tablets) - before, BUCKETS)
        wait_for(self.snapshots_hold_everything, "all that was put is in snapshots", TIMEOUT)

    def test_4_a_broken_snapshot_is_passed_over_for_an_older_one(self):
        self.put_all()
        wait_for(self.snapshots_hold_everything, "all that was put is in snapshots", TIMEOUT)
        self.kill_all()
        newest = self.committed()
        self.assertEqual(len(newest), BUCKETS)
        for bucket, (number, _) in newest.items():
            folder, = self.remote.glob(f"kv/shop/stock-*/{bucket}/snap-{number}")
            victim = max((path for path in folder.iterdir() if not path.name.startswith("_")),
                         key=lambda path: path.stat().st_size)
            content = bytearray(victim.read_bytes())
            content[len(content) // 2] ^= 1
            victim.write_bytes(content)
        self.start_all()
        self.check_rows()
        logs = "".join(self.log(name) for name in self.tablets)
        for bucket, (number, _) in newest.items():
            self.assertIn(f"bucket {bucket}: snapshot {number} cannot be used", logs)
        # And it goes on: the next ones are sound.
        self.put_all()
        wait_for(self.snapshots_hold_everything, "all that was put is in snapshots", TIMEOUT)
        self.check_rows()

    def test_5_a_table_takes_its_snapshots_with_it(self):
        self.assertTrue(list(self.remote.glob("kv/shop/stock-*/*/snap-*/_METADATA")))
        self.cluster.strom("table", "drop", TABLE)
        wait_for(lambda: not any(path.is_file() for path in self.remote.rglob("*")), "no object is left", TIMEOUT)


if __name__ == "__main__":
    unittest.main(verbosity=2)

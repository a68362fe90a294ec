#!/usr/bin/env python3
"""The checks of the other tests and of the demo can fail: each kind of damage to a scan is found and named."""
import copy
import unittest

import strom_process
from strom_process import Failure, Process, Scan, acknowledged, free_base_port, row


def scan_of(ids, buckets: int = 3) -> Scan:
    """What a scan of these rows, written in turns to the buckets, would show."""
    scan = Scan.__new__(Scan)
    scan.buckets = {}
    for i in ids:
        records = scan.buckets.setdefault(i % buckets, [])
        records.append({"_bucket": i % buckets, "_offset": len(records), "_change": "+A", **row(i)})
    return scan


def renumber(records: list[dict]):
    for offset, record in enumerate(records):
        record["_offset"] = offset


class ScanTest(unittest.TestCase):
    ids = range(300)

    def problem(self, damage, acknowledged: int = 300) -> str:
        scan = scan_of(self.ids)
        damage(scan.buckets)
        problem = scan.problem(self.ids, acknowledged)
        self.assertIsNotNone(problem, "the damage was not found")
        return problem

    def test_a_whole_scan_has_no_problem(self):
        self.assertIsNone(scan_of(self.ids).problem(self.ids, 300))

    def test_rows_that_were_not_acknowledged_may_be_there_or_not(self):
        self.assertIsNone(scan_of(range(200)).problem(self.ids, 200))
        self.assertIsNone(scan_of(range(200)).problem(self.ids, 150))

    def test_a_lost_row(self):
        def lose(buckets):
            del buckets[1][10]
            renumber(buckets[1])
        self.assertEqual(self.problem(lose), "1 acknowledged rows are missing, such as [31]")

    def test_a_lost_row_leaves_a_gap(self):
        def lose(buckets):
            del buckets[1][10]
        self.assertIn("bucket 1: the offsets have a gap", self.problem(lose))

    def test_a_row_that_is_there_twice(self):
        def double(buckets):
            buckets[0].insert(5, copy.deepcopy(buckets[0][5]))
            renumber(buckets[0])
        self.assertEqual(self.problem(double), "1 rows are there more than once, such as [15]")

    def test_a_row_that_is_in_two_buckets(self):
        def double(buckets):
            buckets[0].append({**copy.deepcopy(buckets[1][99]), "_bucket": 0})
            renumber(buckets[0])
        self.assertEqual(self.problem(double), "1 rows are there more than once, such as [298]")

    def test_rows_out_of_order(self):
        def swap(buckets):
            buckets[2][7], buckets[2][8] = buckets[2][8], buckets[2][7]
            renumber(buckets[2])
        self.assertEqual(self.problem(swap), "bucket 2: row 23 stands behind row 26")

    def test_a_changed_value(self):
        def change(buckets):
            buckets[0][1]["price"] = "0.00"
        self.assertIn("row 3 is", self.problem(change))

    def test_a_row_that_nobody_wrote(self):
        def invent(buckets):
            buckets[0].append({"_bucket": 0, "_offset": len(buckets[0]), **row(1_000)})
        self.assertEqual(self.problem(invent), "rows that nobody wrote: [1000]")


class ProcessTest(unittest.TestCase):
    def test_a_process_that_ends_early_is_named_with_its_output(self):
        process = Process(["bash", "-c", "echo one; exit 3"])
        with self.assertRaisesRegex(Failure, "two: it ended with 3\none"):
            process.wait_until(lambda lines: "two" in lines, "two")
        self.assertEqual(process.wait(), 3)
        with self.assertRaises(Failure):
            process.expect_success()

    def test_waiting_has_a_deadline(self):
        process = Process(["cat"], stdin=strom_process.subprocess.PIPE)
        with self.assertRaisesRegex(Failure, "a line: not within"):
            process.wait_until(lambda lines: bool(lines), "a line", timeout=0.05)
        with self.assertRaisesRegex(Failure, "still runs"):
            process.wait(timeout=0.05)
        process.kill()
        self.assertFalse(process.running())
        process.process.stdin.close()

    def test_the_last_count_of_acknowledged_rows_counts(self):
        self.assertEqual(acknowledged([]), 0)
        self.assertEqual(acknowledged(["acked 100", "strom: oh", "acked 200", "x"]), 200)

    def test_ports_in_a_row_are_free(self):
        base = free_base_port()
        with strom_process.socket.socket() as s:
            s.bind(("127.0.0.1", base + 4))


if __name__ == "__main__":
    unittest.main(verbosity=2)

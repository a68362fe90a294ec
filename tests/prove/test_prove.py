#!/usr/bin/env python3
"""./run prove: its own accounts and arguments, and one kill of a leader, from the start to the line."""
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import faults  # noqa: E402
import prove  # noqa: E402
from report import SUMS, Totals, line, windows_text  # noqa: E402

CLEAN = {**dict.fromkeys(SUMS, 0), "operations": 10, "acknowledged": 7, "errors": {}, "violations": []}


def figures(*ms: int) -> dict:
    return {"p50": ms[0], "p99": ms[1], "max": ms[2], "count": 3}


class AccountsTest(unittest.TestCase):
    def test_rounds_add_up(self):
        totals = Totals()
        totals.add(CLEAN | {"errors": {"gone": 2}})
        totals.add(CLEAN | {"unknown": 3, "lookups_failed": 2, "errors": {"gone": 1, "late": 4}})
        self.assertEqual(totals.sums["operations"], 20)
        self.assertEqual(totals.failed_requests, 5)
        self.assertEqual(totals.errors, {"gone": 3, "late": 4})
        self.assertTrue(totals.clean())

    def test_any_violation_is_one(self):
        for wrong in ("lost", "duplicated", "changed", "stale", "other"):
            totals = Totals()
            totals.add(CLEAN | {wrong: 1})
            self.assertFalse(totals.clean(), wrong)
        totals = Totals()
        totals.add(CLEAN | {"violations": ["S1 lost: all"]})
        self.assertFalse(totals.clean())

    def test_the_line_says_it_all(self):
        totals = Totals()
        totals.add(CLEAN)
        windows = {"return": {"log": figures(1, 2, 3)},
                   "pause": {"log": figures(4, 5, 6), "keyed": figures(7, 8, 9), "log elsewhere": figures(1, 1, 10)}}
        text = line(7, "pause", 3, totals, windows, [0.5, 4.25], "")
        for part in ("prove: PASS seed 7, pause, 3 faults: 10 operations, 7 acknowledged, 0 unknown", "lost 0, duplicated 0, "
                     "changed 0, stale 0", "log 4/5/6, primary key 7/8/9, buckets led elsewhere at most 10; return: log 1/2/3",
                     "recovered 2 times, within 4.2 s"):
            self.assertIn(part, text)
        self.assertNotIn("\n", text)
        self.assertIn("prove: FAIL", line(7, "pause", 3, totals, {}, [], "S12 late"))
        self.assertTrue(line(7, "pause", 3, totals, {}, [], "S12 late").endswith("; S12 late"))

    def test_what_follows_a_fault_stands_behind_it(self):
        self.assertEqual(windows_text({"return": {}, "zk-outage": {}, "pause": {}}), "pause: ; zk-outage: ; return: ")


class ArgumentsTest(unittest.TestCase):
    def refused(self, *given) -> str:
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit) as ended:
            prove.arguments(list(given))
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue()

    def test_a_fault_or_a_mix(self):
        self.assertEqual(prove.arguments(["--fault", "pause", "--count", "3"]).minutes, None)
        self.assertEqual(prove.arguments([]).minutes, 2)
        self.assertEqual(prove.arguments(["--seed", "5"]).seed, 5)

    def test_what_makes_no_sense_is_refused(self):
        self.assertIn("invalid choice: 'flood'", self.refused("--fault", "flood"))
        self.assertIn("not allowed with", self.refused("--fault", "pause", "--minutes", "3"))
        self.assertIn("--count is 1 or more", self.refused("--fault", "pause", "--count", "0"))
        self.assertIn("--minutes is above 0", self.refused("--minutes", "0"))

    def test_what_the_machine_lacks_is_skipped_with_the_reason(self):
        lacking = faults.NEEDS | {"partition": lambda: "no nft"}
        before, faults.NEEDS = faults.NEEDS, lacking
        try:
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.assertEqual(prove.wanted_faults(prove.arguments(["--fault", "partition"])), [])
                self.assertNotIn("partition", prove.wanted_faults(prove.arguments([])))
        finally:
            faults.NEEDS = before
        self.assertIn("prove: SKIP partition: no nft\n", said.getvalue())


class LeaderKillTest(unittest.TestCase):
    def test_a_leader_is_killed_and_nothing_is_lost(self):
        with tempfile.TemporaryDirectory(prefix="strom-it-") as directory:
            out = Path(directory) / "figures"
            done = subprocess.run([sys.executable, "-B", prove.__file__, "--fault", "leader-kill", "--count", "1", "--seed", "1",
                                   "--data", f"{directory}/data", "--json", out, "-v"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"prove: PASS seed 1, leader-kill, 1 faults: \d+ operations")
            self.assertFalse(Path(directory, "data").exists())  # Of a run that passed nothing stays.
            figures_of = json.loads(out.read_text())
            self.assertGreater(figures_of["acknowledged"], 100)
            self.assertGreater(figures_of["lookups"], 50)
            self.assertGreater(figures_of["records_read"], 100)
            killed = figures_of["windows_ms"]["leader-kill"]
            self.assertGreater(killed["log"]["count"] + killed["keyed"]["count"], 0)
            self.assertEqual(re.findall("^prove: ", done.stdout, re.M), ["prove: "])


if __name__ == "__main__":
    unittest.main(verbosity=2)

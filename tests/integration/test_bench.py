#!/usr/bin/env python3
"""What the benchmarks compute and refuse, and the network they make for themselves; nothing is measured here."""
import contextlib
import io
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench" / "lib")]
import replication  # noqa: E402
from replication_figures import Summary, figure, percentile  # noqa: E402


def latency(profile: str, p50_ms: float, name: str = "append_acked", linger_ms: int = 0) -> dict:
    return {"figure": name, "profile": profile, "linger_ms": linger_ms, "samples": 9, "p50_ms": p50_ms, "p99_ms": 2 * p50_ms}


def throughput(profile: str, rows_per_s: int) -> dict:
    return {"figure": "append_throughput", "profile": profile, "linger_ms": 100, "rows_per_s": rows_per_s,
            "server_cpu_s_per_million": 1.0}


def results(*found: tuple[str, dict]) -> list[dict]:
    summary = Summary()
    for system, line in found:
        summary.add(system, line)
    return summary.results()


class FigureTest(unittest.TestCase):
    def test_a_percentile_is_a_value_that_so_many_do_not_exceed(self):
        self.assertEqual(percentile([5.0], 99), 5.0)
        self.assertEqual(percentile(list(range(1, 101)), 99), 99)
        self.assertEqual(percentile(list(range(1, 201)), 99), 198)
        self.assertEqual(percentile([3, 1, 2], 50), 2)

    def test_latencies_become_milliseconds(self):
        line = {"figure": "append_acked", "profile": "durable", "linger_ms": 0, "micros": [3000, 1000, 2000, 90_500]}
        self.assertEqual(figure(line), {"figure": "append_acked", "profile": "durable", "linger_ms": 0, "samples": 4,
                                        "p50_ms": 2.5, "p99_ms": 90.5})

    def test_rows_become_rates(self):
        line = {"figure": "append_throughput", "profile": "durable", "linger_ms": 100, "rows": 4_000_000, "seconds": 8.0,
                "server_cpu_s": 6.0}
        self.assertEqual(figure(line), throughput("durable", 500_000) | {"server_cpu_s_per_million": 1.5})


class SummaryTest(unittest.TestCase):
    def test_the_median_round_is_held_against_the_target(self):
        line, = results(*(("strom", latency("replicated", p50)) for p50 in (1.0, 9.0, 1.5)))
        self.assertEqual((line["p50_ms"], line["p99_ms"], line["target_p50_ms"], line["reached"]), (1.5, 3.0, 2.0, True))

    def test_a_missed_target_is_said(self):
        line, = results(("strom", latency("replicated", 2.001, "append_polled")))
        self.assertEqual((line["figure"], line["reached"]), ("append_polled", False))

    def test_durable_and_the_client_as_shipped_have_no_latency_target(self):
        for line in results(("strom", latency("durable", 9.0)), ("strom", latency("replicated", 102.0, linger_ms=100))):
            self.assertNotIn("reached", line)

    def test_the_peer_stands_beside_the_same_figure(self):
        lines = results(("strom", latency("replicated", 2.0)), ("fluss", latency("shipped", 500.0)),
                        ("fluss", latency("shipped", 900.0, "append_polled")))
        self.assertEqual([(line["fluss_p50_ms"], line["fluss_to_strom"]) for line in lines], [(500.0, 250.0)])

    def test_durable_is_held_against_replicated(self):
        for durable, reached in ((70, True), (69, False)):
            line, = results(("strom", throughput("replicated", 100)), ("strom", throughput("durable", durable)))
            self.assertEqual((line["durable_to_replicated"], line["reached"]), (durable / 100, reached))

    def test_throughput_is_compared_with_the_peer(self):
        line, = results(("strom", throughput("replicated", 300)), ("fluss", throughput("shipped", 100)))
        self.assertEqual(line["strom_to_fluss"], 3.0)


class ArgumentsTest(unittest.TestCase):
    def test_the_peer_is_optional_unless_something_is_said(self):
        self.assertIsNone(replication.arguments([]).peer)
        self.assertTrue(replication.arguments(["--peer"]).peer)
        self.assertFalse(replication.arguments(["--no-peer"]).peer)

    def test_times_and_rounds_must_be_positive(self):
        for words in (["--seconds", "0"], ["--seconds", "soon"], ["--rounds", "-1"], ["--rounds", "1.5"]):
            said = io.StringIO()
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(said):
                replication.arguments(words)
            self.assertIn("invalid positive", said.getvalue())


class NetworkTest(unittest.TestCase):
    def test_a_loopback_of_ones_own_uses_cubic(self):
        program = "import network; print(network.isolate() or 'isolated'); print(network.congestion_control())"
        ran = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, check=True,
                             env={"PYTHONPATH": ":".join(sys.path)})
        said, used = ran.stdout.splitlines()
        if said != "isolated":
            self.skipTest(said)
        self.assertEqual(used, "cubic")


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
"""What replication costs a user of the unmodified Java client: ./run bench replication [--no-peer] [--seconds N] [--rounds N]

ZooKeeper, a coordinator and three tablet servers as processes, tables with three replicas; then the same program against
Apache Fluss 0.9.1 (`--peer`, `--no-peer`; without either: if its jars can be had), round by round in turns. All of it
has a loopback of its own with cubic congestion control where the machine lets us. Prints JSON lines:

  setup              what was measured on
  append_acked       one row after the other, each appended when the one before was acknowledged
  append_polled      the same, each appended when a scanner in another thread had the one before
  append_throughput  100-byte rows into three buckets, as fast as one writer goes; CPU seconds of the servers a million rows
  result             medians over the rounds: against the targets, and against Apache Fluss

The client is as shipped, but for `linger_ms` 0 (client.writer.batch-timeout, 100 ms as shipped): what a user sets who minds
latency. With 100, a single row waits for company that does not come, whoever the server is.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "scripts"), str(ROOT / "bench" / "lib")]
from cluster import Cluster  # noqa: E402
from fluss_cluster import HEAP, IN_SYNC_MIN, JVM_OPENS, FlussCluster  # noqa: E402
from network import congestion_control, isolate  # noqa: E402
from replication_figures import Summary, figure  # noqa: E402
from strom_process import Failure, Process  # noqa: E402

SERVERS = 3
CACHE = Path(os.environ.get("STROM_CACHE", ROOT / ".strom"))


def say(**fields):
    print(json.dumps(fields), flush=True)


def install(part: str) -> str | None:
    """None, or why it cannot be had."""
    done = subprocess.run([ROOT / "scripts" / "install-clients.sh", part], stdout=sys.stderr, stderr=subprocess.PIPE,
                          text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


class Strom:
    name = "strom"
    profiles = ("replicated", "durable")

    def __init__(self, data: Path):
        self.cluster = Cluster(data, SERVERS, attached=True, workers=False, replication=SERVERS)
        self.start, self.stop, self.log_tail = self.cluster.start, self.cluster.stop, self.cluster.log_tail

    @property
    def bootstrap(self) -> str:
        return self.cluster.endpoints["FLUSS_BOOTSTRAP"]

    @property
    def pids(self) -> list[int]:
        return [self.cluster.pid(name) for name in self.cluster.server_names]


class Fluss(FlussCluster):
    name = "fluss"
    profiles = ("shipped",)

    def __init__(self, data: Path):
        super().__init__(data, CACHE / "peer" / "lib", SERVERS)


def measure(system, seconds: float) -> list[dict]:
    """The program's lines against a running cluster."""
    program = Process(["java", "-Xmx1g", *JVM_OPENS, "-Djava.net.preferIPv4Stack=true",
                       "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                       "-cp", f"{CACHE / 'bench' / 'classes'}:{CACHE / 'java' / 'lib'}/*", "strom.bench.ReplicationBench",
                       system.bootstrap, SERVERS, seconds, ",".join(map(str, system.pids)), *system.profiles])
    code = program.wait(timeout=len(system.profiles) * (6 * seconds + 60) + 240)
    if code != 0:
        raise Failure(f"the Java client ended with {code}\n" +
                      "\n".join(line for line in program.lines if not line.startswith("{")))
    return [json.loads(line) for line in program.lines if line.startswith("{")]


def run_round(kind, seconds: float, number: int, summary: Summary):
    with tempfile.TemporaryDirectory(prefix="strom-bench-", ignore_cleanup_errors=True) as folder:
        system = kind(Path(folder))
        try:
            system.start()
            lines = measure(system, seconds)
        except Failure as failure:
            raise Failure(f"{kind.name}: {failure}\n{system.log_tail()}") from None
        finally:
            system.stop()
    for found in map(figure, lines):
        say(bench="replication", system=kind.name, round=number, **found)
        summary.add(kind.name, found)


def chosen_systems(peer: bool | None) -> list:
    if problem := install("bench"):
        raise Failure(f"the Java client cannot be had: {problem}")
    if peer is False:
        return [Strom]
    if problem := install("peer"):
        if peer:
            raise Failure(f"Apache Fluss cannot be had: {problem}")
        say(bench="replication", system=Fluss.name, skipped=problem)
        return [Strom]
    return [Strom, Fluss]


def positive(kind):
    def parse(text: str):
        value = kind(text)
        if value <= 0:
            raise ValueError(text)
        return value
    parse.__name__ = f"positive {kind.__name__}"
    return parse


def arguments(words: list[str] | None = None):
    parser = argparse.ArgumentParser(prog="./run bench replication", description=__doc__.splitlines()[0].split(":")[0])
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=None,
                        help="also against Apache Fluss 0.9.1 (default: if its jars can be had)")
    parser.add_argument("--seconds", type=positive(float), default=20, help="for each figure (default %(default)s)")
    parser.add_argument("--rounds", type=positive(int), default=1,
                        help="both systems in turns, so many times (default %(default)s)")
    return parser.parse_args(words)


def main():
    options = arguments()
    systems = chosen_systems(options.peer)
    problem = isolate()  # After what needs the network of the machine, before the first thread.
    say(bench="replication", setup={
        "cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2), "tablet_servers": SERVERS, "replicas": SERVERS,
        "congestion_control": congestion_control(), **({"shared_loopback": problem} if problem else {}),
        "fluss": {"heap_of_each_server": HEAP, "in_sync_min": IN_SYNC_MIN} if Fluss in systems else None})
    summary = Summary()
    for number in range(1, options.rounds + 1):
        for kind in systems:
            run_round(kind, options.seconds, number, summary)
    for line in summary.results():
        say(bench="replication", **{"is": "result"}, **line)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")

"""What can be done to a cluster, and what must hold of it meanwhile. Each fault begins with everything well and ends so.

A fault is a function of a Run. It opens a watch, breaks something, waits until every bucket has served again (or says
that it need not), ends the watch, repairs what it broke and waits until all replicas are in sync.
"""
import os
import random
import signal
import time

import machine
from machine import FailingSyncs
from prover import ProveCluster, Prover
from strom_process import Failure

SERVED_WITHIN = 60  # seconds from the fault, or from its end, until every bucket serves
OUTAGE_PAUSE_MAX = 3  # seconds without service while ZooKeeper is away: it has nothing to do with data
FULL_WITHIN = 60  # seconds from the end of the fault until all replicas are in sync


class Run:
    """A cluster, the program that uses it, and luck."""

    def __init__(self, cluster: ProveCluster, prover: Prover, seed: int, session_seconds: float, outage_seconds: float,
                 small_disk=None, tell=lambda text: None):
        self.cluster = cluster
        self.prover = prover
        self.random = random.Random(seed)
        self.session_seconds = session_seconds
        self.outage_seconds = outage_seconds
        self.small_disk = small_disk  # Of tablet_2.
        self.tell = tell
        self.recovered: list[float] = []  # Seconds from the end of each fault.

    # --- Watching

    def watch(self):
        self.prover.ask("watch")

    def unwatch(self, name: str, server: int | None = None) -> dict[str, int]:
        """The longest time without service of each kind of bucket, in ms."""
        longest = self.prover.ask("unwatch", name, "-" if server is None else server)["longest_ms"]
        self.tell(f"{name}: " + ", ".join(f"{kind} {ms} ms" for kind, ms in sorted(longest.items())))
        return longest

    def must_serve(self, what: str, within: float = SERVED_WITHIN):
        answer = self.prover.ask("served", round(within))
        if not answer["ok"]:
            raise Failure(f"{what}: nothing served {answer['missing']} for {within:.0f} s")

    def must_heal(self, what: str):
        """The fault is over: everything serves and is in sync."""
        since = time.monotonic()
        self.must_serve(f"after {what}")
        answer = self.prover.ask("full", FULL_WITHIN)
        if not answer["ok"]:
            raise Failure(f"after {what}: {answer['missing']}, {FULL_WITHIN} s after its end")
        self.recovered.append(time.monotonic() - since)

    def last(self, seconds: float):
        """How long a fault lasts, or the time between two."""
        time.sleep(seconds)

    # --- Servers

    def leader(self) -> int:
        """The number of a tablet server that leads something: one of those that lead most."""
        leaders = self.prover.ask("leaders")["leaders"]
        count = {int(server): n["log"] + n["keyed"] for server, n in leaders.items()}
        servers = [s for s, n in sorted(count.items()) if n > 0 and 2 * n >= max(count.values())]
        if not servers:
            raise Failure("nobody leads anything")
        return self.random.choice(servers)

    def end(self, server: int, number: int) -> int | None:
        """Ends its process with this signal; readers learn that it may be another one from now on. Its exit code."""
        self.prover.ask("process", server)
        code = self.cluster.kill(f"tablet_{server}", number)
        self.prover.ask("process", server)
        return code

    def start(self, name: str):
        """And watches what that does to the others."""
        self.watch()
        self.cluster.launch(name)
        self.cluster.wait_healthy(name)
        self.must_heal(f"{name} came back")
        self.unwatch("return")


def leader_kill(run: Run):
    """kill -9 of a tablet server that leads: others lead its buckets."""
    server = run.leader()
    run.watch()
    run.end(server, signal.SIGKILL)
    run.must_serve(f"kill of tablet_{server}")
    run.unwatch("leader-kill", server)
    run.start(f"tablet_{server}")


def controlled_shutdown(run: Run):
    """SIGTERM: it hands its buckets over and ends. Nobody's request fails."""
    server = run.leader()
    run.watch()
    code = run.end(server, signal.SIGTERM)
    if code != 0:
        raise Failure(f"tablet_{server} was asked to stop, and ended with {code}")
    run.must_serve(f"stop of tablet_{server}")
    run.unwatch("controlled-shutdown", server)
    run.start(f"tablet_{server}")


def coordinator_kill(run: Run):
    """kill -9 of the coordinator that leads: the other one takes over, data flows."""
    name = run.cluster.leading_coordinator
    if name is None:
        raise Failure("no coordinator leads")
    run.watch()
    run.cluster.kill(name)
    run.must_serve(f"kill of {name}")
    run.unwatch("coordinator-kill")
    run.start(name)


def pause(run: Run):
    """SIGSTOP of a leader for longer than its session lives; it must not answer as a leader when it goes on."""
    server = run.leader()
    pid = run.cluster.pid(f"tablet_{server}")
    run.watch()
    os.kill(pid, signal.SIGSTOP)
    try:
        run.last(run.session_seconds + 3)
        run.must_serve(f"pause of tablet_{server}")
    finally:
        os.kill(pid, signal.SIGCONT)
    run.unwatch("pause", server)
    run.watch()
    run.must_heal(f"pause of tablet_{server}")
    run.unwatch("return")


def zk_outage(run: Run):
    """ZooKeeper is silent, or gone: what is led is written, read and looked up as if nothing had happened."""
    silent = run.random.random() < 0.5
    pid = run.cluster.pid("zookeeper")
    run.watch()
    if silent:
        os.kill(pid, signal.SIGSTOP)
    else:
        run.cluster.kill("zookeeper")
    try:
        run.last(run.outage_seconds)
        run.must_serve("an outage of ZooKeeper", 5)
        longest = run.unwatch("zk-outage")
        for kind, ms in longest.items():
            if ms > 1000 * OUTAGE_PAUSE_MAX:
                raise Failure(f"an outage of ZooKeeper: {kind} buckets without service for {ms} ms")
    finally:
        if silent:
            os.kill(pid, signal.SIGCONT)
        else:
            run.cluster.launch("zookeeper")
    run.watch()
    run.must_heal("an outage of ZooKeeper")
    for name in run.cluster.names:
        run.cluster.wait_healthy(name)
    run.must_heal("an outage of ZooKeeper")
    run.unwatch("return")


def partition(run: Run):
    """A leader is cut off, for longer than its session lives: from all, from some, one way."""
    network = run.cluster.network
    server = run.leader()
    name = f"tablet_{server}"
    others = [n for n in run.cluster.names if n != name]
    tablets = [n for n in others if n.startswith("tablet")]
    above = [n for n in others if not n.startswith("tablet")]
    shape = run.random.choice(["all", "in", "out", "followers", "coordinators", "clients"])
    run.tell(f"{name} cut off: {shape}")
    run.watch()
    for other in {"followers": tablets, "coordinators": above, "clients": []}.get(shape, others):
        if shape != "out":
            network.cut(other, name)
        if shape != "in":
            network.cut(name, other)
    if shape in ("all", "in", "clients"):
        network.cut("us", name)
    if shape in ("all", "out", "clients"):
        network.cut_to_us(name)
    try:
        run.last(run.session_seconds + 3)
        # Somebody whom the coordinator can reach goes on leading, whoever else cannot.
        if shape not in ("clients", "followers"):
            run.must_serve(f"{name} cut off ({shape})")
            run.unwatch("partition", server)
    finally:
        network.heal()
    run.watch()
    run.must_heal(f"{name} cut off ({shape})")
    run.unwatch("return")


def fsync_eio(run: Run):
    """The disk of a leader takes no more syncs: others lead its buckets, and it acknowledges nothing more."""
    server = run.leader()
    name = f"tablet_{server}"
    run.watch()
    syncs = FailingSyncs(run.cluster.pid(name), run.cluster.data / "logs" / "strace.out")
    try:
        run.last(2)
        run.must_serve(f"failing syncs of {name}")
    finally:
        syncs.stop()
    run.unwatch("fsync-eio", server)
    run.end(server, signal.SIGKILL)  # Whatever is left of it: only a new process trusts the disk again.
    run.start(name)


def disk_full(run: Run):
    """The disk of tablet_2 is full; when there is room again, it goes on as it is."""
    run.watch()
    run.small_disk.fill()
    try:
        run.last(run.session_seconds)
    finally:
        run.small_disk.empty()
    run.must_serve("a full disk")
    run.unwatch("disk-full", 2)
    if run.cluster.pid("tablet_2") is None:
        raise Failure("tablet_2 ended because its disk was full")
    run.watch()
    run.must_heal("a full disk")
    run.unwatch("return")


FAULTS = {"leader-kill": leader_kill, "controlled-shutdown": controlled_shutdown, "coordinator-kill": coordinator_kill,
          "pause": pause, "zk-outage": zk_outage, "partition": partition, "fsync-eio": fsync_eio, "disk-full": disk_full}
# Why a fault cannot be injected on this machine: None if it can.
NEEDS = {"partition": machine.why_no_network, "fsync-eio": machine.why_no_strace, "disk-full": machine.why_no_disk}


def why_not(fault: str) -> str | None:
    return NEEDS[fault]() if fault in NEEDS else None

"""strom-prove, the program whose clients use the cluster and which judges what they saw, and the cluster it is aimed at."""
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from cluster import Cluster  # noqa: E402
from machine import Network  # noqa: E402
from strom_process import Failure, die_with_parent, strom_binary  # noqa: E402


class ProveCluster(Cluster):
    """Two coordinators and three tablet servers, each process on a host of its own if there is a network for that."""

    def __init__(self, data: Path, network: Network | None = None, **settings):
        self.network = network
        super().__init__(data, servers=3, coordinators=2, replication=3, attached=True, **settings)

    def host(self, name: str) -> str:
        return self.network.address(name) if self.network else super().host(name)

    def command_prefix(self, name: str) -> list:
        return self.network.prefix(name) if self.network else []

    @staticmethod
    def process_names() -> list[str]:
        return ["zookeeper", "coordinator", "coordinator_2", "tablet_0", "tablet_1", "tablet_2"]

    def directory(self, server: int) -> Path:
        return self.data / f"tablet-{server}"


def prove_binary() -> str:
    """STROM_PROVE, or the one in the build tree of our command."""
    return os.environ.get("STROM_PROVE") or str(
        Path(strom_binary()).absolute().parents[1] / "tests" / "prove" / "main" / "strom-prove")


class Prover:
    """The program. Each command is answered; Failure if it cannot be done, or if the program has ended."""

    def __init__(self, cluster: ProveCluster, options: list):
        directories = ",".join(f"{i}={cluster.directory(i)}" for i in range(cluster.servers))
        self._errors_path = cluster.data / "logs" / "strom-prove.out"
        self._errors = open(self._errors_path, "ab")
        self._process = subprocess.Popen(
            [prove_binary(), "--servers", cluster.endpoints["STROM_SERVER"], "--zookeeper", cluster.endpoints["ZOOKEEPER"],
             "--data", directories, *map(str, options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, preexec_fn=die_with_parent,
            start_new_session=True)

    def ask(self, *words) -> dict:
        line = " ".join(map(str, words))
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            tail = self._errors_path.read_text("utf-8", "replace").splitlines()[-10:]
            raise Failure(f"strom-prove ended with {self._process.wait()} when asked to {line}\n" + "\n".join(tail))
        found = json.loads(answer)
        if "error" in found:
            raise Failure(f"{line}: {found['error']}")
        return found

    def close(self):
        """Lets it end."""
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    @property
    def memory_mb(self) -> int:
        """What it has in memory."""
        with open(f"/proc/{self._process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

"""Apache Fluss as processes on this machine: Debian's ZooKeeper, a coordinator and tablet servers, all as shipped but
for the least number of in-sync replicas, which is what Strom's profile `replicated` demands.
"""
import os
import socket
from pathlib import Path

from cluster import ZOOKEEPER_JAR, ZOOKEEPER_LOG_JAR, wait_for
from strom_process import Failure, Process, free_base_port

HEAP = "768m"  # Of each server.
IN_SYNC_MIN = 2
START_TIMEOUT = 120  # seconds, on a busy machine
# What the shaded Arrow needs on JDK 17, in servers and clients.
JVM_OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED"
             for package in ("java.nio", "java.lang", "java.util", "sun.nio.ch")]


def address(port: int) -> str:
    return f"127.0.0.1:{port}"


class FlussCluster:
    """In an empty directory `data`; `lib` has the jars of the servers. They die with this process."""

    def __init__(self, data: Path, lib: Path, servers: int):
        self.data, self.lib = data, lib
        self.names = ["coordinator"] + [f"tablet-{i}" for i in range(servers)]
        port = free_base_port(1 + 2 * len(self.names))
        self.zookeeper = port
        self.ports = {name: (port + 1 + 2 * i, port + 2 + 2 * i) for i, name in enumerate(self.names)}
        self.processes: dict[str, Process] = {}

    @property
    def bootstrap(self) -> str:
        return ",".join(address(client) for _, client in self.ports.values())

    @property
    def pids(self) -> list[int]:
        """Of the servers, without ZooKeeper."""
        return [self.processes[name].pid for name in self.names]

    def start(self):
        """Until every port is open: whether the servers have found each other, clients must see."""
        self._launch("zookeeper", "256m", f"{ZOOKEEPER_JAR}:{ZOOKEEPER_LOG_JAR}",
                     "org.apache.zookeeper.server.ZooKeeperServerMain", self._zookeeper_conf())
        self._await_port("zookeeper", self.zookeeper)
        for name in self.names:
            role = "coordinator.CoordinatorServer" if name == "coordinator" else "tablet.TabletServer"
            self._launch(name, HEAP, f"{self.lib}/*", f"org.apache.fluss.server.{role}", "--configDir", self._conf(name))
        for name in self.names:
            for port in self.ports[name]:
                self._await_port(name, port)

    def stop(self):
        """kill -9: nobody needs the data any more."""
        for process in reversed(list(self.processes.values())):
            process.kill()
        self.processes.clear()

    def log_tail(self, count: int = 15) -> str:
        return "\n".join(line for name, process in self.processes.items()
                         for line in [f"--- {name}", *process.output().splitlines()[-count:]])

    def _launch(self, name: str, heap: str, class_path: str, *arguments):
        self.processes[name] = Process(["java", f"-Xmx{heap}", *JVM_OPENS, "-XX:+ExitOnOutOfMemoryError",
                                        "-Djava.net.preferIPv4Stack=true",
                                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", class_path, *arguments])

    def _await_port(self, name: str, port: int):
        def is_open() -> bool:
            if not self.processes[name].running():
                raise Failure(f"{name} of Apache Fluss ended:\n{self.processes[name].output()}")
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for(is_open, f"{name} of Apache Fluss listens", START_TIMEOUT)

    def _zookeeper_conf(self) -> Path:
        path = self.data / "zoo.cfg"
        path.write_text(f"dataDir={self.data / 'zookeeper'}\nclientPortAddress=127.0.0.1\nclientPort={self.zookeeper}\n"
                        "tickTime=2000\nmaxClientCnxns=0\nadmin.enableServer=false\n")
        return path

    def _conf(self, name: str) -> Path:
        internal, client = self.ports[name]
        settings = {
            "zookeeper.address": address(self.zookeeper),
            "bind.listeners": f"INTERNAL://{address(internal)}, CLIENT://{address(client)}",
            "internal.listener.name": "INTERNAL",
            "log.replica.min-in-sync-replicas-number": IN_SYNC_MIN,
            "data.dir": self.data / name,
            "remote.data.dir": self.data / "remote",
        }
        if name != "coordinator":
            settings["tablet-server.id"] = name.removeprefix("tablet-")
        folder = self.data / "conf" / name
        os.makedirs(folder)
        (folder / "server.yaml").write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        return folder

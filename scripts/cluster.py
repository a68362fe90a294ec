#!/usr/bin/env python3
"""A cluster as processes on this machine: ZooKeeper, a coordinator, tablet servers, workers. Run it as ./run cluster.

All of it lives in one directory:

    cluster.json     which processes there are, and their ports: the same from start to start: clients find it again
    conf/            the configuration of each process, written at every start
    zookeeper/       ZooKeeper's data
    tablet-0/ ...    the data directories of the tablet servers
    logs/            <name>.log of our processes (rolled over), <name>.out: what a process printed
    endpoints.env    NAME=value lines while it is up: where it serves, and PID_<name> of each process

Processes are called zookeeper, coordinator, coordinator_2, ..., tablet_0, tablet_1, ..., and with workers worker_cdc,
worker_layer, worker_sink: each hosts jobs of that kind. Of several coordinators one leads, the others wait their turn. ${NAME} in their jobs' scripts comes from the environment they start in.
"""
import argparse
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "integration"))
from strom_process import Failure, Process, die_with_parent, environment, free_base_port, strom_binary  # noqa: E402

START_TIMEOUT = 60  # seconds until a process serves, on a busy machine
STOP_TIMEOUT = 20  # seconds an orderly stop may take before SIGKILL
LISTENERS = ("INTERNAL", "FLUSS", "GRPC")
WORKERS = ("worker_cdc", "worker_layer", "worker_sink")
ZOOKEEPER_JAR = Path("/usr/share/java/zookeeper.jar")
ZOOKEEPER_LOG_JAR = Path("/usr/share/java/slf4j-simple.jar")  # logs to standard error, which is zookeeper.out

def wait_for(condition, what: str, timeout: float = START_TIMEOUT):
    """Until condition() is true, looking 20 times a second; Failure after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.05)


class Cluster:
    """The cluster in one directory. Of one user at a time: start, stop, kill and restart are not for two threads.

    A subclass may put its processes elsewhere than on the loopback interface: host() and command_prefix()."""

    def __init__(self, data: Path, servers: int | None = None, session_timeout: str = "6 s",
                 options: dict | None = None, attached: bool = False, workers: bool | None = None,
                 coordinators: int | None = None, replication: int | None = None):
        """`servers`: None means as many as there were, 3 at first; of `coordinators` 1 at first. `replication`: of tables
        that do not say, min(3, servers) at first. `options`: more options for our servers.
        `attached`: the processes die with this one, whatever happens to it. `workers`: whether a worker of each kind
        belongs to it; None means as before, none at first."""
        self.data = Path(data).absolute()
        self.session_timeout = session_timeout
        self.options = options or {}
        self.attached = attached
        self._children: dict[str, subprocess.Popen] = {}
        self._pids = self._recorded_pids()
        self._plan = self._load_plan(servers, workers, coordinators, replication)

    # --- What there is

    @property
    def servers(self) -> int:
        return self._plan["servers"]

    @property
    def names(self) -> list[str]:
        """In the order in which they start."""
        return self._names(self._plan)

    @property
    def coordinators(self) -> list[str]:
        return [name for name in self.names if name.startswith("coordinator")]

    @property
    def leading_coordinator(self) -> str | None:
        return next((name for name in self.coordinators if self._http_health(name) is None), None)

    @property
    def server_names(self) -> list[str]:
        """Of the coordinators and the tablet servers."""
        return self.coordinators + [name for name in self.names if name.startswith("tablet")]

    @staticmethod
    def _names(plan: dict) -> list[str]:
        return (["zookeeper", "coordinator"] + [f"coordinator_{i}" for i in range(2, plan["coordinators"] + 1)] +
                [f"tablet_{i}" for i in range(plan["servers"])] + list(WORKERS if plan["workers"] else ()))

    def host(self, name: str) -> str:
        """The address it listens at."""
        return "127.0.0.1"

    def command_prefix(self, name: str) -> list:
        """What its command begins with, such as one that enters a namespace. It must exec the rest."""
        return []

    def address(self, name: str, listener: str) -> str:
        return f"{self.host(name)}:{self.port(name, listener)}"

    def port(self, name: str, listener: str) -> int:
        return self.ports(name)[listener]

    def ports(self, name: str) -> dict[str, int]:
        """By listener."""
        return self._plan["ports"][name]

    def addresses(self, listener: str) -> list[str]:
        return [self.address(name, listener) for name in self.server_names]

    @property
    def endpoints(self) -> dict[str, str]:
        """The lines of endpoints.env."""
        lines = {
            "FLUSS_BOOTSTRAP": ",".join(self.addresses("FLUSS")),
            "STROM_SERVER": ",".join(self.addresses("FLUSS")),
            "STROM_GRPC": ",".join(self.addresses("GRPC")),
            "STROM_HTTP": ",".join(self.addresses("HTTP")),
            "ZOOKEEPER": self.address("zookeeper", "CLIENT"),
        }
        return lines | {f"PID_{name}": str(pid) for name, pid in sorted(self._pids.items())}

    def strom(self, *arguments, timeout: float = 120) -> str:
        """Runs our command against the cluster; its output. Failure unless it ends with 0."""
        command = [strom_binary(), *arguments, "--server", self.endpoints["STROM_SERVER"]]
        return Process(command).expect_success(timeout).output()

    def pid(self, name: str) -> int | None:
        """Of the process if it runs and is ours: a pid may have been given to somebody else meanwhile, unless it is a
        child of ours, whose command line says nothing while it executes another program."""
        pid = self._pids.get(name)
        if pid is None:
            return None
        if name in self._children:
            return pid if self._children[name].poll() is None else None
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        return pid if state != "Z" and os.fsencode(self._config_path(name)) in arguments else None

    def health(self, name: str) -> str | None:
        """None if the process serves, else why it does not."""
        if self.pid(name) is None:
            return "it does not run"
        if name == "zookeeper":
            return self._zookeeper_health()
        problem = self._http_health(name)
        waits = problem is not None and name in self.coordinators and "waits its turn" in problem
        return None if waits and self.leading_coordinator else problem

    def _http_health(self, name: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{self.address(name, 'HTTP')}/health", timeout=5):
                return None
        except urllib.error.HTTPError as error:
            return error.read().decode("utf-8", "replace").strip()
        except OSError as error:
            return str(error)

    def metrics(self, name: str) -> str:
        """Of a process of ours, in Prometheus's text format."""
        with urllib.request.urlopen(f"http://{self.address(name, 'HTTP')}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def log_tail(self, count: int = 15) -> str:
        """The last lines of every log, for who looks for what went wrong."""
        parts = []
        for name in self.names:
            for path in (self._log_path(name), self._out_path(name)):
                with contextlib.suppress(OSError):
                    lines = [line for line in path.read_text("utf-8", "replace").splitlines() if " option " not in line]
                    parts += [f"--- {path}", *lines[-count:]]
        return "\n".join(parts)

    # --- What can be done

    def start(self):
        """Everything that does not run yet, until all of it serves. Failure with what a process said, if it ends."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self._locked():
            started = [name for name in self.names if self.pid(name) is None]
            try:
                if "zookeeper" in started:
                    self.launch("zookeeper")
                self.wait_healthy("zookeeper")
                for name in started:
                    if name != "zookeeper":
                        self.launch(name)
                for name in self.names:
                    self.wait_healthy(name)
                self.wait_complete()
            except BaseException:
                for name in reversed(started):
                    self._end(name)
                raise

    def stop(self) -> dict[str, int | None]:
        """SIGTERM, servers before ZooKeeper, and SIGKILL for those that do not end. The exit code of each process that
        this object started and this call ended (None: the code is not ours to know)."""
        with self._locked():
            codes = {name: self._end(name) for name in reversed(self.names) if self.pid(name) is not None}
            self._pids.clear()
            (self.data / "endpoints.env").unlink(missing_ok=True)
            return codes

    def launch(self, name: str, options: dict | None = None):
        """Starts one process and does not wait. `options` are for this start."""
        for folder in ("conf", "logs", "zookeeper"):
            (self.data / folder).mkdir(parents=True, exist_ok=True)
        command = self._zookeeper_command() if name == "zookeeper" else self._our_command(name, options or {})
        with open(self._out_path(name), "ab") as out:
            process = subprocess.Popen(self.command_prefix(name) + command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.data,
                                       env=environment(), start_new_session=True,
                                       preexec_fn=die_with_parent if self.attached else None)
        self._children[name] = process
        self._pids[name] = process.pid
        self._write_endpoints()

    def kill(self, name: str, number: int = signal.SIGKILL) -> int | None:
        """kill -9, or another signal, until it is gone. Its exit code if it is a child of ours: -9 if the signal was not
        enough."""
        return self._end(name, number)

    def restart(self, name: str, number: int = signal.SIGTERM):
        """Ends the process with the signal, starts it again and waits until it serves."""
        self._end(name, number)
        self.launch(name)
        self.wait_healthy(name)

    def wait_healthy(self, name: str, timeout: float = START_TIMEOUT):
        start = time.monotonic()
        while (problem := self.health(name)) is not None:
            if self.pid(name) is None:
                raise Failure(f"{name} ended:\n{self._last_words(name)}")
            if time.monotonic() - start > timeout:
                raise Failure(f"{name} does not serve within {timeout:.0f} s: {problem}\n{self._last_words(name)}")
            time.sleep(0.05)

    def wait_complete(self):
        """Until the cluster itself says that all servers are in it."""
        roles = sorted(["coordinator"] + ["tablet"] * self.servers)  # Of coordinators who leads.
        wait_for(lambda: sorted(s["role"] for s in self.live_servers()) == roles, "all servers are in the cluster")

    def live_servers(self) -> list[dict]:
        """As `strom cluster servers` tells; none if nobody answers."""
        command = [strom_binary(), "cluster", "servers", "--format", "json", "--server", self.endpoints["STROM_SERVER"]]
        process = Process(command)
        return [json.loads(line) for line in process.lines] if process.wait() == 0 else []

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind, error, trace):
        if error is not None:
            print(self.log_tail())
        for name in reversed(self.names):
            self._end(name, signal.SIGKILL)

    # --- Ports, files, processes

    def _load_plan(self, servers: int | None, workers: bool | None, coordinators: int | None,
                   replication: int | None) -> dict:
        path = self.data / "cluster.json"
        plan = json.loads(path.read_text()) if path.exists() else {"servers": 0, "ports": {}}
        before = json.dumps(plan)
        plan["workers"] = plan.get("workers", False) if workers is None else workers
        wanted = plan["servers"] or 3 if servers is None else servers
        if wanted < max(1, plan["servers"]):
            raise Failure(f"{self.data} has {plan['servers']} tablet servers: with {wanted}, buckets would be lost")
        plan["servers"] = wanted
        plan["coordinators"] = coordinators or plan.get("coordinators", 1)
        plan["replication"] = replication or plan.get("replication", min(3, wanted))
        new = {name: self._listeners(name) for name in self._names(plan) if name not in plan["ports"]}
        if new:
            port = free_base_port(sum(map(len, new.values())))
            for name, listeners in new.items():
                plan["ports"][name] = {listener: port + i for i, listener in enumerate(listeners)}
                port += len(listeners)
        if json.dumps(plan) != before:
            self.data.mkdir(parents=True, exist_ok=True)
            self._write(path, json.dumps(plan, indent=1) + "\n")
        return plan

    @staticmethod
    def _listeners(name: str) -> tuple[str, ...]:
        return ("CLIENT",) if name == "zookeeper" else ("HTTP",) if name in WORKERS else (*LISTENERS, "HTTP")

    def _recorded_pids(self) -> dict[str, int]:
        try:
            lines = (self.data / "endpoints.env").read_text().splitlines()
        except OSError:
            return {}
        entries = dict(line.split("=", 1) for line in lines if "=" in line)
        return {name[4:]: int(value) for name, value in entries.items() if name.startswith("PID_")}

    def _write_endpoints(self):
        self._write(self.data / "endpoints.env", "".join(f"{k}={v}\n" for k, v in self.endpoints.items()))

    @staticmethod
    def _write(path: Path, text: str):
        """Appears whole, or not at all."""
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_text(text)
        temporary.replace(path)

    @contextlib.contextmanager
    def _locked(self):
        with open(self.data / "cluster.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(f"{self.data} is being started or stopped by another process") from None
            yield

    def _config_path(self, name: str) -> Path:
        return self.data / "conf" / (f"{name}.cfg" if name == "zookeeper" else f"{name}.yaml")

    def _log_path(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def _out_path(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.out"

    def _last_words(self, name: str, count: int = 20) -> str:
        for path in (self._log_path(name), self._out_path(name)):
            with contextlib.suppress(OSError):
                if lines := path.read_text("utf-8", "replace").splitlines():
                    return "\n".join(lines[-count:])
        return f"(nothing in {self.data / 'logs'})"

    def _zookeeper_command(self) -> list:
        if not ZOOKEEPER_JAR.exists():
            raise Failure(f"{ZOOKEEPER_JAR} is missing: install the package zookeeper")
        # Short ticks, so that sessions may be short: a killed server is missed after its session's timeout.
        self._write(self._config_path("zookeeper"), f"""dataDir={self.data / 'zookeeper'}
clientPortAddress={self.host('zookeeper')}
clientPort={self.port('zookeeper', 'CLIENT')}
tickTime=500
maxSessionTimeout=60000
maxClientCnxns=0
admin.enableServer=false
autopurge.purgeInterval=24
4lw.commands.whitelist=srvr
""")
        return ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true",
                "-Dorg.slf4j.simpleLogger.showDateTime=true", "-cp", f"{ZOOKEEPER_JAR}:{ZOOKEEPER_LOG_JAR}",
                "org.apache.zookeeper.server.ZooKeeperServerMain", str(self._config_path("zookeeper"))]

    def _our_command(self, name: str, options: dict) -> list:
        settings = self._worker_settings(name) if name in WORKERS else self._server_settings(name)
        settings |= {"strom.http.listen": self.address(name, "HTTP"),
                     "strom.log.file": str(self._log_path(name))} | options
        # JSON texts are YAML texts.
        self._write(self._config_path(name), "".join(f"{k}: {json.dumps(str(v))}\n" for k, v in settings.items()))
        return [server_binary(name.split("_")[0]), "--config", str(self._config_path(name))]

    def _server_settings(self, name: str) -> dict:
        settings = {
            "bind.listeners": ",".join(f"{l}://{self.address(name, l)}" for l in LISTENERS),
            "internal.listener.name": "INTERNAL",
            "zookeeper.address": self.address("zookeeper", "CLIENT"),
            "zookeeper.client.session-timeout": self.session_timeout,
            "default.replication.factor": self._plan["replication"],
        }
        if name not in self.coordinators:
            number = name.removeprefix("tablet_")
            settings |= {"tablet-server.id": number, "data.dir": str(self.data / f"tablet-{number}")}
        return settings | self.options

    def _worker_settings(self, name: str) -> dict:
        return {"bootstrap.servers": ",".join(self.addresses("GRPC")), "strom.worker.name": name,
                "strom.worker.kinds": name.removeprefix("worker_")}

    def _zookeeper_health(self) -> str | None:
        try:
            with socket.create_connection((self.host("zookeeper"), self.port("zookeeper", "CLIENT")), timeout=5) as connection:
                connection.sendall(b"srvr")
                answer = b""
                while part := connection.recv(4096):
                    answer += part
        except OSError as error:
            return str(error)
        return None if b"Mode:" in answer else answer.decode("utf-8", "replace").strip() or "no answer"

    def _end(self, name: str, number: int = signal.SIGTERM) -> int | None:
        """Until it is gone; its exit code if it is a child of ours."""
        pid = self.pid(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                try:
                    wait_for(lambda: self.pid(name) is None, f"{name} ends", STOP_TIMEOUT)
                except Failure:
                    os.kill(pid, signal.SIGKILL)
                    wait_for(lambda: self.pid(name) is None, f"{name} is killed", STOP_TIMEOUT)
        child = self._children.pop(name, None)
        return child.wait() if child else None


def server_binary(role: str) -> str:
    """Beside our command in the build tree, or STROM_COORDINATOR, STROM_TABLET, STROM_WORKER."""
    if named := os.environ.get(f"STROM_{role.upper()}"):
        return named
    folder = "pipeline/worker" if role == "worker" else f"{role}/server"
    return str(Path(strom_binary()).absolute().parents[1] / folder / f"strom-{role}")


# --- The command

def print_status(cluster: Cluster) -> bool:
    """A line for each process; whether all serve."""
    well = True
    for name in cluster.names:
        problem = cluster.health(name)
        well = well and problem is None
        ports = " ".join(f"{k}={v}" for k, v in cluster.ports(name).items())
        print(f"{name:<12} {cluster.pid(name) or '-':>8}  {ports:<52} {problem or 'serves'}")
    return well


def up(o) -> int:
    cluster = Cluster(o.data, o.servers, workers=o.workers or None, coordinators=o.coordinators,
                      replication=o.replication)
    try:
        cluster.start()
    except Failure:
        print(cluster.log_tail(), file=sys.stderr)
        raise
    print_status(cluster)
    print(f"These lines stand in {cluster.data}/endpoints.env:")
    for key, value in cluster.endpoints.items():
        print(f"  {key}={value}")
    print(f"Try: {strom_binary()} cluster status --server {cluster.endpoints['STROM_SERVER'].split(',')[0]}\n"
          f"Stop it with: ./run cluster down --data {o.data}")
    return 0


def down(o) -> int:
    codes = existing(o.data).stop()
    print("stopped: " + (", ".join(codes) or "nothing ran"))
    return 0


def status(o) -> int:
    return 0 if print_status(existing(o.data)) else 1


def existing(data: Path) -> Cluster:
    if not (data / "cluster.json").exists():
        raise Failure(f"{data} holds no cluster")
    return Cluster(data)


def main() -> int:
    p = argparse.ArgumentParser(prog="./run cluster", description="A cluster as processes on this machine")
    commands = p.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (("up", up, "start what does not run, and wait until all of it serves"),
                            ("down", down, "stop everything; the data stays"),
                            ("status", status, "what runs; exit 1 unless all of it serves")):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--data", type=Path, default=Path("strom-cluster"), metavar="DIR",
                             help="where everything is kept (default ./strom-cluster)")
        command.set_defaults(run=run)
        if name == "up":
            command.add_argument("--servers", type=int, metavar="N",
                                 help="tablet servers (default: as before; 3 at first)")
            command.add_argument("--coordinators", type=int, metavar="N",
                                 help="coordinators, of which one leads (default: as before; 1 at first)")
            command.add_argument("--replication", type=int, metavar="N", help="replicas of tables that do not say "
                                 "(default: as before; at first 3, or as many as there are servers)")
            command.add_argument("--workers", action="store_true",
                                 help="also a worker for each kind of jobs: cdc, layer, sink; remembered")
    o = p.parse_args()
    try:
        return o.run(o)
    except Failure as failure:
        print(f"cluster: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""Runs the `strom` command as real processes: for the integration tests and for scripts/demo.py.

Nothing here sleeps: waits end when a line appears, a process ends, or a deadline passes. A process started here dies
with this one, whatever happens to it.
"""
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

TIMEOUT = 120  # seconds one wait may take, on a busy machine
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """What a test or the demo found wrong."""


def strom_binary() -> str:
    return os.environ["STROM"]


def die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def environment() -> dict:
    """Ours, without what would choose a server for the command."""
    return {k: v for k, v in os.environ.items() if k != "STROM_SERVER"}


class Process:
    """A process and the lines it prints, standard error among them."""

    def __init__(self, arguments: list, stdin=subprocess.DEVNULL, env: dict | None = None):
        self.arguments = [str(a) for a in arguments]
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(self.arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=env or environment(), preexec_fn=die_with_parent,
                                        start_new_session=True)  # Ctrl-C is for us: we end it in order.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with self.process.stdout as out:
            for raw in out:
                with self._changed:
                    self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                    self._changed.notify_all()
        self.process.wait()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        with self._changed:
            return not self._ended

    def output(self) -> str:
        with self._changed:
            return "\n".join(self.lines)

    def wait_until(self, condition, what: str, timeout: float = TIMEOUT):
        """Until condition(lines so far) holds; Failure if the process ends or the time passes first."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or condition(self.lines), timeout)
            if condition(self.lines):
                return
            ended = self._ended
        why = f"it ended with {self.process.returncode}" if ended else f"not within {timeout:.0f} s"
        raise Failure(f"{self.arguments[1:3]}: {what}: {why}\n{self.output()}")

    def wait(self, timeout: float = TIMEOUT) -> int:
        """The exit code."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ended, timeout):
                raise Failure(f"{self.arguments[1:3]} still runs after {timeout:.0f} s\n" + "\n".join(self.lines))
        return self.process.returncode

    def expect_success(self, timeout: float = TIMEOUT) -> "Process":
        code = self.wait(timeout)
        if code != 0:
            raise Failure(f"{' '.join(self.arguments)} ended with {code}\n{self.output()}")
        return self

    def signal(self, number: int):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and waits until it is gone."""
        self.signal(signal.SIGKILL)
        self.wait()

    def acknowledged(self) -> int:
        """K of the last "acked K" line."""
        with self._changed:
            return acknowledged(self.lines)


def acknowledged(lines: list[str]) -> int:
    return next((int(line.split()[1]) for line in reversed(lines) if line.startswith("acked ")), 0)


def free_base_port(count: int = 5) -> int:
    """The first of `count` ports in a row that are free now, below those the kernel hands out."""
    for _ in range(200):
        base = random.randrange(20_000, 32_000)
        sockets = []
        try:
            for port in range(base, base + count):
                s = socket.socket()
                sockets.append(s)
                s.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise Failure("no free ports")


class StromDev:
    """`strom dev` on one data directory, from start to start on the same ports: clients find it again."""

    def __init__(self, data: Path, base_port: int = 0, options: list = ()):
        self.data = Path(data)
        self.base_port = base_port
        self.options = list(options)
        self.process: Process | None = None
        self.endpoints: dict[str, str] = {}

    @classmethod
    def with_fixed_ports(cls, data: Path, options: list = ()) -> "StromDev":
        """Started on ports that stay the same; another block of them if somebody was faster."""
        for _ in range(5):
            server = cls(data, free_base_port(), options)
            try:
                return server.start()
            except Failure as failure:
                if "Address already in use" not in str(failure):
                    raise
        raise Failure("no free ports")

    def launch(self) -> Process:
        """Starts the process and does not wait."""
        self.process = Process([strom_binary(), "dev", "--data", self.data, "--listen", f"127.0.0.1:{self.base_port}",
                                *self.options])
        return self.process

    def start(self) -> "StromDev":
        """Until it serves."""
        process = self.launch()
        try:
            process.wait_until(lambda lines: any(line.startswith("Try:") for line in lines), "strom dev serves")
            self.endpoints = self.read_endpoints()
            if self.endpoints["PID"] != str(process.pid):
                raise Failure(f"endpoints.env is of {self.endpoints['PID']}, not of {process.pid}")
        except Failure as failure:
            raise Failure(f"{failure}\n{self.log_tail()}") from None
        return self

    def read_endpoints(self) -> dict[str, str]:
        text = (self.data / "endpoints.env").read_text()
        return dict(line.split("=", 1) for line in text.splitlines())

    @property
    def server(self) -> str:
        return self.endpoints["FLUSS_BOOTSTRAP"]

    def kill(self):
        """kill -9."""
        self.process.kill()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.signal(signal.SIGTERM)
        return self.process.wait()

    def log_tail(self, count: int = 30) -> str:
        try:
            lines = [line for line in (self.data / "strom.log").read_text("utf-8", "replace").splitlines()
                     if " option " not in line]
        except OSError:
            return "(no strom.log)"
        return "\n".join(["strom.log:"] + lines[-count:])

    def strom(self, *arguments, timeout: float = TIMEOUT) -> str:
        """Runs the command against this server; its output. Failure unless it ends with 0."""
        return strom(*arguments, "--server", self.server, timeout=timeout)

    def __enter__(self) -> "StromDev":
        return self

    def __exit__(self, kind, error, trace):
        if error is not None:
            print(self.log_tail())
        if self.process and self.process.running():
            self.process.kill()


def strom(*arguments, timeout: float = TIMEOUT) -> str:
    return Process([strom_binary(), *arguments]).expect_success(timeout).output()


# --- Rows that our own command appends and scans

COLUMNS = "id INT NOT NULL, name STRING, price DECIMAL(10, 2), at TIMESTAMP_LTZ(3)"


def row(i: int) -> dict:
    """Row number i: a pure function of i, with a null now and then."""
    return {"id": i, "name": None if i % 11 == 0 else f"row-{i}-äß水", "price": f"{i % 1000}.{i % 100:02}",
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_700_000_000 + i)) + "Z"}


class Feeder:
    """Feeds rows to `strom table append`, never more than `window` of them ahead of what is acknowledged: so that at
    every moment some are on their way, and one can kill in the midst of it. It feeds the first `allowed` rows (None:
    all), and more as they are allowed: until then the append cannot end, however fast it is."""

    def __init__(self, server: str, table: str, ids: range, window: int = 2_000, options: list = (),
                 allowed: int | None = None):
        self.ids = ids
        self.window = window
        self._allowed = len(ids) if allowed is None else allowed
        self._allowed_more = threading.Condition()
        self.process = Process([strom_binary(), "table", "append", table, "--server", server, "--progress", "100",
                                "--timeout", f"{TIMEOUT} s", *options], stdin=subprocess.PIPE)
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self):
        pipe = self.process.process.stdin
        try:
            for sent in range(0, len(self.ids), 100):
                with self._allowed_more:
                    if not self._allowed_more.wait_for(lambda sent=sent: sent < self._allowed, TIMEOUT):
                        break
                self.process.wait_until(lambda lines, sent=sent: acknowledged(lines) + self.window >= sent, "rows move on")
                part = self.ids[sent:sent + 100]
                pipe.write("".join(json.dumps(row(i)) + "\n" for i in part).encode())
                pipe.flush()
            pipe.close()
        except (BrokenPipeError, Failure):
            pass  # It ended: its exit code and its output say why.

    def allow(self, count: int):
        with self._allowed_more:
            self._allowed = count
            self._allowed_more.notify_all()

    def wait_acknowledged(self, count: int):
        self.process.wait_until(lambda lines: acknowledged(lines) >= count, f"{count} rows are acknowledged")


class Scan:
    """All rows of a table of `row`s, read by `strom table scan`, bucket by bucket in the order they came."""

    def __init__(self, server: str, table: str, options: list = ()):
        text = strom("table", "scan", table, "--server", server, "--positions", "--format", "json", *options)
        self.buckets: dict[int, list[dict]] = {}
        for line in text.splitlines():
            record = json.loads(line)
            self.buckets.setdefault(record["_bucket"], []).append(record)

    def count(self) -> int:
        return sum(map(len, self.buckets.values()))

    def problem(self, ids: range, acknowledged: int) -> str | None:
        """What is wrong, or None: of `ids` the first `acknowledged` are there exactly once, the others at most once;
        each bucket has them in the order they were written, at offsets without a gap, with the values written."""
        seen: dict[int, int] = {}
        for bucket, records in sorted(self.buckets.items()):
            offsets = [r["_offset"] for r in records]
            if offsets != list(range(len(offsets))):
                return f"bucket {bucket}: the offsets have a gap: {offsets[:5]} … {offsets[-5:]}"
            order = [r["id"] for r in records]
            if order != sorted(order):
                at = next(k for k in range(1, len(order)) if order[k] < order[k - 1])
                return f"bucket {bucket}: row {order[at]} stands behind row {order[at - 1]}"
            for r in records:
                seen[r["id"]] = seen.get(r["id"], 0) + 1
                got = {k: v for k, v in r.items() if not k.startswith("_")}
                if got != row(r["id"]):
                    return f"row {r['id']} is {got}, written was {row(r['id'])}"
        twice = sorted(i for i, n in seen.items() if n > 1)
        if twice:
            return f"{len(twice)} rows are there more than once, such as {twice[:5]}"
        missing = [i for i in ids[:acknowledged] if i not in seen]
        if missing:
            return f"{len(missing)} acknowledged rows are missing, such as {missing[:5]}"
        foreign = sorted(set(seen) - set(ids))
        if foreign:
            return f"rows that nobody wrote: {foreign[:5]}"
        return None


# --- The official clients

CLIENTS = Path(__file__).resolve().parent / "clients"


def client(language: str, server: str, *flags) -> Process:
    """Starts a test of an official client; see clients/README.md."""
    return Process([CLIENTS / "run", language, server, *flags])

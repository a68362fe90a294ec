"""Throw-away PostgreSQL servers for the Python tests and the demo.

A server has a directory of its own, a free port of 127.0.0.1, the superuser `strom` without a password, wal_level =
logical and no fsync. It is ended by its process id, and dies with the process that started it. PostgreSQL refuses to
run as root: there it is started as the user `postgres`, which Debian's package makes.
"""
import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

TIMEOUT = 120  # seconds one wait may take, on a busy machine
USER = "strom"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class PostgresFailure(Exception):
    """PostgreSQL, or a statement given to it, failed: what it said."""


def _binaries() -> Path:
    """The folder of initdb and postgres: $POSTGRES_BIN, or the newest one Debian's packages have."""
    if given := os.environ.get("POSTGRES_BIN"):
        return Path(given)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    raise PostgresFailure("no PostgreSQL server in /usr/lib/postgresql: install postgresql-15 or set POSTGRES_BIN")


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    """A running server. Use it in a `with`, or call stop()."""

    def __init__(self, settings: dict | None = None):
        self._binaries = _binaries()
        self.directory = Path(tempfile.mkdtemp(prefix="strom-postgres-"))
        self._account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.process = None
        try:
            if self._account:
                os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
            self._make_cluster()
            self._settings = {"wal_level": "logical", "max_replication_slots": 20, "max_wal_senders": 20,
                              "fsync": "off", "full_page_writes": "off",
                              "shared_buffers": "32MB", "timezone": "UTC", **(settings or {})}
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _become(self):
        if self._account:
            os.setgroups([])
            os.setgid(self._account.pw_gid)
            os.setuid(self._account.pw_uid)
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)  # Immediate shutdown; set last: setuid clears it.

    def _make_cluster(self):
        made = subprocess.run(
            [self._binaries / "initdb", "-D", self.directory / "data", "-U", USER, "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=self._become, cwd="/",
            timeout=TIMEOUT)
        if made.returncode != 0:
            raise PostgresFailure(f"initdb failed:\n{made.stdout}")

    def _start(self):
        """Another process may take the port between our look and PostgreSQL's bind: then with the next one."""
        for _ in range(5):
            self.port = _free_port()
            if self._serve():
                return
            if "could not bind" not in self.log():
                break
        raise PostgresFailure(f"PostgreSQL did not start:\n{self.log()}")

    def _serve(self) -> bool:
        """Starts the process on the port we have; False if it ended."""
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.directory,
                   **self._settings}
        arguments = [self._binaries / "postgres", "-D", self.directory / "data"]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                            preexec_fn=self._become)
        return self._wait_until_ready()

    def crash(self):
        """Ends the server at once, as a crash does: connections break, and what was not written to the WAL is lost."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(TIMEOUT)

    def start_again(self):
        """After crash(): on the same port; PostgreSQL recovers from its WAL."""
        if not self._serve():
            raise PostgresFailure(f"PostgreSQL did not start again:\n{self.log()}")

    def _wait_until_ready(self) -> bool:
        """False if the process ended. pg_isready waits for an answer; -t bounds one try."""
        for _ in range(TIMEOUT):
            if self.process.poll() is not None:
                return False
            if subprocess.run([self._binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"],
                              stdout=subprocess.DEVNULL).returncode == 0:
                return True
            try:
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
        return False

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self.process.pid

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def psql(self, database: str, *arguments, input: str = "", clock: str | None = None) -> str:
        """What psql prints, unaligned and without headings. `clock` sets grid.clock, which examples/grid reads.

        Raises PostgresFailure with psql's message at the first statement that fails.
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        if clock:
            environment["PGOPTIONS"] = "-c grid.clock=" + re.sub(r"([\\ ])", r"\\\1", clock)
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), *map(str, arguments)],
            input=input, capture_output=True, text=True, env=environment, timeout=10 * TIMEOUT)
        if done.returncode != 0:
            raise PostgresFailure(f"psql {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def rows(self, database: str, query: str, clock: str | None = None) -> list[list[str | None]]:
        """The rows of a query as texts, in PostgreSQL's output format; None for NULL."""
        copied = self.psql(database, "-c", f"COPY ({query}) TO STDOUT", clock=clock)
        return [[None if field == "\\N" else _unescape(field) for field in line.split("\t")]
                for line in copied.split("\n")[:-1]]

    def create_database(self, name: str):
        self.psql("postgres", "-c", f'CREATE DATABASE "{name}"')

    def stop(self):
        """Ends the server at once and removes its files."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescape(field: str) -> str:
    """A field of COPY's text format."""
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m.group(1), m.group(1)), field)

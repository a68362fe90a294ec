"""The demo; run it with scripts/demo.sh. STROM names the command."""
import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "integration"))
from strom_process import COLUMNS, Failure, Feeder, Scan, StromDev, client  # noqa: E402

TABLE = "shop.orders"


class Steps:
    """Runs the steps of the demo and prints a line for each."""

    def __init__(self):
        self.rows_compared = 0
        print(f"{'step':<64} {'rows':>8} {'seconds':>8}  equal", flush=True)

    def run(self, name: str, action, rows: int | None = None):
        """`action` raises Failure if something differs; `rows` are those it compared, None: it compared none."""
        start = time.monotonic()
        try:
            result = action()
        except Failure as failure:
            self._print(name, rows, start, "NO")
            raise Failure(f"{name}: {failure}") from None
        self._print(name, rows, start, "" if rows is None else "yes")
        self.rows_compared += rows or 0
        return result

    @staticmethod
    def _print(name, rows, start, equal):
        print(f"{name:<64} {'' if rows is None else rows:>8} {time.monotonic() - start:>8.2f}  {equal}", flush=True)


def expect(problem: str | None):
    if problem:
        raise Failure(problem)


def stop(server: StromDev):
    code = server.stop()
    if code != 0:
        raise Failure(f"it ended with {code}\n{server.process.output()}")


def our_command(steps: Steps, server: StromDev, count: int):
    """Our own command appends while the server is killed three times; every row is there once, in order."""
    ids = range(count)

    def make_table():
        server.strom("db", "create", "shop")
        server.strom("table", "create", TABLE, "--columns", COLUMNS, "--buckets", "3")

    def append():
        feeder = Feeder(server.server, TABLE, ids)
        for quarter in (1, 2, 3):
            feeder.wait_acknowledged(count * quarter // 4)
            server.kill()
            if not feeder.process.running():
                raise Failure(f"the append ended before the kill\n{feeder.process.output()}")
            server.start()
        feeder.process.expect_success()
        if f"appended {count} rows" not in feeder.process.lines:
            raise Failure(feeder.process.output())
        return feeder

    def scan(address=None, options=()):
        found = Scan(address or server.server, TABLE, options)
        expect(found.problem(ids, count))
        if found.count() != count:
            raise Failure(f"{found.count()} rows, {count} were written")

    def restart():
        stop(server)
        server.start()
        scan()

    steps.run("create database and log table, 3 buckets", make_table)
    steps.run("strom table append; kill -9 and restart, three times", append)
    steps.run("strom table scan: each row once, each bucket in order", scan, count)
    steps.run("SIGTERM, restart, scan", restart, count)
    steps.run("scan over gRPC", lambda: scan(server.endpoints["STROM_GRPC"], ["--transport", "grpc"]), count)


def acknowledged_only(steps: Steps, server: StromDev, count: int):
    """The writer dies together with the server: what it was told is written is there."""
    table, ids = "shop.cut_short", range(count)

    def append():
        server.strom("table", "create", table, "--columns", COLUMNS, "--buckets", "3")
        feeder = Feeder(server.server, table, ids)
        feeder.wait_acknowledged(count // 2)
        server.kill()
        feeder.process.kill()
        acknowledged = feeder.process.acknowledged()
        server.start()
        expect(Scan(server.server, table).problem(ids, acknowledged))

    steps.run("kill -9 of server and writer: all acknowledged rows are there", append, count // 2)


def official_client(steps: Steps, server: StromDev, language: str, count: int):
    """The unmodified client: its checks; and its appends while the server is killed, scanned by both clients."""
    table = f"strom_it.{language}_rows"

    def append():
        writer = client(language, server.server, "--append-only", "--table", table, "--rows", count, "--timeout", "100")
        writer.wait_until(lambda lines: any(line.startswith("acked ") and int(line.split()[1]) >= count // 2
                                            for line in lines), "half of the rows are acknowledged")
        server.kill()
        if not writer.running():
            raise Failure(f"the append ended before the kill\n{writer.output()}")
        server.start()
        writer.expect_success()

    name = language.capitalize()
    steps.run(f"official {name} client: log tables, its own checks",
              lambda: client(language, server.server).expect_success())
    steps.run(f"official {name} client: primary keys, upsert, delete, lookup",
              lambda: client(language, server.server, "--pk").expect_success())
    steps.run(f"official {name} client: append; kill -9 and restart", append)
    for reader in ("python", "java"):
        steps.run(f"   scanned by the official {reader.capitalize()} client",
                  lambda reader=reader: client(reader, server.server, "--scan-only", "--table", table, "--rows",
                                               count).expect_success(), count)


def stay(server: StromDev):
    command = server.process.arguments[0]
    print(f"""
strom dev is still up. Try:
  export STROM_SERVER={server.server}
  {command} cluster status
  {command} table tail {TABLE} -n 5
  echo '{{"id":1000001,"name":"me","price":"9.99"}}' | {command} table append {TABLE}
  curl http://{server.endpoints['STROM_HTTP']}/metrics
Ctrl-C ends it.""", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    server.stop()


def main() -> int:
    p = argparse.ArgumentParser(prog="demo.sh BUILD_DIR", description=__doc__)
    p.add_argument("--once", action="store_true", help="end after the job")
    p.add_argument("--rows", type=int, default=50_000, help="rows of each append (default 50000)")
    o = p.parse_args()
    if o.rows < 10_000:
        p.error("fewer than 10000 rows are written too fast to be killed in the midst of it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    root = Path(tempfile.mkdtemp(prefix="strom-demo-"))
    server = StromDev(root / "data")
    start = time.monotonic()
    try:
        steps = Steps()
        server = steps.run("strom dev: from nothing to serving", lambda: StromDev.with_fixed_ports(root / "data"))
        with server:
            our_command(steps, server, o.rows)
            acknowledged_only(steps, server, o.rows)
            for language in ("python", "java"):
                official_client(steps, server, language, min(o.rows, 20_000))
            if o.once:
                steps.run("SIGTERM ends it cleanly", lambda: stop(server))
            print(f"demo: PASS {steps.rows_compared} rows compared, all equal, in {time.monotonic() - start:.0f} s",
                  flush=True)
            if not o.once:
                stay(server)
    except Failure as failure:
        print(f"The data is kept in {root}.\ndemo: FAIL {failure}", flush=True)
        return 1
    shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())

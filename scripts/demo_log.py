"""The part of the demo that shows the store alone: log and primary-key tables, kill -9, the official Python client.

More of it, and the Java client, in tests/integration: test_crash.py, test_clients.py.
"""
from demo_steps import Steps
from strom_process import COLUMNS, Failure, Feeder, Scan, StromDev, client

TABLE = "shop.orders"


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


def official_client(steps: Steps, server: StromDev, language: str):
    """The unmodified client's own checks. Its appends while the server is killed: tests/integration/test_clients.py."""
    for what, flags in (("log tables", []), ("primary keys", ["--pk"])):
        steps.run(f"official {language.capitalize()} client, its own checks: {what}",
                  lambda flags=flags: client(language, server.server, *flags).expect_success())


def log_demo(steps: Steps, server: StromDev, count: int):
    our_command(steps, server, count)
    official_client(steps, server, "python")

#!/usr/bin/env python3
"""Runs the official Python client (pyfluss) against the server at BOOTSTRAP (host:port).

Prints one line per check; exits 1 at the first that fails, naming it. Without a mode flag: the log part, in a
database of its own that it drops at the end.
"""
import argparse
import asyncio
import os
import time

import fluss

from log_checks import BUCKETS, log_checks
from pk_checks import pk_checks
from rows import row
from runner import Runner
from session import Session

CHUNK = 500  # rows between two "acked" lines of --append-only


def append_only(s: Session, path: fluss.TablePath, ids: range):
    async def append():
        """Creates the table if it is missing. Says how many rows are acknowledged, for a driver that kills servers."""
        if not await s.admin.database_exists(path.database_name):
            await s.admin.create_database(path.database_name)
        if await s.admin.table_exists(path):
            table = await s.open_table(path)
        else:
            table = await s.create_table(path, bucket_count=BUCKETS)
        writer = table.new_append().create_writer()
        for first in range(ids.start, ids.stop, CHUNK):
            last = min(first + CHUNK, ids.stop)
            handles = [writer.append(row(i)) for i in range(first, last)]
            await writer.flush()
            for handle in handles:  # flush alone does not say whether a row failed
                await handle.wait()
            print(f"acked {last}", flush=True)

    return [append]


def scan_only(s: Session, path: fluss.TablePath, ids: range):
    async def scan():
        await s.expect_log(await s.open_table(path), ids)

    async def scan_projected():
        await s.expect_log(await s.open_table(path), ids, ["name", "id"])

    return [scan, scan_projected]


async def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("bootstrap")
    mode = p.add_mutually_exclusive_group()
    mode.add_argument("--pk", action="store_true", help="the primary-key part instead of the log part")
    mode.add_argument("--append-only", action="store_true", help="append --rows rows to --table")
    mode.add_argument("--scan-only", action="store_true", help="--table holds exactly the rows START..START+ROWS-1")
    p.add_argument("--table", default="strom_it.rows", help="DATABASE.TABLE of the two -only modes")
    p.add_argument("--rows", type=int, default=10_000)
    p.add_argument("--start", type=int, default=0, help="number of the first row")
    p.add_argument("--patient", action="store_true",
                   help="wait before a table's first use until its leaders serve (Apache Fluss needs it)")
    p.add_argument("--skip", default="", help="names of checks to leave out, separated by commas")
    p.add_argument("--timeout", type=float, default=60, help="seconds one check may take")
    o = p.parse_args()

    runner = Runner(o.timeout, set(filter(None, o.skip.split(","))))
    session: Session | None = None

    async def connect():
        nonlocal session
        connection = await fluss.FlussConnection.create(fluss.Config({"bootstrap.servers": o.bootstrap}))
        session = Session(connection, runner, f"py_{time.time_ns() // 1000}", o.patient)

    await runner.run([connect])
    path, ids = fluss.TablePath(*o.table.split(".", 1)), range(o.start, o.start + o.rows)
    if o.append_only:
        checks = append_only(session, path, ids)
    elif o.scan_only:
        checks = scan_only(session, path, ids)
    else:
        checks = pk_checks(session) if o.pk else log_checks(session)

    async def close():
        await session.connection.close()

    await runner.run(checks + [close])
    runner.summary()
    os._exit(0)  # pyfluss's threads now and then abort the interpreter while it shuts down (SIGABRT, no frame)


if __name__ == "__main__":
    asyncio.run(main())

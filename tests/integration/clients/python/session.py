"""One connection to the server under test, and what several checks do with it."""
import asyncio

import fluss
from fluss import ChangeType, FlussError, OffsetSpec, TablePath

from rows import ARROW_SCHEMA, expect_row, row
from runner import Runner


class Session:
    """`patient`: wait before a table's first use until its leaders serve (Apache Fluss answers CREATE_TABLE earlier)."""

    def __init__(self, connection: fluss.FlussConnection, runner: Runner, database: str, patient: bool):
        self.connection, self.admin, self.runner = connection, connection.get_admin(), runner
        self.database, self.patient = database, patient

    def path(self, table: str) -> TablePath:
        return TablePath(self.database, table)

    async def create_table(self, path: TablePath, arrow_schema=ARROW_SCHEMA, primary_keys=None,
                           **options) -> fluss.FlussTable:
        schema = fluss.Schema(arrow_schema, primary_keys=primary_keys)
        await self.admin.create_table(path, fluss.TableDescriptor(schema, **options), ignore_if_exists=False)
        return await self.open_table(path)

    async def open_table(self, path: TablePath) -> fluss.FlussTable:
        buckets = list(range((await self.admin.get_table_info(path)).num_buckets))
        while self.patient:
            try:
                await self.admin.list_offsets(path, buckets, OffsetSpec.latest())
                break
            except FlussError as e:
                self.runner.note(f"leaders of {path} do not serve: {e.error_code} {e.message}")
                await asyncio.sleep(0.1)
        return await self.connection.get_table(path)

    async def latest(self, table: fluss.FlussTable) -> dict[int, int]:
        info = table.get_table_info()
        return await self.admin.list_offsets(table.get_table_path(), list(range(info.num_buckets)), OffsetSpec.latest())

    async def scan(self, table: fluss.FlussTable, want: int, project: list[str] | None = None,
                   start: dict[int, int] | None = None) -> dict[int, list[fluss.ScanRecord]]:
        """Reads `want` records from `start` (default: the beginning), which must be all there are, by the offsets the
        server lists and by one poll. Offsets must have no gap and no repetition."""
        builder = table.new_scan()
        scanner = await (builder.project_by_name(project) if project else builder).create_log_scanner()
        latest = await self.latest(table)
        start = start or {b: fluss.EARLIEST_OFFSET for b in latest}
        listed = sum(latest[b] - max(first, 0) for b, first in start.items())
        assert listed == want, f"{listed} records by the listed offsets {latest}, expected {want}"
        scanner.subscribe_buckets(start)
        got = {b: [] for b in start}
        while (count := sum(map(len, got.values()))) < want or not want:
            self.runner.note(f"{count} of {want} records")
            records = await scanner.poll(2_000 if want else 100)
            for bucket, of_bucket in records.items():
                got[bucket.bucket_id] += of_bucket
            if not want:
                break
        assert count == want, f"{count} records, expected {want}"
        for bucket, first in start.items():
            offsets = [r.offset for r in got[bucket]]
            first = max(first, 0)
            assert offsets == list(range(first, first + len(offsets))), f"bucket {bucket}: offsets {offsets}"
        return got

    async def expect_log(self, table: fluss.FlussTable, ids: range, project: list[str] | None = None) -> None:
        """The table holds each row of `ids` exactly once, and each bucket has them in the order of writing."""
        got = await self.scan(table, len(ids), project)
        seen = []
        for bucket, records in got.items():
            of_bucket = [r.row["id"] for r in records]
            assert of_bucket == sorted(of_bucket), f"bucket {bucket}: order {of_bucket}"
            seen += of_bucket
            for r in records:
                assert r.change_type == ChangeType.AppendOnly, f"offset {r.offset}: {r.change_type}"
                want = row(r.row["id"])
                expect_row(r.row, {name: want[name] for name in project} if project else want)
        assert sorted(seen) == list(ids), f"ids differ: {sorted(set(seen) ^ set(ids))[:20]}, {len(seen)} records"

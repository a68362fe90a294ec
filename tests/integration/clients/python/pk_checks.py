"""Primary-key tables: writes, lookups, changelog, limit scan (the last also of a log table)."""
import collections

import fluss
import pyarrow as pa
from fluss import ChangeType, ErrorCode, TableBucket

from rows import ARROW_SCHEMA, arrow_batch, expect_row, row
from runner import expect_error
from session import Session

BUCKETS = 3
ROWS = 300
UPDATED = range(0, ROWS, 2)  # these get the values of row i + ROWS
DELETED = range(0, ROWS, 3)


def updated(i: int) -> dict:
    return row(i + ROWS) | {"id": i}


def final(i: int) -> dict | None:
    if i in DELETED or not 0 <= i < ROWS:
        return None
    return updated(i) if i in UPDATED else row(i)


def pk_checks(s: Session):
    admin = s.admin
    state = {}

    async def lookup(lookuper, i: int):
        got, want = await lookuper.lookup({"id": i}), final(i)
        assert (got is None) == (want is None), f"key {i}: {got}, expected {want}"
        if want is not None:
            expect_row(got, want)

    async def create_table():
        await admin.create_database(s.database)
        schema = pa.schema([f.with_nullable(f.name != "id") for f in ARROW_SCHEMA])
        state["table"] = await s.create_table(s.path("pk"), schema, ["id"], bucket_count=BUCKETS)
        info = await admin.get_table_info(s.path("pk"))
        assert info.get_primary_keys() == info.get_bucket_keys() == ["id"], str(info)
        assert info.has_primary_key() and info.num_buckets == BUCKETS

    async def lookup_empty():
        lookuper = state["table"].new_lookup().create_lookuper()
        assert await lookuper.lookup({"id": 1}) is None

    async def upsert():
        writer = state["table"].new_upsert().create_writer()
        await writer.upsert(row(0)).wait()
        for i in range(1, ROWS):
            writer.upsert(row(i))
        await writer.flush()
        for i in UPDATED:
            writer.upsert(updated(i))
        await writer.flush()

    async def delete():
        writer = state["table"].new_upsert().create_writer()
        await writer.delete({"id": 0}).wait()
        for i in DELETED[1:]:
            writer.delete({"id": i})
        writer.delete({"id": ROWS + 1})  # a key that never was: no change
        await writer.flush()

    async def lookups():
        lookuper = state["table"].new_lookup().create_lookuper()
        for i in (0, 1, 2, 3, 4, 5, ROWS - 1, ROWS + 1):
            await lookup(lookuper, i)

    async def changelog():
        table = state["table"]
        got = await s.scan(table, ROWS + 2 * len(UPDATED) + len(DELETED))
        history = collections.defaultdict(list)
        for records in got.values():
            for r in records:
                history[r.row["id"]].append((r.change_type, r.row))
        assert sorted(history) == list(range(ROWS))
        for i, changes in history.items():
            want, last = [(ChangeType.Insert, row(i))], row(i)
            if i in UPDATED:
                want += [(ChangeType.UpdateBefore, last), (ChangeType.UpdateAfter, updated(i))]
                last = updated(i)
            if i in DELETED:
                want.append((ChangeType.Delete, last))
            assert [c for c, _ in changes] == [c for c, _ in want], f"key {i}: {[c for c, _ in changes]}"
            for (_, have), (_, expected) in zip(changes, want):
                expect_row(have, expected)

    async def limit_scan():
        info = state["table"].get_table_info()

        async def read(bucket: int, limit: int):
            one = TableBucket(info.table_id, bucket)
            scanner = state["table"].new_scan().limit(limit).create_bucket_batch_scanner(one)
            return (await scanner.to_arrow()).to_pylist()

        rows = [r for b in range(BUCKETS) for r in await read(b, ROWS)]
        assert sorted(r["id"] for r in rows) == [i for i in range(ROWS) if final(i)]
        for r in rows:
            expect_row(r | {"instant": r["instant"] and r["instant"].replace(tzinfo=row(2)["instant"].tzinfo)}, final(r["id"]))
        few = await read(0, 7)
        assert len(few) == 7 and all(r["id"] in {x["id"] for x in rows} for r in few)

    async def limit_scan_log():
        table = await s.create_table(s.path("log"), bucket_count=1)
        writer = table.new_append().create_writer()
        for first in (0, 50, 100):
            writer.write_arrow_batch(arrow_batch(first, first + 50))
            await writer.flush()
        bucket = TableBucket(table.get_table_info().table_id, 0)
        got = await table.new_scan().limit(10).create_bucket_batch_scanner(bucket).to_arrow()
        assert got.column("id").to_pylist() == list(range(140, 150)), got.column("id").to_pylist()

    async def partial_update():
        table = state["table"]
        writer = table.new_upsert().partial_update_by_name(["id", "name", "score"]).create_writer()
        await writer.upsert({"id": 1, "name": "partial", "score": 0.5}).wait()  # existing key
        await writer.upsert({"id": ROWS + 5, "name": "new", "score": None}).wait()
        lookuper = table.new_lookup().create_lookuper()
        expect_row(await lookuper.lookup([1]), final(1) | {"name": "partial", "score": 0.5})
        nulls = dict.fromkeys(row(0))
        expect_row(await lookuper.lookup([ROWS + 5]), nulls | {"id": ROWS + 5, "name": "new"})

    async def prefix_lookup():
        schema = pa.schema([pa.field("a", pa.string(), False), pa.field("b", pa.int64(), False), ("c", pa.string())])
        table = await s.create_table(s.path("prefix"), schema, ["a", "b"], bucket_count=2, bucket_keys=["a"])
        writer = table.new_upsert().create_writer()
        for a in range(4):
            for b in range(5):
                writer.upsert({"a": f"a{a}", "b": b, "c": f"{a}.{b}"})
        await writer.flush()
        lookuper = table.new_lookup().lookup_by(["a"]).create_lookuper()
        got = await lookuper.lookup({"a": "a2"})
        assert sorted(got, key=lambda r: r["b"]) == [{"a": "a2", "b": b, "c": f"2.{b}"} for b in range(5)], got
        assert await lookuper.lookup({"a": "a"}) == []  # a string prefix is no key prefix

    async def errors():
        descriptor = fluss.TableDescriptor(fluss.Schema(pa.schema([pa.field("id", pa.int32(), False)]), primary_keys=["id"]))
        await expect_error(ErrorCode.TABLE_ALREADY_EXIST,
                           admin.create_table(s.path("pk"), descriptor, ignore_if_exists=False))

    async def drop_database():
        await admin.drop_database(s.database, cascade=True)
        assert not await admin.database_exists(s.database)

    return [create_table, lookup_empty, upsert, delete, lookups, changelog, limit_scan, limit_scan_log, partial_update,
            prefix_lookup, errors, drop_database]

"""Databases, log tables, appends, scans, offsets and errors of the log path."""
import asyncio
import time

import fluss
import pyarrow as pa
from fluss import ErrorCode, OffsetSpec

from rows import ARROW_SCHEMA, COLUMNS, NAMES, arrow_batch, expect_row, row
from runner import expect_error, until
from session import Session

BUCKETS = 3
ROWS = 1_000  # of the table `all_types`: the first 400 appended row by row, the rest as Arrow batches


def log_checks(s: Session):
    admin = s.admin
    path = s.path("all_types")
    state = {}

    async def servers():
        nodes = await admin.get_server_nodes()
        kinds = [n.server_type for n in nodes]
        assert kinds.count("CoordinatorServer") == 1 and kinds.count("TabletServer") >= 1, str(nodes)
        assert all(n.host and n.port > 0 for n in nodes), str(nodes)

    async def create_database():
        descriptor = fluss.DatabaseDescriptor("client test", {"owner": "it"})
        await admin.create_database(s.database, descriptor)
        await expect_error(ErrorCode.DATABASE_ALREADY_EXIST, admin.create_database(s.database))
        await admin.create_database(s.database, ignore_if_exists=True)
        assert await admin.database_exists(s.database)
        assert s.database in await admin.list_databases()
        info = await admin.get_database_info(s.database)
        got = info.get_database_descriptor()
        assert (info.database_name, got.comment, got.get_custom_properties()) == (s.database, "client test", {"owner": "it"})
        assert 0 < info.created_time <= info.modified_time

    async def create_table():
        state["table"] = await s.create_table(path, bucket_count=BUCKETS, comment="all types",
                                              custom_properties={"team": "it"})
        again = fluss.TableDescriptor(fluss.Schema(ARROW_SCHEMA))
        await expect_error(ErrorCode.TABLE_ALREADY_EXIST, admin.create_table(path, again, ignore_if_exists=False))
        await admin.create_table(path, again, ignore_if_exists=True)
        assert await admin.table_exists(path)
        assert await admin.list_tables(s.database) == ["all_types"]

    async def table_info():
        info = await admin.get_table_info(path)
        assert info.get_schema().get_columns() == [(n, t) for n, _, t, _ in COLUMNS], info.get_schema().get_columns()
        assert (info.num_buckets, info.comment, info.schema_id) == (BUCKETS, "all types", 1)
        assert info.get_custom_properties() == {"team": "it"}
        assert info.get_primary_keys() == info.get_bucket_keys() == info.get_partition_keys() == []
        assert info.table_id >= 0 and info.created_time > 0
        assert state["table"].get_table_info().table_id == info.table_id
        assert state["table"].arrow_schema == ARROW_SCHEMA, str(state["table"].arrow_schema)

    async def scan_empty():
        await s.expect_log(state["table"], range(0))

    async def append_rows():
        writer = state["table"].new_append().create_writer()
        await writer.append(row(0)).wait()
        await writer.append(list(row(1).values())).wait()
        for i in range(2, 400):
            writer.append(row(i))
        await writer.flush()
        assert sum((await s.latest(state["table"])).values()) == 400

    async def append_arrow():
        writer = state["table"].new_append().create_writer()
        await writer.write_arrow_batch(arrow_batch(400, 401)).wait()
        writer.write_arrow_batch(arrow_batch(401, 900))
        writer.write_arrow(pa.Table.from_batches([arrow_batch(900, ROWS)]))
        await writer.flush()

    async def offsets():
        every = list(range(BUCKETS))
        latest = await s.latest(state["table"])
        assert sum(latest.values()) == ROWS, latest
        assert await admin.list_offsets(path, every, OffsetSpec.earliest()) == {b: 0 for b in every}
        assert await admin.list_offsets(path, every, OffsetSpec.timestamp(1)) == {b: 0 for b in every}
        newest = max(r.timestamp for rs in (await s.scan(state["table"], ROWS)).values() for r in rs)
        await until(lambda: time.time() * 1e3 > newest + 1, "the clock passes the newest record")
        assert await admin.list_offsets(path, every, OffsetSpec.timestamp(newest + 1)) == latest
        future = OffsetSpec.timestamp(int(time.time() * 1e3) + 3_600_000)
        await expect_error(ErrorCode.INVALID_TIMESTAMP_EXCEPTION, admin.list_offsets(path, every, future))

    async def scan_records():
        await s.expect_log(state["table"], range(ROWS))

    async def scan_projected():
        await s.expect_log(state["table"], range(ROWS), ["name", "id", "instant", "flag"])
        for name in NAMES[1:]:  # every type as the neighbour of id
            await s.expect_log(state["table"], range(ROWS), ["id", name])

    async def scan_from_offset():
        latest = await s.latest(state["table"])
        start = {b: n // 2 for b, n in latest.items()}
        await s.scan(state["table"], sum(latest.values()) - sum(start.values()), start=start)

    async def scan_arrow():
        async def read(builder):
            scanner = await builder.create_record_batch_log_scanner()
            scanner.subscribe_buckets({b: fluss.EARLIEST_OFFSET for b in range(BUCKETS)})
            return (await scanner.to_arrow()).sort_by("id")

        want = pa.Table.from_batches([arrow_batch(0, ROWS)])
        got = await read(state["table"].new_scan())
        assert got.equals(want), f"{got.num_rows} rows, schema {got.schema}"
        columns = ["score", "id", "data"]
        got = await read(state["table"].new_scan().project_by_name(columns))
        assert got.equals(want.select(columns)), f"{got.num_rows} rows, schema {got.schema}"

    async def tail():
        """A poll that waits at the end of the log gets the row appended meanwhile."""
        table = await s.create_table(s.path("tail"), bucket_count=1)
        scanner = await table.new_scan().create_log_scanner()
        scanner.subscribe(0, fluss.EARLIEST_OFFSET)
        writer = table.new_append().create_writer()
        for i in range(5):
            poll = asyncio.ensure_future(scanner.poll(10_000))
            await asyncio.sleep(0.02)  # the poll is on its way; correct also if not
            await writer.append(row(i)).wait()
            records = list(await poll)
            assert len(records) == 1 and records[0].offset == i, str(records)
            expect_row(records[0].row, row(i))

    async def compression():
        for codec in ("NONE", "LZ4_FRAME", "ZSTD"):
            table = await s.create_table(s.path("c_" + codec.lower()), bucket_count=1,
                                         properties={"table.log.arrow.compression.type": codec})
            writer = table.new_append().create_writer()
            writer.write_arrow_batch(arrow_batch(0, 200))
            await writer.flush()
            await s.expect_log(table, range(200))
            await s.expect_log(table, range(200), ["amount", "id", "name"])

    async def nested():
        schema = pa.schema([("id", pa.int32()), ("tags", pa.list_(pa.string())),
                            ("who", pa.struct([("age", pa.int32()), ("name", pa.string())])), ("n", pa.int64())])
        table = await s.create_table(s.path("nested"), schema, bucket_count=1)
        want = [{"id": i, "tags": [str(j) for j in range(i % 4)] if i % 5 else None,
                 "who": {"age": i, "name": f"n{i}"} if i % 3 else None, "n": -i} for i in range(100)]
        writer = table.new_append().create_writer()
        for r in want:
            writer.append(r)
        await writer.flush()
        for columns in (list(schema.names), ["n", "id"], ["who"], ["n", "tags"]):
            got = await s.scan(table, len(want), columns)
            assert [r.row for r in got[0]] == [{c: r[c] for c in columns} for r in want], columns

    async def bucket_key():
        """Rows of one key meet in one bucket, in order; the two write paths agree on it."""
        schema = pa.schema([("k", pa.string()), ("n", pa.int64())])
        table = await s.create_table(s.path("keyed"), schema, bucket_count=4, bucket_keys=["k"])
        assert table.get_table_info().get_bucket_keys() == ["k"]
        want = [{"k": f"key-{i % 17}", "n": i} for i in range(340)]
        writer = table.new_append().create_writer()
        for r in want[:170]:
            writer.append(r)
        await writer.flush()
        writer.write_arrow_batch(pa.RecordBatch.from_pylist(want[170:], schema=schema))
        await writer.flush()
        got = await s.scan(table, len(want))
        assert sum(1 for rs in got.values() if rs) > 1, "all keys in one bucket"
        for rs in got.values():
            keys = {r.row["k"] for r in rs}
            assert [r.row for r in rs] == [r for r in want if r["k"] in keys]

    async def errors():
        missing = s.path("missing")
        await expect_error(ErrorCode.TABLE_NOT_EXIST, admin.get_table_info(missing))
        await expect_error(ErrorCode.TABLE_NOT_EXIST, admin.drop_table(missing))
        await admin.drop_table(missing, ignore_if_not_exists=True)
        assert not await admin.table_exists(missing)
        await expect_error(ErrorCode.DATABASE_NOT_EXIST, admin.list_tables("no_such_db"))
        await expect_error(ErrorCode.DATABASE_NOT_EXIST, admin.get_database_info("no_such_db"))
        await expect_error(ErrorCode.DATABASE_NOT_EXIST, admin.drop_database("no_such_db"))
        nowhere = fluss.TableDescriptor(fluss.Schema(ARROW_SCHEMA))
        await expect_error(ErrorCode.DATABASE_NOT_EXIST,
                           admin.create_table(fluss.TablePath("no_such_db", "t"), nowhere, ignore_if_exists=False))
        await expect_error(ErrorCode.DATABASE_NOT_EMPTY, admin.drop_database(s.database, cascade=False))
        try:
            await s.connection.get_table(missing)
        except fluss.FlussError:
            return
        raise AssertionError("get_table of a missing table succeeded")

    async def drop_table():
        old_id = (await admin.get_table_info(path)).table_id
        await admin.drop_table(path)
        assert not await admin.table_exists(path)
        table = await s.create_table(path, bucket_count=1)
        assert table.get_table_info().table_id != old_id
        await s.expect_log(table, range(0))

    async def drop_database():
        await admin.drop_database(s.database, cascade=True)
        assert not await admin.database_exists(s.database)
        assert s.database not in await admin.list_databases()

    return [servers, create_database, create_table, table_info, scan_empty, append_rows, append_arrow, offsets,
            scan_records, scan_projected, scan_from_offset, scan_arrow, tail, compression, nested, bucket_key, errors,
            drop_table, drop_database]

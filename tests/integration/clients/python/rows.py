"""The table every client test writes, and row number i of it: a pure function of i.

The Java test has the same columns and the same formulas (Rows.java), so that one client can scan what the
other wrote. Every 11th row of a column is null, each column at another remainder; `id` never is.
"""
import datetime as dt
import decimal

import pyarrow as pa

_EPOCH = dt.datetime(1970, 1, 1)
_SIGN = (-1, 1)


def _moment(i: int) -> dt.datetime:
    """Every fifth row lies before 1970, in whole milliseconds: pyfluss refuses negative parts of one."""
    if i % 5 == 0:
        return _EPOCH - dt.timedelta(milliseconds=1_700_000_000_000 + i * 1_234)
    return _EPOCH + dt.timedelta(microseconds=1_700_000_000_000_000 + i * 1_234_567)


def _time(i: int) -> dt.time:
    return (_EPOCH + dt.timedelta(milliseconds=i * 997 % 86_400_000)).time()


# (name, Arrow type, type as pyfluss prints it, value of row i)
COLUMNS = [
    ("id", pa.int32(), "int", lambda i: i),
    ("tiny", pa.int8(), "tinyint", lambda i: i % 256 - 128),
    ("small", pa.int16(), "smallint", lambda i: i * 7 % 65536 - 32768),
    ("big", pa.int64(), "bigint", lambda i: _SIGN[i % 2] * i * 1_000_000_007),
    ("real", pa.float32(), "float", lambda i: i / 4),
    ("score", pa.float64(), "double", lambda i: i * 0.1),
    ("flag", pa.bool_(), "boolean", lambda i: i % 3 == 0),
    ("name", pa.string(), "string", lambda i: f"row-{i}-äß水" if i % 13 else ""),
    ("data", pa.binary(), "bytes", lambda i: bytes([i % 256]) * (i % 20)),
    ("price", pa.decimal128(10, 2), "decimal(10,2)", lambda i: decimal.Decimal(_SIGN[i % 2] * (i * 31 % 10**10)).scaleb(-2)),
    ("amount", pa.decimal128(30, 4), "decimal(30,4)", lambda i: decimal.Decimal(_SIGN[i % 2] * (i * 10**20 + i)).scaleb(-4)),
    ("day", pa.date32(), "date", lambda i: (_EPOCH + dt.timedelta(days=i % 40_000 - 3_000)).date()),
    ("at", pa.time32("ms"), "time(3)", _time),
    ("moment", pa.timestamp("us"), "timestamp", _moment),
    ("instant", pa.timestamp("us", tz="UTC"), "timestamp_ltz", lambda i: _moment(i).replace(tzinfo=dt.timezone.utc)),
]
NAMES = [name for name, *_ in COLUMNS]
ARROW_SCHEMA = pa.schema([(name, arrow) for name, arrow, *_ in COLUMNS])


def row(i: int) -> dict:
    return {
        name: None if column and (i + column) % 11 == 0 else value(i)
        for column, (name, _, _, value) in enumerate(COLUMNS)
    }


def arrow_batch(first: int, last: int) -> pa.RecordBatch:
    """Rows first..last-1."""
    return pa.RecordBatch.from_pylist([row(i) for i in range(first, last)], schema=ARROW_SCHEMA)


def expect_row(got: dict, want: dict) -> None:
    """Raises AssertionError naming the first column that differs."""
    assert list(got) == list(want), f"columns {list(got)}, expected {list(want)}"
    for name in want:
        assert type(got[name]) is type(want[name]) and got[name] == want[name], (
            f"row {want}: column {name} is {got[name]!r}, expected {want[name]!r}"
        )

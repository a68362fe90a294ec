"""Compares tables of the power grid warehouse with what the oracle says they should hold.

    report = Report()
    report.add("DWD", "dwd_power_equipment", columns, expected_rows, actual_rows)
    report.print()
    if not report.equal: ...

Rows are lists of values in the order of `columns`; the first column is the key. Values may be texts as PostgreSQL or
strom print them, or Python's own: they are brought to one form first.
"""
import re
import sys
from decimal import Decimal

# Every table of the warehouse, by layer; the oracle's view of it is oracle.<table>.
LAYERS = {
    "ODS": ["ods_power_equipment", "ods_power_monitoring", "ods_equipment_alarms", "ods_customer_usage"],
    "DWD": ["dwd_power_equipment", "dwd_power_monitoring", "dwd_equipment_alarms", "dwd_quality_check",
            "dwd_anomaly_alerts"],
    "DWS": ["dws_equipment_daily_summary", "dws_alarm_daily_summary", "dws_equipment_hourly_summary",
            "dws_power_quality_metrics", "dws_realtime_monitoring", "dws_equipment_ranking"],
    "ADS": ["ads_realtime_dashboard", "ads_power_quality_analysis", "ads_equipment_health_assessment",
            "ads_regional_grid_overview", "ads_alarm_statistics", "ads_equipment_performance_metrics",
            "ads_realtime_alerts"],
}
# The sink's tables are those of DWD, DWS and ADS. Of these it holds the newest rows alone: oracle.sink_<table>.
SINK = [table for layer in ("DWD", "DWS", "ADS") for table in LAYERS[layer]]
SINK_FILTERED = {"dwd_power_monitoring", "dwd_equipment_alarms", "dws_equipment_daily_summary",
                 "dws_alarm_daily_summary", "ads_power_quality_analysis", "ads_equipment_health_assessment"}

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|\+00(:00)?)?$")
_DECIMAL = re.compile(r"-?\d+\.\d+$")


def oracle_view(layer: str, table: str) -> str:
    return f"oracle.sink_{table}" if layer == "sink" and table in SINK_FILTERED else f"oracle.{table}"


def normal(value) -> str | None:
    """One form for equal values: None, booleans t and f, timestamps as PostgreSQL writes them, decimals without
    trailing zeros."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "t" if value else "f"
    text = str(value)
    if text in ("true", "false"):
        return text[0]
    if match := _TIMESTAMP.match(text):
        day, minute, second, fraction = match.group(1, 2, 3, 4)
        return f"{day} {minute}{second or ':00'}{(fraction or '').rstrip('0').rstrip('.')}"
    if _DECIMAL.match(text):
        number = Decimal(text)
        return "0" if number == 0 else f"{number:f}".rstrip("0").rstrip(".")
    return text


def difference(columns: list[str], expected: list, actual: list) -> str | None:
    """None if the rows are the same, in whatever order; else what is wrong with the smallest key that is wrong."""
    want, have = {}, {}
    for rows, by_key, whose in ((expected, want, "the oracle"), (actual, have, "the table")):
        for row in rows:
            if len(row) != len(columns):
                return f"a row of {whose} has {len(row)} columns, not {len(columns)}: {row}"
            key = normal(row[0])
            if key in by_key:
                return f"{columns[0]} {key} is twice in {whose}"
            by_key[key] = [normal(v) for v in row]
    for key in sorted(want.keys() | have.keys(), key=lambda k: (len(k), k)):
        if key not in have:
            return f"{columns[0]} {key} is missing: {want[key]}"
        if key not in want:
            return f"{columns[0]} {key} should not be there: {have[key]}"
        if wrong := [f"{c} is {h}, should be {w}" for c, w, h in zip(columns, want[key], have[key]) if w != h]:
            return f"{columns[0]} {key}: {'; '.join(wrong)}"
    return None


class Report:
    def __init__(self):
        self.lines: list[tuple[str, str, int, str | None]] = []  # Layer, table, rows expected, difference.

    def add(self, layer: str, table: str, columns: list[str], expected: list, actual: list) -> str | None:
        found = difference(columns, expected, actual)
        self.lines.append((layer, table, len(expected), found))
        return found

    @property
    def equal(self) -> bool:
        return bool(self.lines) and all(found is None for *_, found in self.lines)

    def print(self, out=sys.stdout):
        for layer, table, rows, found in self.lines:
            print(f"{layer:<5} {table:<34} {rows:>8} rows  {'equal' if found is None else found}", file=out)

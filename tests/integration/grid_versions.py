"""Every version of every row of the source, as a trigger wrote it down, against the changelogs of the ODS tables.

The generator changes rows in one session, so the order of the trigger's numbers is the order of commits.
"""
import json

from grid_process import DATABASE, Jobs, Warehouse, compare
from strom_process import Process, strom_binary

TABLES = {"power_equipment": "equipment_id", "power_monitoring": "monitoring_id", "equipment_alarms": "alarm_id",
          "customer_usage": "usage_id"}

SCHEMA = """
  CREATE TABLE sgcc_power.versions (n bigserial PRIMARY KEY, name text, before json, after json);
  CREATE FUNCTION sgcc_power.note_version() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO sgcc_power.versions (name, before, after)
    VALUES (TG_TABLE_NAME, CASE WHEN TG_OP <> 'INSERT' THEN to_json(OLD) END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_json(NEW) END);
    RETURN NULL;
  END
  $$;
""" + "".join(f"""
  CREATE TRIGGER note_version AFTER INSERT OR UPDATE OR DELETE ON sgcc_power.{table}
    FOR EACH ROW EXECUTE FUNCTION sgcc_power.note_version();
""" for table in TABLES)

Change = tuple[str, tuple]  # "+I", "-U", "+U" or "-D", and the row's values in the order of the columns.


def _row(record: dict, columns: list[str]) -> tuple:
    return tuple(compare.normal(record[column]) for column in columns)


def count(warehouse: Warehouse) -> int:
    """Versions so far."""
    return int(warehouse.source.rows("grid", "SELECT count(*) FROM sgcc_power.versions")[0][0])


def expected_changes(versions: list[tuple[dict | None, dict | None]], columns: list[str]) -> dict[str, list[Change]]:
    """By key, what a changelog of these versions (before, after) is. An update to the same values is a version too."""
    changes: dict[str, list[Change]] = {}
    for before, after in versions:
        old, new = (row and _row(row, columns) for row in (before, after))
        if old and new and old[0] == new[0]:
            changes[old[0]] += [("-U", old), ("+U", new)]
            continue
        if old:
            changes[old[0]].append(("-D", old))
        if new:
            changes.setdefault(new[0], []).append(("+I", new))
    return changes


def problem(jobs: Jobs, warehouse: Warehouse, table: str) -> str | None:
    """What is wrong with the changelog of ods_<table>; None: it has each version of each row once, in order."""
    columns = warehouse.columns(f"ods_{table}")
    rows = warehouse.source.rows("grid", "SELECT json_build_array(before, after) FROM sgcc_power.versions "
                                 f"WHERE name = '{table}' ORDER BY n")
    want = expected_changes([json.loads(row, parse_float=str) for row, in rows], columns)
    have: dict[str, list[Change]] = {}
    scan = Process([strom_binary(), "table", "scan", f"{DATABASE}.ods_{table}", "--positions", "--format", "json",
                    "--server", jobs.endpoints["STROM_SERVER"]]).expect_success()
    for line in scan.lines:
        record = json.loads(line, parse_float=str)
        row = _row(record, columns)
        have.setdefault(row[0], []).append((record["_change"], row))
    for key in sorted(want.keys() | have.keys(), key=lambda k: (len(k), k)):
        if found := _first_difference(want.get(key, []), have.get(key, [])):
            kinds = [" ".join(kind for kind, _ in changes.get(key, [])) for changes in (want, have)]
            return f"ods_{table}, {TABLES[table]} {key}: {found}; wanted: {kinds[0]}; found: {kinds[1]}"
    return None


def _first_difference(want: list[Change], have: list[Change]) -> str | None:
    for place, (wanted, found) in enumerate(zip(want, have)):
        if wanted != found:
            return f"change {place} is {found}, should be {wanted}"
    if len(want) > len(have):
        return f"{len(have)} changes instead of {len(want)}; missing: {want[len(have)]}"
    if len(want) < len(have):
        return f"{len(have)} changes instead of {len(want)}; too many: {have[len(want)]}"
    return None

"""The four source tables as the load generator knows them: every row in memory, next to the SQL that brings it about.

This is the known truth of a run: after the SQL has been committed, the database holds exactly these rows. Values are
texts in PostgreSQL's output format, None for NULL.
"""
import hashlib
import json

SCHEMA = "sgcc_power"
COLUMNS = {
    "power_equipment": ["equipment_id", "equipment_name", "equipment_type", "location", "voltage_level", "capacity_mw",
                        "manufacturer", "installation_date", "last_maintenance_date", "status", "created_at",
                        "updated_at"],
    "power_monitoring": ["monitoring_id", "equipment_id", "voltage_a", "voltage_b", "voltage_c", "current_a",
                         "current_b", "current_c", "power_active", "power_reactive", "frequency", "temperature",
                         "humidity", "monitoring_time", "created_at"],
    "equipment_alarms": ["alarm_id", "equipment_id", "alarm_type", "alarm_level", "alarm_message", "alarm_code",
                         "is_resolved", "occurred_at", "resolved_at", "created_at", "updated_at"],
    "customer_usage": ["usage_id", "customer_id", "customer_name", "customer_type", "meter_reading", "billing_period",
                       "usage_amount", "peak_demand", "tariff_type", "billing_amount", "reading_time", "created_at",
                       "updated_at"],
}
CHILDREN = ("power_monitoring", "equipment_alarms")  # Their equipment_id names a row of power_equipment.


def literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def read_table(run_sql, name: str) -> dict[int, dict]:
    """The table's rows by key, as the database has them. run_sql(text) gives psql's unaligned output."""
    fields = ", ".join(f"{column}::text" for column in COLUMNS[name])
    rows = run_sql(f"SELECT json_build_array({fields}) FROM {SCHEMA}.{name} ORDER BY 1::text COLLATE \"C\"")
    parsed = (dict(zip(COLUMNS[name], json.loads(line))) for line in rows.splitlines())
    return {int(row[COLUMNS[name][0]]): row for row in parsed}


def digest(rows: dict[int, dict]) -> str:
    """The same for the same rows, in whatever order they came."""
    h = hashlib.sha256()
    for key in sorted(rows):
        h.update(json.dumps(list(rows[key].values()), ensure_ascii=False).encode() + b"\n")
    return h.hexdigest()


class Table:
    """One table. Each change is made here and returned as the statement that makes it in the database."""

    def __init__(self, name: str, rows: dict[int, dict], clock: str):
        self.name = name
        self.columns = COLUMNS[name]
        self.key = self.columns[0]
        self._touched = {"updated_at": clock} if "updated_at" in self.columns else {}  # By the table's trigger.
        self.rows: dict[int, dict] = {}
        self._keys: list[int] = []            # In no order, for a choice in constant time.
        self._place: dict[int, int] = {}
        self._of_equipment: dict[str, dict[int, None]] = {}
        for key in sorted(rows):
            self._add(key, rows[key])
        self.next_key = max(rows, default=0) + 1
        self._key_step = 1

    def share(self, shares: int) -> list["Table"]:
        """The rows spread over tables of their own, for sessions that must not meet at a row. merge() takes them back."""
        tables = []
        for i in range(shares):
            table = Table(self.name, {key: row for key, row in self.rows.items() if key % shares == i}, "")
            table._touched, table._key_step = self._touched, shares
            table.next_key = self.next_key + (i - self.next_key) % shares
            tables.append(table)
        return tables

    def merge(self, shares: list["Table"]):
        self.__init__(self.name, {key: row for table in shares for key, row in table.rows.items()},
                      self._touched.get("updated_at", ""))

    def _add(self, key: int, row: dict):
        self.rows[key] = row
        self._place[key] = len(self._keys)
        self._keys.append(key)
        if self.name in CHILDREN:
            self._of_equipment.setdefault(row["equipment_id"], {})[key] = None

    def _remove(self, key: int) -> dict:
        place, last = self._place.pop(key), self._keys.pop()
        if last != key:
            self._keys[place] = last
            self._place[last] = place
        row = self.rows.pop(key)
        if self.name in CHILDREN:
            del self._of_equipment[row["equipment_id"]][key]
        return row

    def new_key(self) -> int:
        key = self.next_key
        self.next_key += self._key_step
        return key

    def choose(self, rng) -> int | None:
        return self._keys[rng.randrange(len(self._keys))] if self._keys else None

    def of_equipment(self, equipment: int) -> list[int]:
        return list(self._of_equipment.get(str(equipment), ()))

    def insert(self, rows: list[dict]) -> str:
        for row in rows:
            self._add(int(row[self.key]), row)
        values = ",\n  ".join("(" + ", ".join(literal(row[c]) for c in self.columns) + ")" for row in rows)
        return f"INSERT INTO {SCHEMA}.{self.name} VALUES\n  {values};\n"

    def update(self, key: int, changes: dict) -> str:
        """Also of the key itself."""
        row = {**self._remove(key), **changes, **self._touched}
        self._add(int(row[self.key]), row)
        sets = ", ".join(f"{column} = {literal(value)}" for column, value in changes.items())
        return f"UPDATE {SCHEMA}.{self.name} SET {sets} WHERE {self.key} = {key};\n"

    def update_many(self, changes: dict[int, dict]) -> str:
        """Of several rows, the same columns of each, their keys apart, in one statement."""
        for key, change in changes.items():
            self.rows[key].update(change, **self._touched)
        sets = ", ".join(f"{column} = fresh.{column}" for column in next(iter(changes.values())))
        rows = json.dumps([{self.key: key, **change} for key, change in changes.items()], ensure_ascii=False)
        return (f"UPDATE {SCHEMA}.{self.name} t SET {sets} FROM json_populate_recordset(NULL::{SCHEMA}.{self.name}, "
                f"{literal(rows)}) fresh WHERE t.{self.key} = fresh.{self.key};\n")

    def delete(self, keys: list[int]) -> str:
        for key in keys:
            self._remove(key)
        listed = ", ".join(map(str, keys))
        return f"DELETE FROM {SCHEMA}.{self.name} WHERE {self.key} IN ({listed});\n"

    def move_to_equipment(self, old: int, new: int) -> str:
        """Gives all rows of one piece of equipment to another, in one statement."""
        for key in self.of_equipment(old):
            row = {**self._remove(key), "equipment_id": str(new), **self._touched}
            self._add(key, row)
        return f"UPDATE {SCHEMA}.{self.name} SET equipment_id = {new} WHERE equipment_id = {old};\n"


class Truth:
    def __init__(self, run_sql, clock: str):
        self.equipment, self.monitoring, self.alarms, self.usage = (
            Table(name, read_table(run_sql, name), clock) for name in COLUMNS)

    def tables(self) -> list[Table]:
        return [self.equipment, self.monitoring, self.alarms, self.usage]

    def summary(self) -> dict:
        return {"rows": {t.name: len(t.rows) for t in self.tables()},
                "digest": {t.name: digest(t.rows) for t in self.tables()}}

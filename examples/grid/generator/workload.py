"""Transactions of the load generator. Each is a text of SQL; the truth is changed when the text is made.

Equipment may be deleted while rows still name it: they are orphans for some transactions, as a careless operator
would leave them, and are then given to other equipment or deleted.
"""
from model import SCHEMA, Table, Truth
from values import Values, stamp


class Workload:
    def __init__(self, rng, truth: Truth, values: Values):
        self.rng = rng
        self.truth = truth
        self.values = values
        self.operations: dict[str, int] = {}
        self._orphans_of: list[int] = []

    def count(self, operation: str, rows: int = 1):
        self.operations[operation] = self.operations.get(operation, 0) + rows

    def _equipment(self) -> dict:
        return self.truth.equipment.rows[self.truth.equipment.choose(self.rng)]

    # Each of these gives the statements of one operation, or '' where there is nothing to do it to.

    def _insert_readings(self, low: int = 1, high: int = 20) -> str:
        table = self.truth.monitoring
        count = self.rng.randrange(low, high + 1)
        rows = [self.values.reading(table.new_key(), self._equipment()) for _ in range(count)]
        self.count("insert", len(rows))
        return table.insert(rows)

    def _insert_many_readings(self) -> str:
        self.count("big transaction")
        return self._insert_readings(500, 2000)

    def _update_reading(self) -> str:
        table = self.truth.monitoring
        if (key := table.choose(self.rng)) is None:
            return ""
        self.count("update")
        owner = self.truth.equipment.rows.get(int(table.rows[key]["equipment_id"]))
        return table.update(key, self.values.measurements(owner or self._equipment()))

    def _update_readings(self) -> str:
        return "".join(self._update_reading() for _ in range(self.rng.randrange(1, 11)))

    def _delete_reading(self) -> str:
        if len(self.truth.monitoring.rows) < 10:
            return ""
        self.count("delete")
        return self.truth.monitoring.delete([self.truth.monitoring.choose(self.rng)])

    def _change_key_of_reading(self) -> str:
        table = self.truth.monitoring
        if (key := table.choose(self.rng)) is None:
            return ""
        self.count("key change")
        return table.update(key, {"monitoring_id": str(table.new_key())})

    def _insert_alarm(self) -> str:
        self.count("insert")
        return self.truth.alarms.insert([self.values.alarm(self.truth.alarms.new_key(), self._equipment())])

    def _resolve_alarm(self) -> str:
        if (key := self.truth.alarms.choose(self.rng)) is None:
            return ""
        self.count("update")
        return self.truth.alarms.update(key, self.values.resolution(self.truth.alarms.rows[key]))

    def _delete_alarm(self) -> str:
        if (key := self.truth.alarms.choose(self.rng)) is None:
            return ""
        self.count("delete")
        return self.truth.alarms.delete([key])

    def _insert_equipment(self) -> str:
        self.count("insert")
        return self.truth.equipment.insert([self.values.equipment(self.truth.equipment.new_key())])

    def _change_equipment(self) -> str:
        self.count("update")
        row = self._equipment()
        return self.truth.equipment.update(int(row["equipment_id"]), self.values.equipment_change(row))

    def _change_key_of_equipment(self) -> str:
        """Its rows follow in the same transaction."""
        old, new = self.truth.equipment.choose(self.rng), self.truth.equipment.new_key()
        self.count("key change")
        return (self.truth.equipment.update(old, {"equipment_id": str(new)}) +
                self.truth.monitoring.move_to_equipment(old, new) + self.truth.alarms.move_to_equipment(old, new))

    def _delete_equipment(self) -> str:
        if len(self.truth.equipment.rows) < 4:
            return ""
        key = self.truth.equipment.choose(self.rng)
        self._orphans_of.append(key)
        self.count("delete")
        return self.truth.equipment.delete([key])

    def _insert_or_change_usage(self) -> str:
        table, kind = self.truth.usage, self.rng.randrange(4)
        key = table.choose(self.rng)
        if key is None or kind < 2:
            self.count("insert")
            return table.insert([self.values.usage(table.new_key())])
        if kind == 2:
            self.count("update")
            fresh = self.values.usage(key)
            return table.update(key, {c: fresh[c] for c in ("usage_amount", "billing_amount", "customer_type")})
        self.count("delete")
        return table.delete([key])

    def _settle_orphans(self) -> str:
        """Gives the rows of one deleted piece of equipment to another, or deletes them."""
        if not self._orphans_of:
            return ""
        gone, statements = self._orphans_of.pop(0), ""
        for table in (self.truth.monitoring, self.truth.alarms):
            if keys := table.of_equipment(gone):
                if self.rng.randrange(2):
                    statements += table.move_to_equipment(gone, self.truth.equipment.choose(self.rng))
                else:
                    statements += table.delete(keys)
        self.count("orphans settled")
        return statements

    _MIX = [(46, _insert_readings), (15, _update_readings), (6, _delete_reading), (3, _change_key_of_reading),
            (8, _insert_alarm), (7, _resolve_alarm), (2, _delete_alarm), (3, _insert_equipment), (4, _change_equipment),
            (1, _change_key_of_equipment), (1, _delete_equipment), (2, _insert_or_change_usage), (2, _settle_orphans)]

    def _operation(self) -> str:
        return self.rng.choices([o for _, o in self._MIX], [w for w, _ in self._MIX])[0](self)

    def transaction(self) -> str:
        """One of a burst: an operation, several of them, two thousand rows at once, or something rolled back."""
        kind = self.rng.randrange(100)
        if kind < 2:
            return self._rolled_back()
        if kind < 3:
            body = self._insert_many_readings()
        else:
            body = "".join(self._operation() for _ in range(1 if kind < 75 else self.rng.randrange(2, 9)))
        return f"BEGIN;\n{body}COMMIT;\n" if body else ""

    def _rolled_back(self) -> str:
        """Nothing of it may ever be seen: the truth does not learn of it."""
        scratch = Table("power_monitoring", {}, self.values.now)
        row = self.values.reading(self.truth.monitoring.next_key, self._equipment())
        self.count("rollback")
        return (f"BEGIN;\n{scratch.insert([row])}UPDATE {SCHEMA}.power_equipment SET capacity_mw = 1;\n"
                f"DELETE FROM {SCHEMA}.equipment_alarms;\nROLLBACK;\n")

    def finish(self) -> list[str]:
        """Transactions after which no row names equipment that is gone."""
        settled = []
        while self._orphans_of:
            if body := self._settle_orphans():
                settled.append(f"BEGIN;\n{body}COMMIT;\n")
        return settled

    def prepare_devices(self, count: int) -> list[str]:
        """Equipment up to `count` devices, each with a reading."""
        transactions = []
        while (missing := count - len(self.truth.equipment.rows)) > 0:
            rows = [self.values.equipment(self.truth.equipment.new_key()) for _ in range(min(500, missing))]
            readings = [self.values.reading(self.truth.monitoring.new_key(), row) for row in rows]
            self.count("insert", 2 * len(rows))
            body = self.truth.equipment.insert(rows) + self.truth.monitoring.insert(readings)
            transactions.append(f"BEGIN;\n{body}COMMIT;\n")
        return transactions


class SteadyLoad:
    """Readings alone, updated (70 %), inserted (25 %) and deleted (5 %), in transactions of several sessions.

    A commit waits for the source's disk, so one session makes a few hundred transactions a second and no more. Sessions
    have rows of their own: no two touch one row, and the truth does not depend on who was first. Measurements are made
    beforehand: under load the generator shares the machine with what it loads.
    """
    VARIANTS = 8  # Of the measurements of a device.

    def __init__(self, workload: Workload, sessions: int):
        self._workload = workload
        self._rng = workload.rng
        self._readings = workload.truth.monitoring.share(sessions)
        self._measurements = {row["equipment_id"]: [workload.values.measurements(row) for _ in range(self.VARIANTS)]
                              for row in workload.truth.equipment.rows.values()}
        self._devices = list(self._measurements)

    def finish(self):
        self._workload.truth.monitoring.merge(self._readings)

    def transaction(self, session: int, rows: int) -> str:
        """One statement for each kind of change, all of them one message to the server."""
        table, updated, inserted, deleted = self._readings[session], {}, [], {}
        for _ in range(rows):
            kind = self._rng.randrange(100)
            if 70 <= kind < 95 or len(updated) + len(deleted) == len(table.rows):
                inserted.append(self._reading(table.new_key()))
                continue
            while (key := table.choose(self._rng)) in updated or key in deleted:
                pass
            if kind < 70:
                updated[key] = self._measured(table.rows[key]["equipment_id"])
            else:
                deleted[key] = None
        statements = []
        for operation, changed, make in (("update", updated, table.update_many), ("insert", inserted, table.insert),
                                         ("delete", list(deleted), table.delete)):
            if changed:
                self._workload.count(operation, len(changed))
                statements.append(make(changed).removesuffix(";\n"))
        return "BEGIN \\; " + " \\; ".join(statements) + " \\; COMMIT;\n"

    def _measured(self, device: str) -> dict:
        return self._rng.choice(self._measurements[device])

    def _reading(self, key: int) -> dict:
        device, values = self._rng.choice(self._devices), self._workload.values
        return {"monitoring_id": str(key), "equipment_id": device, **self._measured(device),
                "monitoring_time": stamp(values.moment()), "created_at": values.now}

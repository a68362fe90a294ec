"""How long a change takes from its commit in the source to each layer and to the sink.

Each probe is a piece of equipment of its own with one reading. The reading's power is set to a value of its own, in a
transaction of its own. When was it committed? The source says (track_commit_timestamp). When was it visible? In the
cluster when the leader of its bucket appended it, which the changelog says; in the sink when the row's transaction was
committed, which the sink says. One machine, one clock: nothing is polled, so nothing blurs the numbers.
"""
import json
import statistics
import time
from datetime import datetime

from grid_process import CLOCK, DATABASE, Jobs, Warehouse
from strom_process import Failure, Process, strom_binary

FIRST = 900_001  # Equipment and reading ids of the probes.
# Layer, table, key column, value column, what the value is of the reading's power.
SEEN_IN = [
    ("ODS", "ods_power_monitoring", "monitoring_id", "power_active", 1),
    ("DWD", "dwd_power_monitoring", "monitoring_id", "power_active", 1),
    ("DWS", "dws_equipment_hourly_summary", "equipment_id", "power_active_avg", 1),
    ("DWS", "dws_realtime_monitoring", "equipment_id", "power_active_avg", 1),
    ("ADS", "ads_equipment_performance_metrics", "equipment_id", "energy_consumption_kwh", 24),
    ("sink", "dwd_power_monitoring", "monitoring_id", "power_active", 1),
    ("sink", "dws_equipment_hourly_summary", "equipment_id", "power_active_avg", 1),
    ("sink", "ads_equipment_performance_metrics", "equipment_id", "energy_consumption_kwh", 24),
]


class Latencies:
    """Milliseconds from commit to visible, one a probe."""

    def __init__(self, millis: list[float]):
        self.p50 = statistics.median(millis)
        self.p99 = sorted(millis)[max(0, -(-99 * len(millis) // 100) - 1)]


class Probes:
    def __init__(self, warehouse: Warehouse, count: int = 20):
        self.warehouse = warehouse
        self.ids = range(FIRST, FIRST + count)

    def prepare(self):
        """Makes the equipment and the readings; they are rows as others are, and stay."""
        self._source(f"""
          SET grid.clock = '{CLOCK}';
          BEGIN;
          INSERT INTO sgcc_power.power_equipment
            SELECT id, '探针' || id, '变压器', '北京朝阳区', '220kV', 100, NULL, '2020-01-01', '2024-01-01'
            FROM generate_series({self.ids[0]}, {self.ids[-1]}) id;
          INSERT INTO sgcc_power.power_monitoring
            SELECT id, id, 220, 220, 220, 800, 800, 800, 50, 10, 50, 40, 60, timestamp '{CLOCK}' - interval '2 minutes'
            FROM generate_series({self.ids[0]}, {self.ids[-1]}) id;
          COMMIT;
        """)

    def power(self, probe: int) -> float:
        """Exact in binary, and no other probe's."""
        return 60 + (probe - self.ids[0]) + 0.25

    def run(self, pause_s: float = 0.1):
        """Makes the changes, one after the other; returns when the last is committed."""
        self._source("".join(
            f"UPDATE sgcc_power.power_monitoring SET power_active = {self.power(i)} WHERE monitoring_id = {i};\n"
            f"SELECT pg_sleep({pause_s});\n" for i in self.ids))

    def measure(self, jobs: Jobs, timeout: float = 30) -> dict[tuple[str, str], Latencies]:
        """By layer and table. Waits until the last of them is visible everywhere."""
        commits = self._commit_times(self.warehouse.source, "sgcc_power.power_monitoring", "monitoring_id",
                                     "power_active", 1)
        if missing := set(self.ids) - commits.keys():
            raise Failure(f"probes {sorted(missing)} are not in the source")
        found = {}
        deadline = time.monotonic() + timeout
        for layer, table, key, column, factor in SEEN_IN:
            while True:
                if layer == "sink":
                    seen = self._commit_times(self.warehouse.sink, f"{DATABASE}.{table}", key, column, factor)
                else:
                    seen = self._append_times(jobs, table, key, column, factor)
                if not (missing := set(self.ids) - seen.keys()):
                    break
                if time.monotonic() > deadline:
                    first = min(missing)
                    raise Failure(f"{layer} {table}: the changes of {len(missing)} probes are not visible after "
                                  f"{timeout:.0f} s, such as {first}: {column} {factor * self.power(first)}")
                time.sleep(0.1)
            found[layer, table] = Latencies([seen[i] - commits[i] for i in self.ids])
        return found

    def _source(self, statements: str):
        self.warehouse.source.psql("grid", input=statements)

    def _commit_times(self, server, table: str, key: str, column: str, factor: int) -> dict[int, float]:
        """When the row that has the probe's value was committed, ms since 1970; by probe."""
        rows = server.rows("grid", f"SELECT {key}, {column}, extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000 "
                           f"FROM {table} WHERE {key} BETWEEN {self.ids[0]} AND {self.ids[-1]}")
        return {int(i): float(at) for i, value, at in rows
                if value is not None and at is not None and float(value) == factor * self.power(int(i))}

    def _append_times(self, jobs: Jobs, table: str, key: str, column: str, factor: int) -> dict[int, float]:
        scan = Process([strom_binary(), "table", "scan", f"{DATABASE}.{table}", "--positions", "--columns",
                        f"{key},{column}", "--format", "json", "--server", jobs.endpoints["STROM_SERVER"]])
        seen: dict[int, float] = {}
        for line in scan.expect_success().lines:
            record = json.loads(line)
            probe = record[key]
            if (record["_change"] in ("+I", "+U") and probe in self.ids and record[column] is not None and
                    float(record[column]) == factor * self.power(probe)):
                at = datetime.fromisoformat(record["_timestamp"].replace("Z", "+00:00")).timestamp() * 1000
                seen[probe] = min(at, seen.get(probe, at))
        return seen

#!/usr/bin/env python3
"""The oracle of the power grid example against golden values; its scripts, sink and load generator against the oracle.

No Strom server takes part: this is the measure the pipeline is held to. PostgreSQL alone is started.
"""
import io
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

from postgres_process import Postgres, PostgresFailure

GRID = Path(__file__).resolve().parents[2] / "examples" / "grid"
sys.path[:0] = [str(GRID), str(GRID / "generator")]
import compare  # noqa: E402  (found by the path above)
import model  # noqa: E402

CLOCK = "2024-05-20 10:30:00"
POSTGRES_TYPES = {"BIGINT": "bigint", "STRING": "text", "INT": "integer", "BOOLEAN": "boolean", "DATE": "date",
                  "TIMESTAMP(3)": "timestamp(3) without time zone"}
TABLES = [table for tables in compare.LAYERS.values() for table in tables]


def without_comments(script: str) -> str:
    return re.sub(r"--[^\n]*", "", script)


def scripts() -> dict[str, str]:
    return {p.name: without_comments(p.read_text()) for p in sorted((GRID / "sql").glob("*.sql"))}


def created_tables(script: str) -> dict[str, list[tuple[str, str]]]:
    """Columns of each CREATE TABLE in Flink's dialect, with the types PostgreSQL should have for them."""
    tables = {}
    statement = r"CREATE (?:TEMPORARY )?TABLE (?:IF NOT EXISTS )?(\w+) \(\n(.*?)\n\) WITH"
    for name, body in re.findall(statement, script, re.S):
        columns = []
        for line in body.split("\n"):
            column, kind = line.strip().rstrip(",").split(None, 1)
            if column in ("PRIMARY", "WATERMARK"):
                continue
            columns.append((column, POSTGRES_TYPES.get(kind) or
                            re.sub(r"DECIMAL\((\d+), (\d)\)", r"numeric(\1,\2)", kind)))
        tables[name] = columns
    return tables


class GridTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.stop)
        cls.server.create_database("grid")
        cls.server.psql("grid", "-f", GRID / "source" / "schema.sql")
        cls.server.psql("grid", "-v", f"clock={CLOCK}", "-f", GRID / "source" / "seed.sql")
        for file in sorted((GRID / "oracle").glob("*.sql")):
            cls.server.psql("grid", "-f", file)
        cls.server.psql("grid", "-f", GRID / "sink" / "schema.sql")

    def rows(self, query: str, database: str = "grid", clock: str = CLOCK) -> list[list]:
        return self.server.rows(database, query, clock=clock)

    def value(self, query: str, database: str = "grid"):
        return self.rows(query, database)[0][0]

    def columns(self, relation: str, database: str = "grid") -> list[tuple[str, str]]:
        return [tuple(row) for row in self.rows(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            f"WHERE attrelid = '{relation}'::regclass AND attnum > 0 ORDER BY attnum", database)]

    def copy_of_seeds(self, name: str) -> str:
        self.server.psql("postgres", "-c", f"CREATE DATABASE {name} TEMPLATE grid")
        self.addCleanup(self.server.psql, "postgres", "-c", f"DROP DATABASE {name} WITH (FORCE)")
        return name

    def generate(self, database: str, *arguments) -> dict:
        done = subprocess.run([sys.executable, "-B", GRID / "generator" / "generate.py", arguments[0], "--database",
                               self.server.url(database), "--clock", CLOCK, *map(str, arguments[1:])],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def source(self, database: str) -> dict[str, dict]:
        return {t: model.read_table(lambda q: self.server.psql(database, "-c", q), t) for t in model.COLUMNS}


class GoldenTest(GridTest):
    """Values computed for the seeds by hand, independently of any engine."""

    def test_readings(self):
        self.assertEqual(self.rows(
            "SELECT monitoring_id, voltage_avg, voltage_imbalance, current_avg, current_imbalance, power_apparent, "
            "power_factor, frequency_deviation FROM oracle.dwd_power_monitoring ORDER BY 1"), [
            ["2001", "220.50", "0.0014", "850.27", "0.0024", "319.02", "0.9899", "0.0100"],
            ["2002", "220.13", "0.0017", "828.17", "0.0037", "293.64", "0.9893", "0.0200"],
            ["2003", "110.27", "0.0021", "1205.83", "0.0020", "147.47", "0.9846", "-0.0200"],
            ["2004", "110.00", "0.0018", "1579.27", "0.0026", "198.99", "0.9840", "0.0000"],
            ["2005", "35.20", "0.0028", "1205.47", "0.0028", "49.19", "0.9860", "0.0100"]])

    def test_utilization_of_a_day_and_load_rate_of_an_hour(self):
        golden = [["1001", "1.0527"], ["1002", "0.9683"], ["1003", "0.9680"], ["1004", "0.9790"], ["1005", "0.3233"]]
        self.assertEqual(self.rows("SELECT equipment_id, utilization_rate FROM oracle.dws_equipment_daily_summary "
                                   "ORDER BY 1"), golden)
        self.assertEqual(self.rows("SELECT equipment_id, load_rate FROM oracle.dws_equipment_hourly_summary "
                                   "ORDER BY 1"), golden)

    def test_efficiency_starts_from_factors_of_four_digits(self):
        """From unrounded ones 1001 would have 0.9131 and 1004 0.6060 (RULES.md, section 5)."""
        self.assertEqual(self.rows("SELECT equipment_id, efficiency_score FROM oracle.dws_equipment_hourly_summary "
                                   "ORDER BY 1"),
                         [["1001", "0.9130"], ["1002", "0.8722"], ["1003", "0.9932"], ["1004", "0.6061"],
                          ["1005", "0.9936"]])

    def test_equipment(self):
        self.assertEqual(self.rows(
            "SELECT equipment_type_code, province, city, district, voltage_level_code, capacity_level, is_critical "
            "FROM oracle.dwd_power_equipment ORDER BY equipment_id"), [
            ["TRF", "北京", "朝阳区", "朝阳区", "220", "大型", "t"], ["TRF", "北京", "朝阳区", "朝阳区", "220", "大型", "t"],
            ["LINE", "北京", "东城区", "东城区", "110", "中型", "f"], ["GEN", "北京", "丰台区", "丰台区", "110", "中型", "t"],
            ["DIST", "北京", "海淀区", "海淀区", "35", "小型", "f"]])

    def test_alarms(self):
        self.assertEqual(self.rows(
            "SELECT alarm_level_name, alarm_category, resolution_time_minutes FROM oracle.dwd_equipment_alarms "
            "ORDER BY alarm_id"), [
            ["WARNING", "温度告警", None], ["MAJOR", "电流告警", None], ["INFO", "维护信息", None],
            ["CRITICAL", "过载告警", None], ["MINOR", "湿度告警", None]])

    def test_dashboard(self):
        self.assertEqual(self.rows("SELECT * FROM oracle.ads_realtime_dashboard"), [
            ["1", "5", "2", "3", "0", "1000.00", "211.97", "0.2605", "4", "2", "2", None, "110.00", "50.005", "故障",
             CLOCK]])

    def test_every_reading_is_within_five_percent_of_its_own_level(self):
        self.assertEqual(self.rows("SELECT DISTINCT voltage_qualification_rate FROM oracle.dws_power_quality_metrics"),
                         [["1.0000"]])
        self.assertEqual(self.value("SELECT count(*) FROM oracle.dwd_power_monitoring "
                                    "WHERE abs(voltage_avg - 220) <= 0.05 * 220"), "2")  # As the original counts.

    def test_row_counts(self):
        five = {t: 5 for t in TABLES}
        expected = {**five, "dwd_quality_check": 2, "dwd_anomaly_alerts": 0, "dws_power_quality_metrics": 2,
                    "dws_equipment_ranking": 10, "ads_realtime_dashboard": 1, "ads_power_quality_analysis": 1,
                    "ads_regional_grid_overview": 4, "ads_realtime_alerts": 2}
        self.assertEqual({t: int(self.value(f"SELECT count(*) FROM oracle.{t}")) for t in TABLES}, expected)

    def test_time_moves_rows_out(self):
        """Two days later nothing is recent: the summaries are empty, what only copies is not."""
        later = "2024-05-22 00:00:00"
        for table, rows in {"dws_equipment_daily_summary": 0, "dws_realtime_monitoring": 5, "ads_alarm_statistics": 0,
                            "sink_dwd_power_monitoring": 0, "sink_dwd_equipment_alarms": 5}.items():
            self.assertEqual(len(self.rows(f"SELECT * FROM oracle.{table}", clock=later)), rows, table)
        self.assertEqual(self.rows("SELECT total_equipment, online_equipment, total_active_alarms, system_status "
                                   "FROM oracle.ads_realtime_dashboard", clock=later), [["5", "0", "0", "正常"]])


class ArithmeticTest(GridTest):
    """The oracle's helpers round as Flink does."""

    def test_division_rounds_half_away_from_zero(self):
        for a, b, scale, quotient in [("1", "3", 6, "0.333333"), ("2", "3", 6, "0.666667"), ("1", "8", 2, "0.13"),
                                      ("-1", "8", 2, "-0.13"), ("1", "-8", 2, "-0.13"), ("0", "7", 3, "0.000"),
                                      ("99999999999999999999.99", "3", 6, "33333333333333333333.330000")]:
            self.assertEqual(self.value(f"SELECT oracle.fdiv({a}, {b}, {scale})"), quotient)
        self.assertIsNone(self.value("SELECT oracle.favg(NULL, 0)"))

    def test_a_double_is_rounded_by_its_shortest_text(self):
        """1.005 is stored as 1.00499999999999989…: exact rounding would give 1.00."""
        self.assertEqual(self.value("SELECT oracle.from_double(1.005::float8, 2)"), "1.01")
        self.assertEqual(self.value("SELECT oracle.from_double(-0.00005::float8, 4)"), "-0.0001")

    def test_hash_code_is_javas(self):
        self.assertEqual(self.value("SELECT oracle.hash_code('abc')"), "96354")
        self.assertEqual(self.value("SELECT oracle.hash_code('')"), "0")
        self.assertEqual(self.value("SELECT oracle.hash_code('polygenelubricants')"), str(-2 ** 31))


class AgreementTest(GridTest):
    """Scripts, sink schema and oracle declare the same tables."""

    def test_scripts_declare_the_columns_of_the_oracle(self):
        declared = created_tables("".join(scripts().values()))
        for table in TABLES:
            self.assertEqual(declared[table], self.columns(f"oracle.{table}"), table)
        for table in compare.SINK:
            self.assertEqual(declared[f"sink_{table}"], self.columns(f"sgcc_dw.{table}"), table)
            self.assertEqual(declared[f"sink_{table}"], declared[table], table)
        for table in model.COLUMNS:
            self.assertEqual(declared[f"{table}_source"], declared[f"ods_{table}"], table)
            self.assertEqual([c for c, _ in declared[f"{table}_source"]], model.COLUMNS[table], table)

    def test_every_table_has_a_job_and_every_result_a_sink(self):
        text = "".join(scripts().values())
        inserts = re.findall(r"INSERT INTO (\w+)", text)
        self.assertEqual(set(inserts), set(TABLES) | {f"sink_{t}" for t in compare.SINK})
        self.assertEqual({t for t in inserts if inserts.count(t) > 1}, {"dws_equipment_ranking"})

    def test_scripts_keep_to_what_flink_plans(self):
        for name, text in scripts().items():
            for forbidden in (r"!=", r"\bDATE\(", r"\bDATEDIFF\b", r"DAY_OF_WEEK", r"\bLAG\(", r"CREATE VIEW",
                              r"\bLIMIT\b", r"METADATA", r"UNIX_TIMESTAMP"):
                self.assertIsNone(re.search(forbidden, text), f"{forbidden} in {name}")
            self.assertEqual(text.count("("), text.count(")"), name)
            for temporary, body in re.findall(r"CREATE (TEMPORARY )?TABLE (.*?);", text, re.S):
                self.assertEqual("'connector'" in body, bool(temporary), body[:60])

    def test_scripts_name_their_variables_alike(self):
        used = set(re.findall(r"\$\{(\w+)\}", "".join(scripts().values())))
        ends = {f"GRID_{end}_{part}" for end in ("SOURCE", "SINK")
                for part in ("HOST", "PORT", "USER", "PASSWORD", "DATABASE")}
        self.assertEqual(used, ends | {"GRID_BOOTSTRAP", "GRID_CLOCK"})

    def test_sink_views(self):
        for table in compare.SINK:
            view = compare.oracle_view("sink", table)
            self.server.psql("grid", "-c", f"INSERT INTO sgcc_dw.{table} SELECT * FROM {view}", clock=CLOCK)
        try:
            self.assertEqual(self.rows("SELECT equipment_id, connection_status "
                                       "FROM sgcc_dw.v_equipment_realtime_status ORDER BY 1"),
                             [["1001", "OFFLINE"], ["1002", "OFFLINE"], ["1003", "OFFLINE"], ["1004", "ONLINE"],
                              ["1005", "ONLINE"]])
            self.assertEqual(self.rows("SELECT sum(total_alarms), sum(resolved_alarms), sum(unresolved_alarms) "
                                       "FROM sgcc_dw.v_alarm_statistics"), [["5", "1", "4"]])
            fresh = "SELECT freshness FROM sgcc_dw.v_data_freshness ORDER BY table_name"  # Dashboard, equipment.
            for clock, expected in [(CLOCK, ["FRESH", "FRESH"]), ("2024-05-20 11:00:00", ["NORMAL", "NORMAL"]),
                                    ("2024-05-20 11:15:00", ["STALE", "NORMAL"])]:
                self.assertEqual([row[0] for row in self.rows(fresh, clock=clock)], expected)
        finally:
            self.server.psql("grid", "-c", "TRUNCATE " + ", ".join(f"sgcc_dw.{t}" for t in compare.SINK))


class GeneratorTest(GridTest):
    def test_the_same_seed_makes_the_same_tables_and_they_are_the_truth(self):
        runs = {}
        for database, seed in (("first", 11), ("again", 11), ("other", 12)):
            runs[database] = self.generate(self.copy_of_seeds(database), "burst", "--seed", seed, "--transactions", 300)
            tables = self.source(database)
            self.assertEqual({t: model.digest(rows) for t, rows in tables.items()}, runs[database]["digest"])
            self.assertEqual({t: len(rows) for t, rows in tables.items()}, runs[database]["rows"])
        self.assertEqual(runs["first"], runs["again"])
        self.assertNotEqual(runs["first"]["digest"], runs["other"]["digest"])

    def test_a_burst_does_everything_and_leaves_no_broken_reference(self):
        database = self.copy_of_seeds("burst")
        done = self.generate(database, "burst", "--seed", 3, "--transactions", 600, "--large-texts")
        for operation in ("insert", "update", "delete", "key change", "big transaction", "rollback", "orphans settled"):
            self.assertGreater(done["operations"].get(operation, 0), 0, operation)
        for table in model.CHILDREN:
            self.assertEqual(self.value(f"SELECT count(*) FROM sgcc_power.{table} WHERE equipment_id NOT IN "
                                        "(SELECT equipment_id FROM sgcc_power.power_equipment)", database), "0")
        self.assertGreater(int(self.value("SELECT max(octet_length(alarm_message)) FROM sgcc_power.equipment_alarms",
                                          database)), 10000)

    def test_every_oracle_table_has_unique_keys_and_fits_the_sink(self):
        """Also with orphans: rows whose equipment is gone."""
        database = self.copy_of_seeds("orphans")
        self.generate(database, "burst", "--seed", 5, "--transactions", 400, "--leave-orphans")
        self.server.psql(database, "-c", "DELETE FROM sgcc_power.power_equipment WHERE equipment_id IN (SELECT "
                         "equipment_id FROM sgcc_power.equipment_alarms ORDER BY alarm_id DESC LIMIT 3)")
        for table in ("dwd_power_monitoring", "dwd_equipment_alarms"):
            self.assertNotEqual(self.value(f"SELECT count(*) FROM oracle.{table} WHERE equipment_name IS NULL",
                                           database), "0")
        for table in compare.SINK:  # Primary keys and types of the sink refuse what is wrong.
            self.server.psql(database, "-c", f"INSERT INTO sgcc_dw.{table} SELECT * FROM oracle.{table}", clock=CLOCK)
        for table in TABLES:
            self.assertNotEqual(self.value(f"SELECT count(*) FROM oracle.{table}", database), "0", table)

    def test_steady_load_keeps_its_mix(self):
        database = self.copy_of_seeds("steady")
        done = self.generate(database, "steady", "--seed", 7, "--rate", 4000, "--seconds", 1, "--devices", 1000)
        self.assertEqual(done["transactions"], 400)
        self.assertEqual(done["rows"]["power_equipment"], 1000)
        self.assertEqual({t: model.digest(rows) for t, rows in self.source(database).items()}, done["digest"])
        operations = done["operations"]
        inserts = operations["insert"] - 2 * 995  # 995 devices and a reading of each were missing.
        self.assertEqual(operations["update"] + inserts + operations["delete"], 4000)
        self.assertAlmostEqual(operations["update"] / 4000, 0.70, delta=0.03)
        self.assertAlmostEqual(inserts / 4000, 0.25, delta=0.03)

    def test_it_needs_the_seeds(self):
        database = self.copy_of_seeds("empty")
        self.server.psql(database, "-c", "TRUNCATE sgcc_power.power_equipment")
        done = subprocess.run([sys.executable, "-B", GRID / "generator" / "generate.py", "burst", "--database",
                               self.server.url(database)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("load source/seed.sql first", done.stderr)

    def test_a_failing_statement_is_reported(self):
        with self.assertRaisesRegex(PostgresFailure, "no_such_table"):
            self.server.psql("grid", "-c", "SELECT * FROM no_such_table")


class CompareTest(unittest.TestCase):
    columns = ["id", "name", "score", "at"]
    rows = [["1", "变压器", "0.50", "2024-05-20 10:30:00"], ["2", None, "-0.10", "2024-05-20 10:30:00.5"]]

    def found(self, actual: list) -> str | None:
        return compare.difference(self.columns, self.rows, actual)

    def test_equal_values_may_be_written_differently(self):
        self.assertIsNone(self.found([[2, None, "-0.1000", "2024-05-20T10:30:00.500Z"],
                                      [1, "变压器", "0.5", "2024-05-20T10:30:00.000"]]))
        self.assertEqual([compare.normal(v) for v in (True, "false", "0.00", "-0.0", "100.00", "10", "", None)],
                         ["t", "f", "0", "0", "100", "10", "", None])

    def test_each_kind_of_difference_is_found(self):
        one, two = self.rows
        for actual, message in [
                ([one], "id 2 is missing"), ([one, two, ["3", "", "0", None]], "id 3 should not be there"),
                ([one, two, two], "id 2 is twice in the table"), ([one, two[:3]], "a row of the table has 3 columns"),
                ([one, ["2", "", *two[2:]]], "id 2: name is , should be None"),
                ([one, ["2", None, "-0.11", two[3]]], "id 2: score is -0.11, should be -0.1"),
                ([one, [*two[:3], "2024-05-20 10:30:00"]], "id 2: at is 2024-05-20 10:30:00, should be")]:
            self.assertIn(message, self.found(actual) or "", actual)

    def test_a_report_names_layer_table_and_row(self):
        report = compare.Report()
        self.assertFalse(report.equal)  # Nothing compared is nothing proved.
        report.add("DWD", "dwd_power_equipment", self.columns, self.rows, self.rows)
        self.assertTrue(report.equal)
        report.add("sink", "dwd_power_equipment", self.columns, self.rows, self.rows[:1])
        self.assertFalse(report.equal)
        out = io.StringIO()
        report.print(out)
        self.assertRegex(out.getvalue(), r"DWD +dwd_power_equipment +2 rows  equal\nsink .* id 2 is missing")


if __name__ == "__main__":
    unittest.main()

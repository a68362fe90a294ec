"""Row contents for the load generator: plausible readings, alarms, bills, in PostgreSQL's output format.

Integers only, no floats: the same seed gives the same texts everywhere.
"""
from datetime import datetime, timedelta

TYPES = {"变压器": 300, "发电机": 200, "输电线路": 150, "配电设备": 150}  # And what each is rated for, MW.
LEVELS = {"500kV": 500, "220kV": 220, "110kV": 110, "35kV": 35, "10kV": 10}
PLACES = ["北京朝阳区", "北京东城区", "北京海淀区", "北京丰台区", "北京西城区", "上海浦东新区", "上海徐汇区", "广州天河区",
          "深圳南山区", "杭州西湖区", "成都高新区", "张家口", "区", None]
MAKERS = ["中国西电", "国网北京", "哈电集团", "许继集团", "特变电工", None]
STATUSES = ["ACTIVE"] * 8 + ["INACTIVE", "MAINTENANCE", None]
CODES = ["TEMP_HIGH", "CURRENT_IMBALANCE", "VOLTAGE_LOW", "OVERLOAD_PROTECTION", "HUMIDITY_HIGH",
         "MAINTENANCE_COMPLETE", "COMM_LOST", None]
MESSAGES = ["油温偏高，请检查冷却系统", "三相电流不平衡", "电压越下限", "过载保护动作 ⚡", "湿度过高", "检修完成",
            "通信中断：'RTU-7' 无应答", "路径 C:\\scada\\log", "第一行\n第二行", "", None]
CUSTOMERS = [("工业", "大工业"), ("商业", "一般工商业"), ("居民", "居民生活"), (None, None)]


def decimal(units: int, scale: int) -> str:
    """decimal(-205, 2) is '-2.05'."""
    sign, units = ("-" if units < 0 else ""), abs(units)
    return f"{sign}{units // 10 ** scale}.{units % 10 ** scale:0{scale}d}"


def stamp(t: datetime) -> str:
    text = t.strftime("%Y-%m-%d %H:%M:%S")
    return text + f".{t.microsecond // 1000:03d}".rstrip("0") if t.microsecond else text


class Values:
    def __init__(self, rng, clock: datetime, large_texts: bool):
        self.rng = rng
        self.clock = clock
        self.large_texts = large_texts
        self.now = stamp(clock)

    def _maybe(self, value, percent: int = 2):
        """NULL now and then."""
        return None if self.rng.randrange(100) < percent else value

    def moment(self) -> datetime:
        """Mostly the last minutes and today, often yesterday, now and then the day before; never after the clock."""
        since_midnight = (self.clock - self.clock.replace(hour=0, minute=0, second=0, microsecond=0)).seconds
        kind = self.rng.randrange(100)
        low, high = ((0, 900) if kind < 30 else (0, since_midnight) if kind < 70 else
                     (since_midnight, since_midnight + 86400) if kind < 95 else
                     (since_midnight + 86400, since_midnight + 172800))
        return self.clock - timedelta(milliseconds=self.rng.randrange(low * 1000, high * 1000 + 1))

    def equipment(self, key: int) -> dict:
        kind = self.rng.choice(list(TYPES))
        installed = self.clock.date() - timedelta(days=self.rng.randrange(30, 6000))
        maintained = self.clock.date() - timedelta(days=self.rng.randrange(0, 420))
        return {"equipment_id": str(key), "equipment_name": f"{kind}{key}号", "equipment_type": kind,
                "location": self.rng.choice(PLACES), "voltage_level": self._maybe(self.rng.choice(list(LEVELS))),
                "capacity_mw": self._maybe(decimal(self.rng.randrange(100, 60000), 2)),
                "manufacturer": self.rng.choice(MAKERS), "installation_date": self._maybe(str(installed)),
                "last_maintenance_date": self._maybe(str(maintained)), "status": self.rng.choice(STATUSES),
                "created_at": self.now, "updated_at": self.now}

    def equipment_change(self, row: dict) -> dict:
        """Renamed, moved, of another type, level, capacity or status, or maintained."""
        fresh = self.equipment(int(row["equipment_id"]))
        column = self.rng.choice(["equipment_name", "location", "location", "voltage_level", "capacity_mw", "status",
                                  "equipment_type", "last_maintenance_date"])
        value = fresh[column] if column != "equipment_name" else f"{row['equipment_type']}改名{self.rng.randrange(1000)}"
        return {column: value}

    def measurements(self, equipment: dict) -> dict:
        """What a reading says: every column but its keys and times."""
        level = LEVELS.get(equipment["voltage_level"], 10) * 100  # Hundredths of a kV.
        spread = level * self.rng.choice([2, 2, 2, 5, 30, 80]) // 1000 + 1
        current = self.rng.randrange(0, 160000)
        current_spread = current * self.rng.choice([2, 2, 2, 5, 30, 80]) // 1000 + 1
        power = self.rng.randrange(0, TYPES[equipment["equipment_type"]] * 110)
        drift = self.rng.choice([30, 30, 30, 150, 400])  # Thousandths of a Hz.

        def near(middle: int, by: int) -> str | None:
            return self._maybe(decimal(max(0, middle + self.rng.randrange(-by, by + 1)), 2), 1)
        return {"voltage_a": near(level, spread), "voltage_b": near(level, spread), "voltage_c": near(level, spread),
                "current_a": near(current, current_spread), "current_b": near(current, current_spread),
                "current_c": near(current, current_spread), "power_active": self._maybe(decimal(power, 2)),
                "power_reactive": self._maybe(decimal(self.rng.randrange(-2000, 6000), 2)),
                "frequency": self._maybe(decimal(50000 + self.rng.randrange(-drift, drift + 1), 3)),
                "temperature": self._maybe(decimal(self.rng.randrange(-1000, 9000), 2)),
                "humidity": self._maybe(decimal(self.rng.randrange(2000, 9500), 2))}

    def reading(self, key: int, equipment: dict) -> dict:
        return {"monitoring_id": str(key), "equipment_id": equipment["equipment_id"], **self.measurements(equipment),
                "monitoring_time": self._maybe(stamp(self.moment()), 1), "created_at": self.now}

    def alarm(self, key: int, equipment: dict) -> dict:
        message = self.rng.choice(MESSAGES)
        if self.large_texts and self.rng.randrange(10) == 0:  # Too large for its page and hard to compress.
            message = "".join(chr(self.rng.randrange(0x4E00, 0x9FA5)) for _ in range(4000))
        occurred = stamp(self.moment())
        return {"alarm_id": str(key), "equipment_id": equipment["equipment_id"],
                "alarm_type": self.rng.choice(["FAULT", "WARNING", "WARNING", "CRITICAL", "INFO", "TEST"]),
                "alarm_level": str(self.rng.randrange(1, 7)), "alarm_message": message,
                "alarm_code": self.rng.choice(CODES), "is_resolved": self._maybe("false"),
                "occurred_at": occurred, "resolved_at": None, "created_at": self.now, "updated_at": self.now}

    def resolution(self, alarm: dict) -> dict:
        occurred = datetime.fromisoformat(alarm["occurred_at"])
        resolved = occurred + (self.clock - occurred) * self.rng.randrange(0, 101) // 100
        resolved -= timedelta(microseconds=resolved.microsecond % 1000)
        return {"is_resolved": "true", "resolved_at": self._maybe(stamp(max(occurred, resolved)), 5)}

    def usage(self, key: int) -> dict:
        kind, tariff = self.rng.choice(CUSTOMERS)
        used = self.rng.randrange(1000, 1000000)
        return {"usage_id": str(key), "customer_id": str(self.rng.randrange(100, 1000)),
                "customer_name": f"客户{key}号", "customer_type": kind,
                "meter_reading": self._maybe(decimal(used * 9, 2)), "billing_period": self._maybe("2024-05-01"),
                "usage_amount": decimal(used, 2), "peak_demand": self._maybe(decimal(used // 8, 2)),
                "tariff_type": tariff, "billing_amount": decimal(used * 8 // 10, 2),
                "reading_time": stamp(self.moment()), "created_at": self.now, "updated_at": self.now}

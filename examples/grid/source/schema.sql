-- 源库：电网运行数据，模式 sgcc_power。
-- Source database: operational data of the grid, schema sgcc_power. PostgreSQL 15, wal_level = logical.
--
--   psql -v ON_ERROR_STOP=1 -f schema.sql
--
-- 时间列没有时区，一律为 UTC（原系统用 Asia/Shanghai，见 RULES.md）。
-- Time columns carry no zone and hold UTC (the original: Asia/Shanghai, see RULES.md).

CREATE SCHEMA sgcc_power;

-- 当前时刻：设了 grid.clock 就用它（测试、演示的冻结时钟），否则用墙上时钟。
-- The present: grid.clock where it is set (the frozen clock of tests and demo), else the wall clock in UTC.
CREATE FUNCTION sgcc_power.present() RETURNS timestamp LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('grid.clock', true), '')::timestamp,
                  date_trunc('milliseconds', statement_timestamp() AT TIME ZONE 'UTC'))
$$;

CREATE TABLE sgcc_power.power_equipment (
  equipment_id          bigint PRIMARY KEY,
  equipment_name        varchar(200) NOT NULL,
  equipment_type        varchar(50) NOT NULL,                  -- 变压器 发电机 输电线路 配电设备
  location              varchar(200),
  voltage_level         varchar(20),                           -- 500kV 220kV 110kV 35kV 10kV
  capacity_mw           numeric(10, 2),
  manufacturer          varchar(100),
  installation_date     date,
  last_maintenance_date date,
  status                varchar(20) DEFAULT 'ACTIVE',          -- ACTIVE INACTIVE MAINTENANCE
  created_at            timestamp(3) DEFAULT sgcc_power.present(),
  updated_at            timestamp(3) DEFAULT sgcc_power.present()
);

CREATE TABLE sgcc_power.power_monitoring (
  monitoring_id   bigint PRIMARY KEY,
  equipment_id    bigint NOT NULL,
  voltage_a       numeric(8, 2),                               -- kV
  voltage_b       numeric(8, 2),
  voltage_c       numeric(8, 2),
  current_a       numeric(8, 2),                               -- A
  current_b       numeric(8, 2),
  current_c       numeric(8, 2),
  power_active    numeric(10, 2),                              -- MW
  power_reactive  numeric(10, 2),                              -- MVar
  frequency       numeric(6, 3),                               -- Hz
  temperature     numeric(6, 2),                               -- °C
  humidity        numeric(5, 2),                               -- %
  monitoring_time timestamp(3) DEFAULT sgcc_power.present(),
  created_at      timestamp(3) DEFAULT sgcc_power.present()
);

CREATE TABLE sgcc_power.equipment_alarms (
  alarm_id      bigint PRIMARY KEY,
  equipment_id  bigint NOT NULL,
  alarm_type    varchar(50) NOT NULL,                          -- FAULT WARNING CRITICAL INFO
  alarm_level   integer NOT NULL,                              -- 1-5
  alarm_message text,
  alarm_code    varchar(20),
  is_resolved   boolean DEFAULT FALSE,
  occurred_at   timestamp(3) DEFAULT sgcc_power.present(),
  resolved_at   timestamp(3),
  created_at    timestamp(3) DEFAULT sgcc_power.present(),
  updated_at    timestamp(3) DEFAULT sgcc_power.present()
);

CREATE TABLE sgcc_power.customer_usage (
  usage_id       bigint PRIMARY KEY,
  customer_id    bigint NOT NULL,
  customer_name  varchar(200) NOT NULL,
  customer_type  varchar(50),                                  -- 工业 商业 居民
  meter_reading  numeric(10, 2),
  billing_period date,
  usage_amount   numeric(10, 2),                               -- kWh
  peak_demand    numeric(8, 2),
  tariff_type    varchar(20),
  billing_amount numeric(10, 2),                               -- 元
  reading_time   timestamp(3) DEFAULT sgcc_power.present(),
  created_at     timestamp(3) DEFAULT sgcc_power.present(),
  updated_at     timestamp(3) DEFAULT sgcc_power.present()
);

CREATE INDEX ON sgcc_power.power_equipment (equipment_type);
CREATE INDEX ON sgcc_power.power_monitoring (equipment_id, monitoring_time);
CREATE INDEX ON sgcc_power.equipment_alarms (equipment_id, occurred_at);
CREATE INDEX ON sgcc_power.customer_usage (customer_id, billing_period);

CREATE FUNCTION sgcc_power.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := sgcc_power.present();
  RETURN NEW;
END
$$;

CREATE TRIGGER touch BEFORE UPDATE ON sgcc_power.power_equipment
  FOR EACH ROW EXECUTE FUNCTION sgcc_power.touch();
CREATE TRIGGER touch BEFORE UPDATE ON sgcc_power.equipment_alarms
  FOR EACH ROW EXECUTE FUNCTION sgcc_power.touch();
CREATE TRIGGER touch BEFORE UPDATE ON sgcc_power.customer_usage
  FOR EACH ROW EXECUTE FUNCTION sgcc_power.touch();

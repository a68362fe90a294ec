-- ODS 层：源表的一比一镜像（CORE-1…4）。
-- ODS layer: the source tables, one to one.

-- 设备台账 · equipment register
CREATE TABLE IF NOT EXISTS ods_power_equipment (
  equipment_id          BIGINT,
  equipment_name        STRING,
  equipment_type        STRING,
  location              STRING,
  voltage_level         STRING,
  capacity_mw           DECIMAL(10, 2),
  manufacturer          STRING,
  installation_date     DATE,
  last_maintenance_date DATE,
  status                STRING,
  created_at            TIMESTAMP(3),
  updated_at            TIMESTAMP(3),
  PRIMARY KEY (equipment_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '7d');

INSERT INTO ods_power_equipment SELECT * FROM power_equipment_source;

-- 运行监测 · monitoring readings
CREATE TABLE IF NOT EXISTS ods_power_monitoring (
  monitoring_id   BIGINT,
  equipment_id    BIGINT,
  voltage_a       DECIMAL(8, 2),
  voltage_b       DECIMAL(8, 2),
  voltage_c       DECIMAL(8, 2),
  current_a       DECIMAL(8, 2),
  current_b       DECIMAL(8, 2),
  current_c       DECIMAL(8, 2),
  power_active    DECIMAL(10, 2),
  power_reactive  DECIMAL(10, 2),
  frequency       DECIMAL(6, 3),
  temperature     DECIMAL(6, 2),
  humidity        DECIMAL(5, 2),
  monitoring_time TIMESTAMP(3),
  created_at      TIMESTAMP(3),
  PRIMARY KEY (monitoring_id) NOT ENFORCED
) WITH ('bucket.num' = '2', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '3d');

INSERT INTO ods_power_monitoring SELECT * FROM power_monitoring_source;

-- 设备告警 · alarms
CREATE TABLE IF NOT EXISTS ods_equipment_alarms (
  alarm_id      BIGINT,
  equipment_id  BIGINT,
  alarm_type    STRING,
  alarm_level   INT,
  alarm_message STRING,
  alarm_code    STRING,
  is_resolved   BOOLEAN,
  occurred_at   TIMESTAMP(3),
  resolved_at   TIMESTAMP(3),
  created_at    TIMESTAMP(3),
  updated_at    TIMESTAMP(3),
  PRIMARY KEY (alarm_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO ods_equipment_alarms SELECT * FROM equipment_alarms_source;

-- 客户用电 · customer usage
CREATE TABLE IF NOT EXISTS ods_customer_usage (
  usage_id       BIGINT,
  customer_id    BIGINT,
  customer_name  STRING,
  customer_type  STRING,
  meter_reading  DECIMAL(10, 2),
  billing_period DATE,
  usage_amount   DECIMAL(10, 2),
  peak_demand    DECIMAL(8, 2),
  tariff_type    STRING,
  billing_amount DECIMAL(10, 2),
  reading_time   TIMESTAMP(3),
  created_at     TIMESTAMP(3),
  updated_at     TIMESTAMP(3),
  PRIMARY KEY (usage_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '90d');

INSERT INTO ods_customer_usage SELECT * FROM customer_usage_source;

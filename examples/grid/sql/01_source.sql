-- 源表：PostgreSQL 变更数据（CORE 第一部分）。
-- Sources: change data of PostgreSQL. Every table has a slot of its own, as the original has; Strom reads all tables of
-- one database through one slot and says that it ignores the names.

-- 设备台账 · equipment register
CREATE TEMPORARY TABLE power_equipment_source (
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
) WITH (
  'connector' = 'postgres-cdc',
  'hostname' = '${GRID_SOURCE_HOST}',
  'port' = '${GRID_SOURCE_PORT}',
  'username' = '${GRID_SOURCE_USER}',
  'password' = '${GRID_SOURCE_PASSWORD}',
  'database-name' = '${GRID_SOURCE_DATABASE}',
  'schema-name' = 'sgcc_power',
  'table-name' = 'power_equipment',
  'slot.name' = 'sgcc_equipment_slot',
  'decoding.plugin.name' = 'pgoutput'
);

-- 运行监测 · monitoring readings
CREATE TEMPORARY TABLE power_monitoring_source (
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
) WITH (
  'connector' = 'postgres-cdc',
  'hostname' = '${GRID_SOURCE_HOST}',
  'port' = '${GRID_SOURCE_PORT}',
  'username' = '${GRID_SOURCE_USER}',
  'password' = '${GRID_SOURCE_PASSWORD}',
  'database-name' = '${GRID_SOURCE_DATABASE}',
  'schema-name' = 'sgcc_power',
  'table-name' = 'power_monitoring',
  'slot.name' = 'sgcc_monitoring_slot',
  'decoding.plugin.name' = 'pgoutput'
);

-- 设备告警 · alarms
CREATE TEMPORARY TABLE equipment_alarms_source (
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
) WITH (
  'connector' = 'postgres-cdc',
  'hostname' = '${GRID_SOURCE_HOST}',
  'port' = '${GRID_SOURCE_PORT}',
  'username' = '${GRID_SOURCE_USER}',
  'password' = '${GRID_SOURCE_PASSWORD}',
  'database-name' = '${GRID_SOURCE_DATABASE}',
  'schema-name' = 'sgcc_power',
  'table-name' = 'equipment_alarms',
  'slot.name' = 'sgcc_alarms_slot',
  'decoding.plugin.name' = 'pgoutput'
);

-- 客户用电 · customer usage
CREATE TEMPORARY TABLE customer_usage_source (
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
) WITH (
  'connector' = 'postgres-cdc',
  'hostname' = '${GRID_SOURCE_HOST}',
  'port' = '${GRID_SOURCE_PORT}',
  'username' = '${GRID_SOURCE_USER}',
  'password' = '${GRID_SOURCE_PASSWORD}',
  'database-name' = '${GRID_SOURCE_DATABASE}',
  'schema-name' = 'sgcc_power',
  'table-name' = 'customer_usage',
  'slot.name' = 'sgcc_usage_slot',
  'decoding.plugin.name' = 'pgoutput'
);

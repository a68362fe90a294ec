-- DWD 层：清洗与补充（CORE-5…7；质量检查 CORE-8 与 CORE-16 合为一个作业，在 04_dws.sql）。
-- DWD layer: cleaned and enriched rows. The quality checks CORE-8 and CORE-16 are one job, in 04_dws.sql.

-- 设备明细（CORE-5）：编码、地区、容量等级。
-- Equipment: codes, region, capacity class.
CREATE TABLE IF NOT EXISTS dwd_power_equipment (
  equipment_id              BIGINT,
  equipment_name            STRING,
  equipment_type            STRING,
  equipment_type_code       STRING,
  location                  STRING,
  province                  STRING,
  city                      STRING,
  district                  STRING,
  voltage_level             STRING,
  voltage_level_code        INT,
  capacity_mw               DECIMAL(10, 2),
  capacity_level            STRING,
  manufacturer              STRING,
  installation_date         DATE,
  installation_year         INT,
  last_maintenance_date     DATE,
  maintenance_interval_days INT,
  status                    STRING,
  is_critical               BOOLEAN,
  created_at                TIMESTAMP(3),
  updated_at                TIMESTAMP(3),
  PRIMARY KEY (equipment_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '7d');

INSERT INTO dwd_power_equipment
SELECT
  equipment_id,
  equipment_name,
  equipment_type,
  CASE equipment_type
    WHEN '变压器' THEN 'TRF' WHEN '发电机' THEN 'GEN' WHEN '输电线路' THEN 'LINE' WHEN '配电设备' THEN 'DIST'
    ELSE 'OTHER'
  END,
  location,
  CASE
    WHEN location LIKE '%北京%' THEN '北京'
    WHEN location LIKE '%上海%' THEN '上海'
    WHEN location LIKE '%广州%' THEN '广东'
    WHEN location LIKE '%深圳%' THEN '广东'
    WHEN location LIKE '%杭州%' THEN '浙江'
    ELSE '其他'
  END,
  CASE
    WHEN location LIKE '%朝阳%' THEN '朝阳区'
    WHEN location LIKE '%东城%' THEN '东城区'
    WHEN location LIKE '%海淀%' THEN '海淀区'
    WHEN location LIKE '%丰台%' THEN '丰台区'
    WHEN LOCATE('区', location) >= 3 THEN SUBSTRING(location, LOCATE('区', location) - 2, 3)
    ELSE '其他'
  END,
  CASE WHEN LOCATE('区', location) >= 3 THEN SUBSTRING(location, LOCATE('区', location) - 2, 3) END,
  voltage_level,
  CASE voltage_level
    WHEN '500kV' THEN 500 WHEN '220kV' THEN 220 WHEN '110kV' THEN 110 WHEN '35kV' THEN 35 WHEN '10kV' THEN 10
    ELSE 0
  END,
  capacity_mw,
  CASE
    WHEN capacity_mw >= 300 THEN '大型'
    WHEN capacity_mw >= 100 THEN '中型'
    WHEN capacity_mw >= 10 THEN '小型'
    ELSE '微型'
  END,
  manufacturer,
  installation_date,
  CAST(EXTRACT(YEAR FROM installation_date) AS INT),
  last_maintenance_date,
  CAST(TIMESTAMPDIFF(DAY, last_maintenance_date, CURRENT_DATE) AS INT),
  status,
  COALESCE(capacity_mw >= 200, FALSE) OR COALESCE(voltage_level IN ('500kV', '220kV'), FALSE),
  created_at,
  updated_at
FROM ods_power_equipment;

-- 监测明细（CORE-6）：均值、不平衡度、功率因数。
-- Readings: means, imbalances, power factor. The imbalance max|x - mean| / mean of three is max|3x - sum| / sum,
-- which needs no rounded mean. Readings without a time stay in ODS: a watermark cannot pass them.
CREATE TABLE IF NOT EXISTS dwd_power_monitoring (
  monitoring_id       BIGINT,
  equipment_id        BIGINT,
  equipment_name      STRING,
  equipment_type      STRING,
  voltage_a           DECIMAL(8, 2),
  voltage_b           DECIMAL(8, 2),
  voltage_c           DECIMAL(8, 2),
  voltage_avg         DECIMAL(8, 2),
  voltage_imbalance   DECIMAL(6, 4),
  current_a           DECIMAL(8, 2),
  current_b           DECIMAL(8, 2),
  current_c           DECIMAL(8, 2),
  current_avg         DECIMAL(8, 2),
  current_imbalance   DECIMAL(6, 4),
  power_active        DECIMAL(10, 2),
  power_reactive      DECIMAL(10, 2),
  power_factor        DECIMAL(6, 4),
  power_apparent      DECIMAL(10, 2),
  frequency           DECIMAL(6, 3),
  frequency_deviation DECIMAL(6, 4),
  temperature         DECIMAL(6, 2),
  humidity            DECIMAL(5, 2),
  monitoring_date     DATE,
  monitoring_hour     INT,
  monitoring_minute   INT,
  is_peak_hour        BOOLEAN,
  is_working_day      BOOLEAN,
  monitoring_time     TIMESTAMP(3),
  created_at          TIMESTAMP(3),
  WATERMARK FOR monitoring_time AS monitoring_time - INTERVAL '5' SECOND,
  PRIMARY KEY (monitoring_id) NOT ENFORCED
) WITH ('bucket.num' = '2', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '3d');

INSERT INTO dwd_power_monitoring
SELECT
  m.monitoring_id,
  m.equipment_id,
  e.equipment_name,
  e.equipment_type,
  m.voltage_a,
  m.voltage_b,
  m.voltage_c,
  CAST(m.voltage_sum / 3 AS DECIMAL(8, 2)),
  CASE WHEN m.voltage_sum > 0 THEN
    CAST(GREATEST(ABS(3 * m.voltage_a - m.voltage_sum), ABS(3 * m.voltage_b - m.voltage_sum),
                  ABS(3 * m.voltage_c - m.voltage_sum)) / m.voltage_sum AS DECIMAL(6, 4))
  END,
  m.current_a,
  m.current_b,
  m.current_c,
  CAST(m.current_sum / 3 AS DECIMAL(8, 2)),
  CASE WHEN m.current_sum > 0 THEN
    CAST(GREATEST(ABS(3 * m.current_a - m.current_sum), ABS(3 * m.current_b - m.current_sum),
                  ABS(3 * m.current_c - m.current_sum)) / m.current_sum AS DECIMAL(6, 4))
  END,
  m.power_active,
  m.power_reactive,
  CASE
    WHEN m.apparent > 0 THEN CAST(CAST(m.power_active AS DOUBLE) / m.apparent AS DECIMAL(6, 4))
    WHEN m.apparent = 0 THEN CAST(0 AS DECIMAL(6, 4))
  END,
  CAST(m.apparent AS DECIMAL(10, 2)),
  m.frequency,
  CAST(m.frequency - 50.0 AS DECIMAL(6, 4)),
  m.temperature,
  m.humidity,
  CAST(m.monitoring_time AS DATE),
  CAST(EXTRACT(HOUR FROM m.monitoring_time) AS INT),
  CAST(EXTRACT(MINUTE FROM m.monitoring_time) AS INT),
  EXTRACT(HOUR FROM m.monitoring_time) BETWEEN 8 AND 11 OR EXTRACT(HOUR FROM m.monitoring_time) BETWEEN 18 AND 21,
  DAYOFWEEK(CAST(m.monitoring_time AS DATE)) BETWEEN 2 AND 6,
  m.monitoring_time,
  m.created_at
FROM (
  SELECT
    monitoring_id, equipment_id, voltage_a, voltage_b, voltage_c, current_a, current_b, current_c,
    power_active, power_reactive, frequency, temperature, humidity, monitoring_time, created_at,
    voltage_a + voltage_b + voltage_c AS voltage_sum,
    current_a + current_b + current_c AS current_sum,
    SQRT(CAST(power_active * power_active + power_reactive * power_reactive AS DOUBLE)) AS apparent
  FROM ods_power_monitoring
  WHERE monitoring_time IS NOT NULL
) m
LEFT JOIN ods_power_equipment e ON m.equipment_id = e.equipment_id;

-- 告警明细（CORE-7）：级别名称、类别、处理时长。
-- Alarms: names of levels, categories, minutes until resolved.
CREATE TABLE IF NOT EXISTS dwd_equipment_alarms (
  alarm_id                BIGINT,
  equipment_id            BIGINT,
  equipment_name          STRING,
  equipment_type          STRING,
  alarm_type              STRING,
  alarm_level             INT,
  alarm_level_name        STRING,
  alarm_message           STRING,
  alarm_code              STRING,
  alarm_category          STRING,
  is_resolved             BOOLEAN,
  resolution_time_minutes INT,
  occurred_date           DATE,
  occurred_hour           INT,
  occurred_at             TIMESTAMP(3),
  resolved_at             TIMESTAMP(3),
  created_at              TIMESTAMP(3),
  updated_at              TIMESTAMP(3),
  PRIMARY KEY (alarm_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO dwd_equipment_alarms
SELECT
  a.alarm_id,
  a.equipment_id,
  e.equipment_name,
  e.equipment_type,
  a.alarm_type,
  a.alarm_level,
  CASE a.alarm_level
    WHEN 1 THEN 'INFO' WHEN 2 THEN 'WARNING' WHEN 3 THEN 'MINOR' WHEN 4 THEN 'MAJOR' WHEN 5 THEN 'CRITICAL'
    ELSE 'UNKNOWN'
  END,
  a.alarm_message,
  a.alarm_code,
  CASE
    WHEN a.alarm_code LIKE '%TEMP%' THEN '温度告警'
    WHEN a.alarm_code LIKE '%CURRENT%' THEN '电流告警'
    WHEN a.alarm_code LIKE '%VOLTAGE%' THEN '电压告警'
    WHEN a.alarm_code LIKE '%OVERLOAD%' THEN '过载告警'
    WHEN a.alarm_code LIKE '%HUMIDITY%' THEN '湿度告警'
    WHEN a.alarm_code LIKE '%MAINTENANCE%' THEN '维护信息'
    ELSE '其他告警'
  END,
  a.is_resolved,
  CASE WHEN a.is_resolved AND a.resolved_at IS NOT NULL THEN
    CAST(TIMESTAMPDIFF(MINUTE, a.occurred_at, a.resolved_at) AS INT)
  END,
  CAST(a.occurred_at AS DATE),
  CAST(EXTRACT(HOUR FROM a.occurred_at) AS INT),
  a.occurred_at,
  a.resolved_at,
  a.created_at,
  a.updated_at
FROM ods_equipment_alarms a
LEFT JOIN ods_power_equipment e ON a.equipment_id = e.equipment_id;

-- 异常监测：原系统声明而从未写入；此处每条异常监测一行。
-- Abnormal readings: declared by the original, never written; here one row for each abnormal reading.
CREATE TABLE IF NOT EXISTS dwd_anomaly_alerts (
  alert_id            BIGINT,
  equipment_id        BIGINT,
  equipment_name      STRING,
  anomaly_type        STRING,
  anomaly_description STRING,
  severity_level      STRING,
  alert_time          TIMESTAMP(3),
  PRIMARY KEY (alert_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO dwd_anomaly_alerts
SELECT
  monitoring_id,
  equipment_id,
  equipment_name,
  CASE
    WHEN voltage_imbalance > 0.02 THEN 'VOLTAGE_IMBALANCE'
    WHEN current_imbalance > 0.02 THEN 'CURRENT_IMBALANCE'
    WHEN ABS(frequency_deviation) > 0.2 THEN 'FREQUENCY_DEVIATION'
    ELSE 'TEMPERATURE_HIGH'
  END,
  CASE
    WHEN voltage_imbalance > 0.02 THEN CONCAT('三相电压不平衡度 ', CAST(voltage_imbalance AS STRING))
    WHEN current_imbalance > 0.02 THEN CONCAT('三相电流不平衡度 ', CAST(current_imbalance AS STRING))
    WHEN ABS(frequency_deviation) > 0.2 THEN CONCAT('频率偏差 ', CAST(frequency_deviation AS STRING), ' Hz')
    ELSE CONCAT('温度 ', CAST(temperature AS STRING), ' °C')
  END,
  CASE
    WHEN voltage_imbalance > 0.05 OR current_imbalance > 0.05 OR ABS(frequency_deviation) > 0.5 OR temperature > 100
      THEN 'CRITICAL'
    ELSE 'WARNING'
  END,
  monitoring_time
FROM dwd_power_monitoring
WHERE voltage_imbalance > 0.02 OR current_imbalance > 0.02 OR ABS(frequency_deviation) > 0.2 OR temperature > 80;

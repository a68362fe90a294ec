-- DWS 层：按日、小时、窗口汇总与排名（CORE-9…16）。
-- DWS layer: summaries by day, hour and window, rankings, checks.
--
-- 主键只由分组列算出；名称与类型取组内最大值（同一设备在组内只有一个）。
-- Keys are computed from the grouping columns alone; name and type are the group's largest (a piece of equipment has
-- one of each). Averages are kept at six digits (Flink's AVG of a DECIMAL) and rounded once to the column's scale.

-- 设备日汇总（CORE-9）：昨天与今天。
-- Equipment by day: yesterday and today.
CREATE TABLE IF NOT EXISTS dws_equipment_daily_summary (
  summary_id       BIGINT,
  equipment_id     BIGINT,
  equipment_name   STRING,
  equipment_type   STRING,
  summary_date     DATE,
  voltage_avg      DECIMAL(8, 2),
  voltage_max      DECIMAL(8, 2),
  voltage_min      DECIMAL(8, 2),
  voltage_std      DECIMAL(8, 4),
  current_avg      DECIMAL(8, 2),
  current_max      DECIMAL(8, 2),
  current_min      DECIMAL(8, 2),
  power_active_avg DECIMAL(10, 2),
  power_active_max DECIMAL(10, 2),
  power_active_min DECIMAL(10, 2),
  power_factor_avg DECIMAL(6, 4),
  frequency_avg    DECIMAL(6, 3),
  temperature_avg  DECIMAL(6, 2),
  temperature_max  DECIMAL(6, 2),
  monitoring_count INT,
  abnormal_count   INT,
  uptime_hours     DECIMAL(6, 2),
  utilization_rate DECIMAL(6, 4),
  created_at       TIMESTAMP(3),
  PRIMARY KEY (summary_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO dws_equipment_daily_summary
SELECT
  CAST(equipment_id * 100000000 + EXTRACT(YEAR FROM monitoring_date) * 10000 + EXTRACT(MONTH FROM monitoring_date) * 100
       + EXTRACT(DAY FROM monitoring_date) AS BIGINT),
  equipment_id,
  equipment_name,
  equipment_type,
  monitoring_date,
  CAST(voltage_mean AS DECIMAL(8, 2)),
  voltage_max,
  voltage_min,
  -- 样本标准差：(n Σx² − (Σx)²) / (n (n − 1)) 的平方根。 Sample standard deviation, from exact sums.
  CASE WHEN voltage_count > 1 THEN
    CAST(SQRT(CAST(CAST(voltage_count AS DECIMAL(10, 0)) * CAST(voltage_squares AS DECIMAL(24, 4))
                   - CAST(voltage_total AS DECIMAL(18, 2)) * CAST(voltage_total AS DECIMAL(18, 2)) AS DOUBLE)
              / CAST(voltage_count * (voltage_count - 1) AS DOUBLE)) AS DECIMAL(8, 4))
  END,
  CAST(current_mean AS DECIMAL(8, 2)),
  current_max,
  current_min,
  CAST(power_mean AS DECIMAL(10, 2)),
  power_max,
  power_min,
  CAST(factor_mean AS DECIMAL(6, 4)),
  CAST(frequency_mean AS DECIMAL(6, 3)),
  CAST(temperature_mean AS DECIMAL(6, 2)),
  temperature_max,
  CAST(readings AS INT),
  CAST(abnormal AS INT),
  CAST(hours AS DECIMAL(6, 2)),
  CAST(CAST(power_mean AS DECIMAL(16, 6))
       / CAST(CASE equipment_type WHEN '变压器' THEN 300 WHEN '发电机' THEN 200 ELSE 150 END AS DECIMAL(10, 0))
       AS DECIMAL(6, 4)),
  LOCALTIMESTAMP
FROM (
  SELECT
    equipment_id,
    monitoring_date,
    MAX(equipment_name) AS equipment_name,
    MAX(equipment_type) AS equipment_type,
    AVG(voltage_avg) AS voltage_mean,
    MAX(voltage_avg) AS voltage_max,
    MIN(voltage_avg) AS voltage_min,
    COUNT(voltage_avg) AS voltage_count,
    SUM(voltage_avg) AS voltage_total,
    SUM(voltage_avg * voltage_avg) AS voltage_squares,
    AVG(current_avg) AS current_mean,
    MAX(current_avg) AS current_max,
    MIN(current_avg) AS current_min,
    AVG(power_active) AS power_mean,
    MAX(power_active) AS power_max,
    MIN(power_active) AS power_min,
    AVG(power_factor) AS factor_mean,
    AVG(frequency) AS frequency_mean,
    AVG(temperature) AS temperature_mean,
    MAX(temperature) AS temperature_max,
    COUNT(*) AS readings,
    SUM(CASE WHEN voltage_imbalance > 0.02 OR current_imbalance > 0.02 THEN 1 ELSE 0 END) AS abnormal,
    COUNT(DISTINCT monitoring_hour) AS hours
  FROM dwd_power_monitoring
  WHERE monitoring_date >= CURRENT_DATE - INTERVAL '1' DAY
  GROUP BY equipment_id, monitoring_date
) t;

-- 告警日汇总（CORE-10）。域外的类型与级别并入“其他”与 0，使主键唯一。
-- Alarms by day. Types and levels outside their domain count as 其他, OTHER and 0, so that the key stays unique.
CREATE TABLE IF NOT EXISTS dws_alarm_daily_summary (
  summary_id                  BIGINT,
  summary_date                DATE,
  equipment_type              STRING,
  alarm_type                  STRING,
  alarm_level                 INT,
  total_alarms                INT,
  resolved_alarms             INT,
  unresolved_alarms           INT,
  avg_resolution_time_minutes DECIMAL(8, 2),
  max_resolution_time_minutes INT,
  critical_alarms             INT,
  warning_alarms              INT,
  info_alarms                 INT,
  created_at                  TIMESTAMP(3),
  PRIMARY KEY (summary_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO dws_alarm_daily_summary
SELECT
  CAST((EXTRACT(YEAR FROM occurred_date) * 10000 + EXTRACT(MONTH FROM occurred_date) * 100
        + EXTRACT(DAY FROM occurred_date)) * 1000
       + level_class * 100
       + CASE type_class WHEN '变压器' THEN 1 WHEN '发电机' THEN 2 WHEN '输电线路' THEN 3 WHEN '配电设备' THEN 4 ELSE 9 END
         * 10
       + CASE alarm_class WHEN 'FAULT' THEN 1 WHEN 'WARNING' THEN 2 WHEN 'CRITICAL' THEN 3 WHEN 'INFO' THEN 4 ELSE 9 END
       AS BIGINT),
  occurred_date,
  type_class,
  alarm_class,
  level_class,
  CAST(COUNT(*) AS INT),
  CAST(SUM(CASE WHEN is_resolved THEN 1 ELSE 0 END) AS INT),
  CAST(SUM(CASE WHEN is_resolved THEN 0 ELSE 1 END) AS INT),
  CAST(AVG(resolution_time_minutes) AS DECIMAL(8, 2)),
  MAX(resolution_time_minutes),
  CAST(SUM(CASE WHEN alarm_level >= 4 THEN 1 ELSE 0 END) AS INT),
  CAST(SUM(CASE WHEN alarm_level IN (2, 3) THEN 1 ELSE 0 END) AS INT),
  CAST(SUM(CASE WHEN alarm_level = 1 THEN 1 ELSE 0 END) AS INT),
  LOCALTIMESTAMP
FROM (
  SELECT
    occurred_date,
    CASE WHEN equipment_type IN ('变压器', '发电机', '输电线路', '配电设备') THEN equipment_type ELSE '其他' END
      AS type_class,
    CASE WHEN alarm_type IN ('FAULT', 'WARNING', 'CRITICAL', 'INFO') THEN alarm_type ELSE 'OTHER' END AS alarm_class,
    CASE WHEN alarm_level BETWEEN 1 AND 5 THEN alarm_level ELSE 0 END AS level_class,
    alarm_level,
    is_resolved,
    resolution_time_minutes
  FROM dwd_equipment_alarms
  WHERE occurred_date >= CURRENT_DATE - INTERVAL '1' DAY
) t
GROUP BY occurred_date, type_class, alarm_class, level_class;

-- 设备小时汇总（CORE-11）：负载率与效率评分。
-- Equipment by hour: load rate and efficiency score.
CREATE TABLE IF NOT EXISTS dws_equipment_hourly_summary (
  summary_id       BIGINT,
  equipment_id     BIGINT,
  equipment_name   STRING,
  equipment_type   STRING,
  summary_date     DATE,
  summary_hour     INT,
  voltage_avg      DECIMAL(8, 2),
  current_avg      DECIMAL(8, 2),
  power_active_avg DECIMAL(10, 2),
  power_factor_avg DECIMAL(6, 4),
  frequency_avg    DECIMAL(6, 3),
  temperature_avg  DECIMAL(6, 2),
  monitoring_count INT,
  load_rate        DECIMAL(6, 4),
  efficiency_score DECIMAL(6, 4),
  created_at       TIMESTAMP(3),
  PRIMARY KEY (summary_id) NOT ENFORCED
) WITH ('bucket.num' = '2', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '7d');

INSERT INTO dws_equipment_hourly_summary
SELECT
  CAST((equipment_id * 100000000 + EXTRACT(YEAR FROM monitoring_date) * 10000
        + EXTRACT(MONTH FROM monitoring_date) * 100 + EXTRACT(DAY FROM monitoring_date)) * 100 + monitoring_hour
       AS BIGINT),
  equipment_id,
  equipment_name,
  equipment_type,
  monitoring_date,
  monitoring_hour,
  CAST(voltage_mean AS DECIMAL(8, 2)),
  CAST(current_mean AS DECIMAL(8, 2)),
  CAST(power_mean AS DECIMAL(10, 2)),
  CAST(factor_mean AS DECIMAL(6, 4)),
  CAST(frequency_mean AS DECIMAL(6, 3)),
  CAST(temperature_mean AS DECIMAL(6, 2)),
  CAST(readings AS INT),
  CAST(power_mean
       / CAST(CASE equipment_type WHEN '变压器' THEN 300 WHEN '发电机' THEN 200 ELSE 150 END AS DECIMAL(10, 0))
       AS DECIMAL(6, 4)),
  CAST(0.4 * factor_mean + 0.3 * (1 - voltage_imbalance_mean)
       + 0.3 * (1 - CASE WHEN temperature_mean > 40 THEN (temperature_mean - 40) * 0.05 ELSE 0 END)
       AS DECIMAL(6, 4)),
  LOCALTIMESTAMP
FROM (
  SELECT
    equipment_id,
    monitoring_date,
    monitoring_hour,
    MAX(equipment_name) AS equipment_name,
    MAX(equipment_type) AS equipment_type,
    AVG(voltage_avg) AS voltage_mean,
    AVG(current_avg) AS current_mean,
    CAST(AVG(power_active) AS DECIMAL(16, 6)) AS power_mean,
    CAST(AVG(power_factor) AS DECIMAL(12, 6)) AS factor_mean,
    AVG(frequency) AS frequency_mean,
    CAST(AVG(temperature) AS DECIMAL(12, 6)) AS temperature_mean,
    CAST(AVG(voltage_imbalance) AS DECIMAL(12, 6)) AS voltage_imbalance_mean,
    COUNT(*) AS readings
  FROM dwd_power_monitoring
  WHERE monitoring_date >= CURRENT_DATE - INTERVAL '1' DAY
  GROUP BY equipment_id, monitoring_date, monitoring_hour
) t;

-- 电能质量指标（CORE-12）：额定电压取设备的电压等级。
-- Power quality by hour: the nominal voltage is the equipment's level.
CREATE TABLE IF NOT EXISTS dws_power_quality_metrics (
  metric_id                    BIGINT,
  summary_date                 DATE,
  summary_hour                 INT,
  voltage_qualification_rate   DECIMAL(6, 4),
  frequency_qualification_rate DECIMAL(6, 4),
  power_factor_avg             DECIMAL(6, 4),
  voltage_imbalance_rate       DECIMAL(6, 4),
  current_imbalance_rate       DECIMAL(6, 4),
  total_equipment_count        INT,
  online_equipment_count       INT,
  power_quality_score          DECIMAL(6, 2),
  created_at                   TIMESTAMP(3),
  PRIMARY KEY (metric_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO dws_power_quality_metrics
SELECT
  CAST((EXTRACT(YEAR FROM q.monitoring_date) * 10000 + EXTRACT(MONTH FROM q.monitoring_date) * 100
        + EXTRACT(DAY FROM q.monitoring_date)) * 100 + q.monitoring_hour AS BIGINT),
  q.monitoring_date,
  q.monitoring_hour,
  CAST(q.voltage_share AS DECIMAL(6, 4)),
  CAST(q.frequency_share AS DECIMAL(6, 4)),
  CAST(q.factor_mean AS DECIMAL(6, 4)),
  CAST(q.voltage_imbalance_mean AS DECIMAL(6, 4)),
  CAST(q.current_imbalance_mean AS DECIMAL(6, 4)),
  CAST(q.equipment AS INT),
  CAST(COALESCE(o.equipment, 0) AS INT),
  CAST(100 * (0.3 * q.voltage_share + 0.3 * q.frequency_share + 0.2 * q.factor_mean
              + 0.1 * (1 - q.voltage_imbalance_mean) + 0.1 * (1 - q.current_imbalance_mean)) AS DECIMAL(6, 2)),
  LOCALTIMESTAMP
FROM (
  SELECT
    m.monitoring_date,
    m.monitoring_hour,
    CAST(AVG(CASE WHEN e.voltage_level_code > 0
                   AND ABS(m.voltage_avg - e.voltage_level_code) <= 0.05 * e.voltage_level_code
                  THEN 1.0 ELSE 0.0 END) AS DECIMAL(12, 6)) AS voltage_share,
    CAST(AVG(CASE WHEN ABS(m.frequency_deviation) <= 0.2 THEN 1.0 ELSE 0.0 END) AS DECIMAL(12, 6)) AS frequency_share,
    CAST(AVG(m.power_factor) AS DECIMAL(12, 6)) AS factor_mean,
    CAST(AVG(m.voltage_imbalance) AS DECIMAL(12, 6)) AS voltage_imbalance_mean,
    CAST(AVG(m.current_imbalance) AS DECIMAL(12, 6)) AS current_imbalance_mean,
    COUNT(DISTINCT m.equipment_id) AS equipment
  FROM dwd_power_monitoring m
  LEFT JOIN dwd_power_equipment e ON m.equipment_id = e.equipment_id
  WHERE m.monitoring_date >= CURRENT_DATE - INTERVAL '1' DAY
  GROUP BY m.monitoring_date, m.monitoring_hour
) q
LEFT JOIN (
  -- 十分钟内有监测的设备。 Equipment heard of within ten minutes.
  SELECT monitoring_date, monitoring_hour, COUNT(DISTINCT equipment_id) AS equipment
  FROM dwd_power_monitoring
  WHERE monitoring_time >= LOCALTIMESTAMP - INTERVAL '10' MINUTE
  GROUP BY monitoring_date, monitoring_hour
) o ON q.monitoring_date = o.monitoring_date AND q.monitoring_hour = o.monitoring_hour;

-- 实时监测窗口（CORE-13）：五分钟滚动窗口。
-- Windows of five minutes.
CREATE TABLE IF NOT EXISTS dws_realtime_monitoring (
  window_id        BIGINT,
  equipment_id     BIGINT,
  equipment_name   STRING,
  equipment_type   STRING,
  window_start     TIMESTAMP(3),
  window_end       TIMESTAMP(3),
  voltage_avg      DECIMAL(8, 2),
  current_avg      DECIMAL(8, 2),
  power_active_avg DECIMAL(10, 2),
  power_factor_avg DECIMAL(6, 4),
  frequency_avg    DECIMAL(6, 3),
  temperature_avg  DECIMAL(6, 2),
  monitoring_count INT,
  abnormal_count   INT,
  alert_level      STRING,
  created_at       TIMESTAMP(3),
  PRIMARY KEY (window_id) NOT ENFORCED
) WITH ('bucket.num' = '2', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '1d');

INSERT INTO dws_realtime_monitoring
SELECT
  CAST(equipment_id * 10000000000 + TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_start) AS BIGINT),
  equipment_id,
  MAX(equipment_name),
  MAX(equipment_type),
  CAST(window_start AS TIMESTAMP(3)),
  CAST(window_end AS TIMESTAMP(3)),
  CAST(AVG(voltage_avg) AS DECIMAL(8, 2)),
  CAST(AVG(current_avg) AS DECIMAL(8, 2)),
  CAST(AVG(power_active) AS DECIMAL(10, 2)),
  CAST(AVG(power_factor) AS DECIMAL(6, 4)),
  CAST(AVG(frequency) AS DECIMAL(6, 3)),
  CAST(AVG(temperature) AS DECIMAL(6, 2)),
  CAST(COUNT(*) AS INT),
  CAST(SUM(CASE WHEN voltage_imbalance > 0.02 OR current_imbalance > 0.02 THEN 1 ELSE 0 END) AS INT),
  CASE
    WHEN MAX(CASE WHEN voltage_imbalance > 0.05 OR current_imbalance > 0.05 THEN 1 ELSE 0 END) = 1 THEN 'CRITICAL'
    WHEN MAX(CASE WHEN voltage_imbalance > 0.02 OR current_imbalance > 0.02 THEN 1 ELSE 0 END) = 1 THEN 'WARNING'
    ELSE 'NORMAL'
  END,
  LOCALTIMESTAMP
FROM TABLE(TUMBLE(TABLE dwd_power_monitoring, DESCRIPTOR(monitoring_time), INTERVAL '5' MINUTES))
GROUP BY equipment_id, window_start, window_end;

-- 设备排名（CORE-14、CORE-15）：每天效率与负载率的前十名。
-- Rankings: the ten best of each day by efficiency and by load rate; ties by equipment_id.
CREATE TABLE IF NOT EXISTS dws_equipment_ranking (
  ranking_id        BIGINT,
  ranking_date      DATE,
  ranking_type      STRING,
  equipment_id      BIGINT,
  equipment_name    STRING,
  equipment_type    STRING,
  performance_score DECIMAL(6, 2),
  ranking_position  INT,
  total_equipment   INT,
  created_at        TIMESTAMP(3),
  PRIMARY KEY (ranking_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO dws_equipment_ranking
SELECT
  CAST((r.equipment_id * 100000000 + EXTRACT(YEAR FROM r.summary_date) * 10000
        + EXTRACT(MONTH FROM r.summary_date) * 100 + EXTRACT(DAY FROM r.summary_date)) * 10 + 1 AS BIGINT),
  r.summary_date,
  'EFFICIENCY',
  r.equipment_id,
  r.equipment_name,
  r.equipment_type,
  r.score,
  CAST(r.place AS INT),
  CAST(n.equipment AS INT),
  LOCALTIMESTAMP
FROM (
  SELECT summary_date, equipment_id, equipment_name, equipment_type, score, place
  FROM (
    SELECT summary_date, equipment_id, equipment_name, equipment_type, score,
           ROW_NUMBER() OVER (PARTITION BY summary_date ORDER BY score DESC, equipment_id) AS place
    FROM (
      SELECT summary_date, equipment_id, MAX(equipment_name) AS equipment_name, MAX(equipment_type) AS equipment_type,
             CAST(100 * CAST(AVG(efficiency_score) AS DECIMAL(12, 6)) AS DECIMAL(6, 2)) AS score
      FROM dws_equipment_hourly_summary
      WHERE summary_date >= CURRENT_DATE - INTERVAL '1' DAY AND efficiency_score IS NOT NULL
      GROUP BY summary_date, equipment_id
    ) s
  ) ranked
  WHERE place <= 10
) r
JOIN (
  SELECT summary_date, COUNT(DISTINCT equipment_id) AS equipment
  FROM dws_equipment_hourly_summary
  WHERE summary_date >= CURRENT_DATE - INTERVAL '1' DAY AND efficiency_score IS NOT NULL
  GROUP BY summary_date
) n ON r.summary_date = n.summary_date;

INSERT INTO dws_equipment_ranking
SELECT
  CAST((r.equipment_id * 100000000 + EXTRACT(YEAR FROM r.summary_date) * 10000
        + EXTRACT(MONTH FROM r.summary_date) * 100 + EXTRACT(DAY FROM r.summary_date)) * 10 + 2 AS BIGINT),
  r.summary_date,
  'LOAD_RATE',
  r.equipment_id,
  r.equipment_name,
  r.equipment_type,
  r.score,
  CAST(r.place AS INT),
  CAST(n.equipment AS INT),
  LOCALTIMESTAMP
FROM (
  SELECT summary_date, equipment_id, equipment_name, equipment_type, score, place
  FROM (
    SELECT summary_date, equipment_id, equipment_name, equipment_type, score,
           ROW_NUMBER() OVER (PARTITION BY summary_date ORDER BY score DESC, equipment_id) AS place
    FROM (
      SELECT summary_date, equipment_id, equipment_name, equipment_type,
             CAST(100 * utilization_rate AS DECIMAL(6, 2)) AS score
      FROM dws_equipment_daily_summary
      WHERE summary_date >= CURRENT_DATE - INTERVAL '1' DAY AND utilization_rate IS NOT NULL
    ) s
  ) ranked
  WHERE place <= 10
) r
JOIN (
  SELECT summary_date, COUNT(*) AS equipment
  FROM dws_equipment_daily_summary
  WHERE summary_date >= CURRENT_DATE - INTERVAL '1' DAY AND utilization_rate IS NOT NULL
  GROUP BY summary_date
) n ON r.summary_date = n.summary_date;

-- 质量检查（CORE-8、CORE-16）：一小时内的电压范围；日汇总的完整性。
-- Checks: the range of voltages within an hour; completeness of the summaries by day.
CREATE TABLE IF NOT EXISTS dwd_quality_check (
  check_id     BIGINT,
  table_name   STRING,
  check_type   STRING,
  check_result STRING,
  error_count  BIGINT,
  total_count  BIGINT,
  check_time   TIMESTAMP(3),
  PRIMARY KEY (check_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '7d');

INSERT INTO dwd_quality_check
SELECT
  CAST((EXTRACT(YEAR FROM CURRENT_DATE) * 10000 + EXTRACT(MONTH FROM CURRENT_DATE) * 100
        + EXTRACT(DAY FROM CURRENT_DATE)) * 100 + 1 AS BIGINT),
  'dwd_power_monitoring',
  'voltage_range_check',
  CASE WHEN errors = 0 THEN 'PASS' ELSE 'FAIL' END,
  errors,
  total,
  LOCALTIMESTAMP
FROM (
  SELECT COUNT(*) AS total, COUNT(CASE WHEN voltage_avg < 0 OR voltage_avg > 1000 THEN 1 END) AS errors
  FROM dwd_power_monitoring
  WHERE monitoring_time >= LOCALTIMESTAMP - INTERVAL '1' HOUR
) v
UNION ALL
SELECT
  CAST((EXTRACT(YEAR FROM CURRENT_DATE) * 10000 + EXTRACT(MONTH FROM CURRENT_DATE) * 100
        + EXTRACT(DAY FROM CURRENT_DATE)) * 100 + 2 AS BIGINT),
  'dws_equipment_daily_summary',
  'completeness_check',
  CASE WHEN errors = 0 THEN 'PASS' ELSE 'FAIL' END,
  errors,
  total,
  LOCALTIMESTAMP
FROM (
  SELECT COUNT(*) AS total, COUNT(CASE WHEN monitoring_count = 0 THEN 1 END) AS errors
  FROM dws_equipment_daily_summary
  WHERE summary_date >= CURRENT_DATE - INTERVAL '1' DAY
) c;

-- ADS 层：大屏、质量分析、健康评估、区域概览、告警统计、性能指标、实时告警（CORE-17…23）。
-- ADS layer: dashboard, power quality, health, regions, alarm statistics, performance, alerts.
--
-- 每一侧先按键汇总再连接，行不会相乘；与时钟的比较都写在 WHERE 里。
-- Each side is aggregated by its key before it is joined, so that rows do not multiply; comparisons with the clock
-- stand in WHERE.

-- 每台设备二十四小时内未解除的告警。 Alarms of each piece of equipment that are open and not older than a day.
CREATE TEMPORARY VIEW active_alarms_per_equipment AS
SELECT equipment_id,
       COUNT(*) AS active_alarms,
       COUNT(CASE WHEN alarm_level >= 4 THEN 1 END) AS critical_alarms,
       COUNT(CASE WHEN alarm_level IN (2, 3) THEN 1 END) AS warning_alarms
FROM dwd_equipment_alarms
WHERE occurred_at >= LOCALTIMESTAMP - INTERVAL '24' HOUR AND is_resolved IS NOT TRUE
GROUP BY equipment_id;

-- 实时大屏（CORE-17）：只有一行。在线 = 十分钟内有监测；取最新的一条。
-- Dashboard, one row. Online: heard of within ten minutes; its newest reading counts.
CREATE TABLE IF NOT EXISTS ads_realtime_dashboard (
  dashboard_id          BIGINT,
  total_equipment       INT,
  online_equipment      INT,
  offline_equipment     INT,
  maintenance_equipment INT,
  total_capacity_mw     DECIMAL(12, 2),
  active_capacity_mw    DECIMAL(12, 2),
  load_rate             DECIMAL(6, 4),
  total_active_alarms   INT,
  critical_alarms       INT,
  warning_alarms        INT,
  avg_voltage_220kv     DECIMAL(8, 2),
  avg_voltage_110kv     DECIMAL(8, 2),
  avg_frequency         DECIMAL(6, 3),
  system_status         STRING,
  last_updated          TIMESTAMP(3),
  PRIMARY KEY (dashboard_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '1d');

INSERT INTO ads_realtime_dashboard
SELECT
  CAST(1 AS BIGINT),
  CAST(total AS INT), CAST(online AS INT),
  CAST(seen - online AS INT),
  CAST(maintenance AS INT), CAST(capacity AS DECIMAL(12, 2)), CAST(active_capacity AS DECIMAL(12, 2)),
  CAST(load_rate AS DECIMAL(6, 4)), CAST(active_alarms AS INT), CAST(critical_alarms AS INT),
  CAST(warning_alarms AS INT), CAST(voltage_220 AS DECIMAL(8, 2)), CAST(voltage_110 AS DECIMAL(8, 2)),
  CAST(frequency AS DECIMAL(6, 3)),
  CASE WHEN critical_alarms > 0 THEN '故障' WHEN warning_alarms > 0 THEN '告警' ELSE '正常' END,
  LOCALTIMESTAMP
FROM (
  SELECT
    COUNT(*) AS total,
    COUNT(r.equipment_id) AS online,
    COUNT(s.equipment_id) AS seen,
    COUNT(CASE WHEN e.status = 'MAINTENANCE' THEN 1 END) AS maintenance,
    COALESCE(SUM(e.capacity_mw), 0) AS capacity,
    COALESCE(SUM(CAST(e.capacity_mw * r.load_rate AS DECIMAL(12, 2))), 0) AS active_capacity,
    AVG(COALESCE(r.load_rate, 0.0000)) AS load_rate,
    COALESCE(SUM(a.active_alarms), 0) AS active_alarms,
    COALESCE(SUM(a.critical_alarms), 0) AS critical_alarms,
    COALESCE(SUM(a.warning_alarms), 0) AS warning_alarms,
    AVG(CASE WHEN e.voltage_level = '220kV' THEN r.voltage_avg END) AS voltage_220,
    AVG(CASE WHEN e.voltage_level = '110kV' THEN r.voltage_avg END) AS voltage_110,
    AVG(r.frequency) AS frequency
  FROM dwd_power_equipment e
  LEFT JOIN (
    SELECT equipment_id, voltage_avg, frequency,
           CAST(power_active
                / CAST(CASE equipment_type WHEN '变压器' THEN 300 WHEN '发电机' THEN 200 ELSE 150 END AS DECIMAL(10, 0))
                AS DECIMAL(6, 4)) AS load_rate
    FROM (
      SELECT equipment_id, equipment_type, voltage_avg, frequency, power_active,
             ROW_NUMBER() OVER (PARTITION BY equipment_id ORDER BY monitoring_time DESC, monitoring_id DESC) AS place
      FROM dwd_power_monitoring
      WHERE monitoring_time >= LOCALTIMESTAMP - INTERVAL '10' MINUTE
    ) newest
    WHERE place = 1
  ) r ON e.equipment_id = r.equipment_id
  LEFT JOIN (
    SELECT equipment_id, COUNT(*) AS readings
    FROM dwd_power_monitoring
    GROUP BY equipment_id
  ) s ON e.equipment_id = s.equipment_id
  LEFT JOIN active_alarms_per_equipment a ON e.equipment_id = a.equipment_id
) t;

-- 电能质量分析（CORE-18）：每天一行。
-- Power quality by day.
CREATE TABLE IF NOT EXISTS ads_power_quality_analysis (
  analysis_id                  BIGINT,
  analysis_date                DATE,
  voltage_qualification_rate   DECIMAL(6, 4),
  frequency_qualification_rate DECIMAL(6, 4),
  power_factor_avg             DECIMAL(6, 4),
  voltage_imbalance_rate       DECIMAL(6, 4),
  current_imbalance_rate       DECIMAL(6, 4),
  harmonic_distortion_rate     DECIMAL(6, 4),
  power_quality_score          DECIMAL(6, 2),
  quality_level                STRING,
  created_at                   TIMESTAMP(3),
  PRIMARY KEY (analysis_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO ads_power_quality_analysis
SELECT
  CAST(EXTRACT(YEAR FROM summary_date) * 10000 + EXTRACT(MONTH FROM summary_date) * 100
       + EXTRACT(DAY FROM summary_date) AS BIGINT),
  summary_date,
  CAST(voltage_rate AS DECIMAL(6, 4)), CAST(frequency_rate AS DECIMAL(6, 4)), CAST(factor AS DECIMAL(6, 4)),
  CAST(voltage_imbalance AS DECIMAL(6, 4)), CAST(current_imbalance AS DECIMAL(6, 4)),
  CAST(0.5 * imbalance_sum AS DECIMAL(6, 4)),
  CAST(score AS DECIMAL(6, 2)),
  CASE
    WHEN score >= 90 THEN '优秀'
    WHEN score >= 80 THEN '良好'
    WHEN score >= 70 THEN '一般'
    WHEN score >= 60 THEN '较差'
    ELSE '差'
  END,
  LOCALTIMESTAMP
FROM (
  SELECT
    summary_date,
    AVG(voltage_qualification_rate) AS voltage_rate,
    AVG(frequency_qualification_rate) AS frequency_rate,
    AVG(power_factor_avg) AS factor,
    AVG(voltage_imbalance_rate) AS voltage_imbalance,
    AVG(current_imbalance_rate) AS current_imbalance,
    CAST(AVG(voltage_imbalance_rate + current_imbalance_rate) AS DECIMAL(12, 6)) AS imbalance_sum,
    AVG(power_quality_score) AS score
  FROM dws_power_quality_metrics WHERE summary_date >= CURRENT_DATE - INTERVAL '1' DAY
  GROUP BY summary_date
) t;

-- 设备健康评估（CORE-19）：效率 40%、可靠性 30%、利用率 20%、维护 10%。
-- Health of equipment: efficiency 40 %, reliability 30 %, utilization 20 %, maintenance 10 %.
CREATE TABLE IF NOT EXISTS ads_equipment_health_assessment (
  assessment_id                 BIGINT,
  equipment_id                  BIGINT,
  equipment_name                STRING,
  equipment_type                STRING,
  health_score                  DECIMAL(6, 2),
  health_level                  STRING,
  reliability_score             DECIMAL(6, 2),
  maintenance_urgency           INT,
  predicted_failure_probability DECIMAL(6, 4),
  remaining_life_days           INT,
  maintenance_recommendation    STRING,
  assessment_date               DATE,
  created_at                    TIMESTAMP(3),
  PRIMARY KEY (assessment_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO ads_equipment_health_assessment
SELECT
  CAST(equipment_id * 100000000 + EXTRACT(YEAR FROM CURRENT_DATE) * 10000 + EXTRACT(MONTH FROM CURRENT_DATE) * 100
       + EXTRACT(DAY FROM CURRENT_DATE) AS BIGINT),
  equipment_id,
  equipment_name,
  equipment_type,
  CAST(100 * health AS DECIMAL(6, 2)),
  CASE WHEN health >= 0.9 THEN '优秀' WHEN health >= 0.8 THEN '良好' WHEN health >= 0.7 THEN '一般' ELSE '差' END,
  CAST(100 * reliability AS DECIMAL(6, 2)),
  CASE
    WHEN maintenance_interval_days > 300 THEN 5
    WHEN maintenance_interval_days > 200 THEN 4
    WHEN maintenance_interval_days > 150 THEN 3
    WHEN maintenance_interval_days > 100 THEN 2
    ELSE 1
  END,
  CAST(CASE
    WHEN alarms_per_day > 5 OR maintenance_interval_days > 250 THEN 0.3
    WHEN alarms_per_day > 3 OR maintenance_interval_days > 200 THEN 0.2
    WHEN alarms_per_day > 1 OR maintenance_interval_days > 150 THEN 0.1
    ELSE 0.05
  END AS DECIMAL(6, 4)),
  CASE WHEN alarms_per_day > 5 THEN 30 WHEN alarms_per_day > 3 THEN 90 WHEN alarms_per_day > 1 THEN 180 ELSE 365 END,
  CASE
    WHEN maintenance_interval_days > 300 THEN '维护严重超期，请立即停机检修'
    WHEN maintenance_interval_days > 200 THEN '维护已超期，请在一周内安排'
    WHEN maintenance_interval_days > 150 THEN '临近维护周期，请在一个月内安排'
    WHEN alarms_per_day > 3 THEN '同类设备告警较多，请加强巡视'
    ELSE '按计划维护'
  END,
  CURRENT_DATE,
  LOCALTIMESTAMP
FROM (
  SELECT
    equipment_id, equipment_name, equipment_type, maintenance_interval_days, alarms_per_day, reliability,
    CAST(0.4 * efficiency + 0.3 * reliability + 0.2 * utilization + 0.1 * upkeep AS DECIMAL(20, 12)) AS health
  FROM (
    SELECT
      e.equipment_id,
      e.equipment_name,
      e.equipment_type,
      e.maintenance_interval_days,
      a.alarms_per_day,
      COALESCE(h.efficiency, CAST(0.8 AS DECIMAL(12, 6))) AS efficiency,
      COALESCE(d.utilization, CAST(0.7 AS DECIMAL(12, 6))) AS utilization,
      CAST(CASE
        WHEN a.alarms_per_day IS NULL THEN 0.9
        WHEN a.alarms_per_day >= 10 THEN 0
        ELSE 1 - a.alarms_per_day * 0.1
      END AS DECIMAL(12, 7)) AS reliability,
      CAST(CASE
        WHEN e.maintenance_interval_days IS NULL THEN 0.8
        WHEN e.maintenance_interval_days >= 365 THEN 0
        ELSE 1 - CAST(e.maintenance_interval_days AS DECIMAL(10, 0)) / CAST(365 AS DECIMAL(10, 0))
      END AS DECIMAL(20, 11)) AS upkeep
    FROM dwd_power_equipment e
    LEFT JOIN (
      SELECT equipment_id, CAST(AVG(efficiency_score) AS DECIMAL(12, 6)) AS efficiency
      FROM dws_equipment_hourly_summary WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY GROUP BY equipment_id
    ) h ON e.equipment_id = h.equipment_id
    LEFT JOIN (
      SELECT equipment_id, CAST(AVG(utilization_rate) AS DECIMAL(12, 6)) AS utilization
      FROM dws_equipment_daily_summary WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY GROUP BY equipment_id
    ) d ON e.equipment_id = d.equipment_id
    LEFT JOIN (
      -- 同类设备每天的告警数，再取各天的平均。 Alarms a day of the equipment's type, averaged over the days.
      SELECT equipment_type, CAST(AVG(CAST(day_alarms AS DECIMAL(10, 0))) AS DECIMAL(16, 6)) AS alarms_per_day
      FROM (
        SELECT equipment_type, summary_date, SUM(total_alarms) AS day_alarms
        FROM dws_alarm_daily_summary
        WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY
        GROUP BY equipment_type, summary_date
      ) days
      GROUP BY equipment_type
    ) a ON e.equipment_type = a.equipment_type
  ) parts
) scored;

-- 区域电网概览（CORE-20）：按省与市区。
-- Regions: by province and city. The MAP of equipment types is four columns, so that PostgreSQL can take it.
CREATE TABLE IF NOT EXISTS ads_regional_grid_overview (
  overview_id         BIGINT,
  region_name         STRING,
  province            STRING,
  city                STRING,
  total_equipment     INT,
  transformer_count   INT,
  generator_count     INT,
  line_count          INT,
  distribution_count  INT,
  total_capacity_mw   DECIMAL(12, 2),
  current_load_mw     DECIMAL(12, 2),
  load_rate           DECIMAL(6, 4),
  power_quality_score DECIMAL(6, 2),
  active_alarms       INT,
  critical_alarms     INT,
  region_status       STRING,
  last_updated        TIMESTAMP(3),
  PRIMARY KEY (overview_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '7d');

INSERT INTO ads_regional_grid_overview
SELECT
  CAST(CASE province WHEN '北京' THEN 11 WHEN '上海' THEN 31 WHEN '浙江' THEN 33 WHEN '广东' THEN 44 ELSE 99 END
       * 10000000000 + (CAST(HASH_CODE(city) AS BIGINT) + 2147483648) AS BIGINT),
  CONCAT(province, city),
  province,
  city,
  CAST(total AS INT), CAST(transformers AS INT), CAST(generators AS INT), CAST(line_count AS INT),
  CAST(distributions AS INT), CAST(capacity AS DECIMAL(12, 2)), CAST(current_load AS DECIMAL(12, 2)),
  CAST(load_rate AS DECIMAL(6, 4)),
  CAST(COALESCE(quality, 80) AS DECIMAL(6, 2)), CAST(active_alarms AS INT), CAST(critical_alarms AS INT),
  CASE WHEN critical_alarms > 0 THEN '故障' WHEN warning_alarms > 0 THEN '告警' ELSE '正常' END,
  LOCALTIMESTAMP
FROM (
  SELECT
    e.province,
    e.city,
    COUNT(*) AS total,
    COUNT(CASE WHEN e.equipment_type = '变压器' THEN 1 END) AS transformers,
    COUNT(CASE WHEN e.equipment_type = '发电机' THEN 1 END) AS generators,
    COUNT(CASE WHEN e.equipment_type = '输电线路' THEN 1 END) AS line_count,
    COUNT(CASE WHEN e.equipment_type = '配电设备' THEN 1 END) AS distributions,
    COALESCE(SUM(e.capacity_mw), 0) AS capacity,
    COALESCE(SUM(r.power_active_avg), 0) AS current_load,
    AVG(COALESCE(d.utilization_rate, 0.0000)) AS load_rate,
    COALESCE(SUM(a.active_alarms), 0) AS active_alarms,
    COALESCE(SUM(a.critical_alarms), 0) AS critical_alarms,
    COALESCE(SUM(a.warning_alarms), 0) AS warning_alarms
  FROM dwd_power_equipment e
  LEFT JOIN (
    -- 每台设备最新的五分钟窗口。 The newest window of each piece of equipment.
    SELECT equipment_id, power_active_avg
    FROM (
      SELECT equipment_id, power_active_avg,
             ROW_NUMBER() OVER (PARTITION BY equipment_id ORDER BY window_start DESC) AS place
      FROM dws_realtime_monitoring
    ) newest
    WHERE place = 1
  ) r ON e.equipment_id = r.equipment_id
  LEFT JOIN (
    SELECT equipment_id, utilization_rate
    FROM dws_equipment_daily_summary WHERE summary_date = CURRENT_DATE
  ) d ON e.equipment_id = d.equipment_id
  LEFT JOIN active_alarms_per_equipment a ON e.equipment_id = a.equipment_id
  GROUP BY e.province, e.city
) regions
CROSS JOIN (
  SELECT AVG(power_quality_score) AS quality
  FROM dws_power_quality_metrics WHERE summary_date = CURRENT_DATE
) q;

-- 告警统计（CORE-21）：按日、设备类型、告警类别；趋势与前一天比较。
-- Alarm statistics: by day, type of equipment, category; the trend compares with the day before.
CREATE TEMPORARY VIEW alarm_classes AS
SELECT
  occurred_date,
  CAST(occurred_date + INTERVAL '1' DAY AS DATE) AS next_date,
  CASE WHEN equipment_type IN ('变压器', '发电机', '输电线路', '配电设备') THEN equipment_type ELSE '其他' END
    AS type_class,
  alarm_category,
  equipment_id,
  equipment_name,
  is_resolved,
  resolution_time_minutes
FROM dwd_equipment_alarms
WHERE occurred_date >= CURRENT_DATE - INTERVAL '2' DAY;

-- 每台设备当天每类告警的条数。 Alarms of each category by day and equipment.
CREATE TEMPORARY VIEW alarms_per_equipment AS
SELECT occurred_date, type_class, alarm_category, equipment_id, MAX(equipment_name) AS equipment_name,
       COUNT(*) AS alarms
FROM alarm_classes
GROUP BY occurred_date, type_class, alarm_category, equipment_id;

CREATE TABLE IF NOT EXISTS ads_alarm_statistics (
  stat_id                     BIGINT,
  stat_date                   DATE,
  stat_hour                   INT,
  equipment_type              STRING,
  alarm_category              STRING,
  alarm_count                 INT,
  avg_resolution_time_minutes DECIMAL(8, 2),
  resolution_rate             DECIMAL(6, 4),
  recurring_alarm_count       INT,
  top_alarm_equipment         STRING,
  trend_indicator             STRING,
  created_at                  TIMESTAMP(3),
  PRIMARY KEY (stat_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO ads_alarm_statistics
SELECT
  CAST((EXTRACT(YEAR FROM g.occurred_date) * 10000 + EXTRACT(MONTH FROM g.occurred_date) * 100
        + EXTRACT(DAY FROM g.occurred_date)) * 100
       + CASE g.type_class
           WHEN '变压器' THEN 1 WHEN '发电机' THEN 2 WHEN '输电线路' THEN 3 WHEN '配电设备' THEN 4 ELSE 9
         END * 10
       + CASE g.alarm_category
           WHEN '温度告警' THEN 1 WHEN '电流告警' THEN 2 WHEN '电压告警' THEN 3 WHEN '过载告警' THEN 4
           WHEN '湿度告警' THEN 5 WHEN '维护信息' THEN 6 ELSE 9
         END AS BIGINT),
  g.occurred_date,
  CAST(EXTRACT(HOUR FROM LOCALTIMESTAMP) AS INT),
  g.type_class,
  g.alarm_category,
  CAST(g.alarms AS INT),
  CAST(g.resolution_minutes AS DECIMAL(8, 2)),
  CAST(g.resolved_share AS DECIMAL(6, 4)),
  CAST(COALESCE(c.recurring, 0) AS INT),
  t.equipment_name,
  CASE
    WHEN g.alarms > COALESCE(p.alarms, 0) THEN '上升'
    WHEN g.alarms < COALESCE(p.alarms, 0) THEN '下降'
    ELSE '平稳'
  END,
  LOCALTIMESTAMP
FROM (
  SELECT
    occurred_date, type_class, alarm_category,
    COUNT(*) AS alarms,
    AVG(resolution_time_minutes) AS resolution_minutes,
    AVG(CASE WHEN is_resolved THEN 1.0 ELSE 0.0 END) AS resolved_share
  FROM alarm_classes
  WHERE occurred_date >= CURRENT_DATE - INTERVAL '1' DAY
  GROUP BY occurred_date, type_class, alarm_category
) g
LEFT JOIN (
  -- 前一天的告警数，日期加一天后按相等连接。 The day before, moved by a day so that it joins by equality.
  SELECT next_date, type_class, alarm_category, COUNT(*) AS alarms
  FROM alarm_classes
  GROUP BY next_date, type_class, alarm_category
) p ON g.occurred_date = p.next_date AND g.type_class = p.type_class AND g.alarm_category = p.alarm_category
LEFT JOIN (
  -- 同一设备当天同类告警不止一条的告警数。 Alarms of equipment that has more than one of the category that day.
  SELECT occurred_date, type_class, alarm_category, SUM(alarms) AS recurring
  FROM alarms_per_equipment
  WHERE alarms > 1
  GROUP BY occurred_date, type_class, alarm_category
) c ON g.occurred_date = c.occurred_date AND g.type_class = c.type_class AND g.alarm_category = c.alarm_category
LEFT JOIN (
  -- 告警最多的设备，并列取编号小的。 The equipment with most alarms; ties by equipment_id.
  SELECT occurred_date, type_class, alarm_category, equipment_name
  FROM (
    SELECT occurred_date, type_class, alarm_category, equipment_name,
           ROW_NUMBER() OVER (PARTITION BY occurred_date, type_class, alarm_category
                              ORDER BY alarms DESC, equipment_id) AS place
    FROM alarms_per_equipment
  ) ranked
  WHERE place = 1
) t ON g.occurred_date = t.occurred_date AND g.type_class = t.type_class AND g.alarm_category = t.alarm_category;

-- 设备性能指标（CORE-22）：七天均值；趋势为今天与昨天的效率相比。
-- Performance: means of seven days; the trend compares today's efficiency with yesterday's.
CREATE TABLE IF NOT EXISTS ads_equipment_performance_metrics (
  metric_id              BIGINT,
  equipment_id           BIGINT,
  equipment_name         STRING,
  equipment_type         STRING,
  metric_date            DATE,
  efficiency_score       DECIMAL(6, 2),
  utilization_rate       DECIMAL(6, 4),
  availability_rate      DECIMAL(6, 4),
  performance_trend      STRING,
  energy_consumption_kwh DECIMAL(10, 2),
  carbon_emission_kg     DECIMAL(10, 2),
  cost_efficiency_score  DECIMAL(6, 2),
  created_at             TIMESTAMP(3),
  PRIMARY KEY (metric_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '30d');

INSERT INTO ads_equipment_performance_metrics
SELECT
  CAST(e.equipment_id * 100000000 + EXTRACT(YEAR FROM CURRENT_DATE) * 10000 + EXTRACT(MONTH FROM CURRENT_DATE) * 100
       + EXTRACT(DAY FROM CURRENT_DATE) AS BIGINT),
  e.equipment_id,
  e.equipment_name,
  e.equipment_type,
  CURRENT_DATE,
  CAST(100 * h.efficiency AS DECIMAL(6, 2)),
  CAST(d.utilization AS DECIMAL(6, 4)),
  CAST(d.uptime_hours / CAST(24 AS DECIMAL(10, 0)) AS DECIMAL(6, 4)),
  CASE WHEN n.efficiency > y.efficiency THEN '改善' WHEN n.efficiency < y.efficiency THEN '恶化' ELSE '稳定' END,
  CAST(24 * h.power AS DECIMAL(10, 2)),
  CAST(24 * h.power * 0.5312 AS DECIMAL(10, 2)),
  CAST(100 * (0.6 * h.efficiency + 0.4 * d.utilization) AS DECIMAL(6, 2)),
  LOCALTIMESTAMP
FROM dwd_power_equipment e
LEFT JOIN (
  SELECT equipment_id,
         CAST(AVG(efficiency_score) AS DECIMAL(12, 6)) AS efficiency,
         CAST(AVG(power_active_avg) AS DECIMAL(16, 6)) AS power
  FROM dws_equipment_hourly_summary WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY GROUP BY equipment_id
) h ON e.equipment_id = h.equipment_id
LEFT JOIN (
  SELECT equipment_id,
         CAST(AVG(utilization_rate) AS DECIMAL(12, 6)) AS utilization,
         CAST(AVG(uptime_hours) AS DECIMAL(12, 6)) AS uptime_hours
  FROM dws_equipment_daily_summary WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY GROUP BY equipment_id
) d ON e.equipment_id = d.equipment_id
LEFT JOIN (
  SELECT equipment_id, CAST(AVG(efficiency_score) AS DECIMAL(12, 6)) AS efficiency
  FROM dws_equipment_hourly_summary WHERE summary_date = CURRENT_DATE GROUP BY equipment_id
) n ON e.equipment_id = n.equipment_id
LEFT JOIN (
  SELECT equipment_id, CAST(AVG(efficiency_score) AS DECIMAL(12, 6)) AS efficiency
  FROM dws_equipment_hourly_summary WHERE summary_date = CURRENT_DATE - INTERVAL '1' DAY GROUP BY equipment_id
) y ON e.equipment_id = y.equipment_id;

-- 实时告警（CORE-23）：效率低于 80 或利用率低于 0.5 的设备。
-- Alerts: equipment with an efficiency below 80 or a utilization below 0.5.
CREATE TABLE IF NOT EXISTS ads_realtime_alerts (
  alert_id        BIGINT,
  alert_type      STRING,
  alert_level     STRING,
  alert_title     STRING,
  alert_content   STRING,
  equipment_id    BIGINT,
  equipment_name  STRING,
  action_required STRING,
  alert_time      TIMESTAMP(3),
  is_acknowledged BOOLEAN,
  PRIMARY KEY (alert_id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'table.log.arrow.compression.type' = 'LZ4_FRAME', 'table.log.ttl' = '7d');

INSERT INTO ads_realtime_alerts
SELECT
  metric_id,
  'PERFORMANCE',
  CASE WHEN efficiency_score < 60 THEN 'CRITICAL' WHEN efficiency_score < 80 THEN 'WARNING' ELSE 'INFO' END,
  CONCAT('设备性能告警：', equipment_name),
  CONCAT('效率评分 ', COALESCE(CAST(efficiency_score AS STRING), '-'),
         '，利用率 ', COALESCE(CAST(utilization_rate AS STRING), '-')),
  equipment_id,
  equipment_name,
  CASE
    WHEN efficiency_score < 60 THEN '立即停机检修'
    WHEN efficiency_score < 80 THEN '安排检修'
    ELSE '持续观察'
  END,
  LOCALTIMESTAMP,
  FALSE
FROM ads_equipment_performance_metrics
WHERE metric_date = CURRENT_DATE AND (efficiency_score < 80 OR utilization_rate < 0.5);

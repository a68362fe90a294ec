-- DWS：汇总、窗口、排名、检查。 DWS: summaries, windows, rankings, checks.
-- created_at 为当前时刻。 created_at is the present.

CREATE VIEW oracle.dws_equipment_daily_summary AS
WITH g AS (
  SELECT equipment_id, monitoring_date, max(equipment_name) AS name, max(equipment_type) AS type,
         count(*) AS n, count(voltage_avg) AS vn, sum(voltage_avg) AS vt, sum(voltage_avg * voltage_avg) AS vq,
         max(voltage_avg) AS vmax, min(voltage_avg) AS vmin,
         oracle.favg(sum(current_avg), count(current_avg)) AS c, max(current_avg) AS cmax, min(current_avg) AS cmin,
         oracle.favg(sum(power_active), count(power_active)) AS p, max(power_active) AS pmax, min(power_active) AS pmin,
         oracle.favg(sum(power_factor), count(power_factor)) AS pf,
         oracle.favg(sum(frequency), count(frequency)) AS f,
         oracle.favg(sum(temperature), count(temperature)) AS t, max(temperature) AS tmax,
         count(*) FILTER (WHERE voltage_imbalance > 0.02 OR current_imbalance > 0.02) AS abnormal,
         count(DISTINCT monitoring_hour) AS hours
  FROM oracle.dwd_power_monitoring
  WHERE monitoring_date >= oracle.today() - 1
  GROUP BY equipment_id, monitoring_date
)
SELECT equipment_id * 100000000 + oracle.ymd(monitoring_date) AS summary_id, equipment_id, name AS equipment_name,
       type AS equipment_type, monitoring_date AS summary_date,
       round(oracle.favg(vt, vn), 2)::numeric(8, 2) AS voltage_avg,
       vmax::numeric(8, 2) AS voltage_max, vmin::numeric(8, 2) AS voltage_min,
       CASE WHEN vn > 1 THEN
         oracle.from_double(sqrt((vn * vq - vt * vt)::double precision / (vn * (vn - 1))::double precision), 4)
       END::numeric(8, 4) AS voltage_std,
       round(c, 2)::numeric(8, 2) AS current_avg,
       cmax::numeric(8, 2) AS current_max, cmin::numeric(8, 2) AS current_min,
       round(p, 2)::numeric(10, 2) AS power_active_avg,
       pmax::numeric(10, 2) AS power_active_max, pmin::numeric(10, 2) AS power_active_min,
       round(pf, 4)::numeric(6, 4) AS power_factor_avg, round(f, 3)::numeric(6, 3) AS frequency_avg,
       round(t, 2)::numeric(6, 2) AS temperature_avg, tmax::numeric(6, 2) AS temperature_max,
       n::integer AS monitoring_count, abnormal::integer AS abnormal_count, hours::numeric(6, 2) AS uptime_hours,
       round(oracle.fdiv(p, oracle.rated(type), 17), 4)::numeric(6, 4) AS utilization_rate,
       oracle.present()::timestamp(3) AS created_at
FROM g;

CREATE VIEW oracle.dws_alarm_daily_summary AS
WITH classed AS (
  SELECT *, oracle.type_class(equipment_type) AS type,
         CASE WHEN alarm_type IN ('FAULT', 'WARNING', 'CRITICAL', 'INFO') THEN alarm_type ELSE 'OTHER' END AS kind,
         CASE WHEN alarm_level IN (1, 2, 3, 4, 5) THEN alarm_level ELSE 0 END AS level
  FROM oracle.dwd_equipment_alarms
  WHERE occurred_date >= oracle.today() - 1
)
SELECT oracle.ymd(occurred_date) * 1000 + level * 100 + oracle.type_number(type) * 10
         + coalesce(array_position(ARRAY['FAULT', 'WARNING', 'CRITICAL', 'INFO'], kind), 9) AS summary_id,
       occurred_date AS summary_date, type AS equipment_type, kind AS alarm_type, level AS alarm_level,
       count(*)::integer AS total_alarms,
       count(*) FILTER (WHERE is_resolved)::integer AS resolved_alarms,
       count(*) FILTER (WHERE is_resolved IS NOT TRUE)::integer AS unresolved_alarms,
       -- AVG of INT is INT: the fraction is cut off.
       trunc(avg(resolution_time_minutes))::numeric(8, 2) AS avg_resolution_time_minutes,
       max(resolution_time_minutes) AS max_resolution_time_minutes,
       count(*) FILTER (WHERE alarm_level >= 4)::integer AS critical_alarms,
       count(*) FILTER (WHERE alarm_level BETWEEN 2 AND 3)::integer AS warning_alarms,
       count(*) FILTER (WHERE alarm_level = 1)::integer AS info_alarms,
       oracle.present()::timestamp(3) AS created_at
FROM classed
GROUP BY occurred_date, type, kind, level;

CREATE VIEW oracle.dws_equipment_hourly_summary AS
WITH g AS (
  SELECT equipment_id, monitoring_date, monitoring_hour, max(equipment_name) AS name, max(equipment_type) AS type,
         count(*) AS n,
         oracle.favg(sum(voltage_avg), count(voltage_avg)) AS v,
         oracle.favg(sum(current_avg), count(current_avg)) AS c,
         oracle.favg(sum(power_active), count(power_active)) AS p,
         oracle.favg(sum(power_factor), count(power_factor)) AS pf,
         oracle.favg(sum(frequency), count(frequency)) AS f,
         oracle.favg(sum(temperature), count(temperature)) AS t,
         oracle.favg(sum(voltage_imbalance), count(voltage_imbalance)) AS vi
  FROM oracle.dwd_power_monitoring
  WHERE monitoring_date >= oracle.today() - 1
  GROUP BY equipment_id, monitoring_date, monitoring_hour
)
SELECT (equipment_id * 100000000 + oracle.ymd(monitoring_date)) * 100 + monitoring_hour AS summary_id, equipment_id,
       name AS equipment_name, type AS equipment_type, monitoring_date AS summary_date, monitoring_hour AS summary_hour,
       round(v, 2)::numeric(8, 2) AS voltage_avg, round(c, 2)::numeric(8, 2) AS current_avg,
       round(p, 2)::numeric(10, 2) AS power_active_avg, round(pf, 4)::numeric(6, 4) AS power_factor_avg,
       round(f, 3)::numeric(6, 3) AS frequency_avg, round(t, 2)::numeric(6, 2) AS temperature_avg,
       n::integer AS monitoring_count,
       round(oracle.fdiv(p, oracle.rated(type), 17), 4)::numeric(6, 4) AS load_rate,
       -- Products and sums are exact; one rounding.
       round(0.4 * pf + 0.3 * (1 - vi) + 0.3 * (1 - coalesce(greatest(t - 40, 0), 0) * 0.05), 4)::numeric(6, 4)
         AS efficiency_score,
       oracle.present()::timestamp(3) AS created_at
FROM g;

CREATE VIEW oracle.dws_power_quality_metrics AS
WITH g AS (
  SELECT m.monitoring_date AS d, m.monitoring_hour AS h,
         oracle.favg(count(*) FILTER (WHERE abs(m.voltage_avg - e.voltage_level_code) <= 0.05 * e.voltage_level_code
                                            AND e.voltage_level_code > 0), count(*)) AS vq,
         oracle.favg(count(*) FILTER (WHERE abs(m.frequency_deviation) <= 0.2), count(*)) AS fq,
         oracle.favg(sum(m.power_factor), count(m.power_factor)) AS pf,
         oracle.favg(sum(m.voltage_imbalance), count(m.voltage_imbalance)) AS vi,
         oracle.favg(sum(m.current_imbalance), count(m.current_imbalance)) AS ci,
         count(DISTINCT m.equipment_id) AS equipment,
         count(DISTINCT m.equipment_id) FILTER (WHERE m.monitoring_time >= oracle.present() - interval '10 minutes')
           AS online
  FROM oracle.dwd_power_monitoring m LEFT JOIN oracle.dwd_power_equipment e USING (equipment_id)
  WHERE m.monitoring_date >= oracle.today() - 1
  GROUP BY m.monitoring_date, m.monitoring_hour
)
SELECT oracle.ymd(d) * 100 + h AS metric_id, d AS summary_date, h AS summary_hour,
       round(vq, 4)::numeric(6, 4) AS voltage_qualification_rate,
       round(fq, 4)::numeric(6, 4) AS frequency_qualification_rate, round(pf, 4)::numeric(6, 4) AS power_factor_avg,
       round(vi, 4)::numeric(6, 4) AS voltage_imbalance_rate, round(ci, 4)::numeric(6, 4) AS current_imbalance_rate,
       equipment::integer AS total_equipment_count, online::integer AS online_equipment_count,
       round(100 * (0.3 * vq + 0.3 * fq + 0.2 * pf + 0.1 * (1 - vi) + 0.1 * (1 - ci)), 2)::numeric(6, 2)
         AS power_quality_score,
       oracle.present()::timestamp(3) AS created_at
FROM g;

CREATE VIEW oracle.dws_realtime_monitoring AS
WITH placed AS (
  SELECT *, date_bin('5 minutes', monitoring_time, '1970-01-01')::timestamp(3) AS w,
         greatest(voltage_imbalance, current_imbalance) AS worst
  FROM oracle.dwd_power_monitoring
)
SELECT equipment_id * 10000000000 + extract(epoch FROM w)::bigint AS window_id, equipment_id,
       max(equipment_name) AS equipment_name, max(equipment_type) AS equipment_type,
       w AS window_start, (w + interval '5 minutes')::timestamp(3) AS window_end,
       round(oracle.favg(sum(voltage_avg), count(voltage_avg)), 2)::numeric(8, 2) AS voltage_avg,
       round(oracle.favg(sum(current_avg), count(current_avg)), 2)::numeric(8, 2) AS current_avg,
       round(oracle.favg(sum(power_active), count(power_active)), 2)::numeric(10, 2) AS power_active_avg,
       round(oracle.favg(sum(power_factor), count(power_factor)), 4)::numeric(6, 4) AS power_factor_avg,
       round(oracle.favg(sum(frequency), count(frequency)), 3)::numeric(6, 3) AS frequency_avg,
       round(oracle.favg(sum(temperature), count(temperature)), 2)::numeric(6, 2) AS temperature_avg,
       count(*)::integer AS monitoring_count, count(*) FILTER (WHERE worst > 0.02)::integer AS abnormal_count,
       CASE WHEN max(worst) > 0.05 THEN 'CRITICAL' WHEN max(worst) > 0.02 THEN 'WARNING' ELSE 'NORMAL' END
         AS alert_level,
       oracle.present()::timestamp(3) AS created_at
FROM placed
GROUP BY equipment_id, w;

CREATE VIEW oracle.dws_equipment_ranking AS
WITH scores AS (
  SELECT 1 AS code, 'EFFICIENCY' AS kind, summary_date AS d, equipment_id, max(equipment_name) AS name,
         max(equipment_type) AS type,
         round(100 * oracle.favg(sum(efficiency_score), count(efficiency_score)), 2)::numeric(6, 2) AS score
  FROM oracle.dws_equipment_hourly_summary
  WHERE efficiency_score IS NOT NULL
  GROUP BY summary_date, equipment_id
  UNION ALL
  SELECT 2, 'LOAD_RATE', summary_date, equipment_id, equipment_name, equipment_type,
         round(100 * utilization_rate, 2)::numeric(6, 2)
  FROM oracle.dws_equipment_daily_summary
  WHERE utilization_rate IS NOT NULL
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY code, d ORDER BY score DESC, equipment_id) AS place,
         count(*) OVER (PARTITION BY code, d) AS total
  FROM scores
)
SELECT (equipment_id * 100000000 + oracle.ymd(d)) * 10 + code AS ranking_id, d AS ranking_date, kind AS ranking_type,
       equipment_id, name AS equipment_name, type AS equipment_type, score AS performance_score,
       place::integer AS ranking_position, total::integer AS total_equipment,
       oracle.present()::timestamp(3) AS created_at
FROM placed
WHERE place <= 10;

CREATE VIEW oracle.dwd_quality_check AS
WITH counted AS (
  SELECT 1 AS code, 'dwd_power_monitoring' AS checked, 'voltage_range_check' AS kind,
         count(*) FILTER (WHERE voltage_avg NOT BETWEEN 0 AND 1000) AS errors, count(*) AS total
  FROM oracle.dwd_power_monitoring
  WHERE monitoring_time >= oracle.present() - interval '1 hour'
  UNION ALL
  SELECT 2, 'dws_equipment_daily_summary', 'completeness_check',
         count(*) FILTER (WHERE monitoring_count = 0), count(*)
  FROM oracle.dws_equipment_daily_summary
)
SELECT oracle.ymd(oracle.today()) * 100 + code AS check_id, checked AS table_name, kind AS check_type,
       CASE errors WHEN 0 THEN 'PASS' ELSE 'FAIL' END AS check_result, errors AS error_count, total AS total_count,
       oracle.present()::timestamp(3) AS check_time
FROM counted;

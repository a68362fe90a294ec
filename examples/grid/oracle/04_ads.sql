-- ADS：大屏、质量、健康、区域、统计、性能、告警。 ADS: dashboard, quality, health, regions, statistics, performance, alerts.

-- Open alarms of a day, by equipment.
CREATE VIEW oracle.open_alarms AS
SELECT equipment_id, count(*) AS n, count(*) FILTER (WHERE alarm_level >= 4) AS critical,
       count(*) FILTER (WHERE alarm_level IN (2, 3)) AS warning
FROM oracle.dwd_equipment_alarms
WHERE is_resolved IS NOT TRUE AND occurred_at >= oracle.present() - interval '24 hours'
GROUP BY equipment_id;

CREATE VIEW oracle.ads_realtime_dashboard AS
WITH newest AS (
  SELECT DISTINCT ON (equipment_id) *, round(oracle.fdiv(power_active, oracle.rated(equipment_type), 13), 4) AS load
  FROM oracle.dwd_power_monitoring
  ORDER BY equipment_id, monitoring_time DESC, monitoring_id DESC
), recent AS (
  SELECT * FROM newest WHERE monitoring_time >= oracle.present() - interval '10 minutes'
), g AS (
  SELECT count(*) AS total, count(r.equipment_id) AS online, count(n.equipment_id) - count(r.equipment_id) AS offline,
         count(*) FILTER (WHERE e.status = 'MAINTENANCE') AS maintenance, coalesce(sum(e.capacity_mw), 0) AS capacity,
         coalesce(sum(round(e.capacity_mw * r.load, 2)), 0) AS active_capacity,
         oracle.favg(coalesce(sum(r.load), 0), count(*)) AS load,
         coalesce(sum(a.n), 0) AS alarms, coalesce(sum(a.critical), 0) AS critical,
         coalesce(sum(a.warning), 0) AS warning,
         oracle.favg(sum(r.voltage_avg) FILTER (WHERE e.voltage_level = '220kV'),
                     count(r.voltage_avg) FILTER (WHERE e.voltage_level = '220kV')) AS v220,
         oracle.favg(sum(r.voltage_avg) FILTER (WHERE e.voltage_level = '110kV'),
                     count(r.voltage_avg) FILTER (WHERE e.voltage_level = '110kV')) AS v110,
         oracle.favg(sum(r.frequency), count(r.frequency)) AS f
  FROM oracle.dwd_power_equipment e LEFT JOIN newest n USING (equipment_id) LEFT JOIN recent r USING (equipment_id)
       LEFT JOIN oracle.open_alarms a USING (equipment_id)
)
SELECT 1::bigint AS dashboard_id, total::integer AS total_equipment, online::integer AS online_equipment,
       offline::integer AS offline_equipment, maintenance::integer AS maintenance_equipment,
       capacity::numeric(12, 2) AS total_capacity_mw, active_capacity::numeric(12, 2) AS active_capacity_mw,
       round(load, 4)::numeric(6, 4) AS load_rate, alarms::integer AS total_active_alarms,
       critical::integer AS critical_alarms, warning::integer AS warning_alarms,
       round(v220, 2)::numeric(8, 2) AS avg_voltage_220kv, round(v110, 2)::numeric(8, 2) AS avg_voltage_110kv,
       round(f, 3)::numeric(6, 3) AS avg_frequency,
       CASE WHEN critical > 0 THEN '故障' WHEN warning > 0 THEN '告警' ELSE '正常' END AS system_status,
       oracle.present()::timestamp(3) AS last_updated
FROM g;

CREATE VIEW oracle.ads_power_quality_analysis AS
WITH g AS (
  SELECT summary_date AS d,
         oracle.favg(sum(voltage_qualification_rate), count(voltage_qualification_rate)) AS vq,
         oracle.favg(sum(frequency_qualification_rate), count(frequency_qualification_rate)) AS fq,
         oracle.favg(sum(power_factor_avg), count(power_factor_avg)) AS pf,
         oracle.favg(sum(voltage_imbalance_rate), count(voltage_imbalance_rate)) AS vi,
         oracle.favg(sum(current_imbalance_rate), count(current_imbalance_rate)) AS ci,
         oracle.favg(sum(voltage_imbalance_rate + current_imbalance_rate),
                     count(voltage_imbalance_rate + current_imbalance_rate)) AS both_imbalances,
         oracle.favg(sum(power_quality_score), count(power_quality_score)) AS score
  FROM oracle.dws_power_quality_metrics
  GROUP BY summary_date
)
SELECT oracle.ymd(d) AS analysis_id, d AS analysis_date, round(vq, 4)::numeric(6, 4) AS voltage_qualification_rate,
       round(fq, 4)::numeric(6, 4) AS frequency_qualification_rate, round(pf, 4)::numeric(6, 4) AS power_factor_avg,
       round(vi, 4)::numeric(6, 4) AS voltage_imbalance_rate, round(ci, 4)::numeric(6, 4) AS current_imbalance_rate,
       round(0.5 * both_imbalances, 4)::numeric(6, 4) AS harmonic_distortion_rate,
       round(score, 2)::numeric(6, 2) AS power_quality_score,
       CASE WHEN score >= 90 THEN '优秀' WHEN score >= 80 THEN '良好' WHEN score >= 70 THEN '一般'
            WHEN score >= 60 THEN '较差' ELSE '差' END AS quality_level,
       oracle.present()::timestamp(3) AS created_at
FROM g;

CREATE VIEW oracle.ads_equipment_health_assessment AS
WITH per_day AS (
  SELECT equipment_type, summary_date, sum(total_alarms) AS n
  FROM oracle.dws_alarm_daily_summary GROUP BY equipment_type, summary_date
), alarms AS (
  SELECT equipment_type, oracle.favg(sum(n), count(n)) AS n FROM per_day GROUP BY equipment_type
), hourly AS (
  SELECT equipment_id, oracle.favg(sum(efficiency_score), count(efficiency_score)) AS efficiency
  FROM oracle.dws_equipment_hourly_summary GROUP BY equipment_id
), daily AS (
  SELECT equipment_id, oracle.favg(sum(utilization_rate), count(utilization_rate)) AS utilization
  FROM oracle.dws_equipment_daily_summary GROUP BY equipment_id
), parts AS (
  SELECT e.equipment_id AS id, e.equipment_name AS name, e.equipment_type AS type, e.maintenance_interval_days AS m,
         a.n, coalesce(h.efficiency, 0.8) AS efficiency, coalesce(d.utilization, 0.7) AS utilization
  FROM oracle.dwd_power_equipment e LEFT JOIN alarms a USING (equipment_type) LEFT JOIN hourly h USING (equipment_id)
       LEFT JOIN daily d USING (equipment_id)
), rated AS (
  SELECT *, CASE WHEN n IS NULL THEN 0.9 ELSE greatest(1 - n * 0.1, 0) END AS reliability,
         CASE WHEN m IS NULL THEN 0.8 WHEN m >= 365 THEN 0 ELSE 1 - oracle.fdiv(m, 365, 11) END AS upkeep
  FROM parts
), scored AS (
  SELECT *, 0.4 * efficiency + 0.3 * reliability + 0.2 * utilization + 0.1 * upkeep AS health FROM rated
)
SELECT id * 100000000 + oracle.ymd(oracle.today()) AS assessment_id, id AS equipment_id, name AS equipment_name,
       type AS equipment_type, round(100 * health, 2)::numeric(6, 2) AS health_score,
       CASE WHEN health >= 0.9 THEN '优秀' WHEN health >= 0.8 THEN '良好' WHEN health >= 0.7 THEN '一般' ELSE '差' END
         AS health_level,
       round(100 * reliability, 2)::numeric(6, 2) AS reliability_score,
       CASE WHEN m > 300 THEN 5 WHEN m > 200 THEN 4 WHEN m > 150 THEN 3 WHEN m > 100 THEN 2 ELSE 1 END
         AS maintenance_urgency,
       CASE WHEN n > 5 OR m > 250 THEN 0.3 WHEN n > 3 OR m > 200 THEN 0.2 WHEN n > 1 OR m > 150 THEN 0.1 ELSE 0.05
       END::numeric(6, 4) AS predicted_failure_probability,
       CASE WHEN n > 5 THEN 30 WHEN n > 3 THEN 90 WHEN n > 1 THEN 180 ELSE 365 END AS remaining_life_days,
       CASE WHEN m > 300 THEN '维护严重超期，请立即停机检修' WHEN m > 200 THEN '维护已超期，请在一周内安排'
            WHEN m > 150 THEN '临近维护周期，请在一个月内安排' WHEN n > 3 THEN '同类设备告警较多，请加强巡视'
            ELSE '按计划维护' END AS maintenance_recommendation,
       oracle.today() AS assessment_date, oracle.present()::timestamp(3) AS created_at
FROM scored;

CREATE VIEW oracle.ads_regional_grid_overview AS
WITH newest AS (
  SELECT DISTINCT ON (equipment_id) equipment_id, power_active_avg
  FROM oracle.dws_realtime_monitoring ORDER BY equipment_id, window_start DESC
), g AS (
  SELECT e.province, e.city, count(*) AS total,
         count(*) FILTER (WHERE e.equipment_type = '变压器') AS transformers,
         count(*) FILTER (WHERE e.equipment_type = '发电机') AS generators,
         count(*) FILTER (WHERE e.equipment_type = '输电线路') AS lines,
         count(*) FILTER (WHERE e.equipment_type = '配电设备') AS distributions,
         coalesce(sum(e.capacity_mw), 0) AS capacity, coalesce(sum(n.power_active_avg), 0) AS load,
         oracle.favg(sum(coalesce(d.utilization_rate, 0)), count(*)) AS load_rate,
         coalesce(sum(a.n), 0) AS alarms, coalesce(sum(a.critical), 0) AS critical,
         coalesce(sum(a.warning), 0) AS warning
  FROM oracle.dwd_power_equipment e LEFT JOIN newest n USING (equipment_id)
       LEFT JOIN oracle.dws_equipment_daily_summary d
         ON d.equipment_id = e.equipment_id AND d.summary_date = oracle.today()
       LEFT JOIN oracle.open_alarms a ON a.equipment_id = e.equipment_id
  GROUP BY e.province, e.city
), quality AS (
  SELECT coalesce(oracle.favg(sum(power_quality_score), count(power_quality_score)), 80) AS score
  FROM oracle.dws_power_quality_metrics WHERE summary_date = oracle.today()
)
SELECT CASE province WHEN '北京' THEN 11 WHEN '上海' THEN 31 WHEN '浙江' THEN 33 WHEN '广东' THEN 44 ELSE 99 END
         * 10000000000 + oracle.hash_code(city) + 2147483648 AS overview_id,
       province || city AS region_name, province, city, total::integer AS total_equipment,
       transformers::integer AS transformer_count, generators::integer AS generator_count,
       lines::integer AS line_count, distributions::integer AS distribution_count,
       capacity::numeric(12, 2) AS total_capacity_mw, load::numeric(12, 2) AS current_load_mw,
       round(load_rate, 4)::numeric(6, 4) AS load_rate, round(score, 2)::numeric(6, 2) AS power_quality_score,
       alarms::integer AS active_alarms, critical::integer AS critical_alarms,
       CASE WHEN critical > 0 THEN '故障' WHEN warning > 0 THEN '告警' ELSE '正常' END AS region_status,
       oracle.present()::timestamp(3) AS last_updated
FROM g, quality;

CREATE VIEW oracle.ads_alarm_statistics AS
WITH a AS (
  SELECT *, oracle.type_class(equipment_type) AS type FROM oracle.dwd_equipment_alarms
), per_equipment AS (
  SELECT occurred_date AS d, type, alarm_category AS category, equipment_id, max(equipment_name) AS name, count(*) AS n
  FROM a GROUP BY occurred_date, type, alarm_category, equipment_id
), g AS (
  SELECT occurred_date AS d, type, alarm_category AS category, count(*) AS n,
         trunc(avg(resolution_time_minutes)) AS minutes,
         oracle.favg(count(*) FILTER (WHERE is_resolved), count(*)) AS resolved
  FROM a GROUP BY occurred_date, type, alarm_category
)
SELECT oracle.ymd(d) * 100 + oracle.type_number(type) * 10
         + coalesce(array_position(ARRAY['温度告警', '电流告警', '电压告警', '过载告警', '湿度告警', '维护信息'], category), 9)
         AS stat_id,
       d AS stat_date, date_part('hour', oracle.present())::integer AS stat_hour, type AS equipment_type,
       category AS alarm_category, n::integer AS alarm_count, minutes::numeric(8, 2) AS avg_resolution_time_minutes,
       round(resolved, 4)::numeric(6, 4) AS resolution_rate,
       coalesce((SELECT sum(p.n) FROM per_equipment p
                 WHERE p.d = g.d AND p.type = g.type AND p.category = g.category AND p.n > 1), 0)::integer
         AS recurring_alarm_count,
       (SELECT p.name FROM per_equipment p WHERE p.d = g.d AND p.type = g.type AND p.category = g.category
        ORDER BY p.n DESC, p.equipment_id LIMIT 1) AS top_alarm_equipment,
       (ARRAY['下降', '平稳', '上升'])[2 + sign(n - coalesce((SELECT y.n FROM g y WHERE y.d = g.d - 1 AND y.type = g.type
                                                          AND y.category = g.category), 0))::integer]
         AS trend_indicator,
       oracle.present()::timestamp(3) AS created_at
FROM g
WHERE d >= oracle.today() - 1;

CREATE VIEW oracle.ads_equipment_performance_metrics AS
WITH hourly AS (
  SELECT equipment_id,
         oracle.favg(sum(efficiency_score), count(efficiency_score)) AS efficiency,
         oracle.favg(sum(power_active_avg), count(power_active_avg)) AS power,
         oracle.favg(sum(efficiency_score) FILTER (WHERE summary_date = oracle.today()),
                     count(efficiency_score) FILTER (WHERE summary_date = oracle.today())) AS today,
         oracle.favg(sum(efficiency_score) FILTER (WHERE summary_date = oracle.today() - 1),
                     count(efficiency_score) FILTER (WHERE summary_date = oracle.today() - 1)) AS yesterday
  FROM oracle.dws_equipment_hourly_summary GROUP BY equipment_id
), daily AS (
  SELECT equipment_id, oracle.favg(sum(utilization_rate), count(utilization_rate)) AS utilization,
         oracle.favg(sum(uptime_hours), count(uptime_hours)) AS hours
  FROM oracle.dws_equipment_daily_summary GROUP BY equipment_id
)
SELECT e.equipment_id * 100000000 + oracle.ymd(oracle.today()) AS metric_id, e.equipment_id, e.equipment_name,
       e.equipment_type, oracle.today() AS metric_date,
       round(100 * efficiency, 2)::numeric(6, 2) AS efficiency_score,
       round(utilization, 4)::numeric(6, 4) AS utilization_rate,
       round(oracle.fdiv(hours, 24, 17), 4)::numeric(6, 4) AS availability_rate,
       CASE sign(today - yesterday) WHEN 1 THEN '改善' WHEN -1 THEN '恶化' ELSE '稳定' END AS performance_trend,
       round(24 * power, 2)::numeric(10, 2) AS energy_consumption_kwh,
       round(24 * power * 0.5312, 2)::numeric(10, 2) AS carbon_emission_kg,
       round(100 * (0.6 * efficiency + 0.4 * utilization), 2)::numeric(6, 2) AS cost_efficiency_score,
       oracle.present()::timestamp(3) AS created_at
FROM oracle.dwd_power_equipment e LEFT JOIN hourly USING (equipment_id) LEFT JOIN daily USING (equipment_id);

CREATE VIEW oracle.ads_realtime_alerts AS
SELECT metric_id AS alert_id, 'PERFORMANCE' AS alert_type,
       CASE WHEN efficiency_score < 60 THEN 'CRITICAL' WHEN efficiency_score < 80 THEN 'WARNING' ELSE 'INFO' END
         AS alert_level,
       '设备性能告警：' || equipment_name AS alert_title,
       '效率评分 ' || coalesce(efficiency_score::text, '-') || '，利用率 ' || coalesce(utilization_rate::text, '-')
         AS alert_content,
       equipment_id, equipment_name,
       CASE WHEN efficiency_score < 60 THEN '立即停机检修' WHEN efficiency_score < 80 THEN '安排检修' ELSE '持续观察' END
         AS action_required,
       oracle.present()::timestamp(3) AS alert_time, FALSE AS is_acknowledged
FROM oracle.ads_equipment_performance_metrics
WHERE efficiency_score < 80 OR utilization_rate < 0.5;

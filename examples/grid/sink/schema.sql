-- 汇库：数仓结果，模式 sgcc_dw。每张 DWD、DWS、ADS 表一张，主键为第一列。
-- Sink database: results of the warehouse, schema sgcc_dw. One table for each DWD, DWS, ADS table, the same columns,
-- primary key = first column. Columns the source may leave out are nullable here too.
--
--   psql -v ON_ERROR_STOP=1 -f schema.sql

CREATE SCHEMA sgcc_dw;

-- 当前时刻：设了 grid.clock 就用它，否则用墙上时钟（UTC）。
-- The present: grid.clock where it is set, else the wall clock in UTC.
CREATE FUNCTION sgcc_dw.present() RETURNS timestamp LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('grid.clock', true), '')::timestamp,
                  date_trunc('milliseconds', statement_timestamp() AT TIME ZONE 'UTC'))
$$;

-- 设备明细 · equipment
CREATE TABLE sgcc_dw.dwd_power_equipment (
  equipment_id              bigint PRIMARY KEY,
  equipment_name            text,
  equipment_type            text,
  equipment_type_code       text,
  location                  text,
  province                  text,
  city                      text,
  district                  text,
  voltage_level             text,
  voltage_level_code        integer,
  capacity_mw               numeric(10, 2),
  capacity_level            text,
  manufacturer              text,
  installation_date         date,
  installation_year         integer,
  last_maintenance_date     date,
  maintenance_interval_days integer,
  status                    text,
  is_critical               boolean,
  created_at                timestamp(3),
  updated_at                timestamp(3)
);

-- 监测明细 · monitoring readings
CREATE TABLE sgcc_dw.dwd_power_monitoring (
  monitoring_id       bigint PRIMARY KEY,
  equipment_id        bigint,
  equipment_name      text,
  equipment_type      text,
  voltage_a           numeric(8, 2),
  voltage_b           numeric(8, 2),
  voltage_c           numeric(8, 2),
  voltage_avg         numeric(8, 2),
  voltage_imbalance   numeric(6, 4),
  current_a           numeric(8, 2),
  current_b           numeric(8, 2),
  current_c           numeric(8, 2),
  current_avg         numeric(8, 2),
  current_imbalance   numeric(6, 4),
  power_active        numeric(10, 2),
  power_reactive      numeric(10, 2),
  power_factor        numeric(6, 4),
  power_apparent      numeric(10, 2),
  frequency           numeric(6, 3),
  frequency_deviation numeric(6, 4),
  temperature         numeric(6, 2),
  humidity            numeric(5, 2),
  monitoring_date     date,
  monitoring_hour     integer,
  monitoring_minute   integer,
  is_peak_hour        boolean,
  is_working_day      boolean,
  monitoring_time     timestamp(3),
  created_at          timestamp(3)
);

-- 告警明细 · alarms
CREATE TABLE sgcc_dw.dwd_equipment_alarms (
  alarm_id                bigint PRIMARY KEY,
  equipment_id            bigint,
  equipment_name          text,
  equipment_type          text,
  alarm_type              text,
  alarm_level             integer,
  alarm_level_name        text,
  alarm_message           text,
  alarm_code              text,
  alarm_category          text,
  is_resolved             boolean,
  resolution_time_minutes integer,
  occurred_date           date,
  occurred_hour           integer,
  occurred_at             timestamp(3),
  resolved_at             timestamp(3),
  created_at              timestamp(3),
  updated_at              timestamp(3)
);

-- 质量检查 · quality checks
CREATE TABLE sgcc_dw.dwd_quality_check (
  check_id     bigint PRIMARY KEY,
  table_name   text,
  check_type   text,
  check_result text,
  error_count  bigint,
  total_count  bigint,
  check_time   timestamp(3)
);

-- 异常监测 · abnormal readings
CREATE TABLE sgcc_dw.dwd_anomaly_alerts (
  alert_id            bigint PRIMARY KEY,
  equipment_id        bigint,
  equipment_name      text,
  anomaly_type        text,
  anomaly_description text,
  severity_level      text,
  alert_time          timestamp(3)
);

-- 设备日汇总 · equipment by day
CREATE TABLE sgcc_dw.dws_equipment_daily_summary (
  summary_id       bigint PRIMARY KEY,
  equipment_id     bigint,
  equipment_name   text,
  equipment_type   text,
  summary_date     date,
  voltage_avg      numeric(8, 2),
  voltage_max      numeric(8, 2),
  voltage_min      numeric(8, 2),
  voltage_std      numeric(8, 4),
  current_avg      numeric(8, 2),
  current_max      numeric(8, 2),
  current_min      numeric(8, 2),
  power_active_avg numeric(10, 2),
  power_active_max numeric(10, 2),
  power_active_min numeric(10, 2),
  power_factor_avg numeric(6, 4),
  frequency_avg    numeric(6, 3),
  temperature_avg  numeric(6, 2),
  temperature_max  numeric(6, 2),
  monitoring_count integer,
  abnormal_count   integer,
  uptime_hours     numeric(6, 2),
  utilization_rate numeric(6, 4),
  created_at       timestamp(3)
);

-- 告警日汇总 · alarms by day
CREATE TABLE sgcc_dw.dws_alarm_daily_summary (
  summary_id                  bigint PRIMARY KEY,
  summary_date                date,
  equipment_type              text,
  alarm_type                  text,
  alarm_level                 integer,
  total_alarms                integer,
  resolved_alarms             integer,
  unresolved_alarms           integer,
  avg_resolution_time_minutes numeric(8, 2),
  max_resolution_time_minutes integer,
  critical_alarms             integer,
  warning_alarms              integer,
  info_alarms                 integer,
  created_at                  timestamp(3)
);

-- 设备小时汇总 · equipment by hour
CREATE TABLE sgcc_dw.dws_equipment_hourly_summary (
  summary_id       bigint PRIMARY KEY,
  equipment_id     bigint,
  equipment_name   text,
  equipment_type   text,
  summary_date     date,
  summary_hour     integer,
  voltage_avg      numeric(8, 2),
  current_avg      numeric(8, 2),
  power_active_avg numeric(10, 2),
  power_factor_avg numeric(6, 4),
  frequency_avg    numeric(6, 3),
  temperature_avg  numeric(6, 2),
  monitoring_count integer,
  load_rate        numeric(6, 4),
  efficiency_score numeric(6, 4),
  created_at       timestamp(3)
);

-- 电能质量指标 · power quality by hour
CREATE TABLE sgcc_dw.dws_power_quality_metrics (
  metric_id                    bigint PRIMARY KEY,
  summary_date                 date,
  summary_hour                 integer,
  voltage_qualification_rate   numeric(6, 4),
  frequency_qualification_rate numeric(6, 4),
  power_factor_avg             numeric(6, 4),
  voltage_imbalance_rate       numeric(6, 4),
  current_imbalance_rate       numeric(6, 4),
  total_equipment_count        integer,
  online_equipment_count       integer,
  power_quality_score          numeric(6, 2),
  created_at                   timestamp(3)
);

-- 实时监测窗口 · windows of five minutes
CREATE TABLE sgcc_dw.dws_realtime_monitoring (
  window_id        bigint PRIMARY KEY,
  equipment_id     bigint,
  equipment_name   text,
  equipment_type   text,
  window_start     timestamp(3),
  window_end       timestamp(3),
  voltage_avg      numeric(8, 2),
  current_avg      numeric(8, 2),
  power_active_avg numeric(10, 2),
  power_factor_avg numeric(6, 4),
  frequency_avg    numeric(6, 3),
  temperature_avg  numeric(6, 2),
  monitoring_count integer,
  abnormal_count   integer,
  alert_level      text,
  created_at       timestamp(3)
);

-- 设备排名 · rankings
CREATE TABLE sgcc_dw.dws_equipment_ranking (
  ranking_id        bigint PRIMARY KEY,
  ranking_date      date,
  ranking_type      text,
  equipment_id      bigint,
  equipment_name    text,
  equipment_type    text,
  performance_score numeric(6, 2),
  ranking_position  integer,
  total_equipment   integer,
  created_at        timestamp(3)
);

-- 实时大屏 · dashboard
CREATE TABLE sgcc_dw.ads_realtime_dashboard (
  dashboard_id          bigint PRIMARY KEY,
  total_equipment       integer,
  online_equipment      integer,
  offline_equipment     integer,
  maintenance_equipment integer,
  total_capacity_mw     numeric(12, 2),
  active_capacity_mw    numeric(12, 2),
  load_rate             numeric(6, 4),
  total_active_alarms   integer,
  critical_alarms       integer,
  warning_alarms        integer,
  avg_voltage_220kv     numeric(8, 2),
  avg_voltage_110kv     numeric(8, 2),
  avg_frequency         numeric(6, 3),
  system_status         text,
  last_updated          timestamp(3)
);

-- 电能质量分析 · power quality by day
CREATE TABLE sgcc_dw.ads_power_quality_analysis (
  analysis_id                  bigint PRIMARY KEY,
  analysis_date                date,
  voltage_qualification_rate   numeric(6, 4),
  frequency_qualification_rate numeric(6, 4),
  power_factor_avg             numeric(6, 4),
  voltage_imbalance_rate       numeric(6, 4),
  current_imbalance_rate       numeric(6, 4),
  harmonic_distortion_rate     numeric(6, 4),
  power_quality_score          numeric(6, 2),
  quality_level                text,
  created_at                   timestamp(3)
);

-- 设备健康评估 · health
CREATE TABLE sgcc_dw.ads_equipment_health_assessment (
  assessment_id                 bigint PRIMARY KEY,
  equipment_id                  bigint,
  equipment_name                text,
  equipment_type                text,
  health_score                  numeric(6, 2),
  health_level                  text,
  reliability_score             numeric(6, 2),
  maintenance_urgency           integer,
  predicted_failure_probability numeric(6, 4),
  remaining_life_days           integer,
  maintenance_recommendation    text,
  assessment_date               date,
  created_at                    timestamp(3)
);

-- 区域电网概览 · regions
CREATE TABLE sgcc_dw.ads_regional_grid_overview (
  overview_id         bigint PRIMARY KEY,
  region_name         text,
  province            text,
  city                text,
  total_equipment     integer,
  transformer_count   integer,
  generator_count     integer,
  line_count          integer,
  distribution_count  integer,
  total_capacity_mw   numeric(12, 2),
  current_load_mw     numeric(12, 2),
  load_rate           numeric(6, 4),
  power_quality_score numeric(6, 2),
  active_alarms       integer,
  critical_alarms     integer,
  region_status       text,
  last_updated        timestamp(3)
);

-- 告警统计 · alarm statistics
CREATE TABLE sgcc_dw.ads_alarm_statistics (
  stat_id                     bigint PRIMARY KEY,
  stat_date                   date,
  stat_hour                   integer,
  equipment_type              text,
  alarm_category              text,
  alarm_count                 integer,
  avg_resolution_time_minutes numeric(8, 2),
  resolution_rate             numeric(6, 4),
  recurring_alarm_count       integer,
  top_alarm_equipment         text,
  trend_indicator             text,
  created_at                  timestamp(3)
);

-- 设备性能指标 · performance
CREATE TABLE sgcc_dw.ads_equipment_performance_metrics (
  metric_id              bigint PRIMARY KEY,
  equipment_id           bigint,
  equipment_name         text,
  equipment_type         text,
  metric_date            date,
  efficiency_score       numeric(6, 2),
  utilization_rate       numeric(6, 4),
  availability_rate      numeric(6, 4),
  performance_trend      text,
  energy_consumption_kwh numeric(10, 2),
  carbon_emission_kg     numeric(10, 2),
  cost_efficiency_score  numeric(6, 2),
  created_at             timestamp(3)
);

-- 实时告警 · alerts
CREATE TABLE sgcc_dw.ads_realtime_alerts (
  alert_id        bigint PRIMARY KEY,
  alert_type      text,
  alert_level     text,
  alert_title     text,
  alert_content   text,
  equipment_id    bigint,
  equipment_name  text,
  action_required text,
  alert_time      timestamp(3),
  is_acknowledged boolean
);

CREATE INDEX ON sgcc_dw.dwd_power_monitoring (equipment_id, monitoring_time);
CREATE INDEX ON sgcc_dw.dwd_power_monitoring (monitoring_date);
CREATE INDEX ON sgcc_dw.dwd_equipment_alarms (equipment_id, occurred_at);
CREATE INDEX ON sgcc_dw.dwd_equipment_alarms (occurred_date);
CREATE INDEX ON sgcc_dw.dws_equipment_daily_summary (equipment_id, summary_date);
CREATE INDEX ON sgcc_dw.dws_alarm_daily_summary (summary_date, equipment_type);
CREATE INDEX ON sgcc_dw.ads_equipment_health_assessment (equipment_id);
CREATE INDEX ON sgcc_dw.ads_power_quality_analysis (analysis_date);

-- 设备实时状态：每台设备最新的监测行，没有监测的设备不出现。
-- Equipment with its newest reading; equipment without any is not listed.
CREATE VIEW sgcc_dw.v_equipment_realtime_status AS
SELECT e.equipment_id, e.equipment_name, e.equipment_type, e.location, e.status, m.voltage_avg, m.current_avg,
       m.power_active, m.power_factor, m.frequency, m.temperature, m.monitoring_time,
       CASE WHEN m.monitoring_time >= sgcc_dw.present() - interval '10 minutes' THEN 'ONLINE' ELSE 'OFFLINE' END
         AS connection_status
FROM sgcc_dw.dwd_power_equipment e
JOIN LATERAL (SELECT * FROM sgcc_dw.dwd_power_monitoring r
              WHERE r.equipment_id = e.equipment_id AND r.monitoring_time IS NOT NULL
              ORDER BY r.monitoring_time DESC, r.monitoring_id DESC LIMIT 1) m ON TRUE;

-- 三十天告警统计。 Alarms of thirty days.
CREATE VIEW sgcc_dw.v_alarm_statistics AS
SELECT equipment_type, alarm_type, alarm_level, count(*) AS total_alarms,
       count(*) FILTER (WHERE is_resolved) AS resolved_alarms,
       count(*) FILTER (WHERE is_resolved IS NOT TRUE) AS unresolved_alarms,
       avg(resolution_time_minutes) AS avg_resolution_time_minutes
FROM sgcc_dw.dwd_equipment_alarms
WHERE occurred_date >= sgcc_dw.present()::date - 30
GROUP BY equipment_type, alarm_type, alarm_level;

-- 数据新鲜度：取代原 CORE-33/34 两个作业（见 RULES.md）。
-- Freshness, asked when somebody reads: takes the place of the jobs CORE-33 and CORE-34 (see RULES.md).
CREATE VIEW sgcc_dw.v_data_freshness AS
SELECT table_name, newest,
       CASE WHEN newest >= sgcc_dw.present() - fresh THEN 'FRESH'
            WHEN newest >= sgcc_dw.present() - normal THEN 'NORMAL'
            ELSE 'STALE' END AS freshness
FROM (SELECT 'dwd_power_equipment' AS table_name, max(updated_at) AS newest,
             interval '10 minutes' AS fresh, interval '60 minutes' AS normal
      FROM sgcc_dw.dwd_power_equipment
      UNION ALL
      SELECT 'ads_realtime_dashboard', max(last_updated), interval '5 minutes', interval '30 minutes'
      FROM sgcc_dw.ads_realtime_dashboard) t;

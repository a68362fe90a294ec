-- 汇出：每张 DWD、DWS、ADS 表写入 PostgreSQL，按主键更新与删除（CORE-24…31，及原来未汇出的表）。
-- Sinks: every DWD, DWS, ADS table into PostgreSQL, upserts and deletes by primary key. The original's filters by age
-- stand; a row that grows too old is deleted from the sink.

-- 设备明细 · equipment
CREATE TEMPORARY TABLE sink_dwd_power_equipment (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dwd_power_equipment',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dwd_power_equipment SELECT * FROM dwd_power_equipment;

-- 监测明细 · monitoring readings
CREATE TEMPORARY TABLE sink_dwd_power_monitoring (
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
  PRIMARY KEY (monitoring_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dwd_power_monitoring',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dwd_power_monitoring SELECT * FROM dwd_power_monitoring
WHERE monitoring_date >= CURRENT_DATE - INTERVAL '1' DAY;

-- 告警明细 · alarms
CREATE TEMPORARY TABLE sink_dwd_equipment_alarms (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dwd_equipment_alarms',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dwd_equipment_alarms SELECT * FROM dwd_equipment_alarms
WHERE occurred_date >= CURRENT_DATE - INTERVAL '7' DAY;

-- 质量检查 · quality checks
CREATE TEMPORARY TABLE sink_dwd_quality_check (
  check_id     BIGINT,
  table_name   STRING,
  check_type   STRING,
  check_result STRING,
  error_count  BIGINT,
  total_count  BIGINT,
  check_time   TIMESTAMP(3),
  PRIMARY KEY (check_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dwd_quality_check',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dwd_quality_check SELECT * FROM dwd_quality_check;

-- 异常监测 · abnormal readings
CREATE TEMPORARY TABLE sink_dwd_anomaly_alerts (
  alert_id            BIGINT,
  equipment_id        BIGINT,
  equipment_name      STRING,
  anomaly_type        STRING,
  anomaly_description STRING,
  severity_level      STRING,
  alert_time          TIMESTAMP(3),
  PRIMARY KEY (alert_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dwd_anomaly_alerts',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dwd_anomaly_alerts SELECT * FROM dwd_anomaly_alerts;

-- 设备日汇总 · equipment by day
CREATE TEMPORARY TABLE sink_dws_equipment_daily_summary (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dws_equipment_daily_summary',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dws_equipment_daily_summary SELECT * FROM dws_equipment_daily_summary
WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY;

-- 告警日汇总 · alarms by day
CREATE TEMPORARY TABLE sink_dws_alarm_daily_summary (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dws_alarm_daily_summary',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dws_alarm_daily_summary SELECT * FROM dws_alarm_daily_summary
WHERE summary_date >= CURRENT_DATE - INTERVAL '7' DAY;

-- 设备小时汇总 · equipment by hour
CREATE TEMPORARY TABLE sink_dws_equipment_hourly_summary (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dws_equipment_hourly_summary',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dws_equipment_hourly_summary SELECT * FROM dws_equipment_hourly_summary;

-- 电能质量指标 · power quality by hour
CREATE TEMPORARY TABLE sink_dws_power_quality_metrics (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dws_power_quality_metrics',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dws_power_quality_metrics SELECT * FROM dws_power_quality_metrics;

-- 实时监测窗口 · windows of five minutes
CREATE TEMPORARY TABLE sink_dws_realtime_monitoring (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dws_realtime_monitoring',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dws_realtime_monitoring SELECT * FROM dws_realtime_monitoring;

-- 设备排名 · rankings
CREATE TEMPORARY TABLE sink_dws_equipment_ranking (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'dws_equipment_ranking',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_dws_equipment_ranking SELECT * FROM dws_equipment_ranking;

-- 实时大屏 · dashboard
CREATE TEMPORARY TABLE sink_ads_realtime_dashboard (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_realtime_dashboard',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_realtime_dashboard SELECT * FROM ads_realtime_dashboard;

-- 电能质量分析 · power quality by day
CREATE TEMPORARY TABLE sink_ads_power_quality_analysis (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_power_quality_analysis',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_power_quality_analysis SELECT * FROM ads_power_quality_analysis
WHERE analysis_date >= CURRENT_DATE - INTERVAL '30' DAY;

-- 设备健康评估 · health
CREATE TEMPORARY TABLE sink_ads_equipment_health_assessment (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_equipment_health_assessment',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_equipment_health_assessment SELECT * FROM ads_equipment_health_assessment
WHERE assessment_date >= CURRENT_DATE - INTERVAL '30' DAY;

-- 区域电网概览 · regions
CREATE TEMPORARY TABLE sink_ads_regional_grid_overview (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_regional_grid_overview',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_regional_grid_overview SELECT * FROM ads_regional_grid_overview;

-- 告警统计 · alarm statistics
CREATE TEMPORARY TABLE sink_ads_alarm_statistics (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_alarm_statistics',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_alarm_statistics SELECT * FROM ads_alarm_statistics;

-- 设备性能指标 · performance
CREATE TEMPORARY TABLE sink_ads_equipment_performance_metrics (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_equipment_performance_metrics',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_equipment_performance_metrics SELECT * FROM ads_equipment_performance_metrics;

-- 实时告警 · alerts
CREATE TEMPORARY TABLE sink_ads_realtime_alerts (
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
) WITH (
  'connector' = 'jdbc',
  'url' = 'jdbc:postgresql://${GRID_SINK_HOST}:${GRID_SINK_PORT}/${GRID_SINK_DATABASE}?currentSchema=sgcc_dw',
  'table-name' = 'ads_realtime_alerts',
  'username' = '${GRID_SINK_USER}', 'password' = '${GRID_SINK_PASSWORD}'
);

INSERT INTO sink_ads_realtime_alerts SELECT * FROM ads_realtime_alerts;

-- DWD：清洗与补充。 DWD: cleaned and enriched rows.

CREATE VIEW oracle.dwd_power_equipment AS
WITH part AS (
  SELECT e.*, CASE WHEN strpos(location, '区') >= 3 THEN substr(location, strpos(location, '区') - 2, 3) END AS district
  FROM oracle.ods_power_equipment e
)
SELECT equipment_id, equipment_name, equipment_type,
       CASE equipment_type WHEN '变压器' THEN 'TRF' WHEN '发电机' THEN 'GEN' WHEN '输电线路' THEN 'LINE'
                           WHEN '配电设备' THEN 'DIST' ELSE 'OTHER' END AS equipment_type_code,
       location,
       CASE WHEN strpos(location, '北京') > 0 THEN '北京' WHEN strpos(location, '上海') > 0 THEN '上海'
            WHEN strpos(location, '广州') > 0 OR strpos(location, '深圳') > 0 THEN '广东'
            WHEN strpos(location, '杭州') > 0 THEN '浙江' ELSE '其他' END AS province,
       CASE WHEN strpos(location, '朝阳') > 0 THEN '朝阳区' WHEN strpos(location, '东城') > 0 THEN '东城区'
            WHEN strpos(location, '海淀') > 0 THEN '海淀区' WHEN strpos(location, '丰台') > 0 THEN '丰台区'
            ELSE coalesce(district, '其他') END AS city,
       district, voltage_level,
       CASE WHEN voltage_level IN ('500kV', '220kV', '110kV', '35kV', '10kV')
            THEN replace(voltage_level, 'kV', '')::integer ELSE 0 END AS voltage_level_code,
       capacity_mw,
       CASE WHEN capacity_mw >= 300 THEN '大型' WHEN capacity_mw >= 100 THEN '中型' WHEN capacity_mw >= 10 THEN '小型'
            ELSE '微型' END AS capacity_level,
       manufacturer, installation_date, date_part('year', installation_date)::integer AS installation_year,
       last_maintenance_date, oracle.today() - last_maintenance_date AS maintenance_interval_days, status,
       (capacity_mw >= 200) IS TRUE OR (voltage_level IN ('500kV', '220kV')) IS TRUE AS is_critical,
       created_at, updated_at
FROM part;

CREATE VIEW oracle.dwd_power_monitoring AS
WITH m AS (
  SELECT r.*, e.equipment_name, e.equipment_type,
         voltage_a + voltage_b + voltage_c AS vs, current_a + current_b + current_c AS cs,
         sqrt((power_active * power_active + power_reactive * power_reactive)::double precision) AS s
  FROM oracle.ods_power_monitoring r LEFT JOIN oracle.ods_power_equipment e USING (equipment_id)
  WHERE monitoring_time IS NOT NULL
)
SELECT monitoring_id, equipment_id, equipment_name, equipment_type,
       voltage_a, voltage_b, voltage_c,
       round(oracle.fdiv(vs, 3, 13), 2)::numeric(8, 2) AS voltage_avg,
       CASE WHEN vs > 0 THEN
         round(oracle.fdiv(greatest(abs(3 * voltage_a - vs), abs(3 * voltage_b - vs), abs(3 * voltage_c - vs)),
                           vs, 13), 4)
       END::numeric(6, 4) AS voltage_imbalance,
       current_a, current_b, current_c,
       round(oracle.fdiv(cs, 3, 13), 2)::numeric(8, 2) AS current_avg,
       CASE WHEN cs > 0 THEN
         round(oracle.fdiv(greatest(abs(3 * current_a - cs), abs(3 * current_b - cs), abs(3 * current_c - cs)),
                           cs, 13), 4)
       END::numeric(6, 4) AS current_imbalance,
       power_active, power_reactive,
       CASE WHEN s > 0 THEN oracle.from_double(power_active::double precision / s, 4)
            WHEN s = 0 THEN 0 END::numeric(6, 4) AS power_factor,
       oracle.from_double(s, 2)::numeric(10, 2) AS power_apparent,
       frequency, (frequency - 50)::numeric(6, 4) AS frequency_deviation, temperature, humidity,
       monitoring_time::date AS monitoring_date,
       date_part('hour', monitoring_time)::integer AS monitoring_hour,
       date_part('minute', monitoring_time)::integer AS monitoring_minute,
       date_part('hour', monitoring_time)::integer IN (8, 9, 10, 11, 18, 19, 20, 21) AS is_peak_hour,
       date_part('isodow', monitoring_time)::integer <= 5 AS is_working_day,
       monitoring_time, created_at
FROM m;

CREATE VIEW oracle.dwd_equipment_alarms AS
SELECT a.alarm_id, a.equipment_id, e.equipment_name, e.equipment_type, a.alarm_type, a.alarm_level,
       coalesce((ARRAY['INFO', 'WARNING', 'MINOR', 'MAJOR', 'CRITICAL'])[a.alarm_level], 'UNKNOWN') AS alarm_level_name,
       a.alarm_message, a.alarm_code,
       CASE WHEN strpos(alarm_code, 'TEMP') > 0 THEN '温度告警' WHEN strpos(alarm_code, 'CURRENT') > 0 THEN '电流告警'
            WHEN strpos(alarm_code, 'VOLTAGE') > 0 THEN '电压告警' WHEN strpos(alarm_code, 'OVERLOAD') > 0 THEN '过载告警'
            WHEN strpos(alarm_code, 'HUMIDITY') > 0 THEN '湿度告警'
            WHEN strpos(alarm_code, 'MAINTENANCE') > 0 THEN '维护信息' ELSE '其他告警' END AS alarm_category,
       a.is_resolved,
       CASE WHEN a.is_resolved THEN trunc(extract(epoch FROM a.resolved_at - a.occurred_at) / 60)::integer END
         AS resolution_time_minutes,
       a.occurred_at::date AS occurred_date, date_part('hour', a.occurred_at)::integer AS occurred_hour,
       a.occurred_at, a.resolved_at, a.created_at, a.updated_at
FROM oracle.ods_equipment_alarms a LEFT JOIN oracle.ods_power_equipment e USING (equipment_id);

CREATE VIEW oracle.dwd_anomaly_alerts AS
WITH judged AS (
  SELECT *, voltage_imbalance > 0.02 AS v, current_imbalance > 0.02 AS c, abs(frequency_deviation) > 0.2 AS f
  FROM oracle.dwd_power_monitoring
)
SELECT monitoring_id AS alert_id, equipment_id, equipment_name,
       CASE WHEN v THEN 'VOLTAGE_IMBALANCE' WHEN c THEN 'CURRENT_IMBALANCE' WHEN f THEN 'FREQUENCY_DEVIATION'
            ELSE 'TEMPERATURE_HIGH' END AS anomaly_type,
       CASE WHEN v THEN '三相电压不平衡度 ' || voltage_imbalance WHEN c THEN '三相电流不平衡度 ' || current_imbalance
            WHEN f THEN '频率偏差 ' || frequency_deviation || ' Hz' ELSE '温度 ' || temperature || ' °C' END
         AS anomaly_description,
       CASE WHEN voltage_imbalance > 0.05 OR current_imbalance > 0.05 OR abs(frequency_deviation) > 0.5
                 OR temperature > 100 THEN 'CRITICAL' ELSE 'WARNING' END AS severity_level,
       monitoring_time AS alert_time
FROM judged
WHERE v OR c OR f OR temperature > 80;

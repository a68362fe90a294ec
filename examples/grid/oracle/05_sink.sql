-- 汇库里应有的行：按年龄过滤的六张表；其余的表与 oracle.<表> 相同。
-- What the sink should hold where it holds not all: six tables filtered by age. The others are equal to oracle.<table>.

CREATE VIEW oracle.sink_dwd_power_monitoring AS
SELECT * FROM oracle.dwd_power_monitoring WHERE monitoring_date >= oracle.today() - 1;

CREATE VIEW oracle.sink_dwd_equipment_alarms AS
SELECT * FROM oracle.dwd_equipment_alarms WHERE occurred_date >= oracle.today() - 7;

CREATE VIEW oracle.sink_dws_equipment_daily_summary AS
SELECT * FROM oracle.dws_equipment_daily_summary WHERE summary_date >= oracle.today() - 7;

CREATE VIEW oracle.sink_dws_alarm_daily_summary AS
SELECT * FROM oracle.dws_alarm_daily_summary WHERE summary_date >= oracle.today() - 7;

CREATE VIEW oracle.sink_ads_power_quality_analysis AS
SELECT * FROM oracle.ads_power_quality_analysis WHERE analysis_date >= oracle.today() - 30;

CREATE VIEW oracle.sink_ads_equipment_health_assessment AS
SELECT * FROM oracle.ads_equipment_health_assessment WHERE assessment_date >= oracle.today() - 30;

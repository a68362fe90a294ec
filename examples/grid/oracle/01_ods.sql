-- ODS：源表的镜像。 ODS: the source tables with the warehouse's types.

CREATE VIEW oracle.ods_power_equipment AS
SELECT equipment_id, equipment_name::text, equipment_type::text, location::text, voltage_level::text, capacity_mw,
       manufacturer::text, installation_date, last_maintenance_date, status::text, created_at, updated_at
FROM sgcc_power.power_equipment;

CREATE VIEW oracle.ods_power_monitoring AS SELECT * FROM sgcc_power.power_monitoring;

CREATE VIEW oracle.ods_equipment_alarms AS
SELECT alarm_id, equipment_id, alarm_type::text, alarm_level, alarm_message, alarm_code::text, is_resolved, occurred_at,
       resolved_at, created_at, updated_at
FROM sgcc_power.equipment_alarms;

CREATE VIEW oracle.ods_customer_usage AS
SELECT usage_id, customer_id, customer_name::text, customer_type::text, meter_reading, billing_period, usage_amount,
       peak_demand, tariff_type::text, billing_amount, reading_time, created_at, updated_at
FROM sgcc_power.customer_usage;

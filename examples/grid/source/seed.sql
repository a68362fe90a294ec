-- 种子数据：每表五行，时间都相对于一个时刻。
-- Seeds: five rows a table, all times relative to one instant.
--
--   psql -v ON_ERROR_STOP=1 -v clock='2024-05-20 10:30:00' -f seed.sql
--
-- 不给 clock 时用墙上时钟。 Without -v clock: the wall clock.
\if :{?clock}
  SELECT set_config('grid.clock', :'clock', false) \g /dev/null
\endif

BEGIN;

INSERT INTO sgcc_power.power_equipment VALUES
  (1001, '北京变电站主变压器1号', '变压器',   '北京朝阳区', '220kV', 300.00, '中国西电', '2020-01-15', '2024-01-15'),
  (1002, '北京变电站主变压器2号', '变压器',   '北京朝阳区', '220kV', 300.00, '中国西电', '2020-03-20', '2024-03-20'),
  (1003, '京东输电线路1号',       '输电线路', '北京东城区', '110kV', 150.00, '国网北京', '2019-06-10', '2023-12-10'),
  (1004, '丰台电厂发电机1号',     '发电机',   '北京丰台区', '110kV', 200.00, '哈电集团', '2018-09-15', '2024-02-15'),
  (1005, '海淀配电设备1号',       '配电设备', '北京海淀区', '35kV',   50.00, '许继集团', '2021-05-08', '2024-05-08');

INSERT INTO sgcc_power.power_monitoring
SELECT id, equipment, va, vb, vc, ia, ib, ic, p, q, f, t, h, sgcc_power.present() - make_interval(mins => minutes_ago)
FROM (VALUES
  (2001, 1001, 220.5, 220.2, 220.8,  850.5,  848.2,  852.1, 315.8, 45.2, 50.01, 45.5, 65.2, 60),
  (2002, 1002, 219.8, 220.1, 220.5,  825.1,  830.5,  828.9, 290.5, 42.8, 50.02, 48.2, 67.5, 30),
  (2003, 1003, 110.2, 110.5, 110.1, 1205.8, 1208.2, 1203.5, 145.2, 25.8, 49.98, 38.5, 58.9, 15),
  (2004, 1004, 109.8, 110.2, 110.0, 1580.5, 1575.2, 1582.1, 195.8, 35.5, 50.00, 65.8, 72.1, 10),
  (2005, 1005,  35.2,  35.1,  35.3, 1205.5, 1208.8, 1202.1,  48.5,  8.2, 50.01, 32.5, 55.8, 5)
) AS m (id, equipment, va, vb, vc, ia, ib, ic, p, q, f, t, h, minutes_ago);

INSERT INTO sgcc_power.equipment_alarms
SELECT id, equipment, type, level, message, code, resolved, sgcc_power.present() - make_interval(mins => minutes_ago)
FROM (VALUES
  (3001, 1001, 'WARNING',  2, '主变压器油温偏高',     'TEMP_HIGH',            FALSE, 120),
  (3002, 1003, 'CRITICAL', 4, '线路三相电流不平衡',   'CURRENT_IMBALANCE',    FALSE, 60),
  (3003, 1004, 'INFO',     1, '发电机定期检修完成',   'MAINTENANCE_COMPLETE', TRUE,  30),
  (3004, 1002, 'FAULT',    5, '主变压器过载保护动作', 'OVERLOAD_PROTECTION',  FALSE, 15),
  (3005, 1005, 'WARNING',  3, '配电柜内湿度过高',     'HUMIDITY_HIGH',        FALSE, 10)
) AS a (id, equipment, type, level, message, code, resolved, minutes_ago);

INSERT INTO sgcc_power.customer_usage VALUES
  (4001, 101, '北京钢铁集团',   '工业', 125680.50, '2024-01-01', 8560.30, 1250.80, '大工业',     6848.24),
  (4002, 102, '朝阳购物中心',   '商业',  45230.20, '2024-01-01', 3520.80,  480.50, '一般工商业', 2816.64),
  (4003, 103, '海淀居民小区',   '居民',  15680.80, '2024-01-01', 1280.50,  180.20, '居民生活',    768.30),
  (4004, 104, '丰台汽车制造厂', '工业',  98650.30, '2024-01-01', 5680.20,  920.60, '大工业',     4544.16),
  (4005, 105, '东城写字楼',     '商业',  32150.60, '2024-01-01', 2180.40,  320.80, '一般工商业', 1744.32);

COMMIT;

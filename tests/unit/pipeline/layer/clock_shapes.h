#pragma once

#include "shapes.h"

namespace strom::layer {

// Statements whose rows come and go with the clock, over RandomTables::PowerGrid().
inline const std::vector<Shape>& ClockShapes() {
  static const std::vector<Shape> shapes = {
      {"of this day", "SELECT aid, lvl, day FROM alm WHERE day >= CAST(strom_clock() AS DATE)"},
      {"of two days",
       "SELECT * FROM alm WHERE day >= CAST(strom_clock() - INTERVAL 1 DAY AS DATE) AND day < "
       "CAST(strom_clock() + INTERVAL 1 DAY AS DATE)"},
      {"of the last hours", "SELECT mid, v FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR"},
      {"not yet", "SELECT mid FROM mon WHERE strom_clock() < ts"},
      {"exactly now", "SELECT mid, ts FROM mon WHERE ts = date_trunc('minute', strom_clock())"},
      {"not now", "SELECT mid FROM mon WHERE ts <> date_trunc('minute', strom_clock()) AND n > 1"},
      {"between",
       "SELECT mid, ts FROM mon WHERE ts BETWEEN strom_clock() - INTERVAL 90 MINUTE AND "
       "strom_clock() + INTERVAL 90 MINUTE AND flag IN ('A', 'C')"},
      {"distinct from today",
       "SELECT aid FROM alm WHERE day IS DISTINCT FROM CAST(strom_clock() AS DATE)"},
      {"one of three days",
       "SELECT aid, day FROM alm WHERE day IN (CAST(strom_clock() AS DATE), CAST(strom_clock() - "
       "INTERVAL 2 DAY AS DATE), DATE '2024-05-09')"},
      {"none of two days",
       "SELECT aid, day FROM alm WHERE day NOT IN (CAST(strom_clock() AS DATE), DATE "
       "'2024-05-09')"},
      {"two columns",
       "SELECT aid, lvl FROM alm WHERE day = CAST(strom_clock() AS DATE) AND ts > strom_clock() - "
       "INTERVAL 5 HOUR AND resolved IS NOT TRUE"},
      {"an hour of the day", "SELECT aid, lvl FROM alm WHERE lvl <= hour(strom_clock()) - 10"},
      {"a bound that is NULL at times",
       "SELECT aid FROM alm WHERE lvl <= TRY_CAST(replace(strftime(strom_clock(), '%H'), '1', 'x') "
       "AS INTEGER)"},
      {"text of the clock", "SELECT mid FROM mon WHERE flag > strftime(strom_clock(), '%H:%M')"},
      {"an expression", "SELECT mid FROM mon WHERE CAST(ts AS DATE) = CAST(strom_clock() AS DATE)"},
      {"either", "SELECT mid, n FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR OR n > 5"},
      {"computed", "SELECT mid, v * 2 AS w FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR"},
      {"equal but for the time",
       "SELECT flag, n FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR"},
      {"copies of rows",
       "SELECT dev_id FROM ev WHERE lvl >= hour(strom_clock()) - 12 AND flag = 'A'"},
      {"groups",
       "SELECT dev_id, count(*) AS c, sum(p) AS s, max(n) AS mx FROM mon WHERE ts >= strom_clock() "
       "- INTERVAL 2 HOUR GROUP BY dev_id"},
      {"groups recomputed",
       "SELECT lvl, count(*) AS c, stddev_samp(dev_id) AS s FROM alm WHERE day >= "
       "CAST(strom_clock() AS DATE) GROUP BY lvl"},
      {"how many", "SELECT count(*) AS c FROM alm WHERE day >= CAST(strom_clock() AS DATE)"},
      {"latest of the hour",
       "SELECT dev_id, mid, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY ts "
       "DESC, mid) AS r FROM mon WHERE ts >= strom_clock() - INTERVAL 1 HOUR) WHERE r = 1"},
      {"joined",
       "SELECT m.mid, d.name, m.n FROM mon m JOIN dev d ON m.dev_id = d.id WHERE m.ts >= "
       "strom_clock() - INTERVAL 3 HOUR AND m.n > 1 AND d.region <> 'N'"},
      {"joined, both sides",
       "SELECT m.mid, a.aid FROM mon m JOIN alm a ON m.dev_id = a.dev_id WHERE m.ts >= "
       "strom_clock() - INTERVAL 5 HOUR AND a.day >= CAST(strom_clock() AS DATE)"},
      {"left join, preserved side",
       "SELECT m.mid, a.aid FROM mon m LEFT JOIN alm a ON m.dev_id = a.dev_id WHERE m.ts >= "
       "strom_clock() - INTERVAL 3 HOUR"},
      {"left join, other side",
       "SELECT d.id, a.aid FROM dev d LEFT JOIN alm a ON a.dev_id = d.id WHERE a.day >= "
       "CAST(strom_clock() AS DATE) OR a.aid IS NULL"},
      {"left join, other side alone",
       "SELECT d.id, a.aid FROM dev d LEFT JOIN alm a ON a.dev_id = d.id WHERE a.day IS DISTINCT "
       "FROM CAST(strom_clock() AS DATE)"},
      {"full join",
       "SELECT m.mid, a.aid FROM mon m FULL JOIN alm a ON m.dev_id = a.dev_id WHERE m.ts >= "
       "strom_clock() - INTERVAL 3 HOUR"},
      {"using",
       "SELECT mid, aid, dev_id FROM mon JOIN alm USING (dev_id) WHERE day >= "
       "CAST(strom_clock() AS DATE) AND dev_id > 1"},
      {"exists",
       "SELECT d.id FROM dev d WHERE EXISTS (SELECT 1 FROM alm a WHERE a.dev_id = d.id AND a.day = "
       "CAST(strom_clock() AS DATE)) AND d.ts >= strom_clock() - INTERVAL 5 HOUR"},
      {"in",
       "SELECT id, region FROM dev WHERE ts >= strom_clock() - INTERVAL 5 HOUR AND id IN (SELECT "
       "dev_id FROM alm WHERE ts >= strom_clock() - INTERVAL 5 HOUR)"},
      {"unnest",
       "SELECT d.id, u.tag FROM dev d CROSS JOIN UNNEST(d.tags) AS u(tag) WHERE d.ts >= "
       "strom_clock() - INTERVAL 5 HOUR"},
      {"under a union",
       "SELECT mid AS id, n AS x FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR UNION ALL "
       "SELECT aid, lvl FROM alm WHERE day = CAST(strom_clock() AS DATE)"},
      {"cte twice",
       "WITH h AS (SELECT mid, dev_id, ts, n FROM mon WHERE ts >= strom_clock() - INTERVAL 3 HOUR) "
       "SELECT l.mid, r.mid AS mid2 FROM h l JOIN h r ON l.dev_id = r.dev_id AND l.n < r.n WHERE "
       "r.ts < strom_clock()"},
      {"a sum over the clock",
       "SELECT dev_id, sum(CASE WHEN ts < strom_clock() THEN n ELSE 0 END) AS s FROM mon WHERE ts "
       ">= strom_clock() - INTERVAL 5 HOUR GROUP BY dev_id"},
      {"limit",
       "SELECT mid FROM mon WHERE ts >= strom_clock() - INTERVAL 5 HOUR ORDER BY mid LIMIT 3"},
  };
  return shapes;
}

}  // namespace strom::layer

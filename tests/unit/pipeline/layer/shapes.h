#pragma once

#include <string>
#include <vector>

namespace strom::layer {

struct Shape {
  const char* name;
  const char* sql;
};

// Statements of every class, in DuckDB's dialect, over RandomTables::PowerGrid().
inline const std::vector<Shape>& Shapes() {
  static const std::vector<Shape> shapes = {
      {"projection", "SELECT mid, v * 2 AS v2, upper(flag) AS f FROM mon WHERE v > 10"},
      {"star", "SELECT * FROM dev WHERE region <> 'N'"},
      {"append-only", "SELECT dev_id, lvl + 1 AS l FROM ev WHERE flag = 'A'"},
      {"copy", "SELECT * FROM mon"},
      {"copy of few columns", "SELECT flag, dev_id, flag AS f2 FROM mon"},
      {"compared integers",
       "SELECT mid, n FROM mon WHERE n > 2 AND 20 >= dev_id AND n <> 5 AND flag IS NOT NULL"},
      {"compared text",
       "SELECT id, name FROM dev WHERE region <> 'N' AND status IN ('ACTIVE', 'OFF', 'pending') "
       "AND "
       "name >= 'w1' AND type NOT IN ('T3')"},
      {"compared decimals", "SELECT mid, p FROM mon WHERE p BETWEEN 1.33 AND 39.90 AND p <> 5.32"},
      {"decimals of another scale", "SELECT mid, p FROM mon WHERE p > 5 AND p <= 31.5"},
      {"compared dates",
       "SELECT aid, day FROM alm WHERE day BETWEEN DATE '2024-05-08' AND DATE '2024-05-10'"},
      {"a date and text", "SELECT aid FROM alm WHERE day >= '2024-05-09'"},
      {"compared times", "SELECT mid FROM mon WHERE ts < TIMESTAMP '2024-05-10 12:00:00.5'"},
      {"compared booleans", "SELECT aid, lvl FROM alm WHERE resolved IS NOT TRUE AND lvl > 0"},
      {"NULL in lists", "SELECT aid FROM alm WHERE lvl IN (1, 2, 3, NULL) AND dev_id IS NOT NULL"},
      {"NULL in a list of others", "SELECT aid FROM alm WHERE lvl NOT IN (1, 2, NULL)"},
      {"distinct from", "SELECT aid, lvl FROM alm WHERE lvl IS DISTINCT FROM 3 AND day IS NULL"},
      {"compared over a join",
       "SELECT x.mid, x.region FROM (SELECT m.mid, m.n, d.region FROM mon m LEFT JOIN dev d ON "
       "m.dev_id = d.id) x WHERE x.n >= 2 AND x.region = 'S'"},
      {"unnest", "SELECT d.id, u.tag FROM dev d CROSS JOIN UNNEST(d.tags) AS u(tag)"},
      {"inner join",
       "SELECT m.mid, m.dev_id, d.name, m.v FROM mon m JOIN dev d ON m.dev_id = d.id "
       "WHERE m.v > 10"},
      {"comma join", "SELECT m.mid, d.name FROM mon m, dev d WHERE m.dev_id = d.id AND d.cap > 5"},
      {"left join",
       "SELECT m.mid, d.name, COALESCE(d.region, '?') AS region FROM mon AS m "
       "LEFT JOIN dev AS d ON m.dev_id = d.id AND d.status <> 'OFF'"},
      {"left join, null side filtered",
       "SELECT d.id, d.name FROM dev d LEFT JOIN alm a ON "
       "a.dev_id = d.id WHERE a.aid IS NULL"},
      {"left join on own column",
       "SELECT d.id, a.aid FROM dev d LEFT JOIN alm a ON a.dev_id = d.id "
       "AND d.region = 'N'"},
      {"left join both sides equal",
       "SELECT m.mid, d.id, a.aid FROM mon m JOIN dev d ON m.dev_id = d.id LEFT JOIN alm a ON "
       "a.dev_id = d.id AND m.n = d.id"},
      {"right join",
       "SELECT d.id, d.name, m.mid, m.v FROM mon m RIGHT JOIN dev d ON m.dev_id = d.id"},
      {"full join",
       "SELECT COALESCE(m.dev_id, a.dev_id) AS dev, m.mid, a.aid, a.lvl FROM mon m "
       "FULL JOIN alm a ON m.dev_id = a.dev_id AND m.flag = 'A'"},
      {"full join, two keys",
       "SELECT m.mid, a.aid FROM mon m FULL JOIN alm a ON m.dev_id = a.dev_id "
       "AND m.n = a.lvl WHERE COALESCE(m.v, 50) > 20"},
      {"three joins",
       "SELECT m.mid, d.region, c.cid, c.contract FROM mon m JOIN dev d ON m.dev_id = "
       "d.id LEFT JOIN cust c ON c.dev_id = d.id AND c.contract > 1"},
      {"join chain",
       "SELECT a.aid, d.name, c.grp FROM alm a LEFT JOIN dev d ON a.dev_id = d.id "
       "LEFT JOIN cust c ON c.dev_id = d.id"},
      {"nested null side",
       "SELECT d.id, x.aid, x.cid FROM dev d LEFT JOIN (SELECT a.aid, a.dev_id, "
       "c.cid FROM alm a JOIN cust c ON a.dev_id = c.dev_id) x ON x.dev_id = d.id"},
      {"join tree on the null side",
       "SELECT d.id, a.aid, c.cid FROM dev d LEFT JOIN (alm a JOIN cust "
       "c ON a.dev_id = c.dev_id) ON a.dev_id = d.id"},
      {"self join",
       "SELECT x.id, y.id AS id2, x.region FROM dev x JOIN dev y ON x.region = y.region "
       "AND x.id < y.id"},
      {"interval join",
       "SELECT a.aid, m.mid FROM alm a JOIN mon m ON a.dev_id = m.dev_id AND m.ts "
       "BETWEEN a.ts - INTERVAL 30 MINUTE AND a.ts + INTERVAL 5 MINUTE"},
      {"cross join", "SELECT d.id, g.c FROM dev d CROSS JOIN (SELECT count(*) AS c FROM alm) g"},
      {"no equality", "SELECT d.id, m.mid FROM dev d JOIN mon m ON d.id < m.dev_id AND m.v > 90"},
      {"using", "SELECT mid, aid, dev_id FROM mon JOIN alm USING (dev_id)"},
      {"exists",
       "SELECT d.id, d.name FROM dev d WHERE EXISTS (SELECT 1 FROM alm a WHERE a.dev_id = "
       "d.id AND a.lvl >= 3)"},
      {"not exists",
       "SELECT d.id FROM dev d WHERE NOT EXISTS (SELECT * FROM alm a WHERE a.dev_id = "
       "d.id AND a.resolved = FALSE)"},
      {"in",
       "SELECT m.mid, m.v FROM mon m WHERE m.dev_id IN (SELECT id FROM dev WHERE type = 'T1')"},
      {"not in",
       "SELECT m.mid FROM mon m WHERE m.dev_id NOT IN (SELECT dev_id FROM alm WHERE lvl = 5)"},
      {"in a case",
       "SELECT d.id, CASE WHEN d.id IN (SELECT dev_id FROM alm WHERE lvl = 5) THEN 'HOT' "
       "ELSE 'OK' END AS c FROM dev d"},
      {"scalar",
       "SELECT d.id, CASE WHEN d.cap > (SELECT avg(cap) FROM dev) THEN 'BIG' ELSE 'OK' END "
       "AS c FROM dev d"},
      {"correlated scalars",
       "SELECT d.id, (SELECT max(m.v) FROM mon m WHERE m.dev_id = d.id) AS mv, "
       "(SELECT count(*) FROM alm a WHERE a.dev_id = d.id) AS na FROM dev d"},
      {"complex exists",
       "SELECT d.id FROM dev d WHERE EXISTS (SELECT 1 FROM alm a JOIN cust c ON "
       "a.dev_id = c.dev_id WHERE c.dev_id = d.id)"},
      {"group by",
       "SELECT dev_id, count(*) AS c, sum(p) AS s, avg(v) AS a, min(ts) AS mn, max(v) AS "
       "mx, count(DISTINCT flag) AS cd, count(*) FILTER (WHERE v > 50) AS cf, "
       "stddev_samp(v) AS sd FROM mon GROUP BY dev_id"},
      {"exact aggregates",
       "SELECT dev_id, flag, count(*) AS c, count(n) AS cn, sum(p) AS s, sum(n) AS "
       "sn, avg(n) AS an, sum(CASE WHEN n > 3 THEN 1 ELSE 0 END) AS big, sum(p) / "
       "count(*) AS q FROM mon GROUP BY dev_id, flag"},
      {"minima",
       "SELECT lvl, min(ts) AS a, max(ts) AS b, max(day) AS d, min(dev_id) AS e, "
       "count(DISTINCT dev_id) AS f FROM alm GROUP BY lvl"},
      {"text minima",
       "SELECT region, min(name) AS a, max(name) AS b, max(cap) AS c, min(cap) FILTER "
       "(WHERE type = 'T1') AS d FROM dev GROUP BY region"},
      {"group by expression",
       "SELECT dev_id, strftime(ts, '%Y-%m-%d %H') AS h, sum(p) AS s FROM mon "
       "GROUP BY dev_id, strftime(ts, '%Y-%m-%d %H') HAVING count(*) > 1 AND "
       "sum(p) > 2"},
      {"group by place", "SELECT region AS r, type, sum(cap) AS s FROM dev GROUP BY 1, type"},
      {"group over join",
       "SELECT d.region, d.type, count(*) AS c, sum(m.p) AS sp, avg(m.v) AS av, "
       "count(DISTINCT c.cid) AS custs FROM mon m JOIN dev d ON m.dev_id = d.id LEFT "
       "JOIN cust c ON c.dev_id = d.id GROUP BY d.region, d.type"},
      {"group by null side",
       "SELECT d.id, a.lvl, count(a.aid) AS n FROM dev d LEFT JOIN alm a ON "
       "a.dev_id = d.id GROUP BY d.id, a.lvl"},
      {"global", "SELECT 1 AS id, count(*) AS c, COALESCE(sum(p), 0) AS sp, max(n) AS mx FROM mon"},
      {"global having", "SELECT count(*) AS c FROM mon HAVING count(*) > 30"},
      {"grouping sets",
       "SELECT region, type, count(*) AS c, GROUPING(region) AS g FROM dev GROUP BY "
       "GROUPING SETS ((region, type), (region), ())"},
      {"rollup", "SELECT region, type, sum(cap) AS s FROM dev GROUP BY ROLLUP (region, type)"},
      {"tumble",
       "SELECT dev_id, time_bucket(INTERVAL '10 minutes', ts) AS ws, count(*) AS c, avg(v) "
       "AS av FROM mon GROUP BY dev_id, time_bucket(INTERVAL '10 minutes', ts)"},
      {"listagg",
       "SELECT dev_id, string_agg(DISTINCT flag, ',' ORDER BY flag) AS l FROM mon GROUP BY "
       "dev_id"},
      {"distinct", "SELECT DISTINCT dev_id, flag FROM mon WHERE v > 5"},
      {"distinct groups", "SELECT DISTINCT count(*) AS c FROM mon GROUP BY dev_id"},
      {"top n",
       "SELECT region, id, name, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY region "
       "ORDER BY cap DESC, id) AS rn FROM dev) t WHERE rn <= 3"},
      {"latest",
       "SELECT dev_id, mid, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY "
       "ts DESC, mid) AS r FROM mon) WHERE r = 1"},
      {"lag",
       "SELECT mid, v - LAG(v, 1, 0.0) OVER (PARTITION BY dev_id ORDER BY ts, mid) AS dv, sum(p) "
       "OVER (PARTITION BY dev_id ORDER BY ts, mid ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS "
       "s3 FROM mon"},
      {"two partitions",
       "SELECT mid, count(*) OVER (PARTITION BY dev_id, flag) AS a, count(*) OVER "
       "(PARTITION BY flag) AS b FROM mon"},
      {"unpartitioned", "SELECT id, rank() OVER (ORDER BY cap DESC) AS r FROM dev"},
      {"window over groups",
       "SELECT region, type, sum(cap) AS s, rank() OVER (PARTITION BY region ORDER "
       "BY sum(cap) DESC) AS r FROM dev GROUP BY region, type"},
      {"union all",
       "SELECT 'M' AS k, mid AS id, CAST(v AS DOUBLE) AS x FROM mon WHERE v > 30 UNION ALL "
       "SELECT 'A', aid, lvl FROM alm UNION ALL SELECT 'S', dev_id, sum(v) FROM mon GROUP BY "
       "dev_id"},
      {"union",
       "SELECT dev_id, flag AS x FROM mon UNION SELECT dev_id, CAST(lvl AS VARCHAR) FROM alm"},
      {"intersect", "SELECT dev_id FROM mon INTERSECT SELECT dev_id FROM alm"},
      {"intersect all", "SELECT dev_id FROM mon INTERSECT ALL SELECT dev_id FROM alm"},
      {"except", "SELECT dev_id FROM mon EXCEPT SELECT dev_id FROM alm"},
      {"except all", "SELECT dev_id FROM mon EXCEPT ALL SELECT dev_id FROM ev"},
      {"cte",
       "WITH hourly AS (SELECT dev_id, date_trunc('hour', ts) AS h, avg(v) AS av FROM mon GROUP BY "
       "dev_id, date_trunc('hour', ts)), ranked AS (SELECT h, dev_id, av, RANK() OVER (PARTITION "
       "BY h ORDER BY av DESC) AS r FROM hourly) SELECT r.h, r.dev_id, d.name, r.av, r.r FROM "
       "ranked r LEFT JOIN dev d ON r.dev_id = d.id WHERE r.r <= 2"},
      {"cte twice",
       "WITH a(x, y) AS (SELECT dev_id, count(*) FROM alm GROUP BY dev_id) SELECT l.x, l.y, "
       "r.x AS x2 FROM a l JOIN a r ON l.y = r.y AND l.x <> r.x"},
      {"grouped joins",
       "SELECT l.dev_id, l.s, r.n FROM (SELECT dev_id, sum(v) AS s FROM mon GROUP BY "
       "dev_id) l FULL JOIN (SELECT dev_id, count(*) AS n FROM alm GROUP BY dev_id) r ON "
       "l.dev_id = r.dev_id"},
      {"limit", "SELECT id, name, cap FROM dev ORDER BY cap DESC, id LIMIT 5"},
      {"limit of groups",
       "SELECT dev_id, count(*) AS c FROM mon GROUP BY dev_id ORDER BY count(*) DESC, "
       "dev_id LIMIT 2"},
      {"group with scalar",
       "SELECT dev_id, count(*) * 100.0 / (SELECT count(*) FROM mon) AS share FROM "
       "mon GROUP BY dev_id"},
      {"clock filter",
       "SELECT dev_id, count(*) AS c FROM mon WHERE ts >= strom_clock() - INTERVAL 2 HOUR "
       "GROUP BY dev_id"},
      {"clock columns", "SELECT mid, v, strom_clock() AS created FROM mon"},
  };
  return shapes;
}

}  // namespace strom::layer

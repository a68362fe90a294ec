#pragma once

#include "shapes.h"

namespace strom::layer {

// Statements that look at the first rows of ROW_NUMBER() windows, over RandomTables::PowerGrid().
// Where rows tie, what is selected of them is the same.
inline const std::vector<Shape>& RankedShapes() {
  static const std::vector<Shape> shapes = {
      {"ties",
       "SELECT region, cap, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY region ORDER BY cap "
       "DESC NULLS LAST) AS rn FROM dev) t WHERE rn <= 3"},
      {"ties, NULL first",
       "SELECT type, status, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY type ORDER BY "
       "status NULLS FIRST) AS rn FROM dev) WHERE rn < 4"},
      {"NULL by default",
       "SELECT type, id, rn FROM (SELECT type, id, ROW_NUMBER() OVER (PARTITION BY type ORDER BY "
       "cap, name DESC, id) AS rn FROM dev) WHERE 5 > rn"},
      {"computed above",
       "SELECT region, cap * 2 AS c2, rn + 1 AS r FROM (SELECT region, cap, id, ROW_NUMBER() OVER "
       "(PARTITION BY region ORDER BY ts DESC NULLS LAST, id) AS rn FROM dev) WHERE rn <= 3 AND "
       "cap > 10"},
      {"computed below",
       "SELECT flag, w, rn FROM (SELECT flag, n * 2 AS w, ROW_NUMBER() OVER (PARTITION BY flag "
       "ORDER BY n DESC NULLS FIRST, mid) AS rn FROM mon) WHERE rn BETWEEN 1 AND 4"},
      {"computed above and below",
       "SELECT flag, w + 1 AS w1 FROM (SELECT flag, n * 2 AS w, ROW_NUMBER() OVER (PARTITION BY "
       "flag ORDER BY n, mid) AS rn FROM mon) WHERE rn <= 2 AND w > 2"},
      {"another window of the kind",
       "SELECT flag, mid, a + b AS c FROM (SELECT flag, mid, ROW_NUMBER() OVER (PARTITION BY flag "
       "ORDER BY p, mid) AS a, 1 + ROW_NUMBER() OVER (PARTITION BY flag ORDER BY p, mid) AS b FROM "
       "mon) WHERE a <= 3"},
      {"many partitions",
       "SELECT dev_id, flag, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id, flag "
       "ORDER "
       "BY n, ts DESC, mid) AS rn FROM mon) WHERE rn <= 2"},
      {"a computed partition",
       "SELECT h, mid, rn FROM (SELECT date_trunc('hour', ts) AS h, mid, ROW_NUMBER() OVER "
       "(PARTITION BY date_trunc('hour', ts) ORDER BY p DESC, mid) AS rn FROM mon) WHERE rn <= 2"},
      {"partitions of a join",
       "SELECT region, mid, rn FROM (SELECT d.region, m.mid, ROW_NUMBER() OVER (PARTITION BY "
       "d.region ORDER BY m.ts DESC, m.mid) AS rn FROM mon m JOIN dev d ON m.dev_id = d.id) WHERE "
       "rn <= 5"},
      {"more than there are",
       "SELECT region, id, rn FROM (SELECT region, id, ROW_NUMBER() OVER (PARTITION BY region "
       "ORDER "
       "BY id DESC) AS rn FROM dev) WHERE rn <= 1000"},
      {"truth and dates",
       "SELECT lvl, aid, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY lvl ORDER BY resolved "
       "DESC NULLS FIRST, day NULLS FIRST, aid) AS rn FROM alm) WHERE rn <= 2"},
      {"the second",
       "SELECT dev_id, mid FROM (SELECT dev_id, mid, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER "
       "BY ts, mid) AS rn FROM mon) WHERE rn = 2"},
      {"two bounds",
       "SELECT dev_id, mid, rn FROM (SELECT dev_id, mid, ROW_NUMBER() OVER (PARTITION BY dev_id "
       "ORDER BY ts, mid) AS rn FROM mon) WHERE rn BETWEEN 2 AND 4 AND rn < 4"},
      {"newest",
       "SELECT x.d, x.m FROM (SELECT dev_id, mid, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY "
       "ts DESC NULLS LAST, mid DESC) FROM mon) AS x(d, m, r) WHERE x.r = 1"},
      {"newest, joined",
       "SELECT d.id, m.mid, m.n FROM dev d LEFT JOIN (SELECT dev_id, mid, n FROM (SELECT *, "
       "ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY ts DESC, mid) AS rn FROM mon) WHERE rn = "
       "1) "
       "m ON m.dev_id = d.id"},
      {"newest, with a time",
       "SELECT dev_id, mid, strom_clock() AS t FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "
       "dev_id ORDER BY ts DESC, mid) AS rn FROM mon) WHERE rn = 1"},
      {"a time below",
       "SELECT dev_id, mid, t FROM (SELECT dev_id, mid, strom_clock() AS t, ROW_NUMBER() OVER "
       "(PARTITION BY dev_id ORDER BY ts DESC, mid) AS rn FROM mon) WHERE rn <= 2"},
      {"of all",
       "SELECT id, cap, rn FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY cap DESC, id) AS rn FROM "
       "dev) WHERE rn <= 4"},
      {"of all, computed",
       "SELECT id, cap / 2 AS half FROM (SELECT id, cap + 1 AS cap, ROW_NUMBER() OVER (ORDER BY "
       "ts, "
       "id) AS rn FROM dev) WHERE rn <= 4"},
      {"copies",
       "SELECT dev_id, lvl, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY lvl "
       "DESC) AS rn FROM ev) WHERE rn <= 3"},
      {"without an order",
       "SELECT dev_id, rn FROM (SELECT dev_id, lvl, ROW_NUMBER() OVER (PARTITION BY dev_id) AS rn "
       "FROM ev) WHERE rn <= 3"},
      {"of groups",
       "SELECT region, type, s, rn FROM (SELECT region, type, s, ROW_NUMBER() OVER (PARTITION BY "
       "region ORDER BY s DESC, type) AS rn FROM (SELECT region, type, sum(cap) AS s FROM dev "
       "GROUP "
       "BY region, type)) WHERE rn <= 2"},
      {"counted",
       "SELECT region, count(*) AS c, max(rn) AS m FROM (SELECT region, ROW_NUMBER() OVER "
       "(PARTITION BY region ORDER BY id) AS rn FROM dev) WHERE rn <= 3 GROUP BY region"},
      {"ranked again",
       "SELECT region, id FROM (SELECT region, id, ROW_NUMBER() OVER (PARTITION BY region ORDER BY "
       "n DESC) AS k FROM (SELECT region, id, ROW_NUMBER() OVER (PARTITION BY type ORDER BY cap, "
       "id) * 100 + id AS n, ROW_NUMBER() OVER (PARTITION BY type ORDER BY cap, id) AS rn FROM "
       "dev) "
       "WHERE rn <= 4) WHERE k = 1"},
      {"limited",
       "SELECT region, id FROM (SELECT region, id, ROW_NUMBER() OVER (PARTITION BY region ORDER BY "
       "cap, id) AS rn FROM dev) WHERE rn <= 2 ORDER BY id LIMIT 3"}};
  return shapes;
}

// Look like these, but more rows count than the first ones, or their order is not known here.
inline const std::vector<Shape>& NotRankedShapes() {
  static const std::vector<Shape> shapes = {
      {"rank",
       "SELECT region, id FROM (SELECT *, RANK() OVER (PARTITION BY region ORDER BY cap DESC) AS "
       "rn "
       "FROM dev) WHERE rn <= 2"},
      {"beside a count",
       "SELECT region, id, c FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY region ORDER BY cap, "
       "id) AS rn, count(*) OVER (PARTITION BY region) AS c FROM dev) WHERE rn <= 2"},
      {"two orders",
       "SELECT region, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY region ORDER BY cap, id) "
       "AS a, ROW_NUMBER() OVER (PARTITION BY region ORDER BY id) AS b FROM dev) WHERE a <= 2 AND "
       "b "
       "<= 2"},
      {"two partitions",
       "SELECT region, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY region ORDER BY id) AS "
       "a, "
       "ROW_NUMBER() OVER (PARTITION BY type ORDER BY id) AS b FROM dev) WHERE a <= 2 AND b <= 2"},
      {"an order of floats",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY v DESC, "
       "mid) AS rn FROM mon) WHERE rn <= 2"},
      {"partitions of floats",
       "SELECT v, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY v ORDER BY mid) AS rn FROM "
       "mon) WHERE rn <= 2"},
      {"an order of expressions",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY n * 2, "
       "mid) AS rn FROM mon) WHERE rn <= 2"},
      {"no upper bound",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY n, mid) "
       "AS rn FROM mon) WHERE rn >= 2"},
      {"either",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY n, mid) "
       "AS rn FROM mon) WHERE rn <= 1 OR n > 5"},
      {"a bound in the row",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY ts, "
       "mid) "
       "AS rn FROM mon) WHERE rn <= n"},
      {"none",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY ts, "
       "mid) "
       "AS rn FROM mon) WHERE rn <= 0"},
      {"too many",
       "SELECT dev_id, mid FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY ts, "
       "mid) "
       "AS rn FROM mon) WHERE rn <= 10001"},
      {"of groups at once",
       "SELECT region, type FROM (SELECT region, type, ROW_NUMBER() OVER (PARTITION BY region "
       "ORDER "
       "BY sum(cap), type) AS rn FROM dev GROUP BY region, type) WHERE rn <= 1"}};
  return shapes;
}

}  // namespace strom::layer

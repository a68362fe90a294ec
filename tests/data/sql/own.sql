-- Statements of our own that cover what Flink's dialect has: four tables, then one query each.
-- A line `-- name: xyz` begins each statement.

-- name: table_dev
CREATE TABLE dev (
  id BIGINT,
  name STRING,
  `type` STRING,
  region STRING,
  cap DECIMAL(10,2),
  status STRING,
  tags ARRAY<STRING>,
  attrs MAP<STRING, STRING>,
  js STRING,
  ts TIMESTAMP(3),
  PRIMARY KEY (id) NOT ENFORCED
);

-- name: table_mon
CREATE TABLE mon (
  mid BIGINT,
  dev_id BIGINT,
  ts TIMESTAMP(3),
  v DOUBLE,
  p DECIMAL(10,2),
  flag STRING,
  PRIMARY KEY (mid) NOT ENFORCED
);

-- name: table_alm
CREATE TABLE alm (
  aid BIGINT,
  dev_id BIGINT,
  lvl INT,
  ts TIMESTAMP(3),
  resolved BOOLEAN,
  resolved_at TIMESTAMP(3),
  PRIMARY KEY (aid) NOT ENFORCED
);

-- name: table_cust
CREATE TABLE cust (
  cid BIGINT,
  name STRING,
  dev_id BIGINT,
  contract DECIMAL(10,2),
  PRIMARY KEY (cid) NOT ENFORCED
);

-- name: inner
SELECT m.mid, m.dev_id, d.name, m.v, m.p * 2 AS p2 FROM mon m JOIN dev d ON m.dev_id = d.id WHERE
    m.v > 10;

-- name: left
SELECT m.mid, d.`name`, COALESCE(d.region,'?') AS region, m.v FROM mon AS m LEFT JOIN dev AS d ON
    m.dev_id = d.id AND d.status <> 'OFF';

-- name: right
SELECT d.id, d.name, m.mid, m.v FROM mon m RIGHT JOIN dev d ON m.dev_id = d.id;

-- name: full
SELECT COALESCE(m.dev_id, a.dev_id) AS dev_id, m.mid, a.aid, a.lvl FROM mon m FULL OUTER JOIN alm
    a ON m.dev_id = a.dev_id AND m.flag = 'A';

-- name: semi
SELECT d.id, d.name FROM dev d WHERE EXISTS (SELECT 1 FROM alm a WHERE a.dev_id = d.id AND a.lvl
    >= 3);

-- name: anti
SELECT d.id, d.name FROM dev d WHERE NOT EXISTS (SELECT 1 FROM alm a WHERE a.dev_id = d.id AND
    a.resolved = FALSE);

-- name: in
SELECT m.mid, m.v FROM mon m WHERE m.dev_id IN (SELECT id FROM dev WHERE type = 'T1');

-- name: notin
SELECT m.mid, m.v FROM mon m WHERE m.dev_id NOT IN (SELECT dev_id FROM alm WHERE lvl = 5 AND
    dev_id IS NOT NULL);

-- name: join3_agg
SELECT d.region, d.type, COUNT(*) AS c, SUM(m.p) AS sp, AVG(m.v) AS av, COUNT(DISTINCT cu.cid) AS
    custs FROM mon m JOIN dev d ON m.dev_id = d.id LEFT JOIN cust cu ON cu.dev_id = d.id GROUP BY
    d.region, d.type;

-- name: aggs
SELECT dev_id, COUNT(*) c, SUM(p) s, AVG(v) a, MIN(ts) mn, MAX(v) mx, COUNT(DISTINCT flag) cd,
    COUNT(*) FILTER (WHERE v > 50) cf, STDDEV_POP(v) sd, LISTAGG(DISTINCT flag, ',') AS la FROM
    mon GROUP BY dev_id;

-- name: having
SELECT dev_id, DATE_FORMAT(ts,'yyyy-MM-dd') AS dt, SUM(p) AS sp FROM mon GROUP BY dev_id,
    DATE_FORMAT(ts,'yyyy-MM-dd') HAVING COUNT(*) > 1 AND SUM(p) > 20;

-- name: tumble
SELECT dev_id, window_start, window_end, COUNT(*) AS c, AVG(v) AS av FROM TABLE(TUMBLE(TABLE mon,
    DESCRIPTOR(ts), INTERVAL '10' MINUTE)) GROUP BY dev_id, window_start, window_end;

-- name: hop
SELECT window_start, window_end, dev_id, SUM(p) AS sp FROM TABLE(HOP(TABLE mon, DESCRIPTOR(ts),
    INTERVAL '5' MINUTES, INTERVAL '15' MINUTES)) GROUP BY window_start, window_end, dev_id;

-- name: cumulate
SELECT window_start, window_end, COUNT(*) AS c, SUM(p) AS sp FROM TABLE(CUMULATE(TABLE mon,
    DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '1' HOUR)) GROUP BY window_start, window_end;

-- name: topn
SELECT region, id, name, cap, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY region ORDER BY
    cap DESC, id) AS rn FROM dev) WHERE rn <= 3;

-- name: dedup
SELECT dev_id, mid, v, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY dev_id ORDER BY ts
    DESC, mid) AS rownum FROM mon) WHERE rownum = 1;

-- name: lag
SELECT mid, dev_id, v, v - LAG(v, 1, 0.0) OVER (PARTITION BY dev_id ORDER BY ts, mid) AS dv,
    SUM(p) OVER (PARTITION BY dev_id ORDER BY ts, mid ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
    AS s3 FROM mon;

-- name: union
SELECT 'M' AS k, mid AS id, CAST(v AS DOUBLE) AS x FROM mon WHERE v > 30 UNION ALL SELECT 'A' AS
    k, aid AS id, CAST(lvl AS DOUBLE) AS x FROM alm UNION ALL SELECT 'S', dev_id, SUM(v) FROM mon
    GROUP BY dev_id;

-- name: cte
WITH hourly AS (SELECT dev_id, FLOOR(ts TO HOUR) AS h, AVG(v) AS av FROM mon GROUP BY dev_id,
    FLOOR(ts TO HOUR)), ranked AS (SELECT h, dev_id, av, RANK() OVER (PARTITION BY h ORDER BY av
    DESC) AS r FROM hourly) SELECT r.h, r.dev_id, d.name, r.av, r.r FROM ranked r LEFT JOIN dev d
    ON r.dev_id = d.id WHERE r.r <= 2;

-- name: case_sub
SELECT d.id, CASE WHEN d.cap > (SELECT AVG(cap) FROM dev) THEN 'BIG' WHEN d.id IN (SELECT dev_id
    FROM alm WHERE lvl = 5) THEN 'HOT' ELSE 'OK' END AS cls FROM dev d;

-- name: corr
SELECT d.id, d.name, (SELECT MAX(m.v) FROM mon m WHERE m.dev_id = d.id) AS maxv, (SELECT COUNT(*)
    FROM alm a WHERE a.dev_id = d.id) AS na FROM dev d;

-- name: lookup
SELECT m.mid, m.v, d.name, d.region FROM mon AS m LEFT JOIN dev FOR SYSTEM_TIME AS OF PROCTIME()
    AS d ON m.dev_id = d.id;

-- name: interval
SELECT a.aid, m.mid, m.v, a.lvl FROM alm a JOIN mon m ON a.dev_id = m.dev_id AND m.ts BETWEEN
    a.ts - INTERVAL '30' MINUTE AND a.ts + INTERVAL '5' MINUTE;

-- name: nested
SELECT d.id, d.tags[1] AS t1, CARDINALITY(d.tags) AS nt, d.attrs['k'] AS k, ARRAY[d.id, 1] AS
    arr, MAP['a', d.name] AS mp, u.tag FROM dev d CROSS JOIN UNNEST(d.tags) AS u (tag);

-- name: json
SELECT id, JSON_VALUE(js, '$.a') AS a, JSON_VALUE(js, '$.n' RETURNING INT) AS n, JSON_QUERY(js,
    '$.o') AS o, JSON_EXISTS(js, '$.a') AS e, JSON_OBJECT(KEY 'id' VALUE id, KEY 'nm' VALUE name)
    AS jo FROM dev;

-- name: dates
SELECT aid, DATE_FORMAT(ts, 'yyyyMMddHH') AS h, TIMESTAMPDIFF(MINUTE, ts, resolved_at) AS mins,
    TIMESTAMPADD(HOUR, 2, ts) AS t2, TO_TIMESTAMP('2024-01-01 10:00:00') AS t0,
    TO_TIMESTAMP('20240101','yyyyMMdd') AS t1, UNIX_TIMESTAMP(CAST(ts AS STRING)) AS ut,
    FROM_UNIXTIME(1700000000,'yyyy-MM-dd') AS fu, DATEDIFF(resolved_at, ts) AS dd, EXTRACT(HOUR
    FROM ts) AS hh, DAYOFWEEK(ts) AS dw, QUARTER(ts) AS q, FLOOR(ts TO DAY) AS fl, CAST(ts AS
    DATE) AS d, TO_DATE('2024-02-03') AS td, TRY_CAST('x' AS INT) AS tc, ts + INTERVAL '1' DAY AS
    nd FROM alm;

-- name: strings
SELECT id, CONCAT(name,'-',type) AS c, CONCAT_WS('/', region, NULL, type) AS cw,
    SPLIT_INDEX(name,'_',1) AS si, IF(cap > 50, 'L', 'S') AS sz, NULLIF(status,'OFF') AS nn,
    MOD(id, 7) AS m7, REGEXP_EXTRACT(name, '([a-z]+)_([0-9]+)', 2) AS re,
    REGEXP_REPLACE(name,'[0-9]','#') AS rr, MD5(name) AS md, UPPER(TRIM(name)) AS up,
    LPAD(CAST(id AS STRING), 6, '0') AS lp, SUBSTRING(name, 1, 3) AS sb, SUBSTRING(name FROM 2
    FOR 2) AS sc, CHAR_LENGTH(name) AS cl, POSITION('_' IN name) AS ps, LOCATE('_', name) AS lo,
    REVERSE(name) AS rv, IFNULL(region,'x') AS ifn, SHA256(name) AS sh, name LIKE '%1%' AS lk,
    REPLACE(name,'d','D') AS rp, `type` || '!' AS ty FROM dev;

-- name: gsets
SELECT region, type, COUNT(*) AS c, GROUPING(region) AS g FROM dev GROUP BY GROUPING SETS
    ((region, type), (region), ());

-- name: rollup
SELECT region, type, SUM(cap) AS s FROM dev GROUP BY ROLLUP (region, type);

-- name: legacy_win
SELECT dev_id, TUMBLE_START(ts, INTERVAL '1' HOUR) AS ws, TUMBLE_END(ts, INTERVAL '1' HOUR) AS
    we, COUNT(*) AS c FROM mon GROUP BY dev_id, TUMBLE(ts, INTERVAL '1' HOUR);

-- name: distinct
SELECT DISTINCT dev_id, flag FROM mon WHERE v > 5;

-- name: global
SELECT 1 AS id, COUNT(*) AS c, COALESCE(SUM(p),0) AS sp, MAX(v) AS mx FROM mon;

-- name: winjoin
SELECT L.dev_id, L.window_start, L.s, R.n FROM (SELECT dev_id, window_start, window_end, SUM(p)
    AS s FROM TABLE(TUMBLE(TABLE mon, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY dev_id,
    window_start, window_end) L FULL JOIN (SELECT dev_id, window_start, window_end, COUNT(*) AS n
    FROM TABLE(TUMBLE(TABLE alm, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY dev_id,
    window_start, window_end) R ON L.dev_id = R.dev_id AND L.window_start = R.window_start;

-- name: over_range
SELECT mid, dev_id, AVG(v) OVER (PARTITION BY dev_id ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR
    PRECEDING AND CURRENT ROW) AS a1h FROM mon;

-- name: setops
SELECT dev_id FROM mon INTERSECT SELECT dev_id FROM alm;

-- name: union_distinct
SELECT dev_id, flag AS x FROM mon UNION SELECT dev_id, CAST(lvl AS STRING) FROM alm;

-- name: limit
SELECT id, name, cap FROM dev ORDER BY cap DESC, id LIMIT 5;

-- name: self
SELECT x.id, y.id AS id2, x.region FROM dev x JOIN dev y ON x.region = y.region AND x.id < y.id;

-- name: match
SELECT * FROM mon MATCH_RECOGNIZE (PARTITION BY dev_id ORDER BY ts MEASURES A.v AS av, LAST(B.v)
    AS bv ONE ROW PER MATCH PATTERN (A B+) DEFINE B AS B.v > A.v) AS mr;

-- name: session
SELECT dev_id, window_start, window_end, COUNT(*) AS c FROM TABLE(SESSION(TABLE mon PARTITION BY
    dev_id, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY dev_id, window_start, window_end;

-- name: lateral
SELECT d.id, w.word FROM dev d, LATERAL TABLE(STRING_SPLIT_UDTF(d.name)) AS w(word);

-- name: typed
SELECT id, CAST(name AS VARCHAR(20)) AS n, CAST(ts AS TIMESTAMP_LTZ(3)) AS tz, CAST(ts AS
    TIMESTAMP(3)) AS t3, CAST(cap AS DECIMAL(18,4)) AS c4, CAST(NULL AS ROW<a INT, b STRING>) AS
    r, CAST(NULL AS ARRAY<BIGINT>) AS ab, CAST(NULL AS MAP<STRING, INT>) AS ms, CAST(name AS
    BYTES) AS by FROM dev /*+ OPTIONS('scan.startup.mode'='full') */;

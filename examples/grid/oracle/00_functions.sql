-- 对照答案：用 PostgreSQL 在源库上手写的整个数仓，与 Strom 的脚本无关，按 ../RULES.md 写成。
-- The oracle: the whole warehouse written by hand in PostgreSQL over the source schema, from ../RULES.md and not from
-- the scripts. Views oracle.<table> have exactly the declared columns and types.
--
--   psql -v ON_ERROR_STOP=1 -f 00_functions.sql … -f 05_sink.sql
--   SET grid.clock = '2024-05-20 10:30:00'; SELECT * FROM oracle.ads_realtime_dashboard;

CREATE SCHEMA oracle;

CREATE FUNCTION oracle.present() RETURNS timestamp(3) LANGUAGE sql STABLE AS $$
  SELECT sgcc_power.present()::timestamp(3)
$$;

CREATE FUNCTION oracle.today() RETURNS date LANGUAGE sql STABLE AS $$ SELECT oracle.present()::date $$;

-- a / b as Flink divides DECIMALs: exact, rounded half up (away from zero) to `scale` digits.
CREATE FUNCTION oracle.fdiv(a numeric, b numeric, scale integer) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT round(sign(a) * sign(b) * div(2 * abs(a) * power(10::numeric, scale) + abs(b), 2 * abs(b))
               / power(10::numeric, scale), scale)
$$;

-- AVG of a DECIMAL with up to six digits: DECIMAL(38, 6). NULL without values.
CREATE FUNCTION oracle.favg(total numeric, values_counted bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN values_counted > 0 THEN oracle.fdiv(total, values_counted, 6) END
$$;

-- CAST of a DOUBLE to DECIMAL: its shortest decimal text, rounded half up.
CREATE FUNCTION oracle.from_double(d double precision, scale integer) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT round(d::text::numeric, scale)
$$;

-- Java's String.hashCode, which Flink's HASH_CODE is, for characters of the basic plane.
CREATE FUNCTION oracle.hash_code(s text) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  h bigint := 0;
BEGIN
  FOR i IN 1 .. char_length(s) LOOP
    h := (h * 31 + ascii(substr(s, i, 1))) % 4294967296;
  END LOOP;
  RETURN CASE WHEN h >= 2147483648 THEN h - 4294967296 ELSE h END;
END
$$;

CREATE FUNCTION oracle.ymd(d date) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT to_char(d, 'YYYYMMDD')::bigint
$$;

-- What equipment of a type is rated for, MW.
CREATE FUNCTION oracle.rated(equipment_type text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE equipment_type WHEN '变压器' THEN 300 WHEN '发电机' THEN 200 ELSE 150 END::numeric
$$;

CREATE FUNCTION oracle.type_class(equipment_type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN equipment_type IN ('变压器', '发电机', '输电线路', '配电设备') THEN equipment_type ELSE '其他' END
$$;

CREATE FUNCTION oracle.type_number(type_class text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(array_position(ARRAY['变压器', '发电机', '输电线路', '配电设备'], type_class), 9)::bigint
$$;

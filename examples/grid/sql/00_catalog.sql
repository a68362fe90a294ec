-- 电网实时数仓：目录、数据库、设置。
-- Power-grid warehouse: catalog, database, settings. What each table holds: ../RULES.md.
--
-- 七个文件依次执行，同在一个会话里。 The seven files run one after the other, in one session:
--   cat 0*.sql | strom sql
-- ${…} 由运行作业的 worker 从其环境变量填入；交给 Flink 之前由 envsubst 填入。
-- ${…} comes from the environment: of the workers that run the jobs, or by envsubst before Flink reads the files.

-- 会话时区：源库的时间列按 UTC 解释。 The session's zone: the source's time columns hold UTC.
SET 'table.local-time-zone' = 'UTC';
-- 作业时钟：测试与演示冻结在一个时刻；空值为墙上时钟。Flink 不认识此项，会忽略。
-- The job clock: frozen for tests and demo, empty for the wall clock. Flink does not know it and ignores it.
SET 'strom.clock' = '${GRID_CLOCK}';
-- 检查点与空闲源（原脚本的设置，仅对 Flink 有效）。 The original's settings, for Flink only.
SET 'execution.checkpointing.interval' = '60 s';
SET 'table.exec.source.idle-timeout' = '30 s';

CREATE CATALOG grid WITH (
  'type' = 'fluss',
  'bootstrap.servers' = '${GRID_BOOTSTRAP}'
);
USE CATALOG grid;

CREATE DATABASE IF NOT EXISTS sgcc_dw;
USE sgcc_dw;

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/table_descriptor.h"
#include "pipeline/sql/script.h"

namespace strom::sql {

// WITH of a table with 'connector' = 'postgres-cdc', under the connector's own names.
struct PostgresCdcOptions {
  std::string server;  // "hostname:port" as written, ${NAME} and all.
  std::string hostname;
  int32_t port = 5432;
  std::string username;
  std::string password;
  std::string database;
  std::string schema = "public";
  std::string table;
  std::vector<std::string> ignored;  // Options that only Flink looks at: slot.name, …
};

enum class JdbcKind : uint8_t { kPostgres, kMysql };

// WITH of a table with 'connector' = 'jdbc'.
struct JdbcOptions {
  JdbcKind kind = JdbcKind::kPostgres;
  std::string server;  // "host:port" as written, ${NAME} and all.
  std::string host;
  int32_t port = 5432;
  std::string database;
  std::string schema;  // Of "schema.table", or the URL's currentSchema; PostgreSQL: else public.
  std::string table;
  std::string username;
  std::string password;
  int64_t flush_rows_max = 100;
  int64_t flush_interval_ms = 1000;
  int64_t retries_max = 3;
  std::vector<std::string> ignored;
};

// Reads the options of `table`. Errors: kInvalidSql with the table's place: an option that is
// missing, unknown (with the nearest name) or no value of its kind.
Result<PostgresCdcOptions> ReadPostgresCdcOptions(const TableDefinition& table);
Result<JdbcOptions> ReadJdbcOptions(const TableDefinition& table);

// The value of 'connector'; "" if there is none.
std::string ConnectorOf(const TableDefinition& table);

// "postgres-cdc://host:port/database": jobs of one such address share a slot.
std::string AddressOf(const PostgresCdcOptions& options);
// "jdbc:postgresql://host:port/database".
std::string AddressOf(const JdbcOptions& options);

// A table of the catalog as CREATE_TABLE wants it: 'bucket.num' and 'bucket.key' as distribution,
// 'table.*' as properties (the server checks them), other options as custom properties.
// Errors: kInvalidSql, kInvalidTable.
Result<TableDescriptor> ToDescriptor(const TableDefinition& table);

}  // namespace strom::sql

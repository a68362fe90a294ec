#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/types/schema.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"

namespace strom::sql {

// A place in a script, both from 1. Columns count characters, not bytes.
struct Position {
  int line = 1;
  int column = 1;
};

// An object's name as written: one to three parts, [catalog.][database.]name.
struct ObjectName {
  std::vector<std::string> parts;
  Position at;
};

// WITH ('key' = 'value', …), in no order. Values keep ${NAME} as written.
using Options = std::map<std::string, std::string>;

struct Watermark {
  std::string column;
  std::string expression;  // As written.
};

// What CREATE [TEMPORARY] TABLE declares.
struct TableDefinition {
  ObjectName name;
  bool temporary = false;
  bool if_not_exists = false;
  std::vector<Column> columns;
  std::vector<std::string> primary_key;
  std::optional<Watermark> watermark;
  std::vector<std::string> partition_keys;
  std::optional<std::string> comment;
  Options options;
  std::string text;  // The statement as written, without the semicolon.
};

struct CreateCatalog {
  std::string name;
  Options options;
};
struct UseCatalog {
  std::string name;
};
struct CreateDatabase {
  ObjectName name;
  bool if_not_exists = false;
  std::optional<std::string> comment;
};
struct DropDatabase {
  ObjectName name;
  bool if_exists = false;
  bool cascade = false;
};
struct UseDatabase {
  ObjectName name;
};
struct CreateTable {
  TableDefinition table;
};
struct DropTable {
  ObjectName name;
  bool if_exists = false;
  bool temporary = false;
};
struct CreateView {
  ObjectName name;
  std::vector<std::string> columns;
  std::string query;
  Position query_at;
  std::string text;
};
struct SetOption {
  std::string key;
  std::string value;
};
struct Insert {
  ObjectName target;
  std::vector<std::string> columns;  // Empty: all.
  std::string query;                 // SELECT …, VALUES …, or WITH … SELECT …, as written.
  Position query_at;
};
struct Select {
  std::string query;
  Position query_at;
};

struct Statement {
  std::variant<CreateCatalog, UseCatalog, CreateDatabase, DropDatabase, UseDatabase, CreateTable,
               DropTable, CreateView, SetOption, Insert, Select>
      body;
  Position at;
};

// The statements of a script in Flink's dialect, in order; EXECUTE STATEMENT SET gives its INSERTs.
// Errors: kInvalidSql, "line 3, column 7: …".
Result<std::vector<Statement>> ParseScript(std::string_view text);

}  // namespace strom::sql

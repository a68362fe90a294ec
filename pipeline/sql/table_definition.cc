#include <algorithm>
#include <utility>

#include "pipeline/sql/statement_parser.h"
#include "pipeline/sql/type_parser.h"

namespace strom::sql {
namespace {

// One definition in the making.
class TableParser {
 public:
  TableParser(std::string_view script, TokenCursor& cursor) : script_(script), cursor_(cursor) {}

  Result<TableDefinition> Run() {
    table_.if_not_exists = cursor_.TakeWords({"IF", "NOT", "EXISTS"});
    STROM_ASSIGN_OR_RETURN(table_.name, cursor_.Name("a table's name"));
    if (cursor_.Peek().IsWord("AS")) return Refuse("CREATE TABLE … AS SELECT");
    if (cursor_.Peek().IsWord("LIKE")) return Refuse("CREATE TABLE … LIKE");
    STROM_RETURN_IF_ERROR(cursor_.ExpectSymbol("("));
    do {
      STROM_RETURN_IF_ERROR(Element());
    } while (cursor_.TakeSymbol(","));
    if (!cursor_.Peek().Is(")")) return cursor_.Expected("',' or ')'");
    cursor_.Take();
    if (table_.columns.empty()) return ErrorAt(table_.name.at, "a table needs a column");
    STROM_RETURN_IF_ERROR(Clauses());
    STROM_RETURN_IF_ERROR(Check());
    return std::move(table_);
  }

 private:
  Status Refuse(std::string_view what) const {
    return ErrorAt(cursor_.Peek().at, fmt::format("{} is not supported", what));
  }

  Status Element() {
    if (cursor_.TakeWords({"WATERMARK", "FOR"})) return WatermarkClause();
    if (cursor_.TakeWord("CONSTRAINT")) {
      STROM_ASSIGN_OR_RETURN(const std::string name, cursor_.Identifier("a constraint's name"));
      if (!cursor_.Peek().IsWord("PRIMARY")) return cursor_.Expected("PRIMARY KEY");
    }
    if (cursor_.Peek().IsWord("PRIMARY") && cursor_.Peek(1).IsWord("KEY") &&
        cursor_.Peek(2).Is("(")) {
      const Position at = cursor_.Take().at;
      cursor_.Take();
      STROM_ASSIGN_OR_RETURN(std::vector<std::string> names, ParseColumnNames(cursor_));
      return SetPrimaryKey(at, std::move(names));
    }
    if (cursor_.TakeWord("UNIQUE")) return Refuse("a UNIQUE constraint");
    return ColumnElement();
  }

  Status SetPrimaryKey(Position at, std::vector<std::string> names) {
    if (!table_.primary_key.empty()) return ErrorAt(at, "the table has a primary key already");
    STROM_RETURN_IF_ERROR(cursor_.ExpectWord("NOT"));
    STROM_RETURN_IF_ERROR(cursor_.ExpectWord("ENFORCED"));
    table_.primary_key = std::move(names);
    key_at_ = at;
    return Status::Ok();
  }

  Status ColumnElement() {
    const Position at = cursor_.Peek().at;
    STROM_ASSIGN_OR_RETURN(std::string name, cursor_.Identifier("a column's name"));
    if (std::ranges::any_of(table_.columns, [&](const Column& c) { return c.name == name; })) {
      return ErrorAt(at, fmt::format("column {} comes twice", name));
    }
    if (cursor_.Peek().IsWord("AS")) {
      return ErrorAt(cursor_.Peek().at, fmt::format("column {} is computed: compute it in the "
                                                    "query that reads the table instead",
                                                    name));
    }
    STROM_ASSIGN_OR_RETURN(DataType type, ParseType(cursor_));
    Column column{.name = std::move(name), .type = std::move(type), .comment = {}, .aggregate = {}};
    while (true) {
      if (cursor_.Peek().IsWord("METADATA")) {
        return ErrorAt(cursor_.Peek().at,
                       fmt::format("column {}: METADATA columns are not supported", column.name));
      }
      if (cursor_.Peek().IsWord("PRIMARY")) {
        const Position key_at = cursor_.Take().at;
        STROM_RETURN_IF_ERROR(cursor_.ExpectWord("KEY"));
        STROM_RETURN_IF_ERROR(SetPrimaryKey(key_at, {column.name}));
      } else if (cursor_.TakeWord("COMMENT")) {
        STROM_ASSIGN_OR_RETURN(column.comment, cursor_.String("a comment"));
      } else {
        break;
      }
    }
    table_.columns.push_back(std::move(column));
    return Status::Ok();
  }

  Status WatermarkClause() {
    watermark_at_ = cursor_.Peek().at;
    Watermark watermark;
    STROM_ASSIGN_OR_RETURN(watermark.column, cursor_.Identifier("a column's name"));
    STROM_RETURN_IF_ERROR(cursor_.ExpectWord("AS"));
    const size_t begin = cursor_.Peek().begin;
    size_t end = begin;
    int depth = 0;
    while (!cursor_.AtEnd() && !cursor_.Peek().Is(";") &&
           (depth > 0 || (!cursor_.Peek().Is(",") && !cursor_.Peek().Is(")")))) {
      if (cursor_.Peek().Is("(")) ++depth;
      if (cursor_.Peek().Is(")")) --depth;
      end = cursor_.Take().end;
    }
    if (begin == end) return cursor_.Expected("an expression");
    if (table_.watermark) return ErrorAt(watermark_at_, "the table has a watermark already");
    watermark.expression = script_.substr(begin, end - begin);
    table_.watermark = std::move(watermark);
    return Status::Ok();
  }

  Status Clauses() {
    while (true) {
      if (cursor_.TakeWord("COMMENT")) {
        STROM_ASSIGN_OR_RETURN(table_.comment, cursor_.String("a comment"));
      } else if (cursor_.TakeWords({"PARTITIONED", "BY"})) {
        partition_at_ = cursor_.Peek().at;
        STROM_ASSIGN_OR_RETURN(table_.partition_keys, ParseColumnNames(cursor_));
      } else if (cursor_.Peek().IsWord("DISTRIBUTED")) {
        return Refuse("DISTRIBUTED BY (say 'bucket.num' and 'bucket.key' in WITH)");
      } else if (cursor_.TakeWord("WITH")) {
        STROM_ASSIGN_OR_RETURN(table_.options, ParseOptions(cursor_));
      } else if (cursor_.Peek().IsWord("AS")) {
        return Refuse("CREATE TABLE … AS SELECT");
      } else if (cursor_.Peek().IsWord("LIKE")) {
        return Refuse("CREATE TABLE … LIKE");
      } else {
        return Status::Ok();
      }
    }
  }

  Status Check() {
    STROM_RETURN_IF_ERROR(CheckNames(key_at_, table_.primary_key, "the primary key"));
    STROM_RETURN_IF_ERROR(CheckNames(partition_at_, table_.partition_keys, "PARTITIONED BY"));
    if (table_.watermark) {
      STROM_RETURN_IF_ERROR(CheckNames(watermark_at_, {table_.watermark->column}, "WATERMARK"));
    }
    // Key columns are NOT NULL whether it is said or not.
    for (Column& column : table_.columns) {
      if (std::ranges::count(table_.primary_key, column.name) > 0) {
        column.type = column.type.NotNull();
      }
    }
    return Status::Ok();
  }

  Status CheckNames(Position at, const std::vector<std::string>& names, std::string_view where) {
    for (const std::string& name : names) {
      if (std::ranges::none_of(table_.columns, [&](const Column& c) { return c.name == name; })) {
        return ErrorAt(at, fmt::format("{} names {}, which is no column", where, name));
      }
    }
    return Status::Ok();
  }

  std::string_view script_;
  TokenCursor& cursor_;
  TableDefinition table_;
  Position key_at_;
  Position partition_at_;
  Position watermark_at_;
};

}  // namespace

Result<TableDefinition> ParseTableDefinition(std::string_view script, TokenCursor& cursor) {
  return TableParser(script, cursor).Run();
}

Result<Options> ParseOptions(TokenCursor& cursor) {
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol("("));
  Options options;
  do {
    const Position at = cursor.Peek().at;
    STROM_ASSIGN_OR_RETURN(std::string key, cursor.String("an option's name in apostrophes"));
    STROM_RETURN_IF_ERROR(cursor.ExpectSymbol("="));
    STROM_ASSIGN_OR_RETURN(std::string value, cursor.String("an option's value in apostrophes"));
    const auto [it, added] = options.emplace(std::move(key), std::move(value));
    if (!added) return ErrorAt(at, fmt::format("option '{}' comes twice", it->first));
  } while (cursor.TakeSymbol(","));
  if (!cursor.TakeSymbol(")")) return cursor.Expected("',' or ')'");
  return options;
}

Result<std::vector<std::string>> ParseColumnNames(TokenCursor& cursor) {
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol("("));
  std::vector<std::string> names;
  do {
    const Position at = cursor.Peek().at;
    STROM_ASSIGN_OR_RETURN(std::string name, cursor.Identifier("a column's name"));
    if (std::ranges::count(names, name) > 0) {
      return ErrorAt(at, fmt::format("column {} comes twice", name));
    }
    names.push_back(std::move(name));
  } while (cursor.TakeSymbol(","));
  if (!cursor.TakeSymbol(")")) return cursor.Expected("',' or ')'");
  return names;
}

}  // namespace strom::sql

#include "pipeline/sql/script.h"

#include <utility>

#include "pipeline/sql/statement_parser.h"
#include "pipeline/sql/token.h"

namespace strom::sql {
namespace {

class ScriptParser {
 public:
  ScriptParser(std::string_view text, const std::vector<Token>& tokens)
      : text_(text), cursor_(tokens) {}

  Result<std::vector<Statement>> Run() {
    while (true) {
      while (cursor_.TakeSymbol(";")) {
      }
      if (cursor_.AtEnd()) break;
      STROM_RETURN_IF_ERROR(OneStatement());
      STROM_RETURN_IF_ERROR(EndOfStatement());
    }
    return std::move(statements_);
  }

 private:
  Status EndOfStatement() {
    if (cursor_.AtEnd() || cursor_.TakeSymbol(";")) return Status::Ok();
    return cursor_.Expected("';'");
  }

  template <class Body>
  void Add(Position at, Body body) {
    statements_.push_back({.body = std::move(body), .at = at});
  }

  Status OneStatement() {
    const Token& first = cursor_.Peek();
    start_ = first.begin;
    at_ = first.at;
    if (cursor_.TakeWord("CREATE")) return Create();
    if (cursor_.TakeWord("DROP")) return Drop();
    if (cursor_.TakeWord("USE")) return Use();
    if (cursor_.TakeWord("SET")) return Set();
    if (cursor_.TakeWords({"EXECUTE", "STATEMENT", "SET"})) {
      STROM_RETURN_IF_ERROR(cursor_.ExpectWord("BEGIN"));
      return StatementSet();
    }
    if (cursor_.TakeWords({"BEGIN", "STATEMENT", "SET"})) {
      STROM_RETURN_IF_ERROR(cursor_.ExpectSymbol(";"));
      return StatementSet();
    }
    if (cursor_.Peek().IsWord("EXECUTE") && cursor_.Peek(1).IsWord("INSERT")) cursor_.Take();
    if (cursor_.TakeWord("INSERT")) return ParseInsert();
    if (first.IsWord("SELECT") || first.IsWord("WITH") || first.IsWord("VALUES") || first.Is("(")) {
      STROM_ASSIGN_OR_RETURN(QueryText query, ParseQueryText(text_, cursor_));
      Add(at_, Select{.query = std::move(query.text), .query_at = query.at});
      return Status::Ok();
    }
    return cursor_.Expected(
        "CREATE, DROP, USE, SET, INSERT, EXECUTE STATEMENT SET, SELECT, WITH or VALUES");
  }

  std::string StatementText() const {
    const Token& next = cursor_.Peek();
    std::string text(text_.substr(start_, next.begin - start_));
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' ||
                             text.back() == '\t')) {
      text.pop_back();
    }
    return text;
  }

  Status Create() {
    const bool temporary = cursor_.TakeWord("TEMPORARY");
    if (cursor_.TakeWord("TABLE")) {
      STROM_ASSIGN_OR_RETURN(TableDefinition table, ParseTableDefinition(text_, cursor_));
      table.temporary = temporary;
      table.text = StatementText();
      Add(at_, CreateTable{.table = std::move(table)});
      return Status::Ok();
    }
    if (cursor_.Peek().IsWord("VIEW")) return View(temporary);
    if (temporary) return cursor_.Expected("TABLE or VIEW");
    if (cursor_.TakeWord("CATALOG")) return Catalog();
    if (cursor_.TakeWord("DATABASE")) return Database();
    if (cursor_.Peek().IsWord("FUNCTION")) {
      return ErrorAt(cursor_.Peek().at, "functions of one's own are not supported");
    }
    return cursor_.Expected("CATALOG, DATABASE, TABLE, TEMPORARY TABLE or TEMPORARY VIEW");
  }

  Status Catalog() {
    CreateCatalog catalog;
    STROM_ASSIGN_OR_RETURN(catalog.name, cursor_.Identifier("a catalog's name"));
    STROM_RETURN_IF_ERROR(cursor_.ExpectWord("WITH"));
    STROM_ASSIGN_OR_RETURN(catalog.options, ParseOptions(cursor_));
    Add(at_, std::move(catalog));
    return Status::Ok();
  }

  Status Database() {
    CreateDatabase database;
    database.if_not_exists = cursor_.TakeWords({"IF", "NOT", "EXISTS"});
    STROM_ASSIGN_OR_RETURN(database.name, DatabaseName());
    if (cursor_.TakeWord("COMMENT")) {
      STROM_ASSIGN_OR_RETURN(database.comment, cursor_.String("a comment"));
    }
    if (cursor_.Peek().IsWord("WITH")) {
      return ErrorAt(cursor_.Peek().at, "options of databases are not supported");
    }
    Add(at_, std::move(database));
    return Status::Ok();
  }

  Result<ObjectName> DatabaseName() {
    STROM_ASSIGN_OR_RETURN(ObjectName name, cursor_.Name("a database's name"));
    if (name.parts.size() > 2) {
      return ErrorAt(name.at, ToText(name) + " has 3 parts, a database has at most 2");
    }
    return name;
  }

  Status View(bool temporary) {
    if (!temporary) {
      return ErrorAt(cursor_.Peek().at, "a Fluss catalog keeps no views: CREATE TEMPORARY VIEW");
    }
    cursor_.Take();
    cursor_.TakeWords({"IF", "NOT", "EXISTS"});
    CreateView view;
    STROM_ASSIGN_OR_RETURN(view.name, cursor_.Name("a view's name"));
    if (cursor_.Peek().Is("(")) {
      STROM_ASSIGN_OR_RETURN(view.columns, ParseColumnNames(cursor_));
    }
    if (cursor_.TakeWord("COMMENT")) {
      STROM_ASSIGN_OR_RETURN(const std::string comment, cursor_.String("a comment"));
    }
    STROM_RETURN_IF_ERROR(cursor_.ExpectWord("AS"));
    STROM_ASSIGN_OR_RETURN(QueryText query, ParseQueryText(text_, cursor_));
    view.query = std::move(query.text);
    view.query_at = query.at;
    view.text = StatementText();
    Add(at_, std::move(view));
    return Status::Ok();
  }

  Status Drop() {
    const bool temporary = cursor_.TakeWord("TEMPORARY");
    if (cursor_.TakeWord("TABLE")) {
      DropTable drop{
          .name = {}, .if_exists = cursor_.TakeWords({"IF", "EXISTS"}), .temporary = temporary};
      STROM_ASSIGN_OR_RETURN(drop.name, cursor_.Name("a table's name"));
      Add(at_, std::move(drop));
      return Status::Ok();
    }
    if (temporary) return cursor_.Expected("TABLE");
    if (!cursor_.TakeWord("DATABASE")) return cursor_.Expected("TABLE or DATABASE");
    DropDatabase drop;
    drop.if_exists = cursor_.TakeWords({"IF", "EXISTS"});
    STROM_ASSIGN_OR_RETURN(drop.name, DatabaseName());
    drop.cascade = cursor_.TakeWord("CASCADE");
    if (!drop.cascade) cursor_.TakeWord("RESTRICT");
    Add(at_, std::move(drop));
    return Status::Ok();
  }

  Status Use() {
    if (cursor_.TakeWord("CATALOG")) {
      UseCatalog use;
      STROM_ASSIGN_OR_RETURN(use.name, cursor_.Identifier("a catalog's name"));
      Add(at_, std::move(use));
      return Status::Ok();
    }
    UseDatabase use;
    STROM_ASSIGN_OR_RETURN(use.name, DatabaseName());
    Add(at_, std::move(use));
    return Status::Ok();
  }

  Status Set() {
    SetOption set;
    STROM_ASSIGN_OR_RETURN(set.key, cursor_.String("a setting's name in apostrophes"));
    STROM_RETURN_IF_ERROR(cursor_.ExpectSymbol("="));
    STROM_ASSIGN_OR_RETURN(set.value, cursor_.String("a setting's value in apostrophes"));
    Add(at_, std::move(set));
    return Status::Ok();
  }

  Status StatementSet() {
    while (!cursor_.TakeWord("END")) {
      at_ = cursor_.Peek().at;
      if (!cursor_.TakeWord("INSERT")) return cursor_.Expected("INSERT or END");
      STROM_RETURN_IF_ERROR(ParseInsert());
      STROM_RETURN_IF_ERROR(cursor_.ExpectSymbol(";"));
    }
    return Status::Ok();
  }

  Status ParseInsert() {
    if (cursor_.Peek().IsWord("OVERWRITE")) {
      return ErrorAt(cursor_.Peek().at, "INSERT OVERWRITE is not supported: use INSERT INTO");
    }
    STROM_RETURN_IF_ERROR(cursor_.ExpectWord("INTO"));
    Insert insert;
    STROM_ASSIGN_OR_RETURN(insert.target, cursor_.Name("a table's name"));
    if (cursor_.Peek().IsWord("PARTITION")) {
      return ErrorAt(cursor_.Peek().at,
                     "PARTITION is not supported: give the partition's columns in the query");
    }
    const Token& inside = cursor_.Peek(1);
    const bool is_query = inside.IsWord("SELECT") || inside.IsWord("WITH") ||
                          inside.IsWord("VALUES") || inside.Is("(");
    if (cursor_.Peek().Is("(") && !is_query) {
      STROM_ASSIGN_OR_RETURN(insert.columns, ParseColumnNames(cursor_));
    }
    STROM_ASSIGN_OR_RETURN(QueryText query, ParseQueryText(text_, cursor_));
    insert.query = std::move(query.text);
    insert.query_at = query.at;
    Add(at_, std::move(insert));
    return Status::Ok();
  }

  std::string_view text_;
  TokenCursor cursor_;
  size_t start_ = 0;
  Position at_;
  std::vector<Statement> statements_;
};

}  // namespace

Result<std::vector<Statement>> ParseScript(std::string_view text) {
  STROM_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(text));
  return ScriptParser(text, tokens).Run();
}

Result<QueryText> ParseQueryText(std::string_view script, TokenCursor& cursor) {
  const Token& first = cursor.Peek();
  if (!first.IsWord("SELECT") && !first.IsWord("WITH") && !first.IsWord("VALUES") &&
      !first.Is("(")) {
    return cursor.Expected("SELECT, WITH or VALUES");
  }
  const size_t begin = first.begin;
  const Position at = first.at;
  size_t end = begin;
  std::vector<Position> open;
  while (!cursor.AtEnd() && !cursor.Peek().Is(";")) {
    const Token& token = cursor.Take();
    if (token.Is("(")) open.push_back(token.at);
    if (token.Is(")")) {
      if (open.empty()) return ErrorAt(token.at, "this ')' closes nothing");
      open.pop_back();
    }
    end = token.end;
  }
  if (!open.empty()) return ErrorAt(open.back(), "this '(' is not closed");
  return QueryText{.text = std::string(script.substr(begin, end - begin)), .at = at};
}

Result<std::string> RenameInCreate(std::string_view statement, std::string_view name) {
  STROM_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(statement));
  TokenCursor cursor(tokens);
  STROM_RETURN_IF_ERROR(cursor.ExpectWord("CREATE"));
  cursor.TakeWord("TEMPORARY");
  if (!cursor.TakeWord("VIEW")) STROM_RETURN_IF_ERROR(cursor.ExpectWord("TABLE"));
  cursor.TakeWords({"IF", "NOT", "EXISTS"});
  const size_t begin = cursor.Peek().begin;
  STROM_ASSIGN_OR_RETURN(const ObjectName old, cursor.Name("a name"));
  const size_t end = tokens[cursor.index() - 1].end;
  return fmt::format("{}{}{}", statement.substr(0, begin), name, statement.substr(end));
}

}  // namespace strom::sql

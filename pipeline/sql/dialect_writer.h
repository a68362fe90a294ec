#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/dialect.h"
#include "pipeline/sql/token.h"

namespace strom::sql {

// Tokens [first, second) of a query.
using TokenRange = std::pair<size_t, size_t>;

// Writes a query's translation piece by piece. Used by TranslateDialect alone.
class DialectWriter {
 public:
  DialectWriter(const std::vector<Token>& tokens, DialectText& out) : tokens_(tokens), out_(out) {}

  // The translation of these tokens.
  Status Range(TokenRange range);

 private:
  using Rule = Status (DialectWriter::*)(size_t& next);

  // Behind the last token: kEnd.
  const Token& At(size_t index) const { return tokens_[std::min(index, tokens_.size() - 1)]; }
  // The token behind the bracket that closes the one at `open`.
  Result<size_t> Behind(size_t open) const;
  // The arguments of the call whose bracket opens at `open`.
  Result<std::vector<TokenRange>> Arguments(size_t open) const;
  // The last `keyword` of the range outside of brackets, or the range's end.
  size_t FindWord(TokenRange range, std::string_view keyword) const;

  void Mark(size_t index);
  void Raw(std::string_view text);
  void Copy(size_t index);
  Status List(const std::vector<TokenRange>& ranges, size_t first, size_t step);

  Status Symbol(size_t& next);
  Status Word(size_t& next);
  // Rules: each writes what begins at `next` and moves behind it.
  Status Cast(size_t& next);
  Status UnitCall(size_t& next);
  Status Extract(size_t& next);
  Status FloorTo(size_t& next);
  Status MapLiteral(size_t& next);
  Status Interval(size_t& next);
  Status SystemTime(size_t& next);
  Status JsonObject(size_t& next);
  Status JsonValue(size_t& next);
  Status Table(size_t& next);

  // Window table functions, window_functions.cc.
  Status WindowFunction(size_t name);
  struct Window {
    TokenRange table;
    TokenRange column;
    TokenRange partition;               // SESSION: its keys, possibly none.
    std::vector<TokenRange> intervals;  // In the order of the function's arguments.
  };
  Result<Window> WindowArguments(size_t name) const;
  Status Tumble(const Window& window);
  Status Hop(const Window& window);
  Status Cumulate(const Window& window);
  Status Session(const Window& window);
  // Translates a template: $T the table, $C the column, $P the partition keys, $0 $1 intervals.
  Status Template(const Window& window, std::string_view text);

  const std::vector<Token>& tokens_;
  DialectText& out_;
};

}  // namespace strom::sql

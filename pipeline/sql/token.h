#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "pipeline/sql/script.h"

namespace strom::sql {

enum class TokenKind : uint8_t {
  kWord,    // Identifier or keyword, as written.
  kQuoted,  // `name`; text is the name.
  kString,  // 'it''s'; text is what it means: it's.
  kNumber,
  kHint,    // /*+ … */; text is what stands inside.
  kSymbol,  // One of <> != <= >= => || or a single character.
  kEnd,     // After the last one.
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::string upper;  // Of a word: in capitals, to compare with keywords. Else as `text`.
  size_t begin = 0;   // Bytes [begin, end) of the tokenized text.
  size_t end = 0;
  Position at;

  bool IsWord(std::string_view keyword) const {
    return kind == TokenKind::kWord && upper == keyword;
  }
  bool Is(std::string_view symbol) const { return kind == TokenKind::kSymbol && text == symbol; }
};

// kInvalidSql, "line 3, column 7: " and the message.
Status ErrorAt(Position at, std::string_view message);

// `text` from `at` on: where the character behind it stands.
Position Advance(Position at, std::string_view text);

// The tokens of `text` in Flink's dialect, without white space and comments, and kEnd behind them.
// Double quotes are refused, as Flink does. Errors: kInvalidSql, with the place.
Result<std::vector<Token>> Tokenize(std::string_view text, Position at = {});

// How a name or text is written in a script so that it reads back as the same.
std::string QuoteForScript(std::string_view identifier);
std::string QuoteString(std::string_view text);

// A name as people write it: "a.b.c".
std::string ToText(const ObjectName& name);

// Reads tokens one after the other. The tokens belong to the caller and end with kEnd.
class TokenCursor {
 public:
  explicit TokenCursor(const std::vector<Token>& tokens, size_t first = 0)
      : tokens_(&tokens), next_(first) {}

  const Token& Peek(size_t ahead = 0) const;
  const Token& Take();
  size_t index() const { return next_; }
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }

  // Takes the token if it is this keyword (or these, one after the other) or symbol.
  bool TakeWord(std::string_view keyword);
  bool TakeWords(std::initializer_list<std::string_view> keywords);
  bool TakeSymbol(std::string_view symbol);

  // Errors: kInvalidSql "line 3, column 7: expected …, found …".
  Status ExpectWord(std::string_view keyword);
  Status ExpectSymbol(std::string_view symbol);
  Result<std::string> Identifier(std::string_view what);
  Result<ObjectName> Name(std::string_view what);
  Result<std::string> String(std::string_view what);
  Result<int32_t> Number(std::string_view what);
  Status Expected(std::string_view what) const;  // Always an error.

 private:
  const std::vector<Token>* tokens_;
  size_t next_;
};

}  // namespace strom::sql

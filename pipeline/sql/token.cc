#include "pipeline/sql/token.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/check.h"
#include "common/types/utf8.h"

namespace strom::sql {
namespace {

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Letters of other alphabets are letters of identifiers too.
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, Position at) : text_(text), at_(at) {}

  Result<std::vector<Token>> Run() {
    if (!IsUtf8(text_)) return ErrorAt(at_, "the script is no valid UTF-8");
    std::vector<Token> tokens;
    while (true) {
      STROM_RETURN_IF_ERROR(SkipSpaceAndComments());
      Token token;
      token.begin = next_;
      token.at = at_;
      if (next_ < text_.size()) STROM_RETURN_IF_ERROR(Read(token));
      token.end = next_;
      if (token.kind == TokenKind::kWord) {
        token.upper = Upper(token.text);
      } else {
        token.upper = token.text;
      }
      const bool end = token.kind == TokenKind::kEnd;
      tokens.push_back(std::move(token));
      if (end) return tokens;
    }
  }

 private:
  bool Starts(std::string_view with) const { return text_.substr(next_).starts_with(with); }
  void Move(size_t bytes) {
    at_ = Advance(at_, text_.substr(next_, bytes));
    next_ += bytes;
  }

  Status SkipSpaceAndComments() {
    while (next_ < text_.size()) {
      if (IsSpace(text_[next_])) {
        Move(1);
      } else if (Starts("--")) {
        Move(std::min(text_.find('\n', next_), text_.size()) - next_);
      } else if (Starts("/*") && !Starts("/*+")) {
        const size_t end = text_.find("*/", next_ + 2);
        if (end == std::string_view::npos) return ErrorAt(at_, "the comment does not end");
        Move(end + 2 - next_);
      } else {
        break;
      }
    }
    return Status::Ok();
  }

  Status Read(Token& token) {
    const char c = text_[next_];
    if (c == '\'') return ReadDelimited(token, TokenKind::kString, '\'', "string");
    if (c == '`') return ReadDelimited(token, TokenKind::kQuoted, '`', "quoted name");
    if (c == '"') return ErrorAt(at_, "names are quoted with back-ticks, texts with apostrophes");
    if (Starts("/*+")) {
      const size_t end = text_.find("*/", next_ + 3);
      if (end == std::string_view::npos) return ErrorAt(at_, "the hint does not end");
      return Set(token, TokenKind::kHint, text_.substr(next_ + 3, end - next_ - 3),
                 end + 2 - next_);
    }
    if (IsDigit(c) || (c == '.' && next_ + 1 < text_.size() && IsDigit(text_[next_ + 1]))) {
      const size_t length = NumberLength();
      return Set(token, TokenKind::kNumber, text_.substr(next_, length), length);
    }
    if (IsWordStart(c)) {
      size_t end = next_;
      while (end < text_.size() && IsWordPart(text_[end])) ++end;
      return Set(token, TokenKind::kWord, text_.substr(next_, end - next_), end - next_);
    }
    static constexpr std::array<std::string_view, 6> kDouble = {"<>", "!=", "<=", ">=", "=>", "||"};
    const bool two = std::ranges::any_of(kDouble, [&](std::string_view s) { return Starts(s); });
    const size_t length = two ? 2 : 1;
    return Set(token, TokenKind::kSymbol, text_.substr(next_, length), length);
  }

  Status Set(Token& token, TokenKind kind, std::string_view text, size_t length) {
    token.kind = kind;
    token.text = text;
    Move(length);
    return Status::Ok();
  }

  // A doubled delimiter stands for one of it.
  Status ReadDelimited(Token& token, TokenKind kind, char delimiter, std::string_view what) {
    std::string text;
    for (size_t i = next_ + 1; i < text_.size(); ++i) {
      if (text_[i] != delimiter) {
        text += text_[i];
      } else if (i + 1 < text_.size() && text_[i + 1] == delimiter) {
        text += delimiter;
        ++i;
      } else {
        if (kind == TokenKind::kQuoted && text.empty()) return ErrorAt(at_, "the name is empty");
        return Set(token, kind, text, i + 1 - next_);
      }
    }
    return ErrorAt(at_, fmt::format("the {} does not end", what));
  }

  // 12, 1.5, .5, 2e10, 1.5E-3.
  size_t NumberLength() const {
    size_t end = next_;
    auto digits = [&] {
      while (end < text_.size() && IsDigit(text_[end])) ++end;
    };
    digits();
    if (end < text_.size() && text_[end] == '.') {
      ++end;
      digits();
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      size_t exponent = end + 1;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      if (exponent < text_.size() && IsDigit(text_[exponent])) {
        end = exponent;
        digits();
      }
    }
    return end - next_;
  }

  std::string_view text_;
  size_t next_ = 0;
  Position at_;
};

std::string Doubled(std::string_view text, char delimiter) {
  std::string out(1, delimiter);
  for (const char c : text) {
    out += c;
    if (c == delimiter) out += c;
  }
  out += delimiter;
  return out;
}

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end";
    case TokenKind::kString:
      return QuoteString(token.text);
    case TokenKind::kQuoted:
      return QuoteForScript(token.text);
    case TokenKind::kHint:
      return "a hint";
    default:
      return "'" + token.text + "'";
  }
}

}  // namespace

Status ErrorAt(Position at, std::string_view message) {
  return Error(ErrorCode::kInvalidSql, "line {}, column {}: {}", at.line, at.column, message);
}

Position Advance(Position at, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else if (!IsContinuationByte(c)) {
      ++at.column;
    }
  }
  return at;
}

Result<std::vector<Token>> Tokenize(std::string_view text, Position at) {
  return Tokenizer(text, at).Run();
}

std::string QuoteForScript(std::string_view identifier) { return Doubled(identifier, '`'); }
std::string QuoteString(std::string_view text) { return Doubled(text, '\''); }

std::string ToText(const ObjectName& name) {
  std::string out;
  for (const std::string& part : name.parts) {
    if (!out.empty()) out += '.';
    out += part;
  }
  return out;
}

const Token& TokenCursor::Peek(size_t ahead) const {
  return (*tokens_)[std::min(next_ + ahead, tokens_->size() - 1)];
}

const Token& TokenCursor::Take() {
  const Token& token = Peek();
  if (token.kind != TokenKind::kEnd) ++next_;
  return token;
}

bool TokenCursor::TakeWord(std::string_view keyword) { return TakeWords({keyword}); }

bool TokenCursor::TakeWords(std::initializer_list<std::string_view> keywords) {
  size_t ahead = 0;
  for (const std::string_view keyword : keywords) {
    if (!Peek(ahead++).IsWord(keyword)) return false;
  }
  next_ += keywords.size();
  return true;
}

bool TokenCursor::TakeSymbol(std::string_view symbol) {
  if (!Peek().Is(symbol)) return false;
  ++next_;
  return true;
}

Status TokenCursor::ExpectWord(std::string_view keyword) {
  return TakeWord(keyword) ? Status::Ok() : Expected(keyword);
}

Status TokenCursor::ExpectSymbol(std::string_view symbol) {
  return TakeSymbol(symbol) ? Status::Ok() : Expected(fmt::format("'{}'", symbol));
}

Result<std::string> TokenCursor::Identifier(std::string_view what) {
  const Token& token = Peek();
  if (token.kind != TokenKind::kWord && token.kind != TokenKind::kQuoted) return Expected(what);
  return Take().text;
}

Result<ObjectName> TokenCursor::Name(std::string_view what) {
  ObjectName name{.parts = {}, .at = Peek().at};
  do {
    STROM_ASSIGN_OR_RETURN(std::string part, Identifier(what));
    name.parts.push_back(std::move(part));
  } while (TakeSymbol("."));
  if (name.parts.size() > 3) {
    return ErrorAt(name.at,
                   fmt::format("{} has {} parts, at most catalog.database.name is possible",
                               ToText(name), name.parts.size()));
  }
  return name;
}

Result<std::string> TokenCursor::String(std::string_view what) {
  if (Peek().kind != TokenKind::kString) return Expected(what);
  return Take().text;
}

Result<int32_t> TokenCursor::Number(std::string_view what) {
  const Token& token = Peek();
  int32_t number = 0;
  const char* end = token.text.data() + token.text.size();
  if (token.kind != TokenKind::kNumber ||
      std::from_chars(token.text.data(), end, number).ptr != end) {
    return Expected(what);
  }
  Take();
  return number;
}

Status TokenCursor::Expected(std::string_view what) const {
  return ErrorAt(Peek().at, fmt::format("expected {}, found {}", what, Describe(Peek())));
}

}  // namespace strom::sql

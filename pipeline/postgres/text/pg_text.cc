#include "pipeline/postgres/text/pg_text.h"

#include <utility>

namespace strom::postgres {
namespace {

std::string Quote(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
  return out;
}

// Reads one array from front to back.
class ArrayParser {
 public:
  explicit ArrayParser(std::string_view text) : text_(text) {}

  Result<std::vector<std::optional<std::string>>> Parse() {
    if (text_.starts_with('[')) return Malformed("its indexes do not begin at 1");
    if (!Eat('{')) return Malformed("it does not begin with a brace");
    std::vector<std::optional<std::string>> elements;
    if (!Eat('}')) {
      do {
        std::optional<std::string> element;
        STROM_RETURN_IF_ERROR(ParseElement(element));
        elements.push_back(std::move(element));
      } while (Eat(','));
      if (!Eat('}')) return Malformed("it has no closing brace");
    }
    if (at_ != text_.size()) return Malformed("something follows its closing brace");
    return elements;
  }

 private:
  bool Eat(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Status ParseElement(std::optional<std::string>& element) {
    if (at_ == text_.size()) return Malformed("it ends inside");
    if (text_[at_] == '{') return ParseNested(element.emplace());
    if (Eat('"')) return ParseQuoted(element.emplace());
    std::string plain;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') {
      if (text_[at_] == '\\' && ++at_ == text_.size()) return Malformed("it ends in a backslash");
      plain += text_[at_++];
    }
    if (plain.empty()) return Malformed("an element is missing");
    if (plain != "NULL") element = std::move(plain);
    return Status::Ok();
  }

  Status ParseQuoted(std::string& element) {
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      element += text_[at_++];
    }
    return Eat('"') ? Status::Ok() : Malformed("a quoted element does not end");
  }

  // Up to the brace that closes this one; braces in quotes do not count.
  Status ParseNested(std::string& element) {
    const size_t begin = at_;
    int depth = 0;
    bool quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && c == '{') {
        ++depth;
      } else if (!quoted && c == '}' && --depth == 0) {
        ++at_;
        element = text_.substr(begin, at_ - begin);
        return Status::Ok();
      }
    }
    at_ = text_.size();
    return Malformed("an inner array does not end");
  }

  Status Malformed(std::string_view why) const {
    return Error(ErrorCode::kExternalSystem, "'{}' is no array that can be read: {}",
                 text_.substr(0, 100), why);
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// What stands behind a backslash at `at`; moves behind it. PostgreSQL writes the letters; digits
// are read because the format allows them.
char Unescape(std::string_view line, size_t& at) {
  const char c = line[at++];
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      break;
  }
  if (!IsOctal(c)) return c;
  int code = c - '0';
  for (int digits = 1; digits < 3 && at < line.size() && IsOctal(line[at]); ++digits) {
    code = code * 8 + (line[at++] - '0');
  }
  return static_cast<char>(code & 0xff);
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) { return Quote(name, '"'); }

std::string QuoteLiteral(std::string_view text) { return Quote(text, '\''); }

Result<std::vector<std::optional<std::string>>> ParseArrayText(std::string_view text) {
  return ArrayParser(text).Parse();
}

Result<std::vector<std::optional<std::string>>> ParseCopyLine(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  std::vector<std::optional<std::string>> fields;
  size_t at = 0;
  while (true) {
    std::string field;
    bool null = false;
    while (at < line.size() && line[at] != '\t') {
      if (line[at] != '\\') {
        const size_t end = std::min(line.find_first_of("\t\\", at), line.size());
        field.append(line, at, end - at);
        at = end;
        continue;
      }
      if (++at == line.size()) {
        return Error(ErrorCode::kExternalSystem, "a COPY line of {} bytes ends in a backslash",
                     line.size());
      }
      if (line[at] == 'N' && field.empty()) {  // A text "\N" is written "\\N".
        null = true;
        ++at;
      } else {
        field += Unescape(line, at);
      }
    }
    fields.push_back(null ? std::nullopt : std::optional(std::move(field)));
    if (at == line.size()) return fields;
    ++at;  // The tab: one more field follows, maybe an empty one.
  }
}

}  // namespace strom::postgres

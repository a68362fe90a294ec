#include <cstdint>
#include <cstdlib>
#include <limits>

#include "pipeline/duckdb/flink_functions.h"

namespace strom::duck {
namespace {

// What LPAD and RPAD may make: more is a mistake, and would take the memory of everybody else.
constexpr int32_t kPaddedCharsMax = 16 << 20;

bool StartsChar(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

int64_t CountChars(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += StartsChar(c) ? 1 : 0;
  return count;
}

// Where the character `index`, from 0, starts; the size of the text if it has no so many.
size_t ByteOf(std::string_view text, int64_t index) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (StartsChar(text[i]) && index-- == 0) return i;
  }
  return text.size();
}

std::string_view Chars(std::string_view text, int64_t from, int64_t count) {
  text.remove_prefix(ByteOf(text, from));
  return text.substr(0, ByteOf(text, count));
}

// The code point at `i`, of UTF-8 that DuckDB has checked; moves `i` behind it.
uint32_t NextCodePoint(std::string_view text, size_t& i) {
  const auto first = static_cast<unsigned char>(text[i++]);
  uint32_t code = first < 0x80   ? first
                  : first < 0xE0 ? first & 0x1F
                  : first < 0xF0 ? first & 0x0F
                                 : first & 0x07;
  for (; i < text.size() && !StartsChar(text[i]); ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  return code;
}

Status HashCode(const Arguments& a, Answer& answer) {
  const std::string_view text = a.Text(0);
  uint32_t hash = 0;
  for (size_t i = 0; i < text.size();) {
    const uint32_t code = NextCodePoint(text, i);
    if (code >= 0x10000) {  // Two UTF-16 units.
      hash = hash * 31 + (0xD800 + ((code - 0x10000) >> 10));
      hash = hash * 31 + (0xDC00 + (code & 0x3FF));
    } else {
      hash = hash * 31 + code;
    }
  }
  // Math.abs leaves the smallest int as it is; so does the negation of an unsigned number.
  answer.Int(static_cast<int32_t>(hash >> 31 != 0 ? 0 - hash : hash));
  return Status::Ok();
}

Status Substring(const Arguments& a, Answer& answer) {
  const std::string_view text = a.Text(0);
  const int64_t from = a.Int(1);
  const int64_t length = a.count() > 2 ? a.Int(2) : std::numeric_limits<int32_t>::max();
  if (length < 0) return Status::Ok();
  const int64_t start = from > 0 ? from - 1 : from == 0 ? 0 : CountChars(text) + from;
  answer.Text(start < 0 ? std::string_view() : Chars(text, start, length));
  return Status::Ok();
}

// Like StringUtils.splitByWholeSeparatorPreserveAllTokens: '' has no parts, and a separator of ''
// is white space.
void SplitBy(std::string_view text, std::string_view separator, int32_t index, Answer& answer) {
  if (text.empty() || index < 0) return;
  for (;; --index) {
    const size_t end = separator.empty() ? text.find_first_of(" \t\n\r\f\v") : text.find(separator);
    if (index == 0) return answer.Text(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + (separator.empty() ? 1 : separator.size()));
  }
}

Status SplitByText(const Arguments& a, Answer& answer) {
  SplitBy(a.Text(0), a.Text(1), a.Int(2), answer);
  return Status::Ok();
}

Status SplitByCharacter(const Arguments& a, Answer& answer) {
  const int32_t code = a.Int(1);
  if (code < 1 || code > 255) return Status::Ok();
  std::string separator;
  if (code < 0x80) {
    separator.push_back(static_cast<char>(code));
  } else {
    separator.push_back(static_cast<char>(0xC0 | code >> 6));
    separator.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
  SplitBy(a.Text(0), separator, a.Int(2), answer);
  return Status::Ok();
}

Status Locate(const Arguments& a, Answer& answer) {
  const std::string_view needle = a.Text(0);
  const std::string_view text = a.Text(1);
  const int64_t from = a.count() > 2 ? std::max(a.Int(2) - 1, 0) : 0;
  if (needle.empty()) {
    answer.Int(1);
    return Status::Ok();
  }
  const size_t at = text.find(needle, ByteOf(text, from));
  answer.Int(
      at == std::string_view::npos ? 0 : static_cast<int32_t>(CountChars(text.substr(0, at))) + 1);
  return Status::Ok();
}

template <bool kLeft>
Status Pad(const Arguments& a, Answer& answer) {
  const std::string_view text = a.Text(0);
  const int32_t length = a.Int(1);
  const std::string_view pad = a.Text(2);
  if (length < 0 || pad.empty()) return Status::Ok();
  if (length > kPaddedCharsMax) {
    return Error(ErrorCode::kInvalidSql, "a length of {} is more than {}", length, kPaddedCharsMax);
  }
  const int64_t missing = length - CountChars(text);
  if (missing <= 0) {
    answer.Text(Chars(text, 0, length));
    return Status::Ok();
  }
  const int64_t pad_chars = CountChars(pad);
  std::string padding;
  for (int64_t i = 0; i < missing / pad_chars; ++i) padding += pad;
  padding += Chars(pad, 0, missing % pad_chars);
  answer.Text(kLeft ? padding + std::string(text) : std::string(text) + padding);
  return Status::Ok();
}

Status Initcap(const Arguments& a, Answer& answer) {
  std::string text(a.Text(0));
  bool in_word = false;
  for (char& c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool lower = c >= 'a' && c <= 'z';
    if (lower && !in_word) c = static_cast<char>(c - 'a' + 'A');
    if (upper && in_word) c = static_cast<char>(c - 'A' + 'a');
    in_word = upper || lower || (c >= '0' && c <= '9');
  }
  answer.Text(text);
  return Status::Ok();
}

Status Concat(const Arguments& a, Answer& answer) {
  std::string text;
  for (size_t i = 0; i < a.count(); ++i) text += a.Text(i);
  answer.Text(text);
  return Status::Ok();
}

Status ConcatWs(const Arguments& a, Answer& answer) {
  if (a.IsNull(0)) return Status::Ok();
  std::string text;
  bool first = true;
  for (size_t i = 1; i < a.count(); ++i) {
    if (a.IsNull(i)) continue;
    if (!first) text += a.Text(0);
    text += a.Text(i);
    first = false;
  }
  answer.Text(text);
  return Status::Ok();
}

}  // namespace

std::vector<ScalarFunction> FlinkTextFunctions() {
  const DataType text = DataType::String();
  const DataType number = DataType::Int();
  return {
      {.name = "flink_hash_code", .parameters = {text}, .result = number, .call = HashCode},
      {.name = "flink_substring", .parameters = {text, number}, .result = text, .call = Substring},
      {.name = "flink_substring",
       .parameters = {text, number, number},
       .result = text,
       .call = Substring},
      {.name = "flink_split_index",
       .parameters = {text, text, number},
       .result = text,
       .call = SplitByText},
      {.name = "flink_split_index",
       .parameters = {text, number, number},
       .result = text,
       .call = SplitByCharacter},
      {.name = "flink_locate", .parameters = {text, text}, .result = number, .call = Locate},
      {.name = "flink_locate",
       .parameters = {text, text, number},
       .result = number,
       .call = Locate},
      {.name = "flink_lpad", .parameters = {text, number, text}, .result = text, .call = Pad<true>},
      {.name = "flink_rpad",
       .parameters = {text, number, text},
       .result = text,
       .call = Pad<false>},
      {.name = "flink_initcap", .parameters = {text}, .result = text, .call = Initcap},
      {.name = "flink_concat", .parameters = {text}, .more = text, .result = text, .call = Concat},
      {.name = "flink_concat_ws",
       .parameters = {text},
       .more = text,
       .result = text,
       .call = ConcatWs,
       .takes_null = true},
  };
}

}  // namespace strom::duck

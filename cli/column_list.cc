#include "cli/column_list.h"

#include <algorithm>
#include <optional>

namespace strom::cli {
namespace {

constexpr int kDepthMax = 50;  // Types inside each other.
constexpr int32_t kLengthMax = INT32_MAX;

bool IsDigit(char c) { return '0' <= c && c <= '9'; }
char Upper(char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool IsSpace(char c) { return c == ' ' || ('\t' <= c && c <= '\r'); }
bool IsWordCharacter(char c) {
  return IsDigit(c) || ('A' <= Upper(c) && Upper(c) <= 'Z') || c == '_' || c == '-';
}

// `word` is in capitals.
bool Is(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return Upper(a) == b; });
}

// A recursive descent over the text, piece by piece.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<SchemaSpec> Columns() {
    SchemaSpec spec;
    do {
      if (TakeWord("PRIMARY")) {
        if (!TakeWord("KEY")) return Expected("KEY");
        STROM_RETURN_IF_ERROR(PrimaryKey(&spec.primary_key));
        continue;
      }
      Column column{.name = "", .type = DataType::Int()};
      STROM_ASSIGN_OR_RETURN(column.name, Name());
      STROM_ASSIGN_OR_RETURN(column.type, Type(0));
      if (TakeWord("COMMENT")) {
        STROM_ASSIGN_OR_RETURN(column.comment, Quoted('\''));
      }
      spec.columns.push_back(std::move(column));
    } while (Take(','));
    STROM_RETURN_IF_ERROR(End());
    return spec;
  }

  Result<DataType> OneType() {
    STROM_ASSIGN_OR_RETURN(DataType type, Type(0));
    STROM_RETURN_IF_ERROR(End());
    return type;
  }

 private:
  Status Expected(std::string_view what) {
    SkipSpace();
    const std::string_view rest = text_.substr(position_, 20);
    return Error(ErrorCode::kInvalidConfig, "column {} of the text: expected {} but found {}",
                 position_ + 1, what, rest.empty() ? "its end" : fmt::format("'{}'", rest));
  }

  Status End() {
    SkipSpace();
    return position_ == text_.size() ? Status::Ok() : Expected("a comma or the end");
  }

  void SkipSpace() {
    while (position_ < text_.size() && IsSpace(text_[position_])) ++position_;
  }

  bool Take(char c) {
    SkipSpace();
    if (position_ == text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  // The word that comes next, not taken; empty if none does.
  std::string_view PeekWord() {
    SkipSpace();
    size_t end = position_;
    while (end < text_.size() && IsWordCharacter(text_[end])) ++end;
    return text_.substr(position_, end - position_);
  }

  bool TakeWord(std::string_view word) {
    const std::string_view next = PeekWord();
    if (!Is(next, word)) return false;
    position_ += next.size();
    return true;
  }

  // Between `quote`s; a doubled one stands for itself.
  Result<std::string> Quoted(char quote) {
    if (!Take(quote)) return Expected(quote == '`' ? "a name" : "a text in '…'");
    std::string out;
    for (; position_ < text_.size(); ++position_) {
      if (text_[position_] == quote) {
        ++position_;
        if (position_ == text_.size() || text_[position_] != quote) return out;
      }
      out += text_[position_];
    }
    return Expected("the closing quote");
  }

  Result<std::string> Name() {
    SkipSpace();
    if (position_ < text_.size() && text_[position_] == '`') return Quoted('`');
    const std::string name(PeekWord());
    if (name.empty()) return Expected("a name");
    position_ += name.size();
    return name;
  }

  Status PrimaryKey(std::vector<std::string>* names) {
    if (!Take('(')) return Expected("(");
    do {
      STROM_ASSIGN_OR_RETURN(std::string name, Name());
      names->push_back(std::move(name));
    } while (Take(','));
    return Take(')') ? Status::Ok() : Expected(")");
  }

  Result<int32_t> Number(int32_t min, int32_t max) {
    SkipSpace();
    const size_t start = position_;
    int64_t value = 0;
    for (; position_ < text_.size() && IsDigit(text_[position_]); ++position_) {
      value = std::min<int64_t>(value * 10 + (text_[position_] - '0'), int64_t{INT32_MAX} + 1);
    }
    if (position_ != start && min <= value && value <= max) return static_cast<int32_t>(value);
    position_ = start;
    return Expected(fmt::format("a number from {} to {}", min, max));
  }

  // "(n)", or the default if there is none.
  Result<int32_t> Parameter(int32_t min, int32_t max, int32_t default_value) {
    if (!Take('(')) return default_value;
    STROM_ASSIGN_OR_RETURN(const int32_t value, Number(min, max));
    if (!Take(')')) return Expected(")");
    return value;
  }

  Result<DataType> Decimal() {
    int32_t precision = 10;
    int32_t scale = 0;
    if (Take('(')) {
      STROM_ASSIGN_OR_RETURN(precision, Number(1, 38));
      if (Take(',')) {
        STROM_ASSIGN_OR_RETURN(scale, Number(0, precision));
      }
      if (!Take(')')) return Expected(")");
    }
    return DataType::Decimal(precision, scale);
  }

  Result<DataType> Nested(std::string_view word, int depth) {
    if (!Take('<')) return Expected("<");
    std::optional<DataType> type;
    if (Is(word, "ROW")) {
      std::vector<RowField> fields;
      do {
        RowField field{.name = "", .type = DataType::Int()};
        STROM_ASSIGN_OR_RETURN(field.name, Name());
        STROM_ASSIGN_OR_RETURN(field.type, Type(depth + 1));
        SkipSpace();
        if (position_ < text_.size() && text_[position_] == '\'') {
          STROM_ASSIGN_OR_RETURN(field.description, Quoted('\''));
        }
        fields.push_back(std::move(field));
      } while (Take(','));
      type = DataType::Row(std::move(fields));
    } else {
      STROM_ASSIGN_OR_RETURN(DataType first, Type(depth + 1));
      if (Is(word, "ARRAY")) {
        type = DataType::Array(std::move(first));
      } else {
        if (!Take(',')) return Expected("a comma and the type of the values");
        STROM_ASSIGN_OR_RETURN(DataType value, Type(depth + 1));
        type = DataType::Map(std::move(first), std::move(value));
      }
    }
    if (!Take('>')) return Expected(">");
    return *std::move(type);
  }

  Result<DataType> WithParameter(std::string_view word) {
    if (Is(word, "CHAR")) {
      STROM_ASSIGN_OR_RETURN(const int32_t length, Parameter(1, kLengthMax, 1));
      return DataType::Char(length);
    }
    if (Is(word, "BINARY")) {
      STROM_ASSIGN_OR_RETURN(const int32_t length, Parameter(1, kLengthMax, 1));
      return DataType::Binary(length);
    }
    if (Is(word, "TIME")) {
      STROM_ASSIGN_OR_RETURN(const int32_t precision, Parameter(0, 9, 0));
      return DataType::Time(precision);
    }
    STROM_ASSIGN_OR_RETURN(const int32_t precision, Parameter(0, 9, 6));
    return Is(word, "TIMESTAMP") ? DataType::Timestamp(precision)
                                 : DataType::TimestampLtz(precision);
  }

  Result<DataType> Kind(int depth) {
    static const struct {
      std::string_view word;
      DataType type;
    } kPlain[] = {
        {"BOOLEAN", DataType::Boolean()},   {"TINYINT", DataType::TinyInt()},
        {"SMALLINT", DataType::SmallInt()}, {"INT", DataType::Int()},
        {"INTEGER", DataType::Int()},       {"BIGINT", DataType::BigInt()},
        {"FLOAT", DataType::Float()},       {"DOUBLE", DataType::Double()},
        {"STRING", DataType::String()},     {"BYTES", DataType::Bytes()},
        {"DATE", DataType::Date()},
    };
    const std::string_view word = PeekWord();
    const auto is_one_of = [word](auto... names) { return (Is(word, names) || ...); };
    for (const auto& plain : kPlain) {
      if (TakeWord(plain.word)) return plain.type;
    }
    if (is_one_of("DECIMAL")) {
      position_ += word.size();
      return Decimal();
    }
    if (is_one_of("CHAR", "BINARY", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ")) {
      position_ += word.size();
      return WithParameter(word);
    }
    if (is_one_of("ARRAY", "MAP", "ROW") && depth < kDepthMax) {
      position_ += word.size();
      return Nested(word, depth);
    }
    return Expected(is_one_of("VARCHAR", "TEXT")       ? "a type, such as STRING,"
                    : is_one_of("ARRAY", "MAP", "ROW") ? "a type that is less deep"
                                                       : "a type");
  }

  Result<DataType> Type(int depth) {
    STROM_ASSIGN_OR_RETURN(DataType type, Kind(depth));
    if (TakeWord("NOT")) {
      if (!TakeWord("NULL")) return Expected("NULL");
      return type.NotNull();
    }
    (void)TakeWord("NULL");
    return type;
  }

  const std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

Result<Schema> ParseColumnList(std::string_view text) {
  STROM_ASSIGN_OR_RETURN(SchemaSpec spec, Parser(text).Columns());
  Result<Schema> schema = Schema::Make(std::move(spec));
  if (schema.ok()) return schema;
  return Error(ErrorCode::kInvalidConfig, "{}", schema.status().message());
}

Result<DataType> ParseDataType(std::string_view text) { return Parser(text).OneType(); }

}  // namespace strom::cli

#include "cli/csv.h"

namespace strom::cli {
namespace {

constexpr int kEnd = std::istream::traits_type::eof();

}  // namespace

std::string CsvQuoted(std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

// The opening quote has been read.
Status CsvReader::ReadQuoted(CsvField* field, size_t* bytes) {
  field->quoted = true;
  while (true) {
    const int c = in_.get();
    if (c == kEnd) {
      return Error(ErrorCode::kCorruptRecord, "line {}: a quote is not closed", record_line_);
    }
    if (++*bytes > kRecordBytesMax) {
      return Error(ErrorCode::kCorruptRecord, "line {}: a record of more than {} bytes",
                   record_line_, kRecordBytesMax);
    }
    if (c == '"') {
      if (in_.peek() != '"') return Status::Ok();
      in_.get();
    }
    if (c == '\n') ++next_line_;
    field->text += static_cast<char>(c);
  }
}

Result<std::optional<std::vector<CsvField>>> CsvReader::Next() {
  if (in_.peek() == kEnd) return std::optional<std::vector<CsvField>>();
  record_line_ = next_line_;
  std::vector<CsvField> record(1);
  size_t bytes = 0;
  while (true) {
    const int c = in_.get();
    if (c == kEnd || c == '\n') break;
    if (c == '\r' && in_.peek() == '\n') continue;
    if (++bytes > kRecordBytesMax) {
      return Error(ErrorCode::kCorruptRecord, "line {}: a record of more than {} bytes",
                   record_line_, kRecordBytesMax);
    }
    CsvField& field = record.back();
    if (c == ',') {
      record.emplace_back();
    } else if (c == '"' && field.text.empty() && !field.quoted) {
      STROM_RETURN_IF_ERROR(ReadQuoted(&field, &bytes));
    } else if (c == '"' || field.quoted) {
      return Error(ErrorCode::kCorruptRecord, "line {}: field {}: text and quotes are mixed",
                   record_line_, record.size());
    } else {
      field.text += static_cast<char>(c);
    }
  }
  ++next_line_;
  return std::optional(std::move(record));
}

Result<std::optional<std::string>> ReadLine(std::istream& in) {
  if (in.peek() == kEnd) return std::optional<std::string>();
  std::string line;
  for (int c = in.get(); c != kEnd && c != '\n'; c = in.get()) {
    if (line.size() == kRecordBytesMax) {
      return Error(ErrorCode::kCorruptRecord, "a line of more than {} bytes", kRecordBytesMax);
    }
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return std::optional(std::move(line));
}

}  // namespace strom::cli

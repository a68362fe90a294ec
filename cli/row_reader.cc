#include "cli/row_reader.h"

#include <algorithm>

#include "cli/csv.h"
#include "common/text/value_json.h"
#include "common/text/value_text.h"
#include "common/base/nearest_name.h"

namespace strom::cli {
namespace {

class JsonRowReader final : public RowReader {
 public:
  JsonRowReader(std::istream& in, Schema schema) : in_(in), schema_(std::move(schema)) {}

  Result<std::optional<Row>> Next() override {
    while (true) {
      ++line_;
      Result<std::optional<std::string>> line = ReadLine(in_);
      if (!line.ok()) return line.status().WithContext(fmt::format("line {}", line_));
      if (!line->has_value()) return std::optional<Row>();
      if ((*line)->find_first_not_of(" \t") == std::string::npos) continue;
      Result<Row> row = RowFromJson(**line, schema_);
      if (!row.ok()) return row.status().WithContext(fmt::format("line {}", line_));
      return std::optional<Row>(*std::move(row));
    }
  }

 private:
  std::istream& in_;
  const Schema schema_;
  int64_t line_ = 0;
};

class CsvRowReader final : public RowReader {
 public:
  CsvRowReader(std::istream& in, Schema schema) : csv_(in), schema_(std::move(schema)) {}

  Result<std::optional<Row>> Next() override {
    if (positions_.empty()) {
      STROM_ASSIGN_OR_RETURN(const auto header, csv_.Next());
      if (!header) return std::optional<Row>();
      STROM_RETURN_IF_ERROR(ReadHeader(*header).WithContext(fmt::format("line {}", csv_.line())));
    }
    std::optional<std::vector<CsvField>> record;
    do {
      STROM_ASSIGN_OR_RETURN(record, csv_.Next());
      if (!record) return std::optional<Row>();
    } while (IsBlank(*record));
    Result<Row> row = ToRow(*record);
    if (!row.ok()) return row.status().WithContext(fmt::format("line {}", csv_.line()));
    return std::optional<Row>(*std::move(row));
  }

 private:
  // An empty line; with one column it is a row with NULL in it.
  bool IsBlank(const std::vector<CsvField>& record) const {
    return positions_.size() > 1 && record.size() == 1 && record[0].is_null();
  }

  Status ReadHeader(const std::vector<CsvField>& header) {
    std::vector<size_t> positions;
    for (const CsvField& field : header) {
      const std::optional<size_t> position = schema_.Find(field.text);
      if (!position) {
        std::vector<std::string_view> names;
        for (const Column& column : schema_.columns()) names.push_back(column.name);
        const std::string_view nearest = NearestName(field.text, names);
        return Error(ErrorCode::kCorruptRecord, "no column {}{}{}", field.text,
                     nearest.empty() ? "" : ", did you mean ",
                     nearest.empty() ? "" : std::string(nearest) + "?");
      }
      if (std::find(positions.begin(), positions.end(), *position) != positions.end()) {
        return Error(ErrorCode::kCorruptRecord, "column {} comes twice", field.text);
      }
      positions.push_back(*position);
    }
    positions_ = std::move(positions);
    return Status::Ok();
  }

  Result<Row> ToRow(const std::vector<CsvField>& record) const {
    if (record.size() != positions_.size()) {
      return Error(ErrorCode::kCorruptRecord, "{} fields, but {} columns", record.size(),
                   positions_.size());
    }
    Row row(schema_.columns().size());
    for (size_t i = 0; i < record.size(); ++i) {
      const Column& column = schema_.columns()[positions_[i]];
      if (record[i].is_null()) continue;
      Result<Value> value = ValueFromText(record[i].text, column.type);
      if (!value.ok()) return value.status().WithContext("column " + column.name);
      row[positions_[i]] = *std::move(value);
    }
    for (size_t i = 0; i < row.size(); ++i) {
      const Column& column = schema_.columns()[i];
      STROM_RETURN_IF_ERROR(CheckValue(row[i], column.type, "column " + column.name));
    }
    return row;
  }

  CsvReader csv_;
  const Schema schema_;
  std::vector<size_t> positions_;  // In the table, of each field; empty before the header is read.
};

}  // namespace

std::unique_ptr<RowReader> MakeJsonRowReader(std::istream& in, Schema schema) {
  return std::make_unique<JsonRowReader>(in, std::move(schema));
}

std::unique_ptr<RowReader> MakeCsvRowReader(std::istream& in, Schema schema) {
  return std::make_unique<CsvRowReader>(in, std::move(schema));
}

}  // namespace strom::cli

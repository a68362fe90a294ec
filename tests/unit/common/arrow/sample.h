#pragma once

#include <vector>

#include "common/arrow/batch_builder.h"
#include "common/arrow/batch_reader.h"

namespace strom::arrow {

// The table of the golden batches L1, L7, L8 and L12: id INT, name STRING.
inline std::vector<DataType> NameTypes() { return {DataType::Int(), DataType::String()}; }

inline std::vector<Row> NameRows() {
  return {{Value::Int(1), Value::String("a")},
          {Value::Int(2), Value::Null()},
          {Value::Int(3), Value::String("ccc")}};
}

// The table and the rows of the golden batch L15.
inline std::vector<DataType> NestedTypes() {
  return {DataType::Array(DataType::Int()),
          DataType::Map(DataType::Int(), DataType::String()),
          DataType::Row({{"x", DataType::Int(), {}}, {"y", DataType::String(), {}}}),
          DataType::Decimal(5, 2),
          DataType::Boolean(),
          DataType::TimestampLtz(6),
          DataType::Binary(2)};
}

inline std::vector<Row> NestedRows() {
  return {{Value::List({Value::Int(1), Value::Null(), Value::Int(3)}),
           Value::Map({{Value::Int(1), Value::String("a")}}),
           Value::Struct({Value::Int(5), Value::String("z")}), Value::Dec(-12345),
           Value::Bool(true), Value::Time(1698235273182, 456000), Value::String("\x01\x02")},
          Row(7)};
}

// The message of `rows`, which fit `types`.
inline Bytes Build(const std::vector<DataType>& types, const std::vector<Row>& rows,
                   Compression compression = {}) {
  RecordBatchBuilder builder(types);
  for (const Row& row : rows) {
    const Status status = builder.Append(row);
    STROM_CHECK(status.ok()) << status.ToString();
  }
  return builder.Finish(compression);
}

inline std::vector<Row> ReadRows(const RecordBatchReader& reader) {
  std::vector<Row> rows;
  for (int64_t i = 0; i < reader.row_count(); ++i) rows.push_back(reader.ReadRow(i));
  return rows;
}

// The rows of a message that must be readable.
inline std::vector<Row> ReadAll(BytesView message, const std::vector<DataType>& types) {
  const Result<RecordBatchReader> reader = RecordBatchReader::Open(message, types);
  STROM_CHECK(reader.ok()) << reader.status().ToString();
  return ReadRows(*reader);
}

}  // namespace strom::arrow

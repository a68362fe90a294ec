#include "tests/unit/common/record/samples.h"

namespace strom::record {

RecordSchema SampleSchema(LogFormat format) {
  return RecordSchema(format, {DataType::Int(), DataType::String()});
}

const std::vector<Row>& SampleRows() {
  static const auto* const rows = new std::vector<Row>{{Value::Int(1), Value::String("a")},
                                                       {Value::Int(2), Value::Null()},
                                                       {Value::Int(3), Value::String("ccc")}};
  return *rows;
}

RecordSchema NestedSchema() {
  return RecordSchema(
      LogFormat::kArrow,
      {DataType::Array(DataType::Int()), DataType::Map(DataType::Int(), DataType::String()),
       DataType::Row(
           {{.name = "x", .type = DataType::Int()}, {.name = "y", .type = DataType::String()}}),
       DataType::Decimal(5, 2), DataType::Boolean(), DataType::TimestampLtz(6),
       DataType::Binary(2)});
}

std::vector<Row> NestedRows() {
  return {{Value::List({Value::Int(1), Value::Null(), Value::Int(3)}),
           Value::Map({{Value::Int(1), Value::String("a")}}),
           Value::Struct({Value::Int(5), Value::String("z")}), Value::Dec(-12345),
           Value::Bool(true), Value::Time(1698235273182, 456000), Value::String("\x01\x02")},
          Row(7)};
}

Bytes MakeBatch(const RecordSchema& schema, LogBatchBuilder::Options options,
                const std::vector<ChangeType>& types, const std::vector<Row>& rows,
                WriterId writer_id, BatchSequence batch_sequence) {
  STROM_CHECK(options.append_only ? types.empty() : types.size() == rows.size()) << types.size();
  LogBatchBuilder builder(schema, std::move(options));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Status status =
        builder.Append(types.empty() ? ChangeType::kAppendOnly : types[i], rows[i]);
    STROM_CHECK(status.ok()) << status.ToString();
  }
  return builder.Build(writer_id, batch_sequence).value();
}

Result<std::vector<LogRecord>> ReadBatch(BytesView bytes, const RecordSchema& schema,
                                         LogOffset from) {
  STROM_ASSIGN_OR_RETURN(const LogBatchView batch, LogBatchView::ParseFront(bytes));
  return ReadLogRecords(batch, schema, from);
}

}  // namespace strom::record

#include "common/row/row_codec.h"

#include "common/row/compacted_row.h"
#include "common/row/indexed_row.h"

namespace strom {

RowFormat ToRowFormat(KvFormat format) {
  return format == KvFormat::kCompacted ? RowFormat::kCompacted : RowFormat::kIndexed;
}

Status AppendRow(RowFormat format, Bytes& out, const Row& row, std::span<const DataType> types) {
  return format == RowFormat::kCompacted ? AppendCompactedRow(out, row, types)
                                         : AppendIndexedRow(out, row, types);
}

Status AppendRow(RowFormat format, Bytes& out, const Row& row, std::span<const RowField> fields) {
  const size_t before = out.size();
  Status status = format == RowFormat::kCompacted
                      ? internal::AppendCompactedFields(out, row, fields, 0)
                      : internal::AppendIndexedFields(out, row, fields, 0);
  if (!status.ok()) out.resize(before);
  return status;
}

Result<Bytes> EncodeRow(RowFormat format, const Row& row, std::span<const DataType> types) {
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendRow(format, out, row, types));
  return out;
}

Result<Bytes> EncodeRow(RowFormat format, const Row& row, std::span<const RowField> fields) {
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendRow(format, out, row, fields));
  return out;
}

Result<Row> DecodeRow(RowFormat format, BytesView bytes, std::span<const DataType> types) {
  return format == RowFormat::kCompacted ? DecodeCompactedRow(bytes, types)
                                         : DecodeIndexedRow(bytes, types);
}

Result<Row> DecodeRow(RowFormat format, BytesView bytes, std::span<const RowField> fields) {
  Row row;
  STROM_RETURN_IF_ERROR(format == RowFormat::kCompacted
                            ? internal::DecodeCompactedFields(bytes, fields, 0, row)
                            : internal::DecodeIndexedFields(bytes, fields, 0, row));
  return row;
}

ColumnDecoder::ColumnDecoder(RowFormat format, std::vector<DataType> types,
                             std::span<const size_t> columns)
    : format_(format), types_(std::move(types)), count_(columns.size()) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const size_t column = columns[i];
    STROM_CHECK(column < types_.size()) << "column " << column << " of " << types_.size();
    if (targets_.size() <= column) targets_.resize(column + 1, -1);
    STROM_CHECK(targets_[column] == -1) << "column " << column << " is wanted twice";
    targets_[column] = static_cast<int32_t>(i);
  }
}

Result<Row> ColumnDecoder::Decode(BytesView bytes) const {
  Row row(count_);
  STROM_RETURN_IF_ERROR(format_ == RowFormat::kCompacted
                            ? internal::DecodeCompactedColumns(bytes, types_, targets_, row)
                            : internal::DecodeIndexedColumns(bytes, types_, targets_, row));
  return row;
}

}  // namespace strom

#include "common/row/key_encoder.h"

#include "common/row/aligned_row.h"
#include "common/row/compacted_row.h"
#include "common/row/hudi_key.h"
#include "common/row/iceberg_key.h"

namespace strom {
namespace {

bool Supports(KeyEncoding encoding, const DataType& type) {
  switch (encoding) {
    case KeyEncoding::kCompacted:
      return true;
    case KeyEncoding::kPaimon:
      return !type.IsNested();
    case KeyEncoding::kIceberg:
      return internal::IsIcebergKeyType(type);
    case KeyEncoding::kHudi:
      return internal::IsHudiKeyType(type);
  }
  STROM_UNREACHABLE();
}

Result<Row> DecodeCompactedKey(BytesView key, std::span<const DataType> types) {
  ByteReader in(key, "compacted key");
  Row row(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    if (Status s = ReadCompactedValue(in, types[i], row[i]); !s.ok()) {
      return s.WithContext(fmt::format("compacted key, column {}", i));
    }
  }
  if (!in.done()) {
    return Error(ErrorCode::kCorruptRecord,
                 "compacted key: {} bytes follow its {} columns at position {}", in.remaining(),
                 types.size(), in.position());
  }
  return row;
}

Result<Row> DecodePaimonKey(BytesView key, std::span<const DataType> types) {
  STROM_ASSIGN_OR_RETURN(Row row, DecodeAlignedRow(key, types));
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i].is_null()) {
      return Error(ErrorCode::kCorruptRecord, "paimon key: column {} is NULL", i);
    }
  }
  return row;
}

}  // namespace

std::string_view ToName(KeyEncoding encoding) {
  switch (encoding) {
    case KeyEncoding::kCompacted:
      return "compacted";
    case KeyEncoding::kPaimon:
      return "paimon";
    case KeyEncoding::kIceberg:
      return "iceberg";
    case KeyEncoding::kHudi:
      return "hudi";
  }
  STROM_UNREACHABLE();
}

Result<KeyEncoder> KeyEncoder::Make(KeyEncoding encoding, const DataType& row_type,
                                    std::span<const size_t> columns) {
  const std::string_view name = ToName(encoding);
  const std::vector<RowField>& fields = row_type.fields();
  if (columns.empty()) return Error(ErrorCode::kInvalidTable, "{} key without columns", name);
  if (encoding == KeyEncoding::kIceberg && columns.size() != 1) {
    return Error(ErrorCode::kInvalidTable, "{} key of {} columns, it has exactly one", name,
                 columns.size());
  }
  std::vector<DataType> types;
  for (const size_t column : columns) {
    if (column >= fields.size()) {
      return Error(ErrorCode::kInvalidTable, "{} key: no column {}, there are {}", name, column,
                   fields.size());
    }
    const RowField& field = fields[column];
    if (!Supports(encoding, field.type)) {
      return Error(ErrorCode::kInvalidTable, "{} key: column '{}' may not be {}", name, field.name,
                   field.type.ToString());
    }
    types.push_back(field.type);
  }
  return KeyEncoder(encoding, fields.size(), {columns.begin(), columns.end()}, std::move(types));
}

Status KeyEncoder::AppendKey(Bytes& out, const Row& row) const {
  const size_t before = out.size();
  Status status = Append(out, row);
  if (!status.ok()) out.resize(before);
  return status;
}

Result<Bytes> KeyEncoder::EncodeKey(const Row& row) const {
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendKey(out, row));
  return out;
}

Status KeyEncoder::Append(Bytes& out, const Row& row) const {
  if (row.size() != row_width_) {
    return Error(ErrorCode::kCorruptRecord, "{} key: a row of {} values, it has {} columns",
                 ToName(encoding_), row.size(), row_width_);
  }
  if (encoding_ == KeyEncoding::kHudi) return internal::AppendHudiKey(out, row, columns_, types_);
  for (const size_t column : columns_) {
    if (row[column].is_null()) {
      return Error(ErrorCode::kCorruptRecord, "{} key: column {} is NULL", ToName(encoding_),
                   column);
    }
  }
  if (encoding_ == KeyEncoding::kPaimon) {
    AlignedRowWriter writer(out, columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      STROM_RETURN_IF_ERROR(writer.Set(i, row[columns_[i]], types_[i]));
    }
    return Status::Ok();
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Value& value = row[columns_[i]];
    Status status = encoding_ == KeyEncoding::kIceberg
                        ? internal::AppendIcebergKey(out, value, types_[i])
                        : AppendCompactedValue(out, value, types_[i]);
    if (!status.ok()) {
      return status.WithContext(fmt::format("{} key, column {}", ToName(encoding_), columns_[i]));
    }
  }
  return Status::Ok();
}

Result<Row> KeyEncoder::DecodeKey(BytesView key) const {
  switch (encoding_) {
    case KeyEncoding::kCompacted:
      return DecodeCompactedKey(key, types_);
    case KeyEncoding::kPaimon:
      return DecodePaimonKey(key, types_);
    case KeyEncoding::kIceberg: {
      Row row(1);
      STROM_RETURN_IF_ERROR(internal::DecodeIcebergKey(key, types_[0], row[0]));
      return row;
    }
    case KeyEncoding::kHudi:
      break;
  }
  STROM_UNREACHABLE() << ": a " << ToName(encoding_) << " key cannot be decoded";
}

}  // namespace strom

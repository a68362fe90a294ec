#include "common/row/indexed_row.h"

#include "common/base/byte_reader.h"
#include "common/row/nested.h"
#include "common/row/scalar.h"

namespace strom {
namespace internal {
namespace {

constexpr std::string_view kWhat = "indexed row";
constexpr size_t kSlotBytes = 4;
constexpr size_t kTimestampBytes = 12;

bool IsVariable(const DataType& type) {
  return type.kind() == TypeKind::kString || type.kind() == TypeKind::kBytes || type.IsNested() ||
         (type.kind() == TypeKind::kDecimal && !type.IsCompact());
}

// Bytes of a value that is neither NULL nor variable.
size_t WidthOf(const DataType& type) {
  if (type.kind() == TypeKind::kChar || type.kind() == TypeKind::kBinary) return type.length();
  const size_t width = FixedWidthOf(type);
  return width > 0 ? width : kTimestampBytes;
}

template <class Field>
size_t HeaderSize(std::span<const Field> fields) {
  size_t slots = 0;
  for (const Field& field : fields) slots += IsVariable(TypeOf(field)) ? 1 : 0;
  return NullBytes(fields.size()) + slots * kSlotBytes;
}

// `value` is not NULL. The caller stores the length of variable ones.
Status AppendValue(Bytes& out, const Value& value, const DataType& type, int depth) {
  switch (type.kind()) {
    case TypeKind::kString:
    case TypeKind::kBytes:
      if (const auto* v = value.get_if<Bytes>()) {
        out.append(*v);
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kChar:
    case TypeKind::kBinary: {
      const size_t width = type.length();
      if (const auto* v = value.get_if<Bytes>(); v != nullptr && v->size() <= width) {
        out.append(*v);
        out.append(width - v->size(), '\0');
        return Status::Ok();
      }
      return Misfit(value, type);
    }
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return AppendNested(out, value, type, {RowFormat::kIndexed, depth});
    default:
      break;
  }
  if (const size_t width = FixedWidthOf(type); width > 0) {
    char raw[8];
    STROM_RETURN_IF_ERROR(StoreFixed(raw, value, type));
    out.append(raw, width);
    return Status::Ok();
  }
  if (type.kind() == TypeKind::kDecimal) {
    const Decimal* v = FittingDecimal(value, type);
    if (v == nullptr) return Misfit(value, type);
    AppendMinimalBigEndian(out, v->unscaled);
    return Status::Ok();
  }
  const Timestamp* v = FittingTimestamp(value, type);
  if (v == nullptr) return Misfit(value, type);
  AppendLittle(out, v->millis);
  AppendLittle(out, v->nanos_of_milli);
  return Status::Ok();
}

// `bytes` are exactly those of the value.
Status LoadValue(BytesView bytes, const DataType& type, int depth, Value& to) {
  switch (type.kind()) {
    case TypeKind::kString:
    case TypeKind::kBytes:
      to = Value::String(Bytes(bytes));
      return Status::Ok();
    case TypeKind::kChar:
    case TypeKind::kBinary:
      to = Value::String(Bytes(bytes.substr(0, bytes.find_last_not_of('\0') + 1)));
      return Status::Ok();
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return DecodeNested(bytes, type, {RowFormat::kIndexed, depth}, to);
    default:
      break;
  }
  if (FixedWidthOf(type) > 0) return LoadFixed(bytes.data(), type, to);
  if (type.kind() == TypeKind::kDecimal) return LoadDecimalBytes(bytes, type, to);
  return LoadTimestamp(LoadLittle<int64_t>(bytes.data()), LoadLittle<int32_t>(bytes.data() + 8),
                       type, to);
}

template <class Field>
Status AppendFields(Bytes& out, const Row& row, std::span<const Field> fields, int depth) {
  if (row.size() != fields.size()) {
    return Error(ErrorCode::kCorruptRecord, "{}: {} values for {} columns", kWhat, row.size(),
                 fields.size());
  }
  const size_t nulls = out.size();
  size_t slot = nulls + NullBytes(fields.size());
  out.append(HeaderSize(fields), '\0');
  for (size_t i = 0; i < fields.size(); ++i) {
    const DataType& type = TypeOf(fields[i]);
    if (row[i].is_null() && type.nullable()) {
      SetBit(out.data() + nulls, i);
      continue;
    }
    const size_t start = out.size();
    Status status = AppendValue(out, row[i], type, depth);
    if (status.ok()) status = CheckLength(out.size() - start);
    if (!status.ok()) return status.WithContext(fmt::format("{}, column {}", kWhat, i));
    if (IsVariable(type)) {
      StoreLittle(out.data() + slot, static_cast<int32_t>(out.size() - start));
      slot += kSlotBytes;
    }
  }
  return Status::Ok();
}

// Walks over the values of a row that are not NULL, front to back.
template <class Field>
class ValueCursor {
 public:
  explicit ValueCursor(std::span<const Field> fields) : fields_(fields), values_({}, kWhat) {}

  Status Open(BytesView bytes) {
    ByteReader in(bytes, kWhat);
    STROM_ASSIGN_OR_RETURN(header_, in.ReadBytes(HeaderSize(fields_)));
    slot_ = NullBytes(fields_.size());
    values_ = in;
    return Status::Ok();
  }

  bool IsNull(size_t column) const {
    return TypeOf(fields_[column]).nullable() && TestBit(header_.data(), column);
  }

  // The bytes of the next column, which is not NULL.
  Result<BytesView> Next(const DataType& type) {
    if (!IsVariable(type)) return values_.ReadBytes(WidthOf(type));
    const auto size = LoadLittle<int32_t>(header_.data() + slot_);
    slot_ += kSlotBytes;
    if (size < 0) {
      return Error(ErrorCode::kCorruptRecord, "negative length {} at position {}", size,
                   slot_ - kSlotBytes);
    }
    return values_.ReadBytes(static_cast<size_t>(size));
  }

  Status Read(size_t column, int depth, Value& to) {
    const DataType& type = TypeOf(fields_[column]);
    STROM_ASSIGN_OR_RETURN(const BytesView bytes, Next(type));
    return LoadValue(bytes, type, depth, to);
  }
  Status Skip(size_t column) { return Next(TypeOf(fields_[column])).status(); }

  Status InColumn(const Status& status, size_t column) const {
    return status.WithContext(
        fmt::format("{}, column {} up to position {}", kWhat, column, values_.position()));
  }
  Status CheckEnd() const {
    if (values_.done()) return Status::Ok();
    return Error(ErrorCode::kCorruptRecord, "{}: {} bytes follow its {} columns at position {}",
                 kWhat, values_.remaining(), fields_.size(), values_.position());
  }

 private:
  std::span<const Field> fields_;
  ByteReader values_;
  BytesView header_;
  size_t slot_ = 0;  // Of the next variable-length value; there are enough, one a column.
};

template <class Field>
Status DecodeFields(BytesView bytes, std::span<const Field> fields, int depth, Row& to) {
  ValueCursor<Field> cursor(fields);
  STROM_RETURN_IF_ERROR(cursor.Open(bytes));
  to.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    if (cursor.IsNull(i)) continue;
    if (Status s = cursor.Read(i, depth, to[i]); !s.ok()) return cursor.InColumn(s, i);
  }
  return cursor.CheckEnd();
}

}  // namespace

Status DecodeIndexedColumns(BytesView bytes, std::span<const DataType> types,
                            std::span<const int32_t> targets, Row& to) {
  STROM_CHECK(targets.size() <= types.size());
  ValueCursor<DataType> cursor(types);
  STROM_RETURN_IF_ERROR(cursor.Open(bytes));
  for (size_t i = 0; i < targets.size(); ++i) {
    if (cursor.IsNull(i)) continue;
    Status s = targets[i] < 0 ? cursor.Skip(i) : cursor.Read(i, 0, to[targets[i]]);
    if (!s.ok()) return cursor.InColumn(s, i);
  }
  return Status::Ok();
}

Status AppendIndexedFields(Bytes& out, const Row& row, std::span<const RowField> fields,
                           int depth) {
  return AppendFields(out, row, fields, depth);
}

Status DecodeIndexedFields(BytesView bytes, std::span<const RowField> fields, int depth, Row& to) {
  return DecodeFields(bytes, fields, depth, to);
}

}  // namespace internal

Status AppendIndexedRow(Bytes& out, const Row& row, std::span<const DataType> types) {
  const size_t before = out.size();
  Status status = internal::AppendFields(out, row, types, 0);
  if (!status.ok()) out.resize(before);
  return status;
}

Result<Bytes> EncodeIndexedRow(const Row& row, std::span<const DataType> types) {
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendIndexedRow(out, row, types));
  return out;
}

Result<Row> DecodeIndexedRow(BytesView bytes, std::span<const DataType> types) {
  Row row;
  STROM_RETURN_IF_ERROR(internal::DecodeFields(bytes, types, 0, row));
  return row;
}

}  // namespace strom

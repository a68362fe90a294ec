#include "common/row/compacted_row.h"

#include "common/base/varint.h"
#include "common/row/nested.h"
#include "common/row/scalar.h"

namespace strom {
namespace internal {
namespace {

constexpr std::string_view kWhat = "compacted row";

void AppendSized(Bytes& out, BytesView bytes) {
  AppendVarint32(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

// Puts the length of what follows `start` in front of it.
Status PrependSize(Bytes& out, size_t start) {
  STROM_RETURN_IF_ERROR(CheckLength(out.size() - start));
  Bytes size;  // At most 5 bytes: never on the heap.
  AppendVarint32(size, static_cast<uint32_t>(out.size() - start));
  out.insert(start, size);
  return Status::Ok();
}

Result<BytesView> ReadSized(ByteReader& in) {
  STROM_ASSIGN_OR_RETURN(const uint32_t size, in.ReadVarint32());
  return in.ReadBytes(size);
}

// `value` is not NULL.
Status AppendValue(Bytes& out, const Value& value, const DataType& type, int depth) {
  switch (type.kind()) {
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      if (const auto* v = FittingInt32(value, type)) {
        AppendVarint32(out, static_cast<uint32_t>(*v));
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kBigInt:
      if (const auto* v = value.get_if<int64_t>()) {
        AppendVarint64(out, static_cast<uint64_t>(*v));
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      if (const auto* v = value.get_if<Bytes>()) {
        STROM_RETURN_IF_ERROR(CheckLength(v->size()));
        AppendSized(out, *v);
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kDecimal:
      if (const auto* v = FittingDecimal(value, type)) {
        if (type.IsCompact()) {
          AppendVarint64(out, static_cast<uint64_t>(v->unscaled));
          return Status::Ok();
        }
        const size_t start = out.size();
        AppendMinimalBigEndian(out, v->unscaled);
        return PrependSize(out, start);
      }
      return Misfit(value, type);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (const auto* v = FittingTimestamp(value, type)) {
        AppendVarint64(out, static_cast<uint64_t>(v->millis));
        if (!type.IsCompact()) AppendVarint32(out, static_cast<uint32_t>(v->nanos_of_milli));
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow: {
      const size_t start = out.size();
      STROM_RETURN_IF_ERROR(AppendNested(out, value, type, {RowFormat::kCompacted, depth}));
      return PrependSize(out, start);
    }
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kFloat:
    case TypeKind::kDouble: {
      char raw[8];
      STROM_RETURN_IF_ERROR(StoreFixed(raw, value, type));
      out.append(raw, FixedWidthOf(type));
      return Status::Ok();
    }
  }
  STROM_UNREACHABLE();
}

Status ReadValue(ByteReader& in, const DataType& type, int depth, Value& to) {
  switch (type.kind()) {
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime: {
      STROM_ASSIGN_OR_RETURN(const uint32_t number, in.ReadVarint32());
      return LoadInt32(static_cast<int32_t>(number), type, to);
    }
    case TypeKind::kBigInt: {
      STROM_ASSIGN_OR_RETURN(const uint64_t number, in.ReadVarint64());
      to = Value::Int(static_cast<int64_t>(number));
      return Status::Ok();
    }
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kBytes: {
      STROM_ASSIGN_OR_RETURN(const BytesView bytes, ReadSized(in));
      to = Value::String(Bytes(bytes));
      return Status::Ok();
    }
    case TypeKind::kDecimal: {
      if (type.IsCompact()) {
        STROM_ASSIGN_OR_RETURN(const uint64_t unscaled, in.ReadVarint64());
        return LoadDecimal(static_cast<int64_t>(unscaled), type, to);
      }
      STROM_ASSIGN_OR_RETURN(const BytesView bytes, ReadSized(in));
      return LoadDecimalBytes(bytes, type, to);
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      STROM_ASSIGN_OR_RETURN(const uint64_t millis, in.ReadVarint64());
      uint32_t nanos = 0;
      if (!type.IsCompact()) {
        STROM_ASSIGN_OR_RETURN(nanos, in.ReadVarint32());
      }
      return LoadTimestamp(static_cast<int64_t>(millis), static_cast<int32_t>(nanos), type, to);
    }
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow: {
      STROM_ASSIGN_OR_RETURN(const BytesView bytes, ReadSized(in));
      return DecodeNested(bytes, type, {RowFormat::kCompacted, depth}, to);
    }
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kFloat:
    case TypeKind::kDouble: {
      STROM_ASSIGN_OR_RETURN(const BytesView bytes, in.ReadBytes(FixedWidthOf(type)));
      return LoadFixed(bytes.data(), type, to);
    }
  }
  STROM_UNREACHABLE();
}

// Passes over a value without looking into it.
Status SkipValue(ByteReader& in, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      return in.ReadVarint32().status();
    case TypeKind::kBigInt:
      return in.ReadVarint64().status();
    case TypeKind::kDecimal:
      return type.IsCompact() ? in.ReadVarint64().status() : ReadSized(in).status();
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      STROM_RETURN_IF_ERROR(in.ReadVarint64().status());
      return type.IsCompact() ? Status::Ok() : in.ReadVarint32().status();
    default:
      const size_t width = FixedWidthOf(type);
      return width > 0 ? in.Skip(width) : ReadSized(in).status();
  }
}

Status InColumn(const Status& status, size_t column, const ByteReader& in) {
  return status.WithContext(
      fmt::format("{}, column {} up to position {}", kWhat, column, in.position()));
}

template <class Field>
Status AppendFields(Bytes& out, const Row& row, std::span<const Field> fields, int depth) {
  if (row.size() != fields.size()) {
    return Error(ErrorCode::kCorruptRecord, "{}: {} values for {} columns", kWhat, row.size(),
                 fields.size());
  }
  const size_t nulls = out.size();
  out.append(NullBytes(fields.size()), '\0');
  for (size_t i = 0; i < fields.size(); ++i) {
    const DataType& type = TypeOf(fields[i]);
    if (row[i].is_null() && type.nullable()) {
      SetBit(out.data() + nulls, i);
    } else if (Status s = AppendValue(out, row[i], type, depth); !s.ok()) {
      return s.WithContext(fmt::format("{}, column {}", kWhat, i));
    }
  }
  return Status::Ok();
}

template <class Field>
Status DecodeFields(BytesView bytes, std::span<const Field> fields, int depth, Row& to) {
  ByteReader in(bytes, kWhat);
  STROM_ASSIGN_OR_RETURN(const BytesView nulls, in.ReadBytes(NullBytes(fields.size())));
  to.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const DataType& type = TypeOf(fields[i]);
    if (type.nullable() && TestBit(nulls.data(), i)) continue;
    if (Status s = ReadValue(in, type, depth, to[i]); !s.ok()) return InColumn(s, i, in);
  }
  if (!in.done()) {
    return Error(ErrorCode::kCorruptRecord, "{}: {} bytes follow its {} columns at position {}",
                 kWhat, in.remaining(), fields.size(), in.position());
  }
  return Status::Ok();
}

}  // namespace

Status DecodeCompactedColumns(BytesView bytes, std::span<const DataType> types,
                              std::span<const int32_t> targets, Row& to) {
  STROM_CHECK(targets.size() <= types.size());
  ByteReader in(bytes, kWhat);
  STROM_ASSIGN_OR_RETURN(const BytesView nulls, in.ReadBytes(NullBytes(types.size())));
  for (size_t i = 0; i < targets.size(); ++i) {
    const DataType& type = types[i];
    if (type.nullable() && TestBit(nulls.data(), i)) continue;
    Status s = targets[i] < 0 ? SkipValue(in, type) : ReadValue(in, type, 0, to[targets[i]]);
    if (!s.ok()) return InColumn(s, i, in);
  }
  return Status::Ok();
}

Status AppendCompactedFields(Bytes& out, const Row& row, std::span<const RowField> fields,
                             int depth) {
  return AppendFields(out, row, fields, depth);
}

Status DecodeCompactedFields(BytesView bytes, std::span<const RowField> fields, int depth,
                             Row& to) {
  return DecodeFields(bytes, fields, depth, to);
}

}  // namespace internal

Status AppendCompactedRow(Bytes& out, const Row& row, std::span<const DataType> types) {
  const size_t before = out.size();
  Status status = internal::AppendFields(out, row, types, 0);
  if (!status.ok()) out.resize(before);
  return status;
}

Result<Bytes> EncodeCompactedRow(const Row& row, std::span<const DataType> types) {
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendCompactedRow(out, row, types));
  return out;
}

Result<Row> DecodeCompactedRow(BytesView bytes, std::span<const DataType> types) {
  Row row;
  STROM_RETURN_IF_ERROR(internal::DecodeFields(bytes, types, 0, row));
  return row;
}

Status AppendCompactedValue(Bytes& out, const Value& value, const DataType& type) {
  return internal::AppendValue(out, value, type, 0);
}

Status ReadCompactedValue(ByteReader& in, const DataType& type, Value& to) {
  return internal::ReadValue(in, type, 0, to);
}

}  // namespace strom

#include "common/row/slots.h"

#include "common/row/scalar.h"

namespace strom::internal {
namespace {

constexpr size_t kPlaceBytes = 8;
constexpr size_t kInlineMax = 7;
constexpr uint8_t kInlineMark = 0x80;

bool IsBytes(const DataType& type) {
  return type.kind() >= TypeKind::kChar && type.kind() <= TypeKind::kBytes;
}

// Fills the slot with the place of a chunk that was just appended at out[chunk].
Status StorePlace(Bytes& out, size_t start, size_t slot, size_t chunk, size_t low) {
  STROM_RETURN_IF_ERROR(CheckLength(out.size() - start));
  out.append(RoundUpTo8(out.size() - chunk) - (out.size() - chunk), '\0');
  StoreLittle(out.data() + slot, static_cast<uint64_t>(chunk - start) << 32 | low);
  return Status::Ok();
}

}  // namespace

size_t SlotWidth(const DataType& type) {
  const size_t width = FixedWidthOf(type);
  return width > 0 ? width : kPlaceBytes;
}

Status StoreSlot(Bytes& out, size_t start, size_t slot, const Value& value, const DataType& type,
                 Nesting at) {
  if (FixedWidthOf(type) > 0) return StoreFixed(out.data() + slot, value, type);
  const size_t chunk = out.size();
  STROM_CHECK((chunk - start) % 8 == 0);
  if (IsBytes(type)) {
    const auto* v = value.get_if<Bytes>();
    if (v == nullptr) return Misfit(value, type);
    if (v->size() <= kInlineMax) {
      v->copy(out.data() + slot, v->size());
      out[slot + kInlineMax] = static_cast<char>(kInlineMark | v->size());
      return Status::Ok();
    }
    out.append(*v);
    return StorePlace(out, start, slot, chunk, v->size());
  }
  if (type.IsNested()) {
    STROM_RETURN_IF_ERROR(AppendNested(out, value, type, at));
    return StorePlace(out, start, slot, chunk, out.size() - chunk);
  }
  if (type.kind() == TypeKind::kDecimal) {
    const Decimal* v = FittingDecimal(value, type);
    if (v == nullptr) return Misfit(value, type);
    AppendMinimalBigEndian(out, v->unscaled);
    const size_t size = out.size() - chunk;
    out.append(kDecimalBytesMax - size, '\0');
    return StorePlace(out, start, slot, chunk, size);
  }
  const Timestamp* v = FittingTimestamp(value, type);
  if (v == nullptr) return Misfit(value, type);
  AppendLittle(out, v->millis);
  return StorePlace(out, start, slot, chunk, static_cast<size_t>(v->nanos_of_milli));
}

Result<BytesView> SlotReader::Chunk(uint32_t offset, uint32_t size) {
  if (offset > whole_.size() || size > whole_.size() - offset) {
    return Error(ErrorCode::kCorruptRecord, "{} bytes at offset {} are outside of {} bytes", size,
                 offset, whole_.size());
  }
  if (size > chunk_bytes_left_) {
    return Error(ErrorCode::kCorruptRecord, "{} bytes at offset {} overlap others", size, offset);
  }
  chunk_bytes_left_ -= size;
  return whole_.substr(offset, size);
}

Status SlotReader::Load(size_t slot, const DataType& type, Value& to) {
  const char* from = whole_.data() + slot;
  if (FixedWidthOf(type) > 0) return LoadFixed(from, type, to);
  if (const auto last = static_cast<uint8_t>(from[kInlineMax]);
      IsBytes(type) && (last & kInlineMark) != 0) {
    const size_t size = last & ~kInlineMark;
    if (size > kInlineMax) {
      return Error(ErrorCode::kCorruptRecord, "{} bytes in the slot at position {}, at most {} fit",
                   size, slot, kInlineMax);
    }
    to = Value::String(Bytes(from, size));
    return Status::Ok();
  }
  const auto place = LoadLittle<uint64_t>(from);
  const auto offset = static_cast<uint32_t>(place >> 32);
  const auto low = static_cast<uint32_t>(place);
  if (type.kind() == TypeKind::kTimestamp || type.kind() == TypeKind::kTimestampLtz) {
    STROM_ASSIGN_OR_RETURN(const BytesView millis, Chunk(offset, sizeof(int64_t)));
    return LoadTimestamp(LoadLittle<int64_t>(millis.data()), static_cast<int32_t>(low), type, to);
  }
  STROM_ASSIGN_OR_RETURN(const BytesView chunk, Chunk(offset, low));
  if (type.IsNested()) return DecodeNested(chunk, type, at_, to);
  if (type.kind() == TypeKind::kDecimal) return LoadDecimalBytes(chunk, type, to);
  to = Value::String(Bytes(chunk));
  return Status::Ok();
}

}  // namespace strom::internal

#include "common/base/byte_reader.h"

namespace strom {

Status ByteReader::TooShort(size_t needed) const {
  return Error(ErrorCode::kCorruptMessage, "{}: needs {} bytes at position {}, has {}", what_,
               needed, position_, remaining());
}

Result<BytesView> ByteReader::ReadBytes(size_t size) {
  if (remaining() < size) return TooShort(size);
  const BytesView view = bytes_.substr(position_, size);
  position_ += size;
  return view;
}

Result<uint64_t> ByteReader::ReadVarint64() {
  uint64_t value = 0;
  for (size_t i = 0; i < 10; ++i) {
    if (position_ + i >= bytes_.size()) return TooShort(i + 1);
    const auto byte = static_cast<uint8_t>(bytes_[position_ + i]);
    if (i == 9 && byte > 1) break;  // Bits above the 64th.
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      position_ += i + 1;
      return value;
    }
  }
  return Error(ErrorCode::kCorruptMessage, "{}: varint at position {} is longer than 64 bits",
               what_, position_);
}

Result<uint32_t> ByteReader::ReadVarint32() {
  const size_t start = position_;
  STROM_ASSIGN_OR_RETURN(const uint64_t value, ReadVarint64());
  if (value > UINT32_MAX || position_ - start > 5) {
    position_ = start;
    return Error(ErrorCode::kCorruptMessage, "{}: varint at position {} is longer than 32 bits",
                 what_, start);
  }
  return static_cast<uint32_t>(value);
}

Status ByteReader::Skip(size_t size) {
  if (remaining() < size) return TooShort(size);
  position_ += size;
  return Status::Ok();
}

}  // namespace strom

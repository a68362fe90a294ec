#pragma once

#include "common/base/bytes.h"
#include "common/base/endian.h"

namespace strom {

// Reads outside bytes front to back; never past their end.
//
// Errors of every Read: kCorruptMessage, naming `what` (what is being decoded), the position, the
// number of bytes needed and the number left.
class ByteReader {
 public:
  // `bytes` must outlive the reader and the views it hands out. `what` is a literal.
  ByteReader(BytesView bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  bool done() const { return remaining() == 0; }

  template <FixedWidth T>
  Result<T> ReadLittle() {
    if (remaining() < sizeof(T)) return TooShort(sizeof(T));
    const T value = LoadLittle<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }

  template <FixedWidth T>
  Result<T> ReadBig() {
    if (remaining() < sizeof(T)) return TooShort(sizeof(T));
    const T value = LoadBig<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }

  // A view into the bytes given to the constructor.
  Result<BytesView> ReadBytes(size_t size);
  // Refuses encodings longer than 5 or 10 bytes and, for 32 bits, values that need more.
  Result<uint32_t> ReadVarint32();
  Result<uint64_t> ReadVarint64();
  Status Skip(size_t size);

 private:
  Status TooShort(size_t needed) const;

  BytesView bytes_;
  std::string_view what_;
  size_t position_ = 0;
};

}  // namespace strom

#pragma once

#include "common/row/nested.h"

// The slots of BinaryArray and aligned rows. Used inside common/row only.
//
// A slot holds a value of fixed width itself; of others it holds the place of a chunk in the
// variable part, which follows the slots:
//
//   CHAR, STRING, BINARY, BYTES up to 7 bytes   the bytes, zeros, then 0x80 | length in byte 7
//   the same, longer                            u64 LE: offset << 32 | length
//   ARRAY, MAP, ROW                             the same, always, however short
//   DECIMAL of more than 18 digits              the same; the chunk has 16 bytes, the minimal
//                                               big-endian value first, then zeros
//   timestamps finer than milliseconds          offset << 32 | nanos of milli; chunk: i64 LE millis
//
// Offsets count from the start of the array or row. Chunks start at multiples of 8 from there and
// are padded with zeros to 8.
namespace strom::internal {

// Width of a slot in an array; in an aligned row all slots have 8 bytes.
size_t SlotWidth(const DataType& type);

// Stores a value that is not NULL into the zeroed slot at out[slot]. The array or row starts at
// out[start] and so far ends where `out` does, on a multiple of 8 from `start`; a chunk is appended
// there.
// Errors: kCorruptRecord if the value does not fit the type, kRecordTooLarge. `out` is then
// unusable from `start` on.
Status StoreSlot(Bytes& out, size_t start, size_t slot, const Value& value, const DataType& type,
                 Nesting at);

// Reads slots of one array or row.
//
// Chunks may not overlap: together they have at most as many bytes as the whole, so that a small
// array cannot grow into a large value.
class SlotReader {
 public:
  // `whole` is the array or row and outlives the reader.
  SlotReader(BytesView whole, Nesting at)
      : whole_(whole), at_(at), chunk_bytes_left_(whole.size()) {}

  // The caller has checked that the slot lies in the array or row.
  // Errors: kCorruptRecord, kCorruptMessage.
  Status Load(size_t slot, const DataType& type, Value& to);

 private:
  Result<BytesView> Chunk(uint32_t offset, uint32_t size);

  BytesView whole_;
  Nesting at_;
  size_t chunk_bytes_left_;
};

}  // namespace strom::internal

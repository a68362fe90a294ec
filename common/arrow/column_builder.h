#pragma once

#include <cstdint>
#include <vector>

#include "common/arrow/ipc_message.h"
#include "common/arrow/layout.h"
#include "common/base/endian.h"
#include "common/types/cell.h"
#include "common/types/value.h"

namespace strom::arrow {

// Bits packed into bytes, the first in the lowest bit.
class BitBuilder {
 public:
  void Append(bool bit) {
    if (size_ % 8 == 0) bytes_.push_back(0);
    bytes_.back() = static_cast<char>(bytes_.back() | (static_cast<int>(bit) << (size_ % 8)));
    ++size_;
  }
  void Reset() {
    bytes_.clear();
    size_ = 0;
  }
  int64_t size() const { return size_; }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  int64_t size_ = 0;
};

// The buffers of one field and its descendants, growing value by value. Used by RecordBatchBuilder
// only, which has checked every value: what is appended here fits.
//
// As Java writes it: the validity is always there; a null slot of fixed width is zero; a null list
// is an empty range; a null struct has null children; a field without slots has empty buffers.
class ColumnBuilder {
 public:
  // `fields` of a SchemaLayout, which outlives the builder; the field at `index` is the builder's.
  ColumnBuilder(const std::vector<FieldLayout>& fields, size_t index);

  void Append(const Value& value);
  void Append(const Cell& cell);
  void AppendNull();
  // Forgets the values, keeps the memory.
  void Reset();

  int64_t length() const { return validity_.size(); }
  // Of all buffers, padded, before compression.
  size_t padded_size() const;

  // Appends the nodes and the buffers of the field and its descendants, in the order of the layout.
  // The views are valid until the next change.
  void Collect(std::vector<FieldNode>& nodes, std::vector<BytesView>& buffers) const;

 private:
  template <class T>
  void AppendNumber(T value) {
    AppendLittle(data_, value);
  }
  void AppendFixed(const Value& value);
  // Closes a slot of a list or of variable bytes: its offset is the end of what is there now.
  void AppendEnd();

  const FieldLayout* layout_;
  BitBuilder validity_;
  int64_t null_count_ = 0;
  BitBuilder bits_;  // kBits.
  Bytes offsets_;    // kVariable, kList.
  Bytes data_;       // kFixed, kVariable.
  std::vector<ColumnBuilder> children_;
};

}  // namespace strom::arrow

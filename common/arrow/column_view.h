#pragma once

#include <cstdint>

#include "common/arrow/ipc_message.h"
#include "common/arrow/layout.h"
#include "common/base/endian.h"
#include "common/types/value.h"

namespace strom::arrow {

// The values of one field in a record batch that RecordBatchReader has validated: columns read
// without making rows. Which accessor goes with which type says Storage (layout.h); the units of
// times say time_units.h.
//
// Views into the reader and its message; to be used while both live. `slot` is 0..length()-1 (for a
// column: the row), which is not checked. Buffers may start at any address.
class ColumnView {
 public:
  const FieldLayout& layout() const { return *layout_; }
  const DataType& type() const { return layout_->type; }
  int64_t length() const { return node_.length; }
  int64_t null_count() const { return node_.null_count; }

  bool IsNull(int64_t slot) const {
    if (node_.null_count == 0) return false;
    return node_.null_count == node_.length || !BitOf(validity_, slot);
  }

  // kBits.
  bool Bit(int64_t slot) const { return BitOf(data_, slot); }
  // kFixed, the number as Arrow stores it; T has the width of the layout.
  template <FixedWidth T>
  T Number(int64_t slot) const {
    return LoadLittle<T>(data_.data() + slot * sizeof(T));
  }
  // kFixed: the bytes of one value, of BINARY(n) and DECIMAL in particular.
  BytesView Fixed(int64_t slot) const {
    return BytesView(data_.data() + slot * layout_->width, layout_->width);
  }
  // kVariable; of a null slot anything.
  BytesView Variable(int64_t slot) const {
    const Range range = RangeOf(slot);
    return BytesView(data_.data() + range.begin, range.end - range.begin);
  }
  // kList: the slots of the child, of a null one anything; kVariable: the positions in data().
  struct Range {
    int32_t begin;
    int32_t end;
  };
  Range RangeOf(int64_t slot) const {
    const char* at = offsets_.data() + slot * sizeof(int32_t);
    return {LoadLittle<int32_t>(at), LoadLittle<int32_t>(at + sizeof(int32_t))};
  }

  // The first field below this one: the element of an ARRAY, the entries of a MAP (whose children
  // are key and value; their own validity counts for nothing), the first field of a ROW.
  const ColumnView& first_child() const { return this[1]; }
  // The field after this one below the same parent, or the next column.
  const ColumnView& next_sibling() const { return this[layout_->field_count]; }

  // The buffers; shorter than the layout asks for only if length() is 0, or nothing is null.
  BytesView validity() const { return validity_; }
  BytesView offsets() const { return offsets_; }
  BytesView data() const { return data_; }

  // The value of a slot, NULL included. The value's own range is not checked (CheckValue does): a
  // DECIMAL may have too many digits, a text may be no UTF-8.
  Value At(int64_t slot) const;
  // The values of the slots `from` to `end`, which is not among them, go to `first` and each `step`
  // behind the one before. There are NULLs.
  void ReadInto(Value* first, size_t step, int64_t from, int64_t end) const;

 private:
  friend class ColumnLoader;  // Makes and validates it, in batch_reader.cc.
  ColumnView() = default;

  static bool BitOf(BytesView bits, int64_t slot) {
    return ((static_cast<uint8_t>(bits[slot / 8]) >> (slot % 8)) & 1) != 0;
  }
  template <class Read>
  void ReadEach(Value* to, size_t step, int64_t from, int64_t end, const Read& read) const;
  Value FixedAt(int64_t slot) const;
  Value ListAt(int64_t slot) const;
  Value StructAt(int64_t slot) const;

  const FieldLayout* layout_ = nullptr;
  FieldNode node_;
  BytesView validity_;
  BytesView offsets_;
  BytesView data_;
};

}  // namespace strom::arrow

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/types/data_type.h"

namespace strom::arrow {

// The physical form of an Arrow field, and with it the buffers it has, always exactly these:
enum class Storage : uint8_t {
  kBits,      // validity, bits                 BOOLEAN
  kFixed,     // validity, values               numbers, DECIMAL (16 bytes), times, BINARY(n)
  kVariable,  // validity, i32 offsets, bytes   CHAR, STRING, BYTES
  kList,      // validity, i32 offsets          ARRAY, MAP; one child
  kStruct,    // validity                       ROW, the entries of a MAP; any number of children
};

// A field of the flattened schema.
struct FieldLayout {
  DataType type;
  Storage storage;
  int32_t width = 0;  // Bytes a value, of kFixed.
  // In the flattened schema and in the message; what belongs to the field and its descendants.
  size_t first_field = 0;
  size_t field_count = 1;
  size_t first_buffer = 0;
  size_t buffer_count = 0;
};

// A table schema's columns as Arrow flattens them: every field in pre-order, a field before its
// children. MAP<k, v> is a list of entries, which are a struct (never null) of key and value.
//
// Immutable and cheap to copy; made once per schema. Same as Fluss: ArrowUtils.java, and the table
// of buffers the server's FileLogProjection relies on.
class SchemaLayout {
 public:
  SchemaLayout(const std::vector<DataType>& columns);  // NOLINT(google-explicit-constructor)

  size_t column_count() const { return data_->columns.size(); }
  // The top-level field of column `i`.
  const FieldLayout& column(size_t i) const { return data_->fields[data_->columns[i]]; }

  const std::vector<FieldLayout>& fields() const { return data_->fields; }
  size_t buffer_count() const { return data_->buffer_count; }

 private:
  struct Data {
    std::vector<FieldLayout> fields;
    std::vector<size_t> columns;  // Indexes in `fields`.
    size_t buffer_count = 0;
  };
  static void Add(const DataType& type, Data& data);

  std::shared_ptr<const Data> data_;
};

}  // namespace strom::arrow

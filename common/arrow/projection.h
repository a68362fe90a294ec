#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/arrow/ipc_message.h"
#include "common/arrow/layout.h"

namespace strom::arrow {

// Prunes RecordBatch messages of one schema to some of its columns: the tablet server's column
// push-down, the client's for remote segments. Buffers are copied as they are, still compressed,
// padding included; only the metadata is written anew.
//
// Immutable; made once per schema and list of columns. Same as Fluss: FileLogProjection.java.
class Projection {
 public:
  // `columns`: indexes of top-level columns of `layout`, strictly ascending.
  // Errors: kInvalidColumnProjection if they are not, or there are none.
  static Result<Projection> Create(const SchemaLayout& layout, std::span<const int32_t> columns);

  // The layout of the projected messages.
  const SchemaLayout& layout() const { return projected_; }

  // Appends the projected `message`, with the row count it has, to `out`. It declares `codec`, the
  // compression in the table's properties, whatever `message` declares (Fluss does it that way, and
  // readers rely on it): writers compress as the table says. On error `out` is as before.
  // Errors: those of RecordBatchMessage::Parse(); kCorruptMessage if the message does not have
  // exactly the nodes and buffers of the schema.
  Status AppendProjected(BytesView message, Codec codec, Bytes& out) const;
  // The same for a message that has been parsed already.
  Status AppendProjected(const RecordBatchMessage& message, Codec codec, Bytes& out) const;

 private:
  Projection(SchemaLayout layout, SchemaLayout projected, std::vector<size_t> columns)
      : layout_(std::move(layout)),
        projected_(std::move(projected)),
        columns_(std::move(columns)) {}

  SchemaLayout layout_;
  SchemaLayout projected_;
  std::vector<size_t> columns_;  // Of layout_.
};

}  // namespace strom::arrow

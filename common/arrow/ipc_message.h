#pragma once

#include <cstdint>
#include <span>

#include "common/arrow/compression.h"
#include "common/arrow/layout.h"
#include "common/base/bytes.h"

namespace strom::arrow {

// An Arrow *encapsulated RecordBatch message*, the record section of an ARROW log batch:
//
//   4 bytes   ff ff ff ff
//   i32 LE    M, the size of the metadata with its padding; 8 + M is a multiple of 8
//   M bytes   flatbuffer Message, version V5, header RecordBatch (schema: arrow_ipc.fbs)
//   body      the buffers in the order of the metadata, each at a multiple of 8 from the body's
//             start and padded to 8
//
// The reader knows the schema; no schema, dictionary or end-of-stream message is written. Same as
// Arrow's columnar format 1.5, chapter IPC; Fluss: ArrowUtils.java.

// Of a field of the flattened schema.
struct FieldNode {
  int64_t length = 0;      // Slots, null ones included.
  int64_t null_count = 0;  // 0..length.
  friend bool operator==(FieldNode, FieldNode) = default;
};

// Where a buffer is in the body.
struct BufferSpan {
  int64_t offset = 0;  // From the start of the body, a multiple of 8.
  int64_t length = 0;  // Without padding.
  friend bool operator==(BufferSpan, BufferSpan) = default;
};

// Views into a parsed message. The message's bytes, at any address, must outlive it.
//
// Always true: the row count is 0..2^31-1; every buffer lies in the body, behind the one before it;
// the body is the rest of the message. Nothing is known about the contents of the buffers: that
// is RecordBatchReader's part.
class RecordBatchMessage {
 public:
  // Allocates only if the metadata is misaligned and longer than most, and then no more than it.
  // Errors: kCorruptMessage if `message` is no such message, or is longer or shorter than it
  // declares; kUnsupportedVersion for metadata older than V4, another header, an unknown
  // compression, and view types.
  static Result<RecordBatchMessage> Parse(BytesView message);

  // Errors: kCorruptMessage if the message has not exactly the nodes and buffers of `layout`.
  Status CheckFits(const SchemaLayout& layout) const;

  int64_t row_count() const { return row_count_; }
  Codec codec() const { return codec_; }
  BytesView body() const { return body_; }

  size_t node_count() const { return nodes_.size() / sizeof(FieldNode); }
  FieldNode node(size_t i) const;

  size_t buffer_count() const { return buffers_.size() / sizeof(BufferSpan); }
  BufferSpan buffer(size_t i) const;
  // The buffer as it is in the body, perhaps compressed.
  BytesView buffer_bytes(size_t i) const;

 private:
  Status CheckBuffers() const;

  int64_t row_count_ = 0;
  Codec codec_ = Codec::kNone;
  BytesView nodes_;    // FieldNode structs in the metadata.
  BytesView buffers_;  // BufferSpan structs in the metadata.
  BytesView body_;
};

// Size of what WriteMessageHead() writes.
size_t MessageHeadSize(Codec codec, size_t node_count, size_t buffer_count);

// Writes everything before the body, byte for byte as Java's flatbuffers do, to the
// MessageHeadSize() bytes at `out`. `body_size` is a multiple of 8.
void WriteMessageHead(Codec codec, int64_t row_count, std::span<const FieldNode> nodes,
                      std::span<const BufferSpan> buffers, int64_t body_size, char* out);

// Bytes a buffer of `size` bytes takes in the body.
constexpr size_t PaddedSize(size_t size) { return (size + 7) & ~size_t{7}; }

}  // namespace strom::arrow

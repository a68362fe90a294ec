#include "common/arrow/ipc_message.h"

#include <array>
#include <limits>
#include <vector>

#include "arrow_ipc_generated.h"
#include "common/base/byte_reader.h"

namespace strom::arrow {
namespace {

constexpr int32_t kContinuation = -1;
constexpr size_t kMetadataAlignment = 8;
constexpr size_t kUsualMetadataBytes = 2048;  // Of 60 columns or so.

// Our own deeply nested or widely shared tables cannot occur; these bound the verifier's work.
constexpr flatbuffers::uoffset_t kTableDepthMax = 8;
constexpr flatbuffers::uoffset_t kTablesMax = 1024;

static_assert(sizeof(FieldNode) == sizeof(fb::FieldNode));
static_assert(sizeof(BufferSpan) == sizeof(fb::Buffer));

template <class... Args>
Status Corrupt(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorruptMessage, format, std::forward<Args>(args)...)
      .WithContext("Arrow message");
}

template <class... Args>
Status Unsupported(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kUnsupportedVersion, format, std::forward<Args>(args)...)
      .WithContext("Arrow message");
}

// The bytes at an address that flatbuffers can read: their own if it is aligned, else a copy.
class AlignedBytes {
 public:
  explicit AlignedBytes(BytesView bytes) {
    if (reinterpret_cast<uintptr_t>(bytes.data()) % kMetadataAlignment == 0) {
      data_ = bytes.data();
      return;
    }
    char* copy = usual_.data();
    if (bytes.size() > usual_.size()) {
      large_.resize(bytes.size() / sizeof(uint64_t) + 1);
      copy = reinterpret_cast<char*>(large_.data());
    }
    std::memcpy(copy, bytes.data(), bytes.size());
    data_ = copy;
  }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;

  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(data_); }

 private:
  alignas(kMetadataAlignment) std::array<char, kUsualMetadataBytes> usual_;
  std::vector<uint64_t> large_;
  const char* data_;
};

Result<Codec> CodecOf(const fb::BodyCompression* compression) {
  if (compression == nullptr) return Codec::kNone;
  if (compression->method() != fb::BodyCompressionMethod_BUFFER) {
    return Unsupported("unknown compression method {}", static_cast<int>(compression->method()));
  }
  switch (compression->codec()) {
    case fb::CompressionType_LZ4_FRAME:
      return Codec::kLz4Frame;
    case fb::CompressionType_ZSTD:
      return Codec::kZstd;
  }
  return Unsupported("unknown compression {}", static_cast<int>(compression->codec()));
}

// The elements of a vector of structs in verified metadata, as they are in the message: `aligned`
// is `original` or a copy of it.
template <class T>
BytesView Elements(const flatbuffers::Vector<const T*>* vector, const uint8_t* aligned,
                   BytesView original) {
  if (vector == nullptr) return BytesView();
  return original.substr(vector->Data() - aligned, vector->size() * sizeof(T));
}

// What precedes the buffers vector in Java's metadata, from the start of the flatbuffer. Zero are
// the body size (i64, at kBodySizeAt), the offset of the nodes vector and the row count (i64).
struct HeadShape {
  std::span<const uint8_t> prefix;
  size_t nodes_offset_at;
  size_t row_count_at;
};
constexpr size_t kBodySizeAt = 24;

// clang-format off
constexpr uint8_t kPlainPrefix[] = {
    0x14, 0, 0, 0, 0, 0, 0, 0,                                 //  0 root table at 20
    0x0c, 0, 0x16, 0, 0x0e, 0, 0x15, 0, 0x10, 0, 0x04, 0,      //  8 vtable of Message
    0x0c, 0, 0, 0,                                             // 20 Message
    0, 0, 0, 0, 0, 0, 0, 0,                                    // 24 body size
    0, 0, 0x04, 0,                                             // 32 version V5
    0x10, 0, 0, 0,                                             // 36 header at 52
    0, 0x03,                                                   // 40 header is a RecordBatch
    0x0a, 0, 0x18, 0, 0x0c, 0, 0x08, 0, 0x04, 0,               // 42 vtable of RecordBatch
    0x0a, 0, 0, 0,                                             // 52 RecordBatch
    0x14, 0, 0, 0,                                             // 56 buffers at 76
    0, 0, 0, 0,                                                // 60 nodes
    0, 0, 0, 0, 0, 0, 0, 0,                                    // 64 row count
    0, 0, 0, 0};                                               // 72
constexpr uint8_t kLz4Prefix[] = {
    0x14, 0, 0, 0, 0, 0, 0, 0,                                 //  0 root table at 20
    0x0c, 0, 0x18, 0, 0x0e, 0, 0x17, 0, 0x10, 0, 0x04, 0,      //  8 vtable of Message
    0x0c, 0, 0, 0,                                             // 20 Message
    0, 0, 0, 0, 0, 0, 0, 0,                                    // 24 body size
    0, 0, 0x04, 0,                                             // 32 version V5
    0x14, 0, 0, 0,                                             // 36 header at 56
    0, 0, 0, 0x03,                                             // 40 header is a RecordBatch
    0x0c, 0, 0x1c, 0, 0x10, 0, 0x0c, 0, 0x08, 0, 0x04, 0,      // 44 vtable of RecordBatch
    0x0c, 0, 0, 0,                                             // 56 RecordBatch
    0x1c, 0, 0, 0,                                             // 60 compression at 88
    0x1c, 0, 0, 0,                                             // 64 buffers at 92
    0, 0, 0, 0,                                                // 68 nodes
    0, 0, 0, 0, 0, 0, 0, 0,                                    // 72 row count
    0, 0, 0, 0,                                                // 80
    0x04, 0, 0x04, 0,                                          // 84 vtable of BodyCompression
    0x04, 0, 0, 0};                                            // 88 BodyCompression, all defaults
constexpr uint8_t kZstdPrefix[] = {
    0x14, 0, 0, 0, 0, 0, 0, 0,                                 //  0 root table at 20
    0x0c, 0, 0x18, 0, 0x0e, 0, 0x17, 0, 0x10, 0, 0x04, 0,      //  8 vtable of Message
    0x0c, 0, 0, 0,                                             // 20 Message
    0, 0, 0, 0, 0, 0, 0, 0,                                    // 24 body size
    0, 0, 0x04, 0,                                             // 32 version V5
    0x14, 0, 0, 0,                                             // 36 header at 56
    0, 0, 0, 0x03,                                             // 40 header is a RecordBatch
    0x0c, 0, 0x1e, 0, 0x10, 0, 0x0c, 0, 0x08, 0, 0x04, 0,      // 44 vtable of RecordBatch
    0x0c, 0, 0, 0,                                             // 56 RecordBatch
    0x20, 0, 0, 0,                                             // 60 compression at 92
    0x24, 0, 0, 0,                                             // 64 buffers at 100
    0, 0, 0, 0,                                                // 68 nodes
    0, 0, 0, 0, 0, 0, 0, 0,                                    // 72 row count
    0, 0, 0, 0, 0, 0,                                          // 80
    0x06, 0, 0x08, 0, 0x07, 0,                                 // 86 vtable of BodyCompression
    0x06, 0, 0, 0,                                             // 92 BodyCompression
    0, 0, 0, 0x01};                                            // 96 codec ZSTD
// clang-format on
static_assert(sizeof(kPlainPrefix) == 76 && sizeof(kLz4Prefix) == 92 && sizeof(kZstdPrefix) == 100);

HeadShape ShapeOf(Codec codec) {
  switch (codec) {
    case Codec::kNone:
      return {kPlainPrefix, 60, 64};
    case Codec::kLz4Frame:
      return {kLz4Prefix, 68, 72};
    case Codec::kZstd:
      return {kZstdPrefix, 68, 72};
  }
  STROM_UNREACHABLE();
}

// Both vectors: their length and 4 bytes of padding after the first.
constexpr size_t kAroundVectors = 3 * sizeof(uint32_t);
constexpr size_t kMessagePrefix = 2 * sizeof(int32_t);  // Continuation and metadata size.

// Writes a vector of structs, u32 length first; returns the position after it.
template <class T>
char* WriteVector(std::span<const T> elements, char* out) {
  StoreLittle(out, static_cast<uint32_t>(elements.size()));
  out += sizeof(uint32_t);
  if (!elements.empty()) std::memcpy(out, elements.data(), elements.size_bytes());
  return out + elements.size_bytes();
}

}  // namespace

Result<RecordBatchMessage> RecordBatchMessage::Parse(BytesView message) {
  ByteReader reader(message, "Arrow message");
  STROM_ASSIGN_OR_RETURN(const int32_t continuation, reader.ReadLittle<int32_t>());
  STROM_ASSIGN_OR_RETURN(const int32_t metadata_size, reader.ReadLittle<int32_t>());
  if (continuation != kContinuation) {
    return Corrupt("starts with {:#x}, not with a continuation marker",
                   static_cast<uint32_t>(continuation));
  }
  if (metadata_size <= 0 || metadata_size % kMetadataAlignment != 0) {
    return Corrupt("metadata size {} is no positive multiple of 8", metadata_size);
  }
  STROM_ASSIGN_OR_RETURN(const BytesView metadata, reader.ReadBytes(metadata_size));

  const AlignedBytes aligned(metadata);
  flatbuffers::Verifier verifier(aligned.data(), metadata.size(), kTableDepthMax, kTablesMax);
  if (!fb::VerifyMessageBuffer(verifier)) {
    return Corrupt("{} bytes of metadata are no valid flatbuffer", metadata.size());
  }
  const fb::Message* root = fb::GetMessage(aligned.data());
  if (root->version() != fb::MetadataVersion_V5 && root->version() != fb::MetadataVersion_V4) {
    return Unsupported("metadata version {}", static_cast<int>(root->version()));
  }
  const fb::RecordBatch* batch = root->header_as_RecordBatch();
  if (batch == nullptr) {
    return Unsupported("header type {} is no record batch", static_cast<int>(root->header_type()));
  }
  if (batch->variadicBufferCounts() != nullptr && batch->variadicBufferCounts()->size() > 0) {
    return Unsupported("{} columns of view types", batch->variadicBufferCounts()->size());
  }
  if (batch->length() < 0 || batch->length() > std::numeric_limits<int32_t>::max()) {
    return Corrupt("row count {}", batch->length());
  }
  if (root->bodyLength() < 0 || static_cast<uint64_t>(root->bodyLength()) != reader.remaining()) {
    return Corrupt("body of {} bytes declares {}", reader.remaining(), root->bodyLength());
  }

  RecordBatchMessage parsed;
  STROM_ASSIGN_OR_RETURN(parsed.codec_, CodecOf(batch->compression()));
  parsed.row_count_ = batch->length();
  parsed.nodes_ = Elements(batch->nodes(), aligned.data(), metadata);
  parsed.buffers_ = Elements(batch->buffers(), aligned.data(), metadata);
  parsed.body_ = message.substr(reader.position());
  STROM_RETURN_IF_ERROR(parsed.CheckBuffers());
  return parsed;
}

Status RecordBatchMessage::CheckBuffers() const {
  const auto body_size = static_cast<int64_t>(body_.size());
  int64_t end = 0;  // Of the buffer before.
  for (size_t i = 0; i < buffer_count(); ++i) {
    const BufferSpan span = buffer(i);
    if (span.offset < end || span.offset > body_size || span.length < 0 ||
        span.length > body_size - span.offset) {
      return Corrupt(
          "buffer {} at {} of {} bytes is not between the end of the one before, {}, and that of "
          "the body, {}",
          i, span.offset, span.length, end, body_size);
    }
    if (span.offset % 8 != 0) return Corrupt("buffer {} at {} is misaligned", i, span.offset);
    end = span.offset + span.length;
  }
  if (body_size % 8 != 0) return Corrupt("body size {} is no multiple of 8", body_size);
  return Status::Ok();
}

Status RecordBatchMessage::CheckFits(const SchemaLayout& layout) const {
  if (node_count() == layout.fields().size() && buffer_count() == layout.buffer_count()) {
    return Status::Ok();
  }
  return Corrupt("{} nodes and {} buffers, the {} columns of the schema have {} and {}",
                 node_count(), buffer_count(), layout.column_count(), layout.fields().size(),
                 layout.buffer_count());
}

FieldNode RecordBatchMessage::node(size_t i) const {
  STROM_CHECK(i < node_count());
  const char* at = nodes_.data() + i * sizeof(FieldNode);
  return {LoadLittle<int64_t>(at), LoadLittle<int64_t>(at + sizeof(int64_t))};
}

BufferSpan RecordBatchMessage::buffer(size_t i) const {
  STROM_CHECK(i < buffer_count());
  const char* at = buffers_.data() + i * sizeof(BufferSpan);
  return {LoadLittle<int64_t>(at), LoadLittle<int64_t>(at + sizeof(int64_t))};
}

BytesView RecordBatchMessage::buffer_bytes(size_t i) const {
  const BufferSpan span = buffer(i);
  return body_.substr(span.offset, span.length);
}

size_t MessageHeadSize(Codec codec, size_t node_count, size_t buffer_count) {
  return kMessagePrefix + ShapeOf(codec).prefix.size() + kAroundVectors +
         node_count * sizeof(FieldNode) + buffer_count * sizeof(BufferSpan);
}

void WriteMessageHead(Codec codec, int64_t row_count, std::span<const FieldNode> nodes,
                      std::span<const BufferSpan> buffers, int64_t body_size, char* out) {
  STROM_CHECK(body_size >= 0 && body_size % 8 == 0) << body_size;
  const size_t size = MessageHeadSize(codec, nodes.size(), buffers.size());
  StoreLittle(out, kContinuation);
  StoreLittle(out + sizeof(int32_t), static_cast<int32_t>(size - kMessagePrefix));

  const HeadShape shape = ShapeOf(codec);
  char* metadata = out + kMessagePrefix;
  std::memcpy(metadata, shape.prefix.data(), shape.prefix.size());
  StoreLittle(metadata + kBodySizeAt, body_size);
  StoreLittle(metadata + shape.row_count_at, row_count);

  char* at = WriteVector(buffers, metadata + shape.prefix.size());
  StoreLittle<uint32_t>(at, 0);
  at += sizeof(uint32_t);
  char* nodes_offset = metadata + shape.nodes_offset_at;
  StoreLittle(nodes_offset, static_cast<uint32_t>(at - nodes_offset));
  at = WriteVector(nodes, at);
  STROM_CHECK(at == out + size);
}

}  // namespace strom::arrow

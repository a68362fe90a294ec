#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace strom::arrow {

// How the buffers of a record batch are compressed, each one by itself.
enum class Codec : uint8_t { kNone, kLz4Frame, kZstd };

// "NONE", "LZ4_FRAME", "ZSTD": the spelling of table.log.arrow.compression.type.
std::string_view CodecName(Codec codec);

struct Compression {
  Codec codec = Codec::kNone;
  int zstd_level = 3;  // 1..22, of kZstd only.
};

// A compressed buffer in a message body is
//
//   i64 LE  size of the uncompressed bytes; -1: what follows is not compressed
//   bytes   one LZ4 frame or one Zstandard frame; nothing if the size is 0
//
// and an empty buffer is 8 zero bytes. The LZ4 frame has independent blocks of 64 KiB, no content
// size and no checksums: Java's reader refuses linked blocks. Same as Arrow's BodyCompression with
// method BUFFER and Fluss: ArrowCompressionType.java.
//
// The functions are called from any thread; the contexts of the libraries are kept per thread.

// Appends `raw` to `out` in the form above; in the raw form if compressing makes it longer.
// `compression.codec` is not kNone.
void AppendCompressed(BytesView raw, Compression compression, Bytes& out);

// The head of a buffer in the form above.
struct CompressedBuffer {
  BytesView content;   // What follows the size.
  size_t size = 0;     // Of the uncompressed bytes.
  bool is_raw = true;  // `content` is the uncompressed bytes.
};

// Parses the head of `buffer`, a view that `content` points into. Also takes a buffer of no bytes
// at all as empty, which other writers make. Nothing is decompressed or allocated; the caller
// compares `size` with its limit before it makes room.
// Errors: kCorruptMessage for fewer than 8 bytes, a negative size, or a size that `content` cannot
// possibly have under `codec` (a decompression bomb).
Result<CompressedBuffer> ParseCompressed(BytesView buffer, Codec codec);

// Decompresses `buffer`, which is not raw, to exactly `buffer.size` bytes at `out`.
// Errors: kCorruptMessage if the frame is damaged, has another size, or something follows it.
Status Decompress(const CompressedBuffer& buffer, Codec codec, char* out);

}  // namespace strom::arrow

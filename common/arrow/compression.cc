#include "common/arrow/compression.h"

#include <memory>

#include <lz4frame.h>
#include <zstd.h>

#include "common/base/endian.h"

namespace strom::arrow {
namespace {

constexpr size_t kSizeBytes = sizeof(int64_t);
constexpr int64_t kRaw = -1;
// An LZ4 frame is 15 bytes around at least 10 of content: fewer bytes never get shorter by it.
constexpr size_t kTooSmallForLz4 = 24;
// A Zstandard frame takes 1.5 to 6 us however little it holds, and a small batch has some forty
// buffers: of what is smaller, nobody gets their worth back.
constexpr size_t kTooSmallForZstd = 1024;

template <class T, size_t (*kFree)(T*)>
struct Free {
  void operator()(T* context) const { kFree(context); }
};
using ZstdCompressor = std::unique_ptr<ZSTD_CCtx, Free<ZSTD_CCtx, ZSTD_freeCCtx>>;
using ZstdDecompressor = std::unique_ptr<ZSTD_DCtx, Free<ZSTD_DCtx, ZSTD_freeDCtx>>;
using Lz4Compressor = std::unique_ptr<LZ4F_cctx, Free<LZ4F_cctx, LZ4F_freeCompressionContext>>;
using Lz4Decompressor = std::unique_ptr<LZ4F_dctx, Free<LZ4F_dctx, LZ4F_freeDecompressionContext>>;

ZSTD_CCtx* ThreadZstdCompressor() {
  thread_local const ZstdCompressor context(ZSTD_createCCtx());
  STROM_CHECK(context != nullptr) << "out of memory";
  return context.get();
}

ZSTD_DCtx* ThreadZstdDecompressor() {
  thread_local const ZstdDecompressor context(ZSTD_createDCtx());
  STROM_CHECK(context != nullptr) << "out of memory";
  return context.get();
}

LZ4F_cctx* ThreadLz4Compressor() {
  thread_local const Lz4Compressor context([] {
    LZ4F_cctx* made = nullptr;
    STROM_CHECK(!LZ4F_isError(LZ4F_createCompressionContext(&made, LZ4F_VERSION)));
    return made;
  }());
  return context.get();
}

LZ4F_dctx* ThreadLz4Decompressor() {
  thread_local const Lz4Decompressor context([] {
    LZ4F_dctx* made = nullptr;
    STROM_CHECK(!LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)));
    return made;
  }());
  return context.get();
}

size_t CompressZstd(BytesView raw, int level, char* out, size_t capacity) {
  ZSTD_CCtx* context = ThreadZstdCompressor();
  STROM_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)));
  const size_t size = ZSTD_compress2(context, out, capacity, raw.data(), raw.size());
  STROM_CHECK(!ZSTD_isError(size)) << ZSTD_getErrorName(size);
  return size;
}

LZ4F_preferences_t Lz4Preferences() {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.autoFlush = 1;  // The input comes in one piece: compress it from where it is.
  return preferences;
}

size_t CompressLz4(BytesView raw, char* out, size_t capacity) {
  const LZ4F_preferences_t preferences = Lz4Preferences();
  LZ4F_cctx* context = ThreadLz4Compressor();
  size_t size = 0;
  const auto add = [&size](size_t written) {
    STROM_CHECK(!LZ4F_isError(written)) << LZ4F_getErrorName(written);
    size += written;
  };
  add(LZ4F_compressBegin(context, out, capacity, &preferences));
  add(LZ4F_compressUpdate(context, out + size, capacity - size, raw.data(), raw.size(), nullptr));
  add(LZ4F_compressEnd(context, out + size, capacity - size, nullptr));
  return size;
}

size_t CompressBound(size_t raw_size, Codec codec) {
  if (codec == Codec::kZstd) return ZSTD_compressBound(raw_size);
  const LZ4F_preferences_t preferences = Lz4Preferences();
  return LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(raw_size, &preferences);
}

// No frame of `size` bytes holds more than this.
uint64_t ContentSizeMax(uint64_t size, Codec codec) {
  constexpr uint64_t kLz4RatioMax = 255;          // One more byte of a match length.
  constexpr uint64_t kZstdBlockMax = 128 * 1024;  // A block of one repeated byte ...
  constexpr uint64_t kZstdBlockBytesMin = 4;      // ... takes 4 bytes.
  if (codec == Codec::kLz4Frame) return size * kLz4RatioMax;
  return (size / kZstdBlockBytesMin + 1) * kZstdBlockMax;
}

Status Damaged(Codec codec, const CompressedBuffer& buffer, std::string_view why) {
  return Error(ErrorCode::kCorruptMessage, "Arrow buffer of {} {} bytes that declares {}: {}",
               buffer.content.size(), CodecName(codec), buffer.size, why);
}

Status DecompressZstd(const CompressedBuffer& buffer, char* out) {
  // A second frame would be decompressed too, if it fitted; the first has to be all.
  const BytesView content = buffer.content;
  const size_t frame_size = ZSTD_findFrameCompressedSize(content.data(), content.size());
  if (ZSTD_isError(frame_size)) {
    return Damaged(Codec::kZstd, buffer, ZSTD_getErrorName(frame_size));
  }
  if (frame_size != content.size()) {
    return Damaged(Codec::kZstd, buffer, "something follows the frame");
  }
  const size_t size = ZSTD_decompressDCtx(ThreadZstdDecompressor(), out, buffer.size,
                                          content.data(), content.size());
  if (ZSTD_isError(size)) return Damaged(Codec::kZstd, buffer, ZSTD_getErrorName(size));
  if (size != buffer.size) return Damaged(Codec::kZstd, buffer, "the content is shorter");
  return Status::Ok();
}

Status DecompressLz4(const CompressedBuffer& buffer, char* out) {
  LZ4F_dctx* context = ThreadLz4Decompressor();
  LZ4F_resetDecompressionContext(context);  // Whatever the last frame left.
  size_t read = 0;
  size_t written = 0;
  size_t hint = 1;
  while (hint != 0) {
    size_t out_size = buffer.size - written;
    size_t in_size = buffer.content.size() - read;
    hint = LZ4F_decompress(context, out + written, &out_size, buffer.content.data() + read,
                           &in_size, nullptr);
    if (LZ4F_isError(hint)) return Damaged(Codec::kLz4Frame, buffer, LZ4F_getErrorName(hint));
    read += in_size;
    written += out_size;
    if (hint != 0 && in_size == 0 && out_size == 0) {
      return Damaged(Codec::kLz4Frame, buffer, "the frame does not end where the content does");
    }
  }
  if (written != buffer.size) {
    return Damaged(Codec::kLz4Frame, buffer, "the content is shorter");
  }
  if (read != buffer.content.size()) {
    return Damaged(Codec::kLz4Frame, buffer, "something follows the frame");
  }
  return Status::Ok();
}

}  // namespace

std::string_view CodecName(Codec codec) {
  switch (codec) {
    case Codec::kNone:
      return "NONE";
    case Codec::kLz4Frame:
      return "LZ4_FRAME";
    case Codec::kZstd:
      return "ZSTD";
  }
  STROM_UNREACHABLE();
}

void AppendCompressed(BytesView raw, Compression compression, Bytes& out) {
  STROM_CHECK(compression.codec != Codec::kNone);
  if (raw.empty()) return AppendLittle<int64_t>(out, 0);

  const size_t start = out.size();
  AppendLittle<int64_t>(out, static_cast<int64_t>(raw.size()));
  const bool is_zstd = compression.codec == Codec::kZstd;
  if (raw.size() >= (is_zstd ? kTooSmallForZstd : kTooSmallForLz4)) {
    const size_t capacity = CompressBound(raw.size(), compression.codec);
    out.resize(start + kSizeBytes + capacity);
    char* content = out.data() + start + kSizeBytes;
    const size_t size = is_zstd ? CompressZstd(raw, compression.zstd_level, content, capacity)
                                : CompressLz4(raw, content, capacity);
    out.resize(start + kSizeBytes + size);
    if (size <= raw.size()) return;
    out.resize(start + kSizeBytes);
  }
  StoreLittle<int64_t>(out.data() + start, kRaw);
  out.append(raw);
}

Result<CompressedBuffer> ParseCompressed(BytesView buffer, Codec codec) {
  STROM_CHECK(codec != Codec::kNone);
  if (buffer.empty()) return CompressedBuffer{};
  if (buffer.size() < kSizeBytes) {
    return Error(ErrorCode::kCorruptMessage,
                 "compressed Arrow buffer of {} bytes is too short for its size field",
                 buffer.size());
  }
  const auto size = LoadLittle<int64_t>(buffer.data());
  const BytesView content = buffer.substr(kSizeBytes);
  if (size == kRaw) return CompressedBuffer{content, content.size(), true};
  if (size == 0 && content.empty()) return CompressedBuffer{};
  if (size < 0 || static_cast<uint64_t>(size) > ContentSizeMax(content.size(), codec)) {
    return Error(ErrorCode::kCorruptMessage,
                 "compressed Arrow buffer declares {} bytes, which {} bytes of {} cannot hold",
                 size, content.size(), CodecName(codec));
  }
  return CompressedBuffer{content, static_cast<size_t>(size), false};
}

Status Decompress(const CompressedBuffer& buffer, Codec codec, char* out) {
  STROM_CHECK(codec != Codec::kNone && !buffer.is_raw);
  return codec == Codec::kZstd ? DecompressZstd(buffer, out) : DecompressLz4(buffer, out);
}

}  // namespace strom::arrow

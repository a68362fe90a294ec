#include "common/arrow/compression.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/base/endian.h"

namespace strom::arrow {
namespace {

Bytes Compress(BytesView raw, Compression compression) {
  Bytes out;
  AppendCompressed(raw, compression, out);
  return out;
}

Result<Bytes> Decompressed(BytesView buffer, Codec codec) {
  STROM_ASSIGN_OR_RETURN(const CompressedBuffer parsed, ParseCompressed(buffer, codec));
  if (parsed.is_raw) return Bytes(parsed.content);
  Bytes out(parsed.size, '?');
  STROM_RETURN_IF_ERROR(Decompress(parsed, codec, out.data()));
  return out;
}

// Text that compresses well, but not to nothing.
Bytes Numbers(int count) {
  Bytes out;
  for (int i = 0; i < count; ++i) AppendLittle<int32_t>(out, i * 7 % 100);
  return out;
}

ErrorCode CodeOf(const Result<Bytes>& result) { return result.status().code(); }

TEST_CASE("compressed buffers of every size come back", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  // Around the block size of 64 KiB, too.
  const int count = GENERATE(1, 5, 6, 7, 100, 16383, 16384, 16385, 100000);
  const Bytes raw = Numbers(count);
  CHECK(Decompressed(Compress(raw, {codec}), codec).value() == raw);
  const Bytes zeros(count, '\0');
  CHECK(Decompressed(Compress(zeros, {codec}), codec).value() == zeros);
}

TEST_CASE("a buffer is appended behind what is there", "[arrow]") {
  Bytes out = "before";
  AppendCompressed(Numbers(1000), {Codec::kZstd}, out);
  CHECK(out.substr(0, 6) == "before");
  CHECK(Decompressed(BytesView(out).substr(6), Codec::kZstd).value() == Numbers(1000));
}

TEST_CASE("an empty buffer is eight zero bytes", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  CHECK(Compress("", {codec}) == Bytes(8, '\0'));
  CHECK(Decompressed(Bytes(8, '\0'), codec).value().empty());
  CHECK(Decompressed("", codec).value().empty());
}

TEST_CASE("bytes that do not get shorter stay as they are, with size -1", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  Bytes noise;
  uint32_t state = 1;
  for (int i = 0; i < 1000; ++i) noise += static_cast<char>((state = state * 1664525 + 7) >> 24);
  for (const Bytes& raw : {Bytes("abc"), noise}) {
    const Bytes buffer = Compress(raw, {codec});
    CHECK(buffer == Bytes(8, '\xff') + raw);
    CHECK(Decompressed(buffer, codec).value() == raw);
  }
}

TEST_CASE("little is not worth a Zstandard frame", "[arrow]") {
  for (const size_t size : {24, 500, 1023}) {
    CHECK(Compress(Bytes(size, 'x'), {Codec::kZstd}) == Bytes(8, '\xff') + Bytes(size, 'x'));
    CHECK(Compress(Bytes(size, 'x'), {Codec::kLz4Frame}).size() <= 8 + size);
  }
  CHECK(Compress(Bytes(1024, 'x'), {Codec::kZstd}).size() < 100);
}

TEST_CASE("the ZSTD level is used", "[arrow]") {
  constexpr std::string_view kWords[] = {"bucket", "offset",    "leader",
                                         "epoch",  "snapshot ", "log "};
  Bytes raw;
  uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) raw += kWords[(state = state * 1664525 + 1013904223) % 7919 % 6];
  const Bytes fast = Compress(raw, {Codec::kZstd, 1});
  const Bytes small = Compress(raw, {Codec::kZstd, 19});
  CHECK(small.size() < fast.size());
  CHECK(Decompressed(small, Codec::kZstd).value() == raw);
}

TEST_CASE("LZ4 frames have independent blocks of 64 KiB and no extras", "[arrow]") {
  const Bytes buffer = Compress(Numbers(40000), {Codec::kLz4Frame});
  CHECK(ToHex(buffer.substr(8, 7)) == "04224d18604082");
}

TEST_CASE("frames with a content size and checksums are read", "[arrow]") {
  // Made by the lz4 tool: 'abc' 40 times, with content size, block and content checksum.
  const Bytes frame = FromHex(
                          "04224d187c40780000000000000014"
                          "0d0000003f61626303005d506263616263bf4e9623"
                          "000000008f603fc9")
                          .value();
  Bytes buffer;
  AppendLittle<int64_t>(buffer, 120);
  buffer += frame;
  Bytes raw;
  for (int i = 0; i < 40; ++i) raw += "abc";
  CHECK(Decompressed(buffer, Codec::kLz4Frame).value() == raw);

  buffer.back() = static_cast<char>(buffer.back() ^ 1);  // The content checksum.
  CHECK(CodeOf(Decompressed(buffer, Codec::kLz4Frame)) == ErrorCode::kCorruptMessage);
}

TEST_CASE("a declared size that the frame does not have is refused", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  const Bytes good = Compress(Numbers(1000), {codec});
  for (const int64_t size : {int64_t{1}, int64_t{3999}, int64_t{4001}, int64_t{5000}}) {
    Bytes bad = good;
    StoreLittle(bad.data(), size);
    CAPTURE(size);
    CHECK(CodeOf(Decompressed(bad, codec)) == ErrorCode::kCorruptMessage);
  }
}

TEST_CASE("a size no frame of these bytes can have is refused before room is made", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  const Bytes good = Compress(Numbers(1000), {codec});
  for (const int64_t size : {int64_t{-2}, int64_t{1} << 40, INT64_MAX, INT64_MIN}) {
    Bytes bad = good;
    StoreLittle(bad.data(), size);
    CAPTURE(size);
    CHECK(ParseCompressed(bad, codec).status().code() == ErrorCode::kCorruptMessage);
  }
  CHECK(ParseCompressed(BytesView(good).substr(0, 7), codec).status().code() ==
        ErrorCode::kCorruptMessage);
}

TEST_CASE("cut off, prolonged and doubled frames are refused", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  const Bytes good = Compress(Numbers(1000), {codec});
  for (size_t size = 8; size < good.size(); ++size) {
    CAPTURE(size);
    REQUIRE(CodeOf(Decompressed(good.substr(0, size), codec)) == ErrorCode::kCorruptMessage);
  }
  CHECK(CodeOf(Decompressed(good + "x", codec)) == ErrorCode::kCorruptMessage);
  Bytes doubled = good + good.substr(8);
  CHECK(CodeOf(Decompressed(doubled, codec)) == ErrorCode::kCorruptMessage);
  StoreLittle<int64_t>(doubled.data(), 8000);
  CHECK(CodeOf(Decompressed(doubled, codec)) == ErrorCode::kCorruptMessage);
}

TEST_CASE("the contexts work again after a damaged frame", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  const Bytes good = Compress(Numbers(50000), {codec});
  for (size_t at = 8; at < good.size(); at += good.size() / 50) {
    Bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    const Result<Bytes> damaged = Decompressed(bad, codec);  // May succeed with other bytes.
    if (damaged.ok()) CHECK(damaged->size() == 200000);
    REQUIRE(Decompressed(good, codec).value() == Numbers(50000));
  }
}

TEST_CASE("codecs have the names of the table property", "[arrow]") {
  CHECK(CodecName(Codec::kNone) == "NONE");
  CHECK(CodecName(Codec::kLz4Frame) == "LZ4_FRAME");
  CHECK(CodecName(Codec::kZstd) == "ZSTD");
}

}  // namespace
}  // namespace strom::arrow

#include "common/row/bucketing.h"

#include <catch2/catch_test_macros.hpp>

#include "common/row/key_encoder.h"
#include "common/row/murmur_hash.h"
#include "tests/testing/row_vectors.h"

namespace strom {
namespace {

constexpr std::string_view kFox = "The quick brown fox jumps over the lazy dog";
constexpr std::string_view kUuid = "2bb87d68-baf9-4e64-90f9-f80910419fa6";

Bytes Hex(std::string_view hex) { return FromHex(hex).value(); }

TEST_CASE("Fluss's murmur hash is that of Java and Rust", "[row]") {
  CHECK(FlussMurmur("", 42) == 0x087fcd5c);
  CHECK(FlussMurmur("", 0) == 0);
  CHECK(FlussMurmur("", 0xffffffff) == 0x81f16f39);
  CHECK(FlussMurmur(kFox, 0) == 0x5fd20a20);
  CHECK(FlussMurmur(kFox) == 0x1bc6f880);
  CHECK(FlussMurmur(Hex("000a")) == 0x5b353918);
  CHECK(FlussMurmur(Hex("000a0a0a")) == 0x4a63a407);
  CHECK(FlussMurmur(Hex("0180")) == 0x052db6c6);
  CHECK(FlussMurmur(Hex("ffffffff0f")) == 0x0008b8cf);
  CHECK(FlussMurmur(Hex("01026162ac02")) == 0x96b85bf1);
}

TEST_CASE("the second round is that of Java and Rust", "[row]") {
  const auto again = [](int32_t hash) { return FlussMurmurAgain(static_cast<uint32_t>(hash)); };
  CHECK(again(0) == 0x2362f9de);
  CHECK(again(42) == 0x43a46e1d);
  CHECK(again(-77) == 0x2eeb27de);
  CHECK(again(1) == 0x040ebfd6);
  CHECK(again(-1) == 0x76293b50);
  CHECK(again(INT32_MIN) == 0x666b286c);
}

TEST_CASE("the standard murmur hash is the published one", "[row]") {
  CHECK(Murmur3("iceberg", 0) == 1210000089);  // As in the Iceberg specification.
  CHECK(Murmur3("", 0) == 0);
  CHECK(Murmur3("", 1) == 0x514e28b7);
  CHECK(Murmur3(kFox, 0) == 0x2e4ff723);
}

TEST_CASE("Fluss's buckets are those of Java", "[row]") {
  struct Expected {
    Bytes key;
    int32_t buckets[5];
  };
  const Expected table[] = {
      {Hex("000a"), {1, 1, 4, 4, 4}},         {Hex("000a0a0a"), {0, 2, 4, 0, 4}},
      {Bytes(kUuid), {2, 6, 6, 2, 6}},        {Bytes(kFox), {2, 5, 6, 2, 6}},
      {Hex("01"), {0, 4, 4, 0, 12}},          {Hex("0180"), {1, 2, 7, 7, 15}},
      {Hex("01026162ac02"), {1, 5, 1, 1, 9}},
  };
  const int32_t counts[] = {3, 7, 8, 12, 16};
  for (const Expected& expected : table) {
    for (size_t i = 0; i < std::size(counts); ++i) {
      INFO(ToHex(expected.key) << " of " << counts[i]);
      CHECK(BucketOf(std::nullopt, expected.key, counts[i]).value() ==
            BucketId(expected.buckets[i]));
      CHECK(BucketOf(LakeFormat::kLance, expected.key, counts[i]).value() ==
            BucketId(expected.buckets[i]));
    }
  }
}

TEST_CASE("Paimon's and Iceberg's buckets are those of Java", "[row]") {
  const auto bucket = [](LakeFormat lake, BytesView key, int32_t count) {
    return BucketOf(lake, key, count).value().value();
  };
  CHECK(bucket(LakeFormat::kPaimon, Hex("000a"), 7) == 1);
  CHECK(bucket(LakeFormat::kPaimon, Hex("000a0a0a"), 12) == 11);
  CHECK(bucket(LakeFormat::kPaimon, kUuid, 16) == 12);
  CHECK(bucket(LakeFormat::kPaimon, kFox, 8) == 0);
  CHECK(bucket(LakeFormat::kIceberg, Hex("000a"), 7) == 3);
  CHECK(bucket(LakeFormat::kIceberg, Hex("000a0a0a"), 12) == 4);
  CHECK(bucket(LakeFormat::kIceberg, kUuid, 16) == 12);
  CHECK(bucket(LakeFormat::kIceberg, kFox, 8) == 3);
}

TEST_CASE("the keys of the vectors fall into the buckets of Java", "[row]") {
  struct Expected {
    std::string key;
    LakeFormat lake;
    int32_t count;
    int32_t bucket;
  };
  const Expected table[] = {
      {"K2a", LakeFormat::kPaimon, 8, 6},    {"K2b", LakeFormat::kPaimon, 8, 0},
      {"K2c", LakeFormat::kPaimon, 8, 3},    {"K6a", LakeFormat::kIceberg, 16, 14},
      {"K6c", LakeFormat::kIceberg, 16, 9},  {"K6d", LakeFormat::kIceberg, 16, 11},
      {"K6e", LakeFormat::kIceberg, 16, 15}, {"K6f", LakeFormat::kIceberg, 16, 14},
      {"K6g", LakeFormat::kIceberg, 16, 13}, {"K7a", LakeFormat::kHudi, 8, 1},
      {"K7b", LakeFormat::kHudi, 8, 0},
  };
  for (const Expected& expected : table) {
    INFO(expected.key);
    size_t found = 0;
    for (const testing::KeyVector& vector : testing::KeyVectors()) {
      if (vector.key.name != expected.key) continue;
      ++found;
      CHECK(BucketOf(expected.lake, Hex(vector.key.hex), expected.count).value() ==
            BucketId(expected.bucket));
    }
    CHECK(found == 1);
  }
  CHECK(FlussMurmur(Hex("00000000000000000100000000000000")) == 0x5759f99e);  // K2a.
}

TEST_CASE("an empty key, or a Hudi key that is no hash, has no bucket", "[row]") {
  CHECK(BucketOf(std::nullopt, "", 3).status().code() == ErrorCode::kCorruptRecord);
  CHECK(BucketOf(LakeFormat::kPaimon, "", 3).status().code() == ErrorCode::kCorruptRecord);
  CHECK(BucketOf(LakeFormat::kHudi, "abc", 3).status().code() == ErrorCode::kCorruptRecord);
  CHECK(BucketOf(LakeFormat::kHudi, Hex("ffffffff"), 8).value() == BucketId(7));
}

}  // namespace
}  // namespace strom

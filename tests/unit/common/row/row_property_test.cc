#include <memory>

#include <catch2/catch_test_macros.hpp>

#include "common/row/aligned_row.h"
#include "common/row/key_encoder.h"
#include "common/row/row_codec.h"
#include "tests/testing/random_rows.h"

namespace strom {
namespace {

using testing::RandomRows;
using Types = std::vector<DataType>;

constexpr RowFormat kFormats[] = {RowFormat::kCompacted, RowFormat::kIndexed};
constexpr RandomRows::Options kScalars = {.depth_max = 0};

std::string Describe(const Types& types) {
  std::string text;
  for (const DataType& type : types) text += type.ToString() + "; ";
  return text;
}

// A copy at the end of its own allocation, so that a sanitizer sees every read behind it.
class ExactCopy {
 public:
  explicit ExactCopy(BytesView bytes)
      : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    bytes.copy(bytes_.get(), size_);
  }
  BytesView view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// Changes one to three bytes.
Bytes Mutate(Bytes bytes, RandomRows& random) {
  for (uint64_t n = 1 + random.Uniform(3); n > 0 && !bytes.empty(); --n) {
    char& byte = bytes[random.Uniform(bytes.size())];
    switch (random.Uniform(3)) {
      case 0:
        byte = static_cast<char>(byte ^ (1 << random.Uniform(8)));
        break;
      case 1:
        byte = static_cast<char>(random.Uniform(256));
        break;
      default:
        byte = '\xff';
    }
  }
  return bytes;
}

TEST_CASE("random values are valid for their type", "[row]") {
  RandomRows random(1);
  for (int i = 0; i < 1000; ++i) {
    const DataType type = random.RandomType();
    const Value value = random.RandomValue(type);
    REQUIRE(CheckValue(value, type, type.ToString()).ToString() == "OK");
  }
  CHECK(RandomRows(9).RandomTypes() == RandomRows(9).RandomTypes());
  CHECK(RandomRows(9).RandomRow({DataType::Bytes(), DataType::BigInt()}) ==
        RandomRows(9).RandomRow({DataType::Bytes(), DataType::BigInt()}));
}

TEST_CASE("random rows of random types survive both formats", "[row]") {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    RandomRows random(seed);
    const Types types = random.RandomTypes();
    INFO("seed " << seed << ": " << Describe(types));
    for (int i = 0; i < 5; ++i) {
      const Row row = random.RandomRow(types);
      for (const RowFormat format : kFormats) {
        const auto bytes = EncodeRow(format, row, types);
        REQUIRE(bytes.status().ToString() == "OK");
        const auto decoded = DecodeRow(format, ExactCopy(*bytes).view(), types);
        REQUIRE(decoded.status().ToString() == "OK");
        REQUIRE(*decoded == row);
      }
    }
  }
}

TEST_CASE("random rows of random types survive aligned rows and keys", "[row]") {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    RandomRows random(seed, kScalars);
    const Types types = random.RandomTypes();
    INFO("seed " << seed << ": " << Describe(types));
    const Row row = random.RandomRow(types);
    const Bytes bytes = EncodeAlignedRow(row, types).value();
    REQUIRE(DecodeAlignedRow(ExactCopy(bytes).view(), types).value() == row);

    std::vector<RowField> fields;
    std::vector<size_t> columns;
    Row key;
    for (const DataType& type : types) {
      columns.push_back(fields.size());
      fields.push_back({.name = "f", .type = type.NotNull(), .description = {}});
      key.push_back(random.RandomNotNull(type));
    }
    for (const KeyEncoding encoding : {KeyEncoding::kCompacted, KeyEncoding::kPaimon}) {
      const KeyEncoder encoder = KeyEncoder::Make(encoding, DataType::Row(fields), columns).value();
      REQUIRE(encoder.DecodeKey(ExactCopy(encoder.EncodeKey(key).value()).view()).value() == key);
    }
  }
}

TEST_CASE("a row cut off anywhere is refused", "[row]") {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    RandomRows random(seed, {.depth_max = 2, .nested_count_max = 3, .bytes_max = 12});
    const Types types = random.RandomTypes();
    INFO("seed " << seed << ": " << Describe(types));
    const Row row = random.RandomRow(types);
    for (const RowFormat format : kFormats) {
      const Bytes bytes = EncodeRow(format, row, types).value();
      for (size_t size = 0; size < bytes.size(); ++size) {
        const ExactCopy cut(BytesView(bytes).substr(0, size));
        const auto decoded = DecodeRow(format, cut.view(), types);
        REQUIRE(!decoded.ok());
        REQUIRE((decoded.status().code() == ErrorCode::kCorruptRecord ||
                 decoded.status().code() == ErrorCode::kCorruptMessage));
      }
    }
  }
}

TEST_CASE("a row with changed bytes gives an error or a row that can be encoded", "[row]") {
  size_t decoded_count = 0;
  size_t refused_count = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    RandomRows random(seed);
    const Types types = random.RandomTypes();
    INFO("seed " << seed << ": " << Describe(types));
    const Row row = random.RandomRow(types);
    for (const RowFormat format : kFormats) {
      const Bytes changed = Mutate(EncodeRow(format, row, types).value(), random);
      const auto decoded = DecodeRow(format, ExactCopy(changed).view(), types);
      if (!decoded.ok()) {
        ++refused_count;
        continue;
      }
      ++decoded_count;
      // Not always the changed bytes: numbers can be written longer than needed, for example.
      const auto bytes = EncodeRow(format, *decoded, types);
      REQUIRE(bytes.status().ToString() == "OK");
      const Row again = DecodeRow(format, *bytes, types).value();
      REQUIRE(EncodeRow(format, again, types).value() == *bytes);
    }
  }
  CHECK(decoded_count > 100);  // Both happen, or the test means nothing.
  CHECK(refused_count > 100);
}

TEST_CASE("aligned rows and keys with changed or missing bytes do no harm", "[row]") {
  size_t refused_count = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    RandomRows random(seed, kScalars);
    const Types types = random.RandomTypes();
    INFO("seed " << seed << ": " << Describe(types));
    const Bytes bytes = EncodeAlignedRow(random.RandomRow(types), types).value();
    const ExactCopy changed(Mutate(bytes, random));
    const ExactCopy cut(BytesView(bytes).substr(0, random.Uniform(bytes.size())));
    for (const ExactCopy* copy : {&changed, &cut}) {
      const auto decoded = DecodeAlignedRow(copy->view(), types);
      refused_count += decoded.ok() ? 0 : 1;
      if (decoded.ok()) REQUIRE(EncodeAlignedRow(*decoded, types).status().ToString() == "OK");
    }
  }
  CHECK(refused_count > 100);
}

TEST_CASE("random bytes are no danger", "[row]") {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    RandomRows random(seed);
    const Types types = random.RandomTypes();
    const Value noise = random.RandomNotNull(DataType::Bytes());
    const ExactCopy bytes(*noise.get_if<Bytes>());
    INFO("seed " << seed << ": " << Describe(types));
    for (const RowFormat format : kFormats) {
      const auto decoded = DecodeRow(format, bytes.view(), types);
      if (decoded.ok()) REQUIRE(EncodeRow(format, *decoded, types).status().ToString() == "OK");
    }
  }
}

}  // namespace
}  // namespace strom

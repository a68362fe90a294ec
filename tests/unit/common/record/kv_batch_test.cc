#include "common/record/kv_batch.h"

#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "common/base/crc32c.h"
#include "common/base/endian.h"
#include "tests/unit/common/record/record_vectors.h"

namespace strom::record {

namespace {

using namespace std::string_view_literals;

// `bytes` with a CRC that fits, so that the checks behind the CRC's are reached.
Bytes WithCrc(Bytes bytes) {
  StoreLittle(bytes.data() + 5, Crc32c(BytesView(bytes).substr(9)));
  return bytes;
}

std::string ErrorOf(BytesView bytes) {
  const Result<KvBatchView> batch = KvBatchView::Parse(bytes);
  if (batch.ok()) return "no error";
  CHECK(batch.status().code() == ErrorCode::kCorruptMessage);
  return std::string(batch.status().message());
}

template <class T>
Bytes Patched(Bytes bytes, size_t position, T value) {
  StoreLittle(bytes.data() + position, value);
  return WithCrc(std::move(bytes));
}

}  // namespace

TEST_CASE("a recorded KV batch is read: upsert, delete, upsert", "[record]") {
  const KvBatchView batch = KvBatchView::Parse(Vector("V1")).value();
  CHECK(batch.schema_id() == SchemaId(1));
  CHECK(batch.writer_id() == WriterId(1001));
  CHECK(batch.batch_sequence() == BatchSequence(7));
  REQUIRE(batch.record_count() == 3);
  CHECK(batch.records()[0] == KvRecord{.key = "\x01"sv, .row = "\x00\x01\x01\x61"sv});
  CHECK(batch.records()[1] == KvRecord{.key = "\x02"sv, .row = std::nullopt});
  CHECK(batch.records()[2] == KvRecord{.key = "\xac\x02"sv, .row = "\x02\xac\x02"sv});
}

TEST_CASE("a KV builder writes the bytes of the recorded batches", "[record]") {
  KvBatchBuilder compacted(SchemaId(1));
  CHECK(compacted.Build() == Vector("V3"));  // Nothing appended yet.
  compacted.Upsert("\x01"sv, "\x00\x01\x01\x61"sv);
  compacted.Delete("\x02"sv);
  compacted.Upsert("\xac\x02"sv, "\x02\xac\x02"sv);
  CHECK(compacted.record_count() == 3);
  CHECK(compacted.size() == 54);
  CHECK(compacted.Build(WriterId(1001), BatchSequence(7)) == Vector("V1"));

  KvBatchBuilder indexed(SchemaId(1));
  indexed.Upsert("\x01"sv, "\x00\x01\x00\x00\x00\x01\x00\x00\x00\x61"sv);
  CHECK(indexed.Build() == Vector("V2"));
}

TEST_CASE("a KV batch that is built again has another writer and the same records", "[record]") {
  KvBatchBuilder builder(SchemaId(4));
  builder.Upsert("key", "row");
  builder.Delete("");
  const Bytes first = builder.Build(WriterId(1), BatchSequence(0));
  const Bytes second = builder.Build(WriterId(2), BatchSequence(5));
  CHECK(KvBatchView::Parse(first)->records() == KvBatchView::Parse(second)->records());
  CHECK(KvBatchView::Parse(second)->writer_id() == WriterId(2));
  CHECK(KvBatchView::Parse(second)->records()[1].key.empty());
}

TEST_CASE("the size of a KV record is what it adds to the batch", "[record]") {
  KvBatchBuilder builder(SchemaId(1));
  for (const size_t key_size : {0, 1, 127, 128, 20'000}) {
    const Bytes key(key_size, 'k');
    for (const KvRecord& record :
         {KvRecord{.key = key, .row = std::nullopt}, KvRecord{.key = key, .row = "row"sv}}) {
      const size_t before = builder.size();
      builder.Append(record);
      CHECK(builder.size() - before == KvBatchBuilder::RecordSize(record));
    }
  }
  CHECK(builder.Build().size() == builder.size());
}

TEST_CASE("a KV batch is refused at every length but its own", "[record]") {
  const Bytes& bytes = Vector("V1");
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut = bytes.substr(0, size);
    REQUIRE(KvBatchView::Parse(cut).status().code() == ErrorCode::kCorruptMessage);
    if (size >= 28) {  // The same cut by a writer that got the length and the CRC right.
      const Bytes honest = Patched<int32_t>(cut, 0, static_cast<int32_t>(size) - 4);
      REQUIRE(KvBatchView::Parse(honest).status().code() == ErrorCode::kCorruptMessage);
    }
  }
  CHECK(ErrorOf(bytes + "x") == "KV batch: length 50 does not fit 55 bytes");
  CHECK(ErrorOf(bytes.substr(0, 27)) == "KV batch: needs 28 bytes for its header, has 27");
}

TEST_CASE("KV fields that cannot be are refused with their numbers", "[record]") {
  const Bytes& bytes = Vector("V1");
  CHECK(ErrorOf(Patched<int8_t>(bytes, 4, 1)) == "KV batch: magic is 1, must be 0");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 0, -1)) == "KV batch: length -1 does not fit 54 bytes");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 24, -1)) == "KV batch: 26 bytes cannot hold -1 records");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 24, INT32_MAX)) ==
        "KV batch: 26 bytes cannot hold 2147483647 records");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 24, 2)) == "KV batch: 10 bytes left after 2 records");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 24, 4)) == "KV batch: needs 4 bytes at position 26, has 0");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 28, -2)) == "KV batch: length -2 of record 0 is negative");
  CHECK(ErrorOf(Patched<int32_t>(bytes, 28, 1 << 30)) ==
        "KV batch: needs 1073741824 bytes at position 4, has 22");
  CHECK(ErrorOf(Patched<int8_t>(bytes, 32, 6)) == "KV record: needs 6 bytes at position 1, has 5");
  CHECK(ErrorOf(Patched<int8_t>(bytes, 11, 1)) == "no error");  // Attributes mean nothing yet.

  Bytes wrong_crc = bytes;
  wrong_crc[5] = 0;
  CHECK(ErrorOf(wrong_crc) == "KV batch of 54 bytes: CRC is 0x0d97cff4, stored is 0x0d97cf00");
}

TEST_CASE("random damage to a KV batch with a fitting CRC never leads outside it", "[record]") {
  std::mt19937 random(20'240'817);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = Vector(round % 2 == 0 ? "V1" : "V2");
    for (int change = 0; change < 2; ++change) {
      bytes[24 + random() % (bytes.size() - 24)] = static_cast<char>(random());
    }
    const Bytes damaged = WithCrc(bytes);
    const Result<KvBatchView> batch = KvBatchView::Parse(damaged);
    if (!batch.ok()) continue;
    ++accepted;
    for (const KvRecord& record : batch->records()) {
      const BytesView last = record.row.value_or(record.key);
      REQUIRE(last.data() + last.size() <= damaged.data() + damaged.size());
    }
  }
  CHECK(accepted > 100);  // The damage hit keys and rows, too.
}

}  // namespace strom::record

#include "common/record/log_batch.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/base/endian.h"
#include "tests/unit/common/record/record_vectors.h"

namespace strom::record {

namespace {

// Recorded batches whose CRC is right: all but the projected ones.
constexpr const char* kStored[] = {"L1", "L2", "L3", "L4",  "L5",  "L6",
                                   "L7", "L8", "L9", "L10", "L11", "L15"};

}  // namespace

TEST_CASE("the CRC of every recorded batch holds, and breaks with any later bit", "[record]") {
  for (const char* name : kStored) {
    INFO(name);
    Bytes bytes = Vector(name);
    const LogBatchView batch = LogBatchView::ParseFront(bytes).value();
    CHECK(batch.size() == bytes.size());
    CHECK(batch.CheckCrc().ok());
    const size_t covered_from = LayoutOf(batch.header().magic).schema_id;
    for (size_t i = covered_from; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
      const Result<LogBatchView> changed = LogBatchView::ParseFront(bytes);
      REQUIRE((!changed.ok() || !changed->CheckCrc().ok()));
      bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    }
  }
}

TEST_CASE("a projected batch carries the CRC of the stored one and is readable all the same",
          "[record]") {
  for (const auto& [projected, stored] : {std::pair{"L12", "L1"}, {"L13", "L3"}, {"L14", "L5"}}) {
    const LogBatchView batch = LogBatchView::ParseFront(Vector(projected)).value();
    CHECK(batch.header().crc == LogBatchView::ParseFront(Vector(stored)).value().header().crc);
    CHECK(batch.CheckCrc().code() == ErrorCode::kCorruptRecord);
  }
  const Status status = LogBatchView::ParseFront(Vector("L12")).value().CheckCrc();
  CHECK(status.message().find("stored is 0x10f11830") != std::string_view::npos);
}

TEST_CASE("a view covers one batch and splits it into its sections", "[record]") {
  const Bytes payload = Vector("L5") + Vector("L1");
  const LogBatchView batch = LogBatchView::ParseFront(payload).value();
  CHECK(batch.bytes() == Vector("L5"));
  CHECK(batch.statistics() == Vector("L5").substr(52, 71));
  CHECK(batch.record_section() == Vector("L1").substr(48));
  CHECK(batch.record_count() == 3);
  CHECK(batch.next_offset() == LogOffset(3));
}

TEST_CASE("an ARROW section is a change-type vector, if changelog, and a message", "[record]") {
  const auto split = [](const Bytes& bytes) {
    return SplitArrowSection(LogBatchView::ParseFront(bytes).value());
  };
  CHECK(split(Vector("L1"))->change_types.empty());
  CHECK(split(Vector("L1"))->message == BytesView(Vector("L1")).substr(48));
  CHECK(split(Vector("L3"))->change_types == "\x01\x02\x03");
  CHECK(split(Vector("L3"))->message == BytesView(Vector("L1")).substr(48));
  CHECK(split(Vector("L6"))->change_types == "\x01\x02\x03");
  CHECK(split(Vector("L4"))->change_types.empty());
  CHECK(split(Vector("L4"))->message.empty());

  Bytes wrong_type = Vector("L3");
  wrong_type[49] = 5;
  CHECK(split(wrong_type).status().message() == "change type 5 is not in 0..4");
  Bytes too_many = Vector("L3");
  StoreLittle<int32_t>(too_many.data() + 44, 1000);
  StoreLittle<int32_t>(too_many.data() + 28, 999);
  CHECK(split(too_many).status().message() ==
        "log batch at offset 0: 267 bytes cannot hold the change types of 1000 records");
}

TEST_CASE("a batch that ends behind the bytes is refused by a view", "[record]") {
  const Bytes& bytes = Vector("L1");
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut = bytes.substr(0, size);
    REQUIRE(LogBatchView::ParseFront(cut).status().code() == ErrorCode::kCorruptRecord);
  }
  CHECK(LogBatchView::ParseFront(BytesView(bytes).substr(0, 311)).status().message() ==
        "log batch at offset 0: has 311 of its 312 bytes");
}

TEST_CASE("a fetch answer cut at any byte gives the batches before the cut", "[record]") {
  const Bytes payload = Vector("L1") + Vector("L4") + Vector("L6");
  const size_t ends[] = {312, 312 + 48, 312 + 48 + 323};
  for (size_t size = 0; size <= payload.size(); ++size) {
    const Bytes cut = payload.substr(0, size);
    const auto complete = static_cast<size_t>(
        std::count_if(std::begin(ends), std::end(ends), [&](size_t end) { return end <= size; }));
    const auto batches = SplitBatches(cut);
    REQUIRE(batches.ok());
    REQUIRE(batches->size() == complete);
    LogBatchIterator iterator(cut);
    while (iterator.Next().value()) {
    }
    REQUIRE(iterator.position() == (complete == 0 ? 0 : ends[complete - 1]));
  }
}

TEST_CASE("an iterator stays before a complete batch with a bad header", "[record]") {
  Bytes payload = Vector("L4") + Vector("L1");
  payload[48 + 12] = 7;
  LogBatchIterator iterator(payload);
  CHECK(iterator.Next()->has_value());
  CHECK(iterator.Next().status().code() == ErrorCode::kCorruptRecord);
  CHECK(iterator.Next().status().code() == ErrorCode::kCorruptRecord);
  CHECK(iterator.position() == 48);
}

TEST_CASE("a produce request is one or more whole batches with the right CRC", "[record]") {
  CHECK(SplitProducedBatches(Vector("L1")).value().size() == 1);
  CHECK(SplitProducedBatches(Vector("L1") + Vector("L5") + Vector("L10"))->size() == 3);
  CHECK(SplitProducedBatches("").status().message() == "produced records: no batch in 0 bytes");
  CHECK(SplitProducedBatches(Vector("L1") + "x").status().message() ==
        "produced records: 1 of 313 bytes left after 1 complete batches");
  const Bytes& bytes = Vector("L2");
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(SplitProducedBatches(bytes.substr(0, size)).status().code() ==
            ErrorCode::kCorruptRecord);
  }
  CHECK(SplitProducedBatches(Vector("L1") + Vector("L12")).status().code() ==
        ErrorCode::kCorruptRecord);
}

TEST_CASE("what the leader writes leaves the CRC valid", "[record]") {
  Bytes payload = Vector("L5") + Vector("L4") + Vector("L6");
  CHECK(AssignOffsets(payload, LogOffset(100), 1'700'000'000'000) == LogOffset(107));
  const auto batches = SplitProducedBatches(payload).value();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].base_offset() == LogOffset(100));
  CHECK(batches[1].base_offset() == LogOffset(103));
  CHECK(batches[1].next_offset() == LogOffset(104));
  CHECK(batches[2].base_offset() == LogOffset(104));
  CHECK(batches[2].last_offset() == LogOffset(106));
  for (const LogBatchView& batch : batches) {
    CHECK(batch.header().commit_timestamp_ms == 1'700'000'000'000);
  }
  CHECK(batches[0].bytes().substr(21) == BytesView(Vector("L5")).substr(21));
}

TEST_CASE("another writer makes the batch a client would have built with it", "[record]") {
  Bytes batch = Vector("L1");
  REQUIRE(SetWriter(batch, WriterId(1001), BatchSequence(0)).ok());
  CHECK(batch == Vector("L2"));
  Bytes two = Vector("L1") + Vector("L1");
  CHECK(SetWriter(two, WriterId(1), BatchSequence(0)).code() == ErrorCode::kCorruptRecord);
}

}  // namespace strom::record

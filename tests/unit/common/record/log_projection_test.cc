#include "common/record/log_projection.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/base/endian.h"
#include "tests/testing/random_rows.h"
#include "tests/unit/common/record/record_vectors.h"
#include "tests/unit/common/record/samples.h"

namespace strom::record {

namespace {

LogProjection ProjectTo(const RecordSchema& schema, std::vector<int32_t> columns) {
  return LogProjection::Create(schema, columns).value();
}

Bytes Projected(const LogProjection& projection, BytesView batch) {
  Bytes out;
  const Status status = projection.AppendProjected(LogBatchView::ParseFront(batch).value(), out);
  STROM_CHECK(status.ok()) << status.ToString();
  return out;
}

}  // namespace

TEST_CASE("L12, L13, L14: a projected batch has the bytes of Fluss's server", "[record]") {
  const LogProjection name_only = ProjectTo(SampleSchema(LogFormat::kArrow), {1});
  CHECK(Projected(name_only, Vector("L1")) == Vector("L12"));
  CHECK(Projected(name_only, Vector("L3")) == Vector("L13"));
  CHECK(Projected(name_only, Vector("L5")) == Vector("L14"));
}

TEST_CASE("a projection of all columns leaves a batch without statistics as it is", "[record]") {
  const LogProjection all = ProjectTo(SampleSchema(LogFormat::kArrow), {0, 1});
  for (const char* name : {"L1", "L2", "L3", "L6", "L7", "L8"}) {
    INFO(name);
    CHECK(Projected(all, Vector(name)) == Vector(name));
  }
  CHECK(Projected(ProjectTo(NestedSchema(), {0, 1, 2, 3, 4, 5, 6}), Vector("L15")) ==
        Vector("L15"));
}

TEST_CASE("a batch without records passes through a projection unchanged", "[record]") {
  const LogProjection name_only = ProjectTo(SampleSchema(LogFormat::kArrow), {1});
  CHECK(Projected(name_only, Vector("L4")) == Vector("L4"));
}

TEST_CASE("what the leader wrote into a batch is in the projected one", "[record]") {
  Bytes payload = Vector("L3");
  AssignOffsets(payload, LogOffset(500), 77);
  const Bytes projected = Projected(ProjectTo(SampleSchema(LogFormat::kArrow), {0}), payload);
  LogBatchHeader expected = ParseLogBatchHeader(payload).value();
  expected.size = static_cast<int64_t>(projected.size());
  CHECK(ParseLogBatchHeader(projected).value() == expected);
}

TEST_CASE("projected random batches hold the selected columns", "[record]") {
  const arrow::Codec codec =
      GENERATE(arrow::Codec::kNone, arrow::Codec::kLz4Frame, arrow::Codec::kZstd);
  const bool append_only = GENERATE(true, false);
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    testing::RandomRows random(seed);
    const std::vector<DataType> types = random.RandomTypes();
    const RecordSchema schema(LogFormat::kArrow, types);
    std::vector<Row> rows;
    std::vector<ChangeType> changes;
    for (uint64_t i = 1 + random.Uniform(20); i > 0; --i) {
      rows.push_back(random.RandomRow(types));
      if (!append_only) changes.push_back(ChangeType::kUpdateAfter);
    }
    const Bytes stored = MakeBatch(
        schema,
        {.schema_id = SchemaId(1), .append_only = append_only, .compression = {.codec = codec}},
        changes, rows);
    const auto all = ReadBatch(stored, schema).value();
    std::vector<int32_t> columns;
    for (size_t i = 0; i < types.size(); ++i) {
      if (random.Percent(50)) columns.push_back(static_cast<int32_t>(i));
    }
    if (columns.empty()) columns.push_back(0);
    const LogProjection projection = ProjectTo(schema, columns);
    Bytes out = "what was there";
    REQUIRE(projection.AppendProjected(LogBatchView::ParseFront(stored).value(), out).ok());
    REQUIRE(out.starts_with("what was there"));
    const auto records = ReadBatch(BytesView(out).substr(14), projection.schema());
    REQUIRE(records.ok());
    REQUIRE(records->size() == rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      Row selected;
      for (const int32_t column : columns) {
        selected.push_back(all[i].row[static_cast<size_t>(column)]);
      }
      REQUIRE(records->at(i).row == selected);
      REQUIRE(records->at(i).change_type == all[i].change_type);
    }
  }
}

TEST_CASE("lists of columns that cannot be projected are refused", "[record]") {
  const auto code = [](LogFormat format, std::vector<int32_t> columns) {
    return LogProjection::Create(SampleSchema(format), columns).status().code();
  };
  const std::vector<std::vector<int32_t>> bad = {{}, {2}, {-1}, {1, 0}, {0, 0}, {0, 1, 2}};
  for (const std::vector<int32_t>& columns : bad) {
    CHECK(code(LogFormat::kArrow, columns) == ErrorCode::kInvalidColumnProjection);
  }
  CHECK(code(LogFormat::kArrow, {0, 1}) == ErrorCode::kOk);
  CHECK(code(LogFormat::kIndexed, {0}) == ErrorCode::kInvalidColumnProjection);
  CHECK(code(LogFormat::kCompacted, {0}) == ErrorCode::kInvalidColumnProjection);
}

TEST_CASE("a batch that does not fit the schema leaves the answer as it was", "[record]") {
  Bytes out = "before";
  const auto append = [&](const RecordSchema& schema, const Bytes& bytes) {
    return ProjectTo(schema, {0}).AppendProjected(LogBatchView::ParseFront(bytes).value(), out);
  };
  CHECK(append(NestedSchema(), Vector("L1")).code() == ErrorCode::kCorruptRecord);
  Bytes wrong_type = Vector("L3");
  wrong_type[48] = 9;
  CHECK(append(SampleSchema(LogFormat::kArrow), wrong_type).code() == ErrorCode::kCorruptRecord);
  CHECK(out == "before");
}

TEST_CASE("damaged batches are projected or refused, never read past their end", "[record]") {
  const LogProjection name_only = ProjectTo(SampleSchema(LogFormat::kArrow), {1});
  testing::RandomRows random(20'240'817);
  int refused = 0;
  for (int round = 0; round < 10'000; ++round) {
    Bytes damaged = Vector(round % 2 == 0 ? "L3" : "L8");
    damaged[random.Uniform(damaged.size())] = static_cast<char>(random.Uniform(256));
    if (random.Percent(25)) {
      damaged.resize(48 + random.Uniform(damaged.size() - 48));
      StoreLittle(damaged.data() + 8, static_cast<int32_t>(damaged.size()) - 12);
    }
    const Result<LogBatchView> batch = LogBatchView::ParseFront(damaged);
    if (!batch.ok()) continue;
    Bytes out;
    const Status status = name_only.AppendProjected(*batch, out);
    if (status.ok()) {
      REQUIRE(LogBatchView::ParseFront(out)->size() == out.size());
    } else {
      REQUIRE(status.code() == ErrorCode::kCorruptRecord);
      REQUIRE(out.empty());
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

}  // namespace strom::record

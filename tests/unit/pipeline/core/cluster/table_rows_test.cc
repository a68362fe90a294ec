#include "pipeline/core/table_rows.h"

#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/core/cluster/shared_cluster.h"

namespace strom::pipeline {
namespace {

using Rows = std::map<std::string, int>;

// The rows of `source` at `positions`; each removal must find its row among those given before.
Rows At(const FeedSource& source, const LogPositions& positions) {
  Rows rows;
  const StopSignal stop;
  const Status read =
      ReadRowsAt(SharedCluster().connection(), source, positions, stop, [&](const Delta& piece) {
        for (const SignedRow& change : piece) {
          const std::string text = Value::Struct(change.row).ToString();
          if (change.insert) {
            ++rows[text];
            continue;
          }
          INFO("gone: " << text);
          REQUIRE(rows[text] > 0);
          if (--rows[text] == 0) rows.erase(text);
        }
        return Status::Ok();
      });
  INFO(read.ToString());
  REQUIRE(read.ok());
  return rows;
}

// What is in `source` now, and where its logs go on.
std::pair<Rows, LogPositions> Now(const FeedSource& source) {
  Rows rows;
  const StopSignal stop;
  const auto next =
      ReadRows(SharedCluster().connection(), source, stop, [&](const Delta& piece) {
        for (const SignedRow& change : piece) ++rows[Value::Struct(change.row).ToString()];
        return Status::Ok();
      });
  REQUIRE(next.ok());
  return {rows, *next};
}

TEST_CASE("the rows that a table had at positions of its logs are found again", "[pipeline]") {
  const TableInfo table = MakeKeyed("rewound", 3);
  const uint32_t seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const FeedSource whole{table, {}};
  const FeedSource notes{table, {"note"}};  // Equal rows, and rows that do not change.
  struct Moment {
    Rows rows;
    Rows notes;
    LogPositions positions;
  };
  std::vector<Moment> moments;
  for (int i = 0; i < 6; ++i) {
    const auto [rows, positions] = Now(whole);
    moments.push_back({rows, Now(notes).first, positions});
    std::vector<Row> upserts;
    std::vector<int64_t> deletes;
    for (int k = 0; k < 30; ++k) {
      const auto id = static_cast<int64_t>(random() % 40);
      if (random() % 3 == 0) {
        deletes.push_back(id);
      } else {
        upserts.push_back(R(id, std::to_string(random() % 5)));
      }
    }
    Upsert(table, upserts);
    Delete(table, deletes);
  }
  for (const Moment& moment : moments) {
    CHECK(At(whole, moment.positions) == moment.rows);
    CHECK(At(notes, moment.positions) == moment.notes);
  }
  CHECK(moments[0].rows.empty());
  CHECK(At(whole, {}).empty());  // Before the first change.
  CHECK(At(whole, Now(whole).second) == Now(whole).first);

  // Of a bucket that is missing: before its first change.
  LogPositions some = moments[3].positions;
  some.erase(BucketId(1));
  LogPositions same = some;
  same[BucketId(1)] = LogOffset(0);
  CHECK(At(whole, some) == At(whole, same));
  CHECK(At(whole, some) != moments[3].rows);
}

TEST_CASE("positions that are not in the log are an error that names the table", "[pipeline]") {
  const TableInfo table = MakeKeyed("ahead", 1);
  Upsert(table, {R(1, "a")});
  const StopSignal stop;
  StopSignal stopped;
  stopped.Request();
  const auto read = [&](const StopSignal& signal, int64_t offset) {
    return ReadRowsAt(SharedCluster().connection(), {table, {}},
                      {{BucketId(0), LogOffset(offset)}}, signal,
                      [](const Delta&) { return Status::Ok(); });
  };
  const Status ahead = read(stop, 100);
  CHECK(ahead.code() == ErrorCode::kLogOffsetOutOfRange);
  CHECK(std::string(ahead.message()).find("db.ahead") != std::string::npos);
  CHECK(read(stopped, 0).code() == ErrorCode::kOperationNotAttempted);
  const Status refused = ReadRowsAt(
      SharedCluster().connection(), {table, {}}, {}, stop,
      [](const Delta&) { return Error(ErrorCode::kInvalidTable, "enough"); });
  CHECK(refused.message() == "enough");
}

}  // namespace
}  // namespace strom::pipeline

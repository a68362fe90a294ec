#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pipeline/layer/view_testing.h"
#include "random_tables.h"

namespace strom::layer {

// For sources only: it includes the JSON library.

inline constexpr Timestamp kTestClock{1715342400000, 0};  // 2024-05-10 12:00 UTC.

// A query in DuckDB's dialect over `sources`, as pipeline/sql would bind it.
sql::BoundQuery Bind(duck::Database& database, const std::string& sql,
                     std::vector<sql::SourceTable> sources);

// Replays what a view gives and compares it with what the query gives over the same rows.
class Difference {
 public:
  Difference(duck::Database& database, const sql::BoundQuery& query,
             const BrokenRules& broken = {});

  // What is wrong after this batch; nullopt: nothing.
  std::optional<std::string> Check(const std::vector<SourceDelta>& batch,
                                   const RandomTables& tables, Timestamp now = kTestClock);

  // From now on the view reads sources with a key again instead of keeping their rows.
  void OfferRowsAgain(const RandomTables& tables);

  View& view() { return *view_; }
  size_t rows() const;

 private:
  sql::BoundQuery query_;
  std::unique_ptr<duck::Connection> reference_;
  std::vector<std::unique_ptr<duck::Input>> inputs_;
  std::unique_ptr<View> view_;
  std::map<std::string, int64_t> replayed_;  // Encoded rows.
};

enum class ClockMoves { kNever, kBothWays };

// A view over random tables for some batches: what is wrong, or nullopt. kBothWays: between batches
// the clock goes on or back by minutes, hours or days, or stands.
std::optional<std::string> RunDifference(duck::Database& database, const sql::BoundQuery& query,
                                         uint64_t seed, size_t batches,
                                         const BrokenRules& broken = {},
                                         ClockMoves moves = ClockMoves::kNever);

}  // namespace strom::layer

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {

// What a primary-key table (TestTable) is said to do, written down once more and as plainly as
// possible: an ordered map and the change records of each operation.
class TableModel {
 public:
  using Rows = std::map<int64_t, Row>;

  struct Rules {
    MergeEngine engine = MergeEngine::kLastRow;
    bool wal_image = false;
  };

  explicit TableModel(Rules rules) : rules_(rules) {}

  // Returns the records the batch adds to the changelog.
  std::vector<Change> Apply(const std::vector<Op>& ops, const PutOptions& options);

  const Rows& rows() const { return rows_; }

  // The rows that a changelog makes. Checks that each record fits what came before it: -U and -D
  // hold the row as it was, +U follows its -U, +I is of a new key.
  static Rows Fold(const std::vector<Change>& changes, bool wal_image);

 private:
  void Upsert(const Row& row, const PutOptions& options, std::vector<Change>& changes);
  void Delete(int64_t id, const PutOptions& options, std::vector<Change>& changes);
  void Replace(int64_t id, Row row, std::vector<Change>& changes);

  const Rules rules_;
  Rows rows_;
};

}  // namespace strom::tablet

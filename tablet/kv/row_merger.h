#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/types/value.h"
#include "tablet/kv/kv_table.h"

namespace strom::tablet {

// Whether a request goes through the table's merge engine or puts its rows in place of the old
// ones. The latter undoes what a failed job wrote. Same numbers as on the wire (agg_mode).
enum class MergeMode : int32_t { kMerge = 0, kOverwrite = 1 };

// What becomes of a key.
//
// Keeping the old value is a decision of the merger, not a comparison: an upsert of an identical
// row may well be a change.
struct Merged {
  enum class Kind {
    kKeep,      // Nothing: the old value stays, or there is still none.
    kIncoming,  // The row the client sent, as it is.
    kRow,       // `row`.
    kRemove,    // The key goes.
  };

  Kind kind;
  Row row;

  static Merged Keep() { return {Kind::kKeep, {}}; }
  static Merged Incoming() { return {Kind::kIncoming, {}}; }
  static Merged Of(Row row) { return {Kind::kRow, std::move(row)}; }
  static Merged Remove() { return {Kind::kRemove, {}}; }
};

// How the new row of a key and its old one become one, for all records of one request. Rows are in
// the columns of the table's newest schema. Pure; immutable.
class RowMerger {
 public:
  virtual ~RowMerger() = default;

  // Whether every upsert takes the incoming row, and every delete the old one out, whatever that
  // is.
  virtual bool overwrites() const { return false; }
  // `old` is nullptr if the key has no row. Never kRemove.
  virtual Merged Upsert(const Row* old, const Row& incoming) const = 0;
  // The key has the row `old`, and deletes are allowed.
  virtual Merged Delete(const Row& /*old*/) const { return Merged::Remove(); }
};

// The merger for a request to `table`, which outlives it. `target_columns` are positions in the
// newest schema: only those are taken from the incoming rows (a partial update); none: all.
// Errors: kInvalidTargetColumn if the targets do not exist, repeat, leave out a primary-key column
// or make others NULL that must not be, or if the merge engine has no partial updates.
Result<std::unique_ptr<const RowMerger>> MakeRowMerger(
    const KvTable& table, const std::optional<std::vector<int32_t>>& target_columns,
    MergeMode mode);

}  // namespace strom::tablet

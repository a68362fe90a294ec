#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "common/types/schema.h"
#include "pipeline/core/change.h"

namespace strom::pipeline {

// What has to be done to a keyed target: `row` in the place of the row with its key, or away with
// it.
struct KeyedChange {
  bool upsert = true;
  Row row;  // One value for each column of the output; of a delete, only those of the key count.

  friend bool operator==(const KeyedChange&, const KeyedChange&) = default;
};

// Turns changes of a query's result, a bag of rows, into changes of a table with a key.
//
// Keeps the result, encoded, by key. Rows that share a key (the query is not unique by it) are all
// kept; the one that came last stands for them, and an older one takes its place when it goes.
// One thread at a time.
class KeyedOutput {
 public:
  // The columns of the output, and the places of the key's among them; and of those that only say
  // when a row was made, by which a Reconciler does not tell rows apart.
  // Errors: kInvalidTable if `key` is empty or names a column that is not there.
  static Result<KeyedOutput> Make(std::vector<Column> columns, std::vector<size_t> key,
                                  std::vector<size_t> clock_columns = {});

  // Takes `delta` and gives what is different afterwards, at most one change a key.
  // Errors: kCorruptRecord if a row does not fit the columns, or a NULL is in the key; naming it.
  // kUnknownServerError for the removal of a row that is not there.
  Result<std::vector<KeyedChange>> Apply(Delta delta);

  // How to make a table equal to this: give it every row it has, then ask for the rest. For the
  // start of a job, whose target holds what an earlier run left there.
  class Reconciler {
   public:
    explicit Reconciler(const KeyedOutput& output) : output_(output) {}
    // The change that this row of the table needs, if any, goes to `changes`.
    Status OnTargetRow(const Row& row, std::vector<KeyedChange>& changes);
    // Rows that the table does not have.
    Result<std::vector<KeyedChange>> Missing() const;

   private:
    const KeyedOutput& output_;
    absl::flat_hash_set<std::string> seen_;
  };

  size_t keys() const { return rows_.size(); }
  size_t bytes() const { return bytes_; }
  // Keys that several rows have now.
  size_t shared_keys() const { return shared_keys_; }

 private:
  // Encoded rows of one key; the last stands for them.
  struct Entry {
    std::string last;
    std::unique_ptr<std::vector<std::string>> older;
    bool there = true;  // Not while a delta has taken its only row away and not given another yet.
  };
  // What a delta does at one key.
  struct Touched {
    std::string key;
    Row* sample;                        // A row that has the key,
    Row* last = nullptr;                // and the one that was put there last.
    bool stood = false;                 // Whether there was a row before;
    std::optional<std::string> before;  // once it is no longer the last one: which.
  };

  KeyedOutput(std::vector<Column> columns, std::vector<size_t> key,
              std::vector<size_t> clock_columns);
  bool SameButClock(const Row& a, const Row& b) const;
  // Appended to bytes.
  Status AppendKey(const Row& row, std::string& key) const;
  Status AppendRow(const Row& row, std::string& encoded) const;
  Result<Row> Decode(const std::string& encoded) const;
  void Insert(Touched& touched, std::string row);
  Status Remove(Touched& touched, const std::string& row);

  std::vector<Column> columns_;
  std::vector<DataType> types_;
  std::vector<size_t> key_;
  std::vector<size_t> clock_columns_;
  absl::flat_hash_map<std::string, Entry> rows_;
  size_t bytes_ = 0;
  size_t shared_keys_ = 0;
};

}  // namespace strom::pipeline

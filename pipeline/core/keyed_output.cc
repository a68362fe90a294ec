#include "pipeline/core/keyed_output.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/strings/string_view.h>

#include "common/row/compacted_row.h"

namespace strom::pipeline {

Result<KeyedOutput> KeyedOutput::Make(std::vector<Column> columns, std::vector<size_t> key,
                                      std::vector<size_t> clock_columns) {
  if (key.empty()) return Error(ErrorCode::kInvalidTable, "an output without a key");
  for (const size_t column : key) {
    if (column >= columns.size()) {
      return Error(ErrorCode::kInvalidTable, "key column {} of an output with {} columns", column,
                   columns.size());
    }
  }
  return KeyedOutput(std::move(columns), std::move(key), std::move(clock_columns));
}

KeyedOutput::KeyedOutput(std::vector<Column> columns, std::vector<size_t> key,
                         std::vector<size_t> clock_columns)
    : columns_(std::move(columns)), key_(std::move(key)), clock_columns_(std::move(clock_columns)) {
  types_.reserve(columns_.size());
  for (const Column& column : columns_) types_.push_back(column.type);
}

Status KeyedOutput::AppendKey(const Row& row, std::string& key) const {
  for (const size_t column : key_) {
    if (row[column].is_null()) {
      return Error(ErrorCode::kCorruptRecord, "column {} of the primary key is NULL in row {}",
                   columns_[column].name, Value::Struct(row).ToString());
    }
    STROM_RETURN_IF_ERROR(AppendCompactedValue(key, row[column], types_[column]));
  }
  return Status::Ok();
}

Status KeyedOutput::AppendRow(const Row& row, std::string& encoded) const {
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i].is_null() && !types_[i].nullable()) {
      return Error(ErrorCode::kCorruptRecord, "column {} is NOT NULL, but NULL in row {}",
                   columns_[i].name, Value::Struct(row).ToString());
    }
  }
  return AppendCompactedRow(encoded, row, types_);
}

Result<Row> KeyedOutput::Decode(const std::string& encoded) const {
  return DecodeCompactedRow(encoded, types_);
}

void KeyedOutput::Insert(Touched& touched, std::string row) {
  bytes_ += row.size();
  const auto [at, fresh] = rows_.try_emplace(touched.key);
  Entry& entry = at->second;
  if (fresh || !entry.there) {
    bytes_ += touched.key.size();
    entry.there = true;
  } else {
    if (!entry.older) {
      entry.older = std::make_unique<std::vector<std::string>>();
      ++shared_keys_;
    }
    if (!touched.before) touched.before = entry.last;
    entry.older->push_back(std::move(entry.last));
  }
  entry.last = std::move(row);
}

Status KeyedOutput::Remove(Touched& touched, const std::string& row) {
  const auto at = rows_.find(touched.key);
  const auto absent = [&] {
    return Error(ErrorCode::kUnknownServerError,
                 "the query took a row out of its result that was not in it ({} bytes, key of {})",
                 row.size(), touched.key.size());
  };
  if (at == rows_.end() || !at->second.there) return absent();
  Entry& entry = at->second;
  if (entry.older) {
    std::vector<std::string>& older = *entry.older;
    if (entry.last == row) {
      if (!touched.before) touched.before = std::move(entry.last);
      entry.last = std::move(older.back());
      older.pop_back();
    } else {
      const auto found = std::find(older.rbegin(), older.rend(), row);
      if (found == older.rend()) return absent();
      older.erase(std::next(found).base());
    }
    if (older.empty()) {
      entry.older.reset();
      --shared_keys_;
    }
  } else {
    if (entry.last != row) return absent();
    if (!touched.before) touched.before = std::move(entry.last);
    entry.there = false;
    bytes_ -= touched.key.size();
  }
  bytes_ -= row.size();
  return Status::Ok();
}

Result<std::vector<KeyedChange>> KeyedOutput::Apply(Delta delta) {
  std::deque<Touched> touched;  // In order of first touch; they stay where they are.
  absl::flat_hash_map<absl::string_view, Touched*> known;
  known.reserve(delta.size());
  std::string key;  // Kept for their room.
  std::string gone;
  // Removals first: a delta is a difference of bags, its order says nothing about keys.
  for (const bool inserts : {false, true}) {
    for (SignedRow& change : delta) {
      if (change.insert != inserts) continue;
      if (change.row.size() != columns_.size()) {
        return Error(ErrorCode::kCorruptRecord, "a row of {} values for {} columns",
                     change.row.size(), columns_.size());
      }
      key.clear();
      STROM_RETURN_IF_ERROR(AppendKey(change.row, key));
      auto at = known.find(key);
      if (at == known.end()) {
        Touched& touch = touched.emplace_back(
            Touched{.key = key, .sample = &change.row, .before = std::nullopt});
        touch.stood = rows_.contains(touch.key);
        at = known.emplace(touch.key, &touch).first;
      }
      Touched& touch = *at->second;
      if (inserts) {
        std::string row;
        STROM_RETURN_IF_ERROR(AppendRow(change.row, row));
        Insert(touch, std::move(row));
        touch.last = &change.row;
      } else {
        gone.clear();
        STROM_RETURN_IF_ERROR(AppendRow(change.row, gone));
        STROM_RETURN_IF_ERROR(Remove(touch, gone));
      }
    }
  }
  std::vector<KeyedChange> changes;
  changes.reserve(touched.size());
  for (const Touched& touch : touched) {
    const auto at = rows_.find(touch.key);
    if (!at->second.there) {
      rows_.erase(at);
      if (touch.stood) changes.push_back({false, std::move(*touch.sample)});
      continue;
    }
    // Without `before` the last row is still the one that stood.
    if (touch.stood && (!touch.before || *touch.before == at->second.last)) continue;
    if (touch.last != nullptr) {
      changes.push_back({true, std::move(*touch.last)});
      continue;
    }
    STROM_ASSIGN_OR_RETURN(Row row, Decode(at->second.last));
    changes.push_back({true, std::move(row)});
  }
  return changes;
}

bool KeyedOutput::SameButClock(const Row& a, const Row& b) const {
  if (clock_columns_.empty()) return false;  // Then their bytes differ in something that counts.
  for (size_t i = 0; i < a.size(); ++i) {
    const bool is_clock =
        std::find(clock_columns_.begin(), clock_columns_.end(), i) != clock_columns_.end();
    if (!is_clock && a[i] != b[i]) return false;
  }
  return true;
}

Status KeyedOutput::Reconciler::OnTargetRow(const Row& row, std::vector<KeyedChange>& changes) {
  std::string key;
  STROM_RETURN_IF_ERROR(output_.AppendKey(row, key));
  const auto at = output_.rows_.find(key);
  if (at == output_.rows_.end()) {
    changes.push_back({false, row});
    return Status::Ok();
  }
  std::string encoded;
  STROM_RETURN_IF_ERROR(output_.AppendRow(row, encoded));
  if (encoded != at->second.last) {
    STROM_ASSIGN_OR_RETURN(Row wanted, output_.Decode(at->second.last));
    if (!output_.SameButClock(wanted, row)) changes.push_back({true, std::move(wanted)});
  }
  seen_.insert(std::move(key));
  return Status::Ok();
}

Result<std::vector<KeyedChange>> KeyedOutput::Reconciler::Missing() const {
  std::vector<std::pair<std::string_view, const Entry*>> missing;
  for (const auto& [key, entry] : output_.rows_) {
    if (!seen_.contains(key)) missing.emplace_back(key, &entry);
  }
  std::ranges::sort(missing);  // The same rows in the same order, whatever the hashes are.
  std::vector<KeyedChange> changes;
  changes.reserve(missing.size());
  for (const auto& [key, entry] : missing) {
    STROM_ASSIGN_OR_RETURN(Row row, output_.Decode(entry->last));
    changes.push_back({true, std::move(row)});
  }
  return changes;
}

}  // namespace strom::pipeline

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "common/base/result.h"
#include "common/runtime/time.h"
#include "common/types/ids.h"
#include "pipeline/cdc/source_event.h"

namespace strom::cdc {

// The next batch sequence of each bucket that the jobs of a group have written, by table id.
using SequenceBook = std::map<TableId, std::map<BucketId, BatchSequence>>;

// What a group is about to write: remembered before the first batch is sent, so that whoever runs
// the group next can send exactly the same batches again. Servers drop those they had already;
// hence each version of a row is in the changelog once.
//
// The batches follow from the plan: all changes behind `from` up to `to`, and of each bucket they
// touch one batch, in the order of the changes, under `writer` and the bucket's sequence.
struct BatchPlan {
  EventPosition from;  // Exclusive: what the plans before took over.
  EventPosition to;    // Inclusive.
  WriterId writer = kNoWriter;
  WallMillis writer_since_ms = 0;                 // When the group began to write under this id.
  SequenceBook sequences;                         // Before the plan; 0 for buckets not in it.
  std::map<TableId, std::set<BucketId>> touched;  // Buckets that get a batch.
  std::set<TableId> truncated;                    // Tables that are emptied instead.

  BatchSequence SequenceOf(TableId table, BucketId bucket) const;
  // The sequences behind it.
  SequenceBook Advanced() const;

  // As JSON, and back. Errors: kCorruptRecord naming the field.
  std::string ToText() const;
  static Result<BatchPlan> FromText(const std::string& text);

  friend bool operator==(const BatchPlan&, const BatchPlan&) = default;
};

// How far a table is: its rows were copied as they were at `start`, so that of the stream, only
// transactions that commit there or later are its.
struct TableState {
  Lsn start;
  TableId target;  // A target that was made anew has to be copied to again.

  std::string ToText() const;
  static Result<TableState> FromText(const std::string& text);

  friend bool operator==(const TableState&, const TableState&) = default;
};

}  // namespace strom::cdc

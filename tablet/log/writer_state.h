#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/record/log_batch_header.h"

namespace strom::tablet {

// What a log remembers of one batch of an idempotent writer.
struct WrittenBatch {
  BatchSequence sequence;
  LogOffset last_offset;
  int32_t offset_delta = 0;  // Records minus one: the batch starts at last_offset - offset_delta.
  int64_t timestamp_ms = 0;

  LogOffset base_offset() const { return LogOffset(last_offset.value() - offset_delta); }
  friend bool operator==(const WrittenBatch&, const WrittenBatch&) = default;
};

// Idempotence state of one bucket: the last five batches of each writer. Owned by its log, used on
// the bucket's strand. Same rules as Fluss: WriterStateManager.java, WriterStateEntry.java; but the
// snapshot keeps all five batches, so that a retry after a restart is known too.
class WriterState {
 public:
  static constexpr size_t kBatchesKept = 5;

  // Whether a batch may be appended: nullopt for yes; for a retry the batch it repeats. A writer
  // whose newest batch is older than `expired_before_ms` counts as unknown, whether Expire has
  // already forgotten it or not.
  // Errors: kOutOfOrderSequence naming writer, sequence and the one expected.
  Result<std::optional<WrittenBatch>> Check(const record::LogBatchHeader& header,
                                            int64_t expired_before_ms) const;

  // Notes an appended batch. `header` has its final offset and timestamp. Batches without a writer
  // are not noted. One that does not follow the writer's last begins its history anew: the leader
  // had forgotten the writer when it took the batch.
  void Note(const record::LogBatchHeader& header);

  // Forgets writers whose newest batch is older than `before_ms`.
  void Expire(int64_t before_ms);

  size_t writer_count() const { return writers_.size(); }

  // The content of a .writer_snapshot file: JSON. Readers that know only Fluss's fields see the
  // last batch of each writer; ours also read `recent_batches`, oldest first, each as [sequence,
  // last offset, offset delta, timestamp]. Same layout as Fluss: WriterSnapshotMapJsonSerde.java
  // (where last_batch_base_offset holds the last offset).
  std::string ToJson() const;
  // Errors: kCorruptRecord.
  static Result<WriterState> FromJson(std::string_view json);

 private:
  std::map<WriterId, std::deque<WrittenBatch>> writers_;  // Oldest batch first, never empty.
};

}  // namespace strom::tablet

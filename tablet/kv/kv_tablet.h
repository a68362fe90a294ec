#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/kv/kv_store.h"
#include "common/record/kv_batch.h"
#include "tablet/kv/changelog_builder.h"
#include "tablet/kv/kv_scan.h"
#include "tablet/kv/kv_table.h"
#include "tablet/kv/pre_write_buffer.h"
#include "tablet/kv/recent_rows.h"
#include "tablet/kv/row_merger.h"
#include "tablet/log/log_tablet.h"

namespace strom::tablet {

struct KvTabletOptions {
  size_t buffer_size_max_bytes = size_t{64} << 20;  // Of the pre-write buffer.
  // Of one changelog batch, before compression: old and new rows of all records of a KV batch.
  size_t changelog_batch_max_bytes = size_t{256} << 20;
  // Of the rows that are kept in front of the store; shared by the tablets of a server.
  std::shared_ptr<RecentRowsBudget> recent_rows = std::make_shared<RecentRowsBudget>();
};

// How the rows of one request are put.
struct PutOptions {
  // Positions in the newest schema; none: whole rows. See MakeRowMerger.
  std::optional<std::vector<int32_t>> target_columns;
  MergeMode mode = MergeMode::kMerge;
};

// What a store holds: the rows that the log below `offset` makes.
struct StoredRows {
  LogOffset offset;
  int64_t row_count = 0;  // If they are counted, see KvTablet::row_count.
};

// A copy of the store in a folder of its own, and what it holds.
struct RowsCheckpoint {
  std::vector<kv::StoreFile> files;
  LogOffset log_offset;
  std::optional<int64_t> row_count;
};

// The rows of one primary-key bucket: a store with what is committed, on its leader the pre-write
// buffer with what is not, and the bucket's log, which is the changelog of both.
//
//   Apply   log below the high watermark -> store     on followers: any thread, one call at a time
//   Lead    the same, and the log above it -> buffer  before the leader serves
//   Put     KV batch -> changes -> log, buffer        on the strand
//   FlushTo buffer below the high watermark -> store  on the strand, before the high watermark is
//                                                     published: what is acknowledged is visible
//   reads   store                                     any thread; only committed rows
//
// The newest rows of the store are kept in front of it (RecentRows), and are meant, too, where the
// store is spoken of here.
//
// It is shared by its replica and the reads under way: the store closes with the last of them, and
// cannot be opened again before. The factory outlives them all, the log what runs on the strand.
//
// Always true: the store is the fold of the log up to flushed_offset(), which never decreases; on a
// leader store and buffer together are its fold up to its end (once CatchUp ran), else the buffer
// is empty. Between a failed Apply or Lead and the end of the tablet the store is between two such.
class KvTablet : public std::enable_shared_from_this<KvTablet> {
 public:
  // Opens the store in `path` (whose parent exists), which holds exactly `left`; or drops what is
  // there and begins at offset 0. Blocks.
  // Errors: kKvStorage if the log begins above the store's offset or ends below it, or the store
  // is still open.
  static Result<std::shared_ptr<KvTablet>> Open(kv::KvStoreFactory& stores, std::string path,
                                                std::shared_ptr<const KvTable> table,
                                                LogTablet& log, std::optional<StoredRows> left,
                                                KvTabletOptions options = {});

  const KvTable& table() const { return *table_; }

  // Brings the store to the disk: what it holds is there when it is opened again. Also beside what
  // runs on the strand: the answer is then what it holds at least. Blocks. Errors: kKvStorage.
  Result<StoredRows> Sync();

  // While nothing else runs but reads; block ----------------------------------------------------

  // Brings the store nearer to `high_watermark` by some MiB of log. The log may grow beside it.
  // Errors: those of ReplayPart; kKvStorage. The tablet is of no use then.
  Status ApplySome(LogOffset high_watermark);

  // Store up to `high_watermark`, and the buffer from there to the log's end: what Put and FlushTo
  // go on from. Nobody may change the log meanwhile. Errors: as ApplySome; kKvStorage if the log
  // ends below what the store holds.
  Status Lead(LogOffset high_watermark);

  // On the strand -----------------------------------------------------------------------------

  // Merges the batch into the rows and appends the changes to the log as one batch, with the same
  // writer and sequence. All or nothing: on error nothing of the batch is in log or buffer. A retry
  // gets the first attempt's offsets, and nothing happens. Reads the store, so it may block.
  // Errors: kSchemaNotExist; kInvalidTargetColumn; kDeletionDisabled; kCorruptRecord naming key and
  // column for a row that does not decode, has NULL where it may not or is not of its key;
  // kStorageBackpressure if the buffer has no room until more is committed; kRecordTooLarge if it
  // never has; kKvStorage; those of LogTablet::AppendAsLeader.
  Result<AppendInfo> Put(const record::KvBatchView& batch, const PutOptions& options = {});

  // Forgets what is not committed: another one leads.
  void StopLeading();

  // Moves what is below `high_watermark`, which is not above the log's end, into the store, in one
  // step. Errors: kKvStorage, or those of ReplayChangelog, with everything left as it was.
  Status FlushTo(LogOffset high_watermark);

  // See KvStore::Checkpoint; short if Sync was called a moment ago. Errors: kKvStorage.
  Result<RowsCheckpoint> MakeCheckpoint(const std::string& directory);

  // A scan over the committed rows of this moment. Errors: kKvStorage.
  Result<std::unique_ptr<KvScan>> OpenScan(std::optional<int64_t> row_limit = std::nullopt);

  // Bytes and changes that wait for the high watermark.
  size_t buffer_size_bytes() const { return buffer_.size_bytes(); }

  // Any thread --------------------------------------------------------------------------------

  // The store holds what the log below this offset makes.
  LogOffset flushed_offset() const {
    return LogOffset(flushed_offset_.load(std::memory_order_acquire));
  }
  // Rows in the store. None with changelog image WAL, where upserts do not tell whether the key is
  // new.
  std::optional<int64_t> row_count() const;

  // Stored values (schema id and row), one entry a key, in order; none: no such row.
  // Errors of all three: kKvStorage.
  Result<std::vector<std::optional<Bytes>>> Lookup(std::span<const BytesView> keys) const;
  // The stored values of all keys that begin with `prefix`, in key order.
  // Errors: kRecordTooLarge if they have more than `size_max` bytes.
  Result<std::vector<Bytes>> PrefixLookup(BytesView prefix, size_t size_max) const;
  // A value batch of the first `row_limit` rows in key order.
  // Errors: kRecordTooLarge if it has more than `size_max` bytes.
  Result<Bytes> LimitScan(int32_t row_limit, size_t size_max) const;

 private:
  // What the records of one batch share.
  struct PutState {
    const KvSchema& schema;
    const RowMerger& merger;
    DeleteBehavior delete_behavior;
    bool blind;  // Old rows make no difference: they need not be read.
    bool alone;  // The buffer was empty before.
    // How rows are read that go on as they are; null: they are made Values of, and merged.
    const CompactedCells* cells;
  };

  KvTablet(std::unique_ptr<kv::KvStore> store, std::shared_ptr<const KvTable> table, LogTablet& log,
           KvTabletOptions options);

  // Makes the buffer agree with the log's end, wherever that is: after a failed append only the log
  // itself knows.
  Status CatchUp();

  Result<AppendInfo> ApplyAndAppend(const record::KvBatchView& batch, const PutOptions& options);
  Status Apply(const PutState& state, const record::KvRecord& record);
  Status Upsert(const PutState& state, const record::KvRecord& record);
  Status Delete(const PutState& state, BytesView key);
  // The same by cells. False if one of the rows is none that cells are read from: nothing was done.
  Result<bool> UpsertCells(const PutState& state, const record::KvRecord& record);
  Result<bool> DeleteCells(const PutState& state, BytesView key);
  // The row of `key` after everything put so far; as it is stored, until the next call.
  Result<std::optional<BytesView>> NewestStored(BytesView key);
  Result<std::optional<Row>> NewestRow(BytesView key);
  void Buffer(BytesView key, std::optional<Bytes> value, int row_count_delta);
  Status CheckChangelogSize() const;
  Status CheckBufferSize(bool alone) const;

  const std::unique_ptr<kv::KvStore> store_;
  const std::unique_ptr<RecentRows> recent_;
  const std::shared_ptr<const KvTable> table_;
  const TableBucket bucket_;
  const KvTabletOptions options_;

  std::atomic<int64_t> flushed_offset_{0};  // Written on the strand.
  std::atomic<int64_t> row_count_{0};

  // On the strand.
  LogTablet& log_;
  PreWriteBuffer buffer_;
  ChangelogBuilder changelog_;
  LogOffset applied_offset_;  // Store and buffer hold the log up to here.
  // Used again from record to record.
  Bytes found_;
  CompactedCells::View incoming_;
  CompactedCells::View old_;
};

}  // namespace strom::tablet

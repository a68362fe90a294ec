#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/record/change_type.h"
#include "common/row/table_keys.h"
#include "tablet/kv/kv_tablet.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::tablet {

// id INT, name STRING, version BIGINT, note STRING; the id is the primary key.
TableDescriptor TestTable(PropertyMap properties = {});
inline constexpr size_t kName = 1, kVersion = 2, kNote = 3;
// A row of it; no name or note: NULL.
Row TestRow(int id, std::optional<std::string> name, std::optional<int> version = {},
            std::optional<std::string> note = {});

// Properties for table.log.format and table.kv.format.
PropertyMap Formats(LogFormat log, KvFormat kv);

// One upsert, or a delete, for which the row needs only its key columns.
struct Op {
  Row row;
  bool is_delete = false;
};
inline Op Upsert(Row row) { return {std::move(row)}; }
inline Op Delete(int id) { return {TestRow(id, {}), true}; }

struct Written {
  WriterId writer = kNoWriter;
  BatchSequence sequence = kNoSequence;
};

using Change = std::pair<record::ChangeType, Row>;

// The bucket of a primary-key table on a simulated disk, its store in memory.
class KvFixture {
 public:
  explicit KvFixture(TableDescriptor table = TestTable(), KvTabletOptions options = {},
                     kv::KvStoreFactory* stores = nullptr, std::string store_path = "/data/kv");

  KvTablet& kv() { return *kv_; }
  LogTablet& log() { return *log_; }
  sim::SimDisk& disk() { return disk_; }
  const KvTable& table() const { return *table_; }
  std::shared_ptr<const KvTable> shared_table() const { return table_; }

  // Of a row of any schema.
  Bytes Key(Row row) const {
    row.resize(table_->newest().types.size());
    return keys_->primary_key.EncodeKey(row).value();
  }
  // A KV batch, as a client makes it.
  Bytes Batch(const std::vector<Op>& ops, Written written = {},
              SchemaId schema = SchemaId(1)) const;
  Result<AppendInfo> PutBytes(BytesView batch, const PutOptions& options = {});
  Result<AppendInfo> Put(const std::vector<Op>& ops, const PutOptions& options = {},
                         Written written = {});
  void Flush() { STROM_CHECK(kv_->FlushTo(log_->log_end_offset()).ok()); }

  // What readers see.
  std::optional<Row> Lookup(int id) const;
  std::vector<Row> Visible() const;  // In key order.
  std::vector<Row> Decode(BytesView value_batch) const;
  // What is in the log from `from` on.
  std::vector<Change> Changes(LogOffset from = LogOffset(0)) const;

  // The process dies and comes back; a store that nobody synced is empty.
  void Crash(std::optional<LogOffset> high_watermark = {});
  // The server gives the bucket up and opens it again with another view of its table.
  void Reopen(TableDescriptor table, SchemaId newest,
              std::vector<std::pair<SchemaId, Schema>> older);
  // To lead from here on; or to follow.
  Status Open(LogOffset high_watermark, std::optional<StoredRows> left = {});
  Status OpenFollowing(std::optional<StoredRows> left = {});
  void Close() { kv_.reset(); }
  bool closed() const { return kv_ == nullptr; }
  // Of a tablet that is closed.
  void ReopenLog() {
    log_.reset();
    OpenLog();
  }

 private:
  void SetTable(SchemaId newest, const std::vector<std::pair<SchemaId, Schema>>& older);
  void OpenLog();

  static constexpr const char* kLogDirectory = "/data/log-0";

  const KvTabletOptions options_;
  const std::string store_path_;
  TableDescriptor descriptor_;
  std::map<SchemaId, Schema> schemas_;
  std::shared_ptr<const KvTable> table_;
  std::optional<TableKeys> keys_;
  sim::SimScheduler scheduler_{1};
  sim::SimClock clock_{scheduler_};
  sim::SimDisk disk_{{}};
  sim::MemoryStoreFactory memory_;
  kv::KvStoreFactory& stores_;
  std::unique_ptr<LogTablet> log_;
  std::shared_ptr<KvTablet> kv_;
};

}  // namespace strom::tablet

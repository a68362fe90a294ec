#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/kv/kv_store.h"
#include "common/record/change_type.h"
#include "common/row/table_keys.h"
#include "tablet/replica/bucket_spec.h"
#include "tests/sim/world/memory_store.h"

// Rows of primary-key tables, as clients send them and see them.
namespace strom::tablet {

// The table db.t with columns (id INT, seq INT, name STRING) and primary key (id, seq), whose
// buckets are by id.
TableInfo KeyedTable(PropertyMap properties = {}, TableId id = TableId(7),
                     bool name_nullable = true);
BucketSpec KeyedSpec(TableBucket bucket, PropertyMap properties = {}, bool name_nullable = true);

// An upsert, or a delete.
struct KvOp {
  int id;
  std::optional<std::string> name;
  int seq = 0;
  bool is_delete = false;
};
inline KvOp Put(int id, std::optional<std::string> name, int seq = 0) {
  return {.id = id, .name = std::move(name), .seq = seq};
}
inline KvOp Del(int id, int seq = 0) {
  return {.id = id, .name = {}, .seq = seq, .is_delete = true};
}

Bytes KvBatch(const std::vector<KvOp>& ops, WriterId writer = kNoWriter,
              BatchSequence sequence = kNoSequence, SchemaId schema = SchemaId(1));
Bytes KeyOf(int id, int seq = 0);
Bytes PrefixOf(int id);

// "id/seq name" of stored values; no name: NULL.
std::string RowText(BytesView stored_value);
std::vector<std::string> RowTexts(BytesView value_batch);
// "+I id/seq name" of the records of log batches.
std::vector<std::string> ChangeTexts(BytesView batches, LogFormat format = LogFormat::kArrow);

// Stores in memory that can be told to fail, as a disk does.
class FlakyStores final : public kv::KvStoreFactory {
 public:
  // Checkpoints are among `files`.
  explicit FlakyStores(io::FileSystem& files) : memory_(files) {}

  Result<std::unique_ptr<kv::KvStore>> Open(const std::string& path,
                                            const kv::KvStoreOptions& options) override;
  Status Destroy(const std::string& path) override;

  sim::MemoryStoreFactory& memory() { return memory_; }

  bool fail_opens = false;
  bool fail_writes = false;
  size_t opens = 0;            // How many stores were opened,
  size_t destroys = 0;         // removed, or asked to be,
  size_t changes_written = 0;  // and rows put or deleted, over all of them.

 private:
  sim::MemoryStoreFactory memory_;
};

}  // namespace strom::tablet

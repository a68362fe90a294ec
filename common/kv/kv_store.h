#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "common/base/bytes.h"

namespace strom::kv {

// Changes that are applied all or not at all, in order.
class WriteBatch {
 public:
  struct Change {
    Bytes key;
    std::optional<Bytes> value;  // None: delete.
  };

  void Put(BytesView key, BytesView value) { Add(key, Bytes(value)); }
  void Delete(BytesView key) { Add(key, std::nullopt); }
  void Clear();

  bool empty() const { return changes_.empty(); }
  // Bytes of keys and values.
  size_t size_bytes() const { return size_bytes_; }
  const std::vector<Change>& changes() const { return changes_; }

 private:
  void Add(BytesView key, std::optional<Bytes> value);

  std::vector<Change> changes_;
  size_t size_bytes_ = 0;
};

enum class Durability {
  kBuffered,  // In memory; lost with the process unless a later flush or sync covers it.
  kSynced,    // On disk before Write returns.
};

// Called with key and value; returns false to stop.
using KvVisitor = absl::FunctionRef<bool(BytesView key, BytesView value)>;

// The content of a store at one moment, however it changes later. Any thread, one at a time. Its
// store must outlive it; costs the store disk space while it lives.
class KvSnapshot {
 public:
  virtual ~KvSnapshot() = default;

  // As KvStore::Scan. Errors: kKvStorage.
  virtual Status Scan(BytesView prefix, BytesView from, KvVisitor visit) const = 0;
};

// One file of a checkpoint.
struct StoreFile {
  std::string name;  // In the checkpoint's folder.
  uint64_t size_bytes = 0;
  // Its content does not change with the store: a later checkpoint may have the same file again.
  bool immutable = false;
  // As the engine noted it when it wrote the file. None: it noted nothing.
  std::optional<uint32_t> crc32c;

  friend bool operator==(const StoreFile&, const StoreFile&) = default;
};

// An ordered map of bytes to bytes, keys in bytewise order: the state of one primary-key bucket, or
// the embedded metadata. Reads may run on any thread, beside one writer. May block on disk.
//
// Errors of every call: kKvStorage naming the store's path and the engine's text.
class KvStore {
 public:
  using Visitor = KvVisitor;

  virtual ~KvStore() = default;

  virtual Result<std::optional<Bytes>> Get(BytesView key) const = 0;
  // One entry a key, in order.
  virtual Result<std::vector<std::optional<Bytes>>> MultiGet(
      std::span<const BytesView> keys) const = 0;
  virtual Status Write(const WriteBatch& batch, Durability durability) = 0;

  // Visits the entries whose key begins with `prefix`, from `from` on (or from the first, if `from`
  // is empty), in key order, as of the call's start.
  virtual Status Scan(BytesView prefix, BytesView from, Visitor visit) const = 0;

  // The content at this moment, for reads that take several calls.
  virtual std::unique_ptr<KvSnapshot> Snapshot() const = 0;

  // Makes the folder `path`, which must not exist, with a consistent copy, which opens as a store;
  // says of what files it is made, by name. Immutable files are linked, not copied, where the disk
  // can. First puts what is in memory on the disk, so it takes longer the more that is: whoever
  // must be short does a synced write of nothing before, which may run beside the writer.
  virtual Result<std::vector<StoreFile>> Checkpoint(const std::string& path) = 0;

  // Bytes in memory that only this store accounts for (write buffers), for metrics.
  virtual size_t memory_bytes() const = 0;
};

struct KvStoreOptions {
  // Writes go to a write-ahead log, so that kSynced means what it says. Primary-key buckets need
  // none: their log is the table's changelog.
  bool write_ahead_log = false;
  // A folder without a store in it is an error: a restored one, say, must not come up empty.
  bool must_exist = false;
};

// Opens stores; all stores of one factory share one block cache and one write-buffer budget.
class KvStoreFactory {
 public:
  virtual ~KvStoreFactory() = default;
  // Opens or creates the store in the folder `path` (its parent must exist).
  // Errors: kKvStorage, also if another process or store has it open.
  virtual Result<std::unique_ptr<KvStore>> Open(const std::string& path,
                                                const KvStoreOptions& options) = 0;
  // Removes a closed store. A store that is not there is no error.
  virtual Status Destroy(const std::string& path) = 0;
};

}  // namespace strom::kv

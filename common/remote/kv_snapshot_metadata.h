#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/kv_snapshot_id.h"
#include "common/types/table_bucket.h"

namespace strom::remote {

// One file of a snapshot, to be put into the store's folder under its local name.
struct KvSnapshotFile {
  std::string location;  // See ObjectStore::LocationOf.
  uint64_t size_bytes = 0;
  std::string local_name;

  friend bool operator==(const KvSnapshotFile&, const KvSnapshotFile&) = default;
};

// Numbers of an auto-increment column that the leader of the snapshot had taken and not yet used.
struct AutoIncrementRange {
  int32_t column_id = 0;
  int64_t start = 0;
  int64_t end = 0;

  friend bool operator==(const AutoIncrementRange&, const AutoIncrementRange&) = default;
};

// What a KV snapshot is: the files of a store that holds the rows made by the changelog below
// `log_offset`.
struct KvSnapshotMetadata {
  TableBucket bucket;
  KvSnapshotId id;
  std::string location;                       // Of its folder.
  std::vector<KvSnapshotFile> shared_files;   // Other snapshots may refer to them, too.
  std::vector<KvSnapshotFile> private_files;  // In its folder.
  uint64_t incremental_size_bytes = 0;        // Of the files that were new with this snapshot.
  LogOffset log_offset;                       // Of the first record it does not contain.
  std::optional<int64_t> row_count;
  std::vector<AutoIncrementRange> auto_increment_ranges;

  uint64_t size_bytes() const;  // Of all its files.

  friend bool operator==(const KvSnapshotMetadata&, const KvSnapshotMetadata&) = default;
};

// The content of `_METADATA` and of COMMIT_KV_SNAPSHOT, byte for byte as Fluss writes it:
// CompletedSnapshotJsonSerde.java; see fluss-record-formats.md, section 8.7. Unknown keys are
// ignored when it is read.
std::string ToJson(const KvSnapshotMetadata& snapshot);
// Total: any bytes may come in. Local names are names, each once.
// Errors: kKvSnapshotNotExist naming the key that is missing or wrong.
Result<KvSnapshotMetadata> KvSnapshotMetadataFromJson(BytesView json);

}  // namespace strom::remote

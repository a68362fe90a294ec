#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/ids.h"
#include "common/types/kv_snapshot_id.h"
#include "common/types/server_info.h"
#include "common/types/table_descriptor.h"

// What the nodes of the metadata tree hold. Same documents as Fluss: *JsonSerde.java in
// server/zk/data; see fluss-record-formats.md, section 7.
//
// Writing gives compact text, keys in Fluss's order, properties sorted by key. Reading ignores
// unknown keys and is total. Errors of all reading: kUnknownServerError naming the document and the
// key that is missing or wrong: no client sent these bytes.
namespace strom::metadata {

struct DatabaseRegistration {
  DatabaseDescriptor descriptor;
  int64_t created_ms = 0;  // Since the Unix epoch.
  int64_t modified_ms = 0;

  friend bool operator==(const DatabaseRegistration&, const DatabaseRegistration&) = default;
};

// A table without its schema, which has nodes of its own, and without its path, which is where the
// node is.
struct TableRegistration {
  TableId id;
  std::optional<std::string> comment;
  std::vector<std::string> partition_keys;
  std::vector<std::string> bucket_keys;
  int32_t bucket_count = 0;
  PropertyMap properties;
  PropertyMap custom_properties;
  std::optional<std::string> remote_data_dir;
  int64_t created_ms = 0;
  int64_t modified_ms = 0;

  friend bool operator==(const TableRegistration&, const TableRegistration&) = default;
};

// A registration is a table's info without path and schema. The descriptor is complete (checked).
TableRegistration RegistrationOf(const TableInfo& table);
TableInfo TableInfoOf(TablePath path, TableRegistration registration, SchemaId schema_id,
                      Schema schema);

// A partition; its name, "2024$us", is the node's.
struct PartitionRegistration {
  TableId table;
  PartitionId id;
  std::optional<std::string> remote_data_dir;

  friend bool operator==(const PartitionRegistration&, const PartitionRegistration&) = default;
};

// Replicas of each bucket, the preferred leader first.
using Assignment = std::map<BucketId, std::vector<ServerId>>;

// The assignment of a partition also says whose it is.
struct PartitionAssignment {
  TableId table;
  Assignment buckets;

  friend bool operator==(const PartitionAssignment&, const PartitionAssignment&) = default;
};

// Who leads a bucket. Stored per bucket; leader kNoServer: none.
struct LeaderAndIsr {
  ServerId leader = kNoServer;
  LeaderEpoch leader_epoch;
  std::vector<ServerId> isr;
  CoordinatorEpoch coordinator_epoch;
  BucketEpoch bucket_epoch;
  std::vector<ServerId> standby_replicas;  // Not in documents of version 1.
  // Ours, not Fluss's: the directory that the one member of the ISR has lost, and without which
  // nobody may lead.
  std::optional<std::string> awaited_directory = {};

  friend bool operator==(const LeaderAndIsr&, const LeaderAndIsr&) = default;
};

// A live tablet server; its id is the node's name. Written as version 4; 1 to 4 are read.
struct TabletServerRegistration {
  Listeners listeners;
  int64_t registered_ms = 0;
  std::optional<std::string> rack;
  std::optional<double> cpu_cores;
  std::optional<int64_t> memory_bytes;
  // Ours, not Fluss's: larger in every process of this server than in those before it.
  std::optional<int64_t> start_epoch;
  // Ours, not Fluss's: of the data directory it serves; see DirectoryRecord.
  std::optional<std::string> directory_id = {};

  friend bool operator==(const TabletServerRegistration&,
                         const TabletServerRegistration&) = default;
};

ServerInfo ServerInfoOf(ServerId id, TabletServerRegistration registration);

// Ours, not Fluss's: the data directory with which a tablet server was last part of the cluster, by
// the random id that the directory has for its whole life. A server that comes with another one has
// lost what it held.
struct DirectoryRecord {
  std::string directory_id;

  friend bool operator==(const DirectoryRecord&, const DirectoryRecord&) = default;
};

// A completed KV snapshot of a bucket, in the object store.
struct KvSnapshotHandle {
  KvSnapshotId id;
  LogOffset log_offset;       // Of the first record it does not contain.
  std::string metadata_path;  // Where its `_METADATA` is.

  friend auto operator<=>(const KvSnapshotHandle&, const KvSnapshotHandle&) = default;
};

// A coordinator. Its id is a text here; on the wire every coordinator is node 0. Written as version
// 2; 1 and 2 are read.
struct CoordinatorAddress {
  std::string id;
  Listeners listeners;

  friend bool operator==(const CoordinatorAddress&, const CoordinatorAddress&) = default;
};

std::string ToJson(const DatabaseRegistration& database);
std::string ToJson(const TableRegistration& table);
std::string ToJson(const PartitionRegistration& partition);
std::string ToJson(const Assignment& assignment);
std::string ToJson(const PartitionAssignment& assignment);
std::string ToJson(const LeaderAndIsr& leader);
std::string ToJson(const TabletServerRegistration& server);
std::string ToJson(const DirectoryRecord& directory);
std::string ToJson(const CoordinatorAddress& coordinator);
std::string ToJson(const KvSnapshotHandle& snapshot);

Result<DatabaseRegistration> DatabaseRegistrationFromJson(BytesView json);
Result<TableRegistration> TableRegistrationFromJson(BytesView json);
Result<PartitionRegistration> PartitionRegistrationFromJson(BytesView json);
Result<Assignment> AssignmentFromJson(BytesView json);
Result<PartitionAssignment> PartitionAssignmentFromJson(BytesView json);
Result<LeaderAndIsr> LeaderAndIsrFromJson(BytesView json);
Result<TabletServerRegistration> TabletServerRegistrationFromJson(BytesView json);
Result<DirectoryRecord> DirectoryRecordFromJson(BytesView json);
Result<CoordinatorAddress> CoordinatorAddressFromJson(BytesView json);
Result<KvSnapshotHandle> KvSnapshotHandleFromJson(BytesView json);

// The coordinator epoch: a decimal number as text. "-1" before the first coordinator.
std::string EpochToText(CoordinatorEpoch epoch);
Result<CoordinatorEpoch> EpochFromText(BytesView text);

// A counter: the number of ids taken so far, 8 bytes big-endian.
Bytes CounterToBytes(int64_t value);
Result<int64_t> CounterFromBytes(BytesView bytes);

}  // namespace strom::metadata

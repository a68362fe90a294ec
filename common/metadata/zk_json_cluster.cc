#include <utility>

#include <fmt/core.h>

#include "common/base/byte_reader.h"
#include "common/metadata/json_documents.h"
#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"

// The documents of servers and leaders; those of databases and tables are in zk_json.cc.
namespace strom::metadata {
namespace {

// The one listener of documents of version 1, which hold `host` and `port`.
constexpr const char* kFirstListener = "CLIENT";

Result<Listeners> ReadListeners(const json::In& object, int32_t version) {
  if (version > 1) {
    STROM_ASSIGN_OR_RETURN(const std::string text, json::GetString(object, "listeners"));
    return ListenersFromText(text);
  }
  STROM_ASSIGN_OR_RETURN(std::string host, json::GetString(object, "host"));
  STROM_ASSIGN_OR_RETURN(const int32_t port, json::GetInt32(object, "port"));
  if (port < 1 || port > UINT16_MAX) {
    return Error(ErrorCode::kInvalidTable, "'port' is {}, not from 1 to {}", port, UINT16_MAX);
  }
  return Listeners{{kFirstListener, {std::move(host), static_cast<uint16_t>(port)}}};
}

Result<LeaderAndIsr> ReadLeader(const json::In& object, int32_t version) {
  LeaderAndIsr leader;
  STROM_ASSIGN_OR_RETURN(const int32_t id, json::GetInt32(object, "leader"));
  STROM_ASSIGN_OR_RETURN(const int32_t leader_epoch, json::GetInt32(object, "leader_epoch"));
  STROM_ASSIGN_OR_RETURN(const int32_t coordinator_epoch,
                         json::GetInt32(object, "coordinator_epoch"));
  STROM_ASSIGN_OR_RETURN(const int32_t bucket_epoch, json::GetInt32(object, "bucket_epoch"));
  leader.leader = ServerId(id);
  leader.leader_epoch = LeaderEpoch(leader_epoch);
  leader.coordinator_epoch = CoordinatorEpoch(coordinator_epoch);
  leader.bucket_epoch = BucketEpoch(bucket_epoch);
  const json::In* const isr = json::Find(object, "isr");
  if (!isr) return Error(ErrorCode::kInvalidTable, "'isr' is missing");
  STROM_ASSIGN_OR_RETURN(leader.isr, document::ServersFrom(*isr, "isr"));
  const json::In* const standby = json::Find(object, "standby_replicas");
  if (version > 1 && !standby) {
    return Error(ErrorCode::kInvalidTable, "'standby_replicas' is missing");
  }
  if (version > 1) {
    STROM_ASSIGN_OR_RETURN(leader.standby_replicas,
                           document::ServersFrom(*standby, "standby_replicas"));
  }
  STROM_ASSIGN_OR_RETURN(leader.awaited_directory, document::FindText(object, "awaited_directory"));
  return leader;
}

Result<TabletServerRegistration> ReadTabletServer(const json::In& object, int32_t version) {
  TabletServerRegistration server;
  STROM_ASSIGN_OR_RETURN(server.listeners, ReadListeners(object, version));
  STROM_ASSIGN_OR_RETURN(server.registered_ms, document::GetInt64(object, "register_timestamp"));
  STROM_ASSIGN_OR_RETURN(server.rack, document::FindText(object, "rack"));
  if (json::Find(object, "cpu_cores")) {
    STROM_ASSIGN_OR_RETURN(server.cpu_cores, document::GetDouble(object, "cpu_cores"));
  }
  if (json::Find(object, "memory_bytes")) {
    STROM_ASSIGN_OR_RETURN(server.memory_bytes, document::GetInt64(object, "memory_bytes"));
  }
  if (json::Find(object, "start_epoch")) {
    STROM_ASSIGN_OR_RETURN(server.start_epoch, document::GetInt64(object, "start_epoch"));
  }
  STROM_ASSIGN_OR_RETURN(server.directory_id, document::FindText(object, "directory_id"));
  return server;
}

Result<DirectoryRecord> ReadDirectory(const json::In& object, int32_t /*version*/) {
  STROM_ASSIGN_OR_RETURN(std::string id, json::GetString(object, "directory_id"));
  return DirectoryRecord{std::move(id)};
}

Result<CoordinatorAddress> ReadCoordinator(const json::In& object, int32_t version) {
  CoordinatorAddress coordinator;
  STROM_ASSIGN_OR_RETURN(coordinator.id, json::GetString(object, "id"));
  STROM_ASSIGN_OR_RETURN(coordinator.listeners, ReadListeners(object, version));
  return coordinator;
}

Result<KvSnapshotHandle> ReadKvSnapshot(const json::In& object, int32_t /*version*/) {
  STROM_ASSIGN_OR_RETURN(const int64_t id, document::GetInt64(object, "snapshot_id"));
  STROM_ASSIGN_OR_RETURN(const int64_t offset, document::GetInt64(object, "log_offset"));
  STROM_ASSIGN_OR_RETURN(std::string path, json::GetString(object, "metadata_path"));
  if (id < 0 || offset < 0) {
    return Error(ErrorCode::kInvalidTable, "snapshot {} at log offset {}", id, offset);
  }
  return KvSnapshotHandle{.id = KvSnapshotId(id),
                          .log_offset = LogOffset(offset),
                          .metadata_path = std::move(path)};
}

}  // namespace

ServerInfo ServerInfoOf(ServerId id, TabletServerRegistration registration) {
  return {.id = id,
          .listeners = std::move(registration.listeners),
          .rack = std::move(registration.rack)};
}

std::string ToJson(const LeaderAndIsr& leader) {
  json::Out out = {{"version", 2},
                   {"leader", leader.leader.value()},
                   {"leader_epoch", leader.leader_epoch.value()},
                   {"isr", document::ServersTo(leader.isr)},
                   {"coordinator_epoch", leader.coordinator_epoch.value()},
                   {"bucket_epoch", leader.bucket_epoch.value()},
                   {"standby_replicas", document::ServersTo(leader.standby_replicas)}};
  if (leader.awaited_directory) out["awaited_directory"] = *leader.awaited_directory;
  return json::Dump(out);
}

std::string ToJson(const TabletServerRegistration& server) {
  json::Out out = {{"version", 4},
                   {"listeners", ListenersToText(server.listeners)},
                   {"register_timestamp", server.registered_ms}};
  if (server.rack) out["rack"] = *server.rack;
  if (server.cpu_cores) out["cpu_cores"] = *server.cpu_cores;
  if (server.memory_bytes) out["memory_bytes"] = *server.memory_bytes;
  if (server.start_epoch) out["start_epoch"] = *server.start_epoch;
  if (server.directory_id) out["directory_id"] = *server.directory_id;
  return json::Dump(out);
}

std::string ToJson(const KvSnapshotHandle& snapshot) {
  return json::Dump({{"version", 1},
                     {"snapshot_id", snapshot.id.value()},
                     {"log_offset", snapshot.log_offset.value()},
                     {"metadata_path", snapshot.metadata_path}});
}

std::string ToJson(const DirectoryRecord& directory) {
  return json::Dump({{"version", 1}, {"directory_id", directory.directory_id}});
}

std::string ToJson(const CoordinatorAddress& coordinator) {
  return json::Dump({{"version", 2},
                     {"id", coordinator.id},
                     {"listeners", ListenersToText(coordinator.listeners)}});
}

Result<LeaderAndIsr> LeaderAndIsrFromJson(BytesView json) {
  return document::Read("leader and ISR", json, {1, 2}, ReadLeader);
}
Result<TabletServerRegistration> TabletServerRegistrationFromJson(BytesView json) {
  return document::Read("tablet server registration", json, {1, 2, 3, 4}, ReadTabletServer);
}
Result<DirectoryRecord> DirectoryRecordFromJson(BytesView json) {
  return document::Read("directory id", json, {1}, ReadDirectory);
}
Result<KvSnapshotHandle> KvSnapshotHandleFromJson(BytesView json) {
  return document::Read("KV snapshot", json, {1}, ReadKvSnapshot);
}
Result<CoordinatorAddress> CoordinatorAddressFromJson(BytesView json) {
  return document::Read("coordinator address", json, {1, 2}, ReadCoordinator);
}

std::string EpochToText(CoordinatorEpoch epoch) { return fmt::format("{}", epoch); }

Result<CoordinatorEpoch> EpochFromText(BytesView text) {
  const std::optional<int64_t> number = NumberFromName(text);
  if (!number || *number < -1 || *number > INT32_MAX) {
    return Error(ErrorCode::kUnknownServerError, "coordinator epoch: '{:.40}' is no epoch", text);
  }
  return CoordinatorEpoch(static_cast<int32_t>(*number));
}

Bytes CounterToBytes(int64_t value) {
  Bytes bytes;
  AppendBig(bytes, value);
  return bytes;
}

Result<int64_t> CounterFromBytes(BytesView bytes) {
  if (bytes.size() != sizeof(int64_t) || LoadBig<int64_t>(bytes.data()) < 0) {
    return Error(ErrorCode::kUnknownServerError, "counter: {} bytes that are no number of ids",
                 bytes.size());
  }
  return LoadBig<int64_t>(bytes.data());
}

}  // namespace strom::metadata

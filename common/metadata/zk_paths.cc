#include "common/metadata/zk_paths.h"

#include <charconv>
#include <utility>

#include <fmt/core.h>

#include "common/base/check.h"
#include "common/metadata/znode_tree.h"

namespace strom::metadata {

ZkPaths::ZkPaths(std::string root) : root_(std::move(root)) {
  STROM_CHECK(root_.empty() || (IsValidPath(root_) && root_ != "/"))
      << "'" << root_ << "' is no root of a metadata tree";
}

std::string ZkPaths::Database(std::string_view name) const {
  return fmt::format("{}/metadata/databases/{}", root_, name);
}
std::string ZkPaths::Tables(std::string_view database) const {
  return Database(database) + "/tables";
}
std::string ZkPaths::Table(const TablePath& path) const {
  return fmt::format("{}/{}", Tables(path.database), path.table);
}
std::string ZkPaths::Schemas(const TablePath& path) const { return Table(path) + "/schemas"; }
std::string ZkPaths::Schema(const TablePath& path, SchemaId id) const {
  return fmt::format("{}/{}", Schemas(path), id);
}
std::string ZkPaths::Partitions(const TablePath& path) const { return Table(path) + "/partitions"; }
std::string ZkPaths::Partition(const TablePath& path, std::string_view name) const {
  return fmt::format("{}/{}", Partitions(path), name);
}

std::string ZkPaths::Coordinator(std::string_view id) const {
  return fmt::format("{}/{}", CoordinatorIds(), id);
}
std::string ZkPaths::TabletServer(ServerId id) const {
  return fmt::format("{}/{}", TabletServerIds(), id);
}

std::string ZkPaths::TableAssignment(TableId id) const {
  return fmt::format("{}/{}", TableAssignments(), id);
}
std::string ZkPaths::PartitionAssignment(PartitionId id) const {
  return fmt::format("{}/{}", PartitionAssignments(), id);
}
std::string ZkPaths::AssignmentOf(const TableBucket& bucket) const {
  return bucket.partition ? PartitionAssignment(*bucket.partition) : TableAssignment(bucket.table);
}
std::string ZkPaths::Buckets(const TableBucket& bucket) const {
  return AssignmentOf(bucket) + "/buckets";
}
std::string ZkPaths::Bucket(const TableBucket& bucket) const {
  return fmt::format("{}/{}", Buckets(bucket), bucket.bucket);
}
std::string ZkPaths::LeaderAndIsr(const TableBucket& bucket) const {
  return Bucket(bucket) + "/leader_isr";
}
std::string ZkPaths::KvSnapshots(const TableBucket& bucket) const {
  return Bucket(bucket) + "/snapshots";
}
std::string ZkPaths::KvSnapshot(const TableBucket& bucket, KvSnapshotId id) const {
  return fmt::format("{}/{}", KvSnapshots(bucket), id);
}

std::string ZkPaths::Job(std::string_view name) const {
  return fmt::format("{}/{}", Jobs(), NodeNameOf(name));
}
std::string ZkPaths::JobGroup(std::string_view group) const {
  return fmt::format("{}/{}", JobGroups(), NodeNameOf(group));
}
std::string ZkPaths::DirectoryIdOf(ServerId server) const {
  return fmt::format("{}/{}", DirectoryIds(), server);
}

std::vector<std::string> ZkPaths::FixedNodes() const {
  std::vector<std::string> nodes;
  for (size_t slash = root_.find('/', 1); slash < root_.size();
       slash = root_.find('/', slash + 1)) {
    nodes.push_back(root_.substr(0, slash));
  }
  if (!root_.empty()) nodes.push_back(root_);
  for (const char* name :
       {"/metadata", "/metadata/databases", "/coordinators", "/coordinators/ids", "/tabletservers",
        "/tabletservers/ids", "/tabletservers/tables", "/tabletservers/partitions", "/strom",
        "/strom/jobs", "/strom/job_groups", "/strom/directory_ids"}) {
    nodes.push_back(root_ + name);
  }
  return nodes;
}

std::string NodeNameOf(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return name;
}

std::optional<int64_t> NumberFromName(std::string_view name) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

}  // namespace strom::metadata

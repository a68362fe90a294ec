#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/include/strom/future.h"
#include "client/include/strom/offset_spec.h"
#include "common/types/ids.h"
#include "common/types/schema.h"
#include "common/types/server_node.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"

namespace strom::client {

class Cluster;

// What exists already, or does not exist, may be an error or fine.
enum class IfExists : uint8_t { kFail, kIgnore };
enum class IfMissing : uint8_t { kFail, kIgnore };

struct DatabaseInfo {
  std::string name;
  DatabaseDescriptor descriptor;
  int64_t created_ms = 0;  // Since the Unix epoch.
  int64_t modified_ms = 0;
};

struct TableSchema {
  SchemaId id;
  Schema schema;
};

// The servers of a cluster that are alive.
struct ClusterServers {
  std::optional<ServerNode> coordinator;  // None while none leads.
  std::vector<ServerNode> tablet_servers;
};

// Who leads the buckets of a table that is not partitioned.
struct TableLeaders {
  TableId table;
  std::map<BucketId, std::optional<ServerId>> buckets;  // All; none: nobody leads it now.
  // Who has a copy of each, the preferred leader first.
  std::map<BucketId, std::vector<ServerId>> replicas;
};

// Databases, tables and offsets of a cluster. Part of a Connection; thread-safe; nothing here
// waits.
//
// Questions are asked again after errors that may pass. Changes go to the leading coordinator and
// are made again only if it surely did not act; after kNetwork or kRequestTimeOut it may have, or
// may still. Each error names the call and its object. Errors, beside those of the server:
// kNetwork, kRequestTimeOut, kNotCoordinatorLeader if no coordinator leads, kCorruptMessage for
// answers that make no sense.
class Admin {
 public:
  explicit Admin(std::shared_ptr<Cluster> cluster);
  ~Admin();

  Future<void> CreateDatabase(const std::string& name, const DatabaseDescriptor& descriptor = {},
                              IfExists if_exists = IfExists::kFail);
  // Errors: kDatabaseNotEmpty unless `cascade`, which drops its tables too.
  Future<void> DropDatabase(const std::string& name, IfMissing if_missing = IfMissing::kFail,
                            bool cascade = false);
  Future<std::vector<std::string>> ListDatabases();  // In alphabetical order.
  Future<bool> DatabaseExists(const std::string& name);
  Future<DatabaseInfo> GetDatabase(const std::string& name);

  // Once it is there, the table can be written and read.
  Future<void> CreateTable(const TablePath& path, const TableDescriptor& descriptor,
                           IfExists if_exists = IfExists::kFail);
  Future<void> DropTable(const TablePath& path, IfMissing if_missing = IfMissing::kFail);
  Future<std::vector<std::string>> ListTables(const std::string& database);  // In order.
  Future<bool> TableExists(const TablePath& path);
  Future<TableInfo> GetTable(const TablePath& path);
  // The newest schema, or the one with `id`. Errors: kSchemaNotExist.
  Future<TableSchema> GetSchema(const TablePath& path, std::optional<SchemaId> id = std::nullopt);

  // The offset of each bucket of a table that is not partitioned: `spec` is Earliest, Latest or
  // Since. All buckets or an error. Errors: kInvalidTimestamp for a time in the future.
  Future<std::map<BucketId, LogOffset>> ListOffsets(const TablePath& path, OffsetSpec spec);

  Future<ClusterServers> ListServers();
  Future<TableLeaders> ListLeaders(const TablePath& path);

 private:
  const std::shared_ptr<Cluster> cluster_;
};

}  // namespace strom::client

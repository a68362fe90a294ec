#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/status.h"
#include "common/rpc/request_context.h"
#include "common/types/ids.h"

namespace strom::rpc {

// Same numbers as Fluss: OperationType (`operation_type` of PbAclInfo).
enum class Operation : uint8_t {
  kAny = 1,
  kAll = 2,
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDrop = 6,
  kAlter = 7,
  kDescribe = 8,
};

// What a right is about: the cluster, a database, or a table by its name or its id.
class Resource {
 public:
  // Same numbers as Fluss: ResourceType (`resource_type` of PbAclInfo).
  enum class Type : uint8_t { kCluster = 2, kDatabase = 3, kTable = 4 };

  static Resource Cluster() { return Resource(Type::kCluster, "fluss-cluster"); }
  static Resource Database(std::string_view name) {
    return Resource(Type::kDatabase, std::string(name));
  }
  static Resource Table(std::string_view database, std::string_view table) {
    return Resource(Type::kTable, std::string(database) + "." + std::string(table));
  }
  // A table whose name only the authorizer needs to find out. NOLINTNEXTLINE: reads as the thing.
  Resource(TableId id) : type_(Type::kTable), table_id_(id) {}

  Type type() const { return type_; }
  // "fluss-cluster", "db", "db.table"; empty if the table is known by id.
  const std::string& name() const { return name_; }
  std::optional<TableId> table_id() const { return table_id_; }

 private:
  Resource(Type type, std::string name) : type_(type), name_(std::move(name)) {}

  Type type_;
  std::string name_;
  std::optional<TableId> table_id_;
};

// Decides who may do what. Handlers ask before they act; called from any thread, never blocks.
class Authorizer {
 public:
  virtual ~Authorizer() = default;

  // OK, or kAuthorization naming principal, operation and resource.
  virtual Status Check(const RequestContext& ctx, Operation operation,
                       const Resource& resource) const = 0;
};

// Everybody may do everything: a cluster without an authorizer configured.
class AllowAll final : public Authorizer {
 public:
  Status Check(const RequestContext&, Operation, const Resource&) const override {
    return Status::Ok();
  }
};

}  // namespace strom::rpc

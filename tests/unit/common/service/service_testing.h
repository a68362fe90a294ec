#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/service/cluster_view.h"
#include "common/types/json_codec.h"

namespace strom::service {

// Refuses everything about the resources of these names.
class DenySome final : public rpc::Authorizer {
 public:
  Status Check(const rpc::RequestContext& ctx, rpc::Operation operation,
               const rpc::Resource& resource) const override {
    if (operation != rpc::Operation::kDescribe || !denied.contains(resource.name())) {
      return Status::Ok();
    }
    return Error(ErrorCode::kAuthorization, "{} may not describe {}", ctx.principal().name,
                 resource.name());
  }

  std::set<std::string> denied;
};

// Calls into a dispatcher as one listener makes them.
class TestCaller {
 public:
  explicit TestCaller(const rpc::Dispatcher& dispatcher, rpc::ListenerInfo listener = {})
      : dispatcher_(dispatcher),
        caller_(std::make_shared<const rpc::Caller>(
            rpc::Caller{.listener = std::move(listener), .address = "127.0.0.1:1"})) {}

  // Where the answer will be; it may come later.
  std::shared_ptr<std::optional<Result<Bytes>>> Send(int16_t api_key, BytesView body) const {
    rpc::RequestContext ctx;
    ctx.api_key = api_key;
    ctx.caller = caller_;
    auto answer = std::make_shared<std::optional<Result<Bytes>>>();
    dispatcher_.Dispatch(std::move(ctx), body,
                         [answer](Result<Bytes> bytes) { answer->emplace(std::move(bytes)); });
    return answer;
  }

 private:
  const rpc::Dispatcher& dispatcher_;
  std::shared_ptr<const rpc::Caller> caller_;
};

inline ServerInfo ServerAt(int32_t id, uint16_t port, std::string listener = "CLIENT") {
  return {.id = ServerId(id),
          .listeners = {{std::move(listener), {"127.0.0.1", port}}},
          .rack = std::nullopt};
}

// A log table with `leaders.size()` buckets; nobody leads where there is none.
inline std::shared_ptr<const TableView> LogTableView(TablePath path, int64_t id,
                                                     std::vector<std::optional<int32_t>> leaders) {
  auto view = std::make_shared<TableView>(
      TableView{.info = {.path = std::move(path),
                         .id = TableId(id),
                         .schema_id = SchemaId(1),
                         .descriptor = TableDescriptorFromJson(
                                           R"({"version":1,"schema":{"version":1,"columns":[
                        {"name":"id","data_type":{"type":"INTEGER"},"id":0},
                        {"name":"name","data_type":{"type":"STRING"},"id":1}],"highest_field_id":1},
                        "partition_key":[],"bucket_key":[],"bucket_count":1,
                        "properties":{"table.replication.factor":"3"},"custom_properties":{}})")
                                           .value(),
                         .created_ms = 1790000,
                         .modified_ms = 1790001},
                .buckets = {}});
  for (size_t i = 0; i < leaders.size(); ++i) {
    BucketLeader& bucket = view->buckets[BucketId(static_cast<int32_t>(i))];
    if (leaders[i]) bucket.leader = ServerId(*leaders[i]);
    bucket.replicas = {ServerId(2), ServerId(1), ServerId(0)};
  }
  return view;
}

}  // namespace strom::service

// What clients should not ask for.
#include "common/rpc/methods.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {
namespace {

class DenyAll final : public rpc::Authorizer {
 public:
  Status Check(const rpc::RequestContext&, rpc::Operation operation,
               const rpc::Resource& resource) const override {
    asked.emplace_back(operation, resource.name());
    return Error(ErrorCode::kAuthorization, "no");
  }
  mutable std::vector<std::pair<rpc::Operation, std::string>> asked;
};

Status Create(CoordinatorWorld& world, const pb::CreateTableRequest& request) {
  return world.Call(rpc::kCreateTable, request).status();
}

}  // namespace

TEST_CASE("descriptors that make no sense are refused by name", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();

  SECTION("JSON that is none") {
    pb::CreateTableRequest request = world.TableRequest("fluss", "t");
    request.set_table_json("{");
    CHECK(Create(world, request).code() == ErrorCode::kInvalidTable);
    request.set_table_json("");
    CHECK(Create(world, request).code() == ErrorCode::kInvalidTable);
  }
  SECTION("an unknown type") {
    pb::CreateTableRequest request = world.TableRequest("fluss", "t");
    std::string json = request.table_json();
    json.replace(json.find("INTEGER"), 7, "INTEGRE");
    request.set_table_json(json);
    const Status status = Create(world, request);
    CHECK(status.code() == ErrorCode::kInvalidTable);
    CHECK(status.message().find("INTEGRE") != std::string_view::npos);
  }
  SECTION("an unknown property, with the nearest known one") {
    const Status status =
        Create(world, world.TableRequest("fluss", "t", 1, R"("table.log.tll":"7 d")"));
    CHECK(status.code() == ErrorCode::kInvalidConfig);
    CHECK(status.message().find("table.log.ttl") != std::string_view::npos);
  }
  SECTION("a property that does not read") {
    CHECK(Create(world, world.TableRequest("fluss", "t", 1, R"("table.log.ttl":"soon")")).code() ==
          ErrorCode::kInvalidConfig);
  }
  SECTION("more buckets than the cluster allows") {
    CHECK(Create(world, world.TableRequest("fluss", "t", 4097)).code() == ErrorCode::kBucketMaxNum);
  }
  SECTION("more replicas than servers") {
    const Status status =
        Create(world, world.TableRequest("fluss", "t", 1, R"("table.replication.factor":"3")"));
    CHECK(status.code() == ErrorCode::kInvalidReplicationFactor);
    CHECK(status.message() ==
          "table fluss.t: replication factor 3 is larger than the number of live tablet servers, "
          "1");
    CHECK(Create(world, world.TableRequest("fluss", "t", 1, R"("table.replication.factor":"0")"))
              .code() == ErrorCode::kInvalidConfig);
  }
  SECTION("tables of kinds that come later") {
    pb::CreateTableRequest request = world.TableRequest("fluss", "t");
    std::string json = request.table_json();
    json.replace(json.find(R"("partition_key":[])"), 18, R"("partition_key":["a"])");
    request.set_table_json(json);
    CHECK(Create(world, request).code() == ErrorCode::kInvalidTable);
    CHECK(Create(world, request).message().find("partitioned") != std::string_view::npos);

    const auto create_keyed = [&](std::string_view of_schema, std::string_view properties) {
      request.set_table_json(fmt::format(
          R"({{"version":1,"schema":{{"version":1,"columns":[
              {{"name":"k","data_type":{{"type":"INTEGER","nullable":false}},"id":0}},
              {{"name":"v","data_type":{{"type":"BIGINT"}},"id":1}}],
              "primary_key":["k"],{}"highest_field_id":1}},
              "partition_key":[],"bucket_key":["k"],"bucket_count":1,
              "properties":{{{}}},"custom_properties":{{}}}})",
          of_schema, properties));
      return Create(world, request);
    };
    const Status aggregating = create_keyed("", R"("table.merge-engine":"aggregation")");
    CHECK(aggregating.code() == ErrorCode::kInvalidTable);
    CHECK(aggregating.message().find("not supported yet") != std::string_view::npos);
    const Status numbering = create_keyed(R"("auto_increment_column":["v"],)", "");
    CHECK(numbering.code() == ErrorCode::kInvalidTable);
    CHECK(numbering.message().find("'v'") != std::string_view::npos);
  }
  CHECK(world.Tables("fluss").empty());
  CHECK(world.tablet(1).leader_calls == 0);
}

TEST_CASE("names that break the rules or are the system's are refused", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();
  CHECK(world.CreateTable("fluss", "__t").code() == ErrorCode::kInvalidTable);
  CHECK(world.CreateTable("fluss", "").code() == ErrorCode::kInvalidTable);
  CHECK(world.CreateTable("fluss", "a/b").code() == ErrorCode::kInvalidTable);
  CHECK(world.CreateTable("__strom", "t").code() == ErrorCode::kInvalidDatabase);
  CHECK(world.CreateDatabase("__strom").code() == ErrorCode::kInvalidDatabase);
  CHECK(world.CreateDatabase("..").code() == ErrorCode::kInvalidDatabase);
  CHECK(world.CreateDatabase(std::string(201, 'x')).code() == ErrorCode::kInvalidDatabase);
  CHECK(world.DropDatabase("a/b", false).code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.DropDatabase("a/b", false, /*ignore=*/true).ok());
  CHECK(world.DropTable("fluss", "../t").code() == ErrorCode::kTableNotExist);
  CHECK(world.DropTable("fluss", "../t", /*ignore=*/true).ok());
}

TEST_CASE("what is there, or is not, is named", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  const Status again = world.CreateTable("fluss", "t");
  CHECK(again.code() == ErrorCode::kTableAlreadyExist);
  CHECK(again.message().find("fluss.t") != std::string_view::npos);
  CHECK(world.CreateTable("nowhere", "t").code() == ErrorCode::kDatabaseNotExist);
  CHECK(world.DropTable("nowhere", "t").code() == ErrorCode::kTableNotExist);
}

TEST_CASE("partitions of tables that have none are refused", "[coordinator]") {
  CoordinatorWorld world;
  world.AddServer(1);
  world.Lead();
  REQUIRE(world.CreateTable("fluss", "t").ok());
  pb::CreatePartitionRequest create;
  create.mutable_table_path()->set_database_name("fluss");
  create.mutable_table_path()->set_table_name("t");
  create.mutable_partition_spec();
  create.set_ignore_if_not_exists(true);
  CHECK(world.Call(rpc::kCreatePartition, create).status().code() ==
        ErrorCode::kTableNotPartitioned);
  pb::DropPartitionRequest drop;
  *drop.mutable_table_path() = create.table_path();
  drop.mutable_partition_spec();
  drop.set_ignore_if_not_exists(false);
  CHECK(world.Call(rpc::kDropPartition, drop).status().code() == ErrorCode::kTableNotPartitioned);
  drop.mutable_table_path()->set_table_name("u");
  CHECK(world.Call(rpc::kDropPartition, drop).status().code() == ErrorCode::kTableNotExist);
}

TEST_CASE("every change asks the authorizer first", "[coordinator]") {
  CoordinatorWorld world;
  DenyAll deny;
  world.authorizer = &deny;
  TabletFake& one = world.AddServer(1);
  world.Lead();
  using rpc::Operation;
  const auto asked_last = [&] { return deny.asked.back(); };
  CHECK(world.CreateDatabase("db").code() == ErrorCode::kAuthorization);
  CHECK(asked_last() == std::pair(Operation::kCreate, std::string("fluss-cluster")));
  CHECK(world.DropDatabase("db", true).code() == ErrorCode::kAuthorization);
  CHECK(asked_last() == std::pair(Operation::kDrop, std::string("db")));
  CHECK(world.CreateTable("fluss", "t").code() == ErrorCode::kAuthorization);
  CHECK(asked_last() == std::pair(Operation::kCreate, std::string("fluss")));
  CHECK(world.DropTable("fluss", "t").code() == ErrorCode::kAuthorization);
  CHECK(asked_last() == std::pair(Operation::kDrop, std::string("fluss.t")));
  pb::DropPartitionRequest drop;
  drop.mutable_table_path()->set_database_name("fluss");
  drop.mutable_table_path()->set_table_name("t");
  drop.mutable_partition_spec();
  drop.set_ignore_if_not_exists(false);
  CHECK(world.Call(rpc::kDropPartition, drop).status().code() == ErrorCode::kAuthorization);
  CHECK(asked_last() == std::pair(Operation::kWrite, std::string("fluss.t")));
  CHECK(one.leader_calls == 0);
}

}  // namespace strom::coordinator

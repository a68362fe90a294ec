#include "common/metadata/zk_json.h"

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/zk_paths.h"

namespace strom::metadata {
namespace {

// Documents as Fluss writes them: fluss-record-formats.md, section 7.
constexpr const char* kDatabase =
    R"({"version":1,"comment":"sales","custom_properties":{"team":"a"},)"
    R"("created_time":1735538268000,"modified_time":1735538268000})";
constexpr const char* kTable =
    R"({"version":1,"table_id":42,"comment":"orders","partition_key":["dt"],)"
    R"("bucket_key":["order_id"],"bucket_count":4,)"
    R"("properties":{"table.kv.format-version":"2","table.replication.factor":"3"},)"
    R"("custom_properties":{},"created_time":1735538268000,"modified_time":1735538268000})";
constexpr const char* kLeader =
    R"({"version":2,"leader":1,"leader_epoch":4,"isr":[1,2],"coordinator_epoch":7,)"
    R"("bucket_epoch":9,"standby_replicas":[2]})";
constexpr const char* kServer =
    R"({"version":4,"listeners":"CLIENT://ts1:9124,FLUSS://10.0.0.5:9123",)"
    R"("register_timestamp":1735538268000,"rack":"r1","cpu_cores":8.0,)"
    R"("memory_bytes":17179869184})";

std::vector<ServerId> Servers(std::vector<int32_t> ids) {
  return std::vector<ServerId>(ids.begin(), ids.end());
}

template <class T>
void CheckRefused(Result<T> (*read)(BytesView), std::string_view json, std::string_view says) {
  const Result<T> result = read(json);
  INFO(json << " gives " << result.status().ToString());
  CHECK(result.status().code() == ErrorCode::kUnknownServerError);
  CHECK(result.status().message().find(says) != std::string_view::npos);
}

}  // namespace

TEST_CASE("a database's node is Fluss's document", "[metadata]") {
  const DatabaseRegistration database = DatabaseRegistrationFromJson(kDatabase).value();
  CHECK(database.descriptor.comment == "sales");
  CHECK(database.descriptor.custom_properties == PropertyMap{{"team", "a"}});
  CHECK(database.created_ms == 1735538268000);
  CHECK(ToJson(database) == kDatabase);
  CHECK(ToJson(DatabaseRegistration{}) ==
        R"({"version":1,"custom_properties":{},"created_time":0,"modified_time":0})");
}

TEST_CASE("a table's node is Fluss's document", "[metadata]") {
  const TableRegistration table = TableRegistrationFromJson(kTable).value();
  CHECK(table.id == TableId(42));
  CHECK(table.comment == "orders");
  CHECK(table.partition_keys == std::vector<std::string>{"dt"});
  CHECK(table.bucket_keys == std::vector<std::string>{"order_id"});
  CHECK(table.bucket_count == 4);
  CHECK(table.properties.at("table.replication.factor") == "3");
  CHECK_FALSE(table.remote_data_dir);
  CHECK(ToJson(table) == kTable);

  SECTION("lists that are empty are left out") {
    CHECK(ToJson(TableRegistration{.id = TableId(1), .bucket_count = 2}) ==
          R"({"version":1,"table_id":1,"bucket_count":2,"properties":{},"custom_properties":{},)"
          R"("created_time":0,"modified_time":0})");
  }
  SECTION("the remote directory comes before the times, and may be null") {
    TableRegistration remote{.id = TableId(1), .remote_data_dir = "s3://b"};
    const std::string json = ToJson(remote);
    CHECK(json.find(R"(,"remote_data_dir":"s3://b","created_time")") != std::string::npos);
    CHECK(TableRegistrationFromJson(json).value() == remote);
    const std::string null =
        R"({"version":1,"table_id":1,"bucket_count":0,"properties":{},"custom_properties":{},)"
        R"("remote_data_dir":null,"created_time":0,"modified_time":0,"from_the_future":[1]})";
    CHECK(TableRegistrationFromJson(null).value().remote_data_dir == std::nullopt);
  }
}

TEST_CASE("a registration and a schema make the table again", "[metadata]") {
  const Schema schema = Schema::Make({.columns = {{.name = "a", .type = DataType::Int()}}}).value();
  const TableInfo table =
      TableInfoOf({"db", "t"}, TableRegistrationFromJson(kTable).value(), SchemaId(3), schema);
  CHECK(table.id == TableId(42));
  CHECK(table.schema_id == SchemaId(3));
  CHECK(table.descriptor.BucketKeys() == std::vector<std::string>{"order_id"});
  CHECK(table.descriptor.bucket_count() == 4);
  CHECK(ToJson(RegistrationOf(table)) == kTable);
}

TEST_CASE("assignments are Fluss's documents", "[metadata]") {
  const char* const json = R"({"version":1,"buckets":{"0":[1,2,3],"1":[2,3,1]}})";
  const Assignment buckets = {{BucketId(0), Servers({1, 2, 3})}, {BucketId(1), Servers({2, 3, 1})}};
  CHECK(AssignmentFromJson(json).value() == buckets);
  CHECK(ToJson(buckets) == json);
  CHECK(ToJson(Assignment{}) == R"({"version":1,"buckets":{}})");
  const char* const partition =
      R"({"version":1,"table_id":42,"buckets":{"0":[1,2,3],"1":[2,3,1]}})";
  CHECK(PartitionAssignmentFromJson(partition).value() ==
        PartitionAssignment{TableId(42), buckets});
  CHECK(ToJson(PartitionAssignment{TableId(42), buckets}) == partition);
  // Buckets are in the order of their numbers, not of their names.
  CHECK(ToJson(Assignment{{BucketId(10), {}}, {BucketId(9), {}}}) ==
        R"({"version":1,"buckets":{"9":[],"10":[]}})");
}

TEST_CASE("a partition's node is Fluss's document", "[metadata]") {
  const char* const json = R"({"version":1,"table_id":42,"partition_id":9})";
  const PartitionRegistration partition = PartitionRegistrationFromJson(json).value();
  CHECK(partition == PartitionRegistration{TableId(42), PartitionId(9), std::nullopt});
  CHECK(ToJson(partition) == json);
  CHECK(ToJson(PartitionRegistration{TableId(1), PartitionId(2), "d"}) ==
        R"({"version":1,"table_id":1,"partition_id":2,"remote_data_dir":"d"})");
}

TEST_CASE("a leader's node is Fluss's document, of version 1 too", "[metadata]") {
  LeaderAndIsr leader{.leader = ServerId(1),
                      .leader_epoch = LeaderEpoch(4),
                      .isr = Servers({1, 2}),
                      .coordinator_epoch = CoordinatorEpoch(7),
                      .bucket_epoch = BucketEpoch(9),
                      .standby_replicas = Servers({2})};
  CHECK(LeaderAndIsrFromJson(kLeader).value() == leader);
  CHECK(ToJson(leader) == kLeader);
  leader.standby_replicas.clear();
  CHECK(LeaderAndIsrFromJson(R"({"version":1,"leader":1,"leader_epoch":4,"isr":[1,2],)"
                             R"("coordinator_epoch":7,"bucket_epoch":9})")
            .value() == leader);
  leader.leader = kNoServer;
  CHECK(LeaderAndIsrFromJson(ToJson(leader)).value() == leader);
  leader.awaited_directory = "d1";
  CHECK(ToJson(leader).ends_with(R"(,"awaited_directory":"d1"})"));
  CHECK(LeaderAndIsrFromJson(ToJson(leader)).value() == leader);
}

TEST_CASE("servers' nodes are Fluss's documents, of older versions too", "[metadata]") {
  TabletServerRegistration server{
      .listeners = {{"FLUSS", {"10.0.0.5", 9123}}, {"CLIENT", {"ts1", 9124}}},
      .registered_ms = 1735538268000,
      .rack = "r1",
      .cpu_cores = 8.0,
      .memory_bytes = int64_t{16} << 30};
  CHECK(TabletServerRegistrationFromJson(kServer).value() == server);
  CHECK(ToJson(server) == kServer);
  const ServerInfo info = ServerInfoOf(ServerId(5), server);
  CHECK(info.id == ServerId(5));
  CHECK(info.listeners == server.listeners);
  CHECK(info.rack == "r1");

  CHECK(TabletServerRegistrationFromJson(
            R"({"version":3,"listeners":"FLUSS://h:1","register_timestamp":5,"rack":"r"})")
            .value() ==
        TabletServerRegistration{{{"FLUSS", {"h", 1}}}, 5, "r", std::nullopt, std::nullopt, std::nullopt});
  CHECK(TabletServerRegistrationFromJson(
            R"({"version":1,"host":"h","port":2,"register_timestamp":5})")
            .value()
            .listeners == Listeners{{"CLIENT", {"h", 2}}});
  CHECK(ToJson(TabletServerRegistration{.listeners = {{"A", {"h", 1}}}}) ==
        R"({"version":4,"listeners":"A://h:1","register_timestamp":0})");
  server.start_epoch = 17;
  CHECK(ToJson(server).ends_with(R"(,"start_epoch":17})"));
  server.directory_id = "d1";
  CHECK(ToJson(server).ends_with(R"(,"start_epoch":17,"directory_id":"d1"})"));
  CHECK(TabletServerRegistrationFromJson(ToJson(server)).value() == server);
}

TEST_CASE("a server's directory id is remembered in a node of its own", "[metadata]") {
  CHECK(ZkPaths("/fluss").DirectoryIdOf(ServerId(7)) == "/fluss/strom/directory_ids/7");
  const DirectoryRecord record{"0123abc"};
  CHECK(ToJson(record) == R"({"version":1,"directory_id":"0123abc"})");
  CHECK(DirectoryRecordFromJson(ToJson(record)).value() == record);
  CheckRefused(DirectoryRecordFromJson, R"({"version":2,"directory_id":"x"})", "unknown version 2");
  CheckRefused(DirectoryRecordFromJson, R"({"version":1})", "'directory_id'");
}

TEST_CASE("a KV snapshot's node is Fluss's document", "[metadata]") {
  const char* const json =
      R"({"version":1,"snapshot_id":5,"log_offset":1002,"metadata_path":"s3://b/kv/db/t-42/0/snap-5/_METADATA"})";
  const KvSnapshotHandle snapshot = KvSnapshotHandleFromJson(json).value();
  CHECK(snapshot.id == KvSnapshotId(5));
  CHECK(snapshot.log_offset == LogOffset(1002));
  CHECK(snapshot.metadata_path == "s3://b/kv/db/t-42/0/snap-5/_METADATA");
  CHECK(ToJson(snapshot) == json);
  CheckRefused(KvSnapshotHandleFromJson, R"({"version":2})", "unknown version 2");
  CheckRefused(KvSnapshotHandleFromJson, R"({"version":1,"snapshot_id":5,"log_offset":1})",
               "'metadata_path'");
  CheckRefused(KvSnapshotHandleFromJson,
               R"({"version":1,"snapshot_id":-5,"log_offset":1,"metadata_path":"x"})",
               "snapshot -5");
}

TEST_CASE("a coordinator's node is Fluss's document, of version 1 too", "[metadata]") {
  const char* const json =
      R"({"version":2,"id":"a1b2","listeners":"CLIENT://example.org:9124,FLUSS://10.0.0.1:9123"})";
  const CoordinatorAddress coordinator = CoordinatorAddressFromJson(json).value();
  CHECK(coordinator.id == "a1b2");
  CHECK(coordinator.listeners.at("CLIENT") == HostPort{"example.org", 9124});
  CHECK(ToJson(coordinator) == json);
  CHECK(CoordinatorAddressFromJson(R"({"version":1,"id":"x","host":"h","port":9})").value() ==
        CoordinatorAddress{"x", {{"CLIENT", {"h", 9}}}});
}

TEST_CASE("what is missing or wrong in a node is named", "[metadata]") {
  CheckRefused(DatabaseRegistrationFromJson, "", "database registration");
  CheckRefused(DatabaseRegistrationFromJson, R"({"custom_properties":{}})", "'version' is missing");
  CheckRefused(DatabaseRegistrationFromJson, R"({"version":2})", "unknown version 2");
  CheckRefused(DatabaseRegistrationFromJson, R"({"version":1,"custom_properties":{}})",
               "'created_time' is missing");
  CheckRefused(
      DatabaseRegistrationFromJson,
      R"({"version":1,"custom_properties":{},"created_time":99999999999999999999,"modified_time":0})",
      "'created_time'");
  CheckRefused(
      DatabaseRegistrationFromJson,
      R"({"version":1,"custom_properties":{},"created_time":18446744073709551615,"modified_time":0})",
      "'created_time'");
  CheckRefused(TableRegistrationFromJson, R"({"version":1})", "'table_id' is missing");
  CheckRefused(TableRegistrationFromJson, R"({"version":1,"table_id":"x"})", "'table_id'");
  CheckRefused(TableRegistrationFromJson, R"({"version":1,"table_id":1,"bucket_key":"a"})",
               "'bucket_key'");
  CheckRefused(TableRegistrationFromJson, R"({"version":1,"table_id":1})",
               "'bucket_count' is missing");
  CheckRefused(AssignmentFromJson, R"({"version":1})", "'buckets' is missing");
  CheckRefused(AssignmentFromJson, R"({"version":1,"buckets":{"-1":[]}})", "'-1' is no bucket");
  CheckRefused(AssignmentFromJson, R"({"version":1,"buckets":{"x":[]}})", "'x' is no bucket");
  CheckRefused(AssignmentFromJson, R"({"version":1,"buckets":{"2147483648":[]}})", "is no bucket");
  CheckRefused(AssignmentFromJson, R"({"version":1,"buckets":{"0":[-1]}})", "server ids");
  CheckRefused(AssignmentFromJson, R"({"version":1,"buckets":{"0":{"a":1}}})", "server ids");
  CheckRefused(AssignmentFromJson, R"({"version":1,"buckets":{"0":[1.5]}})", "server ids");
  CheckRefused(
      LeaderAndIsrFromJson,
      R"({"version":2,"leader":1,"leader_epoch":4,"coordinator_epoch":7,"bucket_epoch":9})",
      "'isr' is missing");
  CheckRefused(LeaderAndIsrFromJson,
               R"({"version":2,"leader":1,"leader_epoch":4,"isr":[],"coordinator_epoch":7,)"
               R"("bucket_epoch":9})",
               "'standby_replicas' is missing");
  CheckRefused(TabletServerRegistrationFromJson, R"({"version":5})", "unknown version 5");
  CheckRefused(TabletServerRegistrationFromJson, R"({"version":4,"listeners":"h:1"})",
               "NAME://host:port");
  CheckRefused(TabletServerRegistrationFromJson, R"({"version":1,"host":"h","port":0})", "'port'");
  CheckRefused(CoordinatorAddressFromJson, R"([])", "coordinator address");
}

TEST_CASE("no prefix of a document is taken for one", "[metadata]") {
  for (size_t length = 0; length < std::string_view(kTable).size(); ++length) {
    CHECK_FALSE(TableRegistrationFromJson(std::string_view(kTable).substr(0, length)).ok());
  }
  for (size_t length = 0; length < std::string_view(kLeader).size(); ++length) {
    CHECK_FALSE(LeaderAndIsrFromJson(std::string_view(kLeader).substr(0, length)).ok());
  }
}

TEST_CASE("the coordinator epoch is a decimal text, counters are big-endian", "[metadata]") {
  CHECK(EpochToText(CoordinatorEpoch(-1)) == "-1");
  CHECK(EpochFromText("-1").value() == CoordinatorEpoch(-1));
  CHECK(EpochFromText("12").value() == CoordinatorEpoch(12));
  for (const char* text : {"", "-2", "x", "2147483648", "127.0.0.1"}) {
    CHECK(EpochFromText(text).status().code() == ErrorCode::kUnknownServerError);
  }
  CHECK(ToHex(CounterToBytes(258)) == "0000000000000102");
  CHECK(CounterFromBytes(CounterToBytes(INT64_MAX)).value() == INT64_MAX);
  for (const Bytes& bytes : {Bytes(), Bytes("1"), Bytes(9, '\0'), Bytes(8, '\xff')}) {
    CHECK(CounterFromBytes(bytes).status().code() == ErrorCode::kUnknownServerError);
  }
}

}  // namespace strom::metadata

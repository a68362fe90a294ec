#include "common/service/kv_snapshots.h"

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/message.h"
#include "common/service/kv_snapshot_service.h"
#include "proto/kv.pb.h"
#include "tests/sim/world/sim_object_store.h"
#include "tests/unit/common/metadata/catalog_world.h"
#include "tests/unit/common/service/service_testing.h"

namespace strom::service {
namespace {

// The primary-key table db.t, of two buckets; bucket 1 has snapshots 3 and 4 in the metadata, the
// newer one in the object store, too.
struct Snapshots : metadata::CatalogWorld {
  Snapshots() {
    BecomeLeader();
    REQUIRE(CreateDatabase("db").ok());
    const TableInfo table = CreateTable({"db", "t"}).value();
    bucket = {.table = table.id, .partition = {}, .bucket = BucketId(1)};
    std::map<TableBucket, metadata::LeaderAndIsr> leaders;
    for (int i = 0; i < 2; ++i) {
      leaders[{.table = table.id, .partition = {}, .bucket = BucketId(i)}] = {.leader = ServerId(1),
                                                                              .isr = {ServerId(1)}};
    }
    REQUIRE(Await<std::monostate>([&](auto done) {
              catalog->SetLeaderAndIsr(leaders, std::move(done));
            }).ok());
    for (const int64_t id : {3, 4}) Store(id);
    remote::KvSnapshotMetadata metadata{
        .bucket = bucket,
        .id = KvSnapshotId(4),
        .location = objects.LocationOf("snap-4"),
        .shared_files = {{objects.LocationOf("shared/a"), 10, "000001.sst"}},
        .private_files = {{objects.LocationOf("snap-4/b"), 2, "CURRENT"}},
        .incremental_size_bytes = 12,
        .log_offset = LogOffset(40),
        .row_count = 2,
        .auto_increment_ranges = {}};
    REQUIRE(objects.PutBytes("snap-4/_METADATA", remote::ToJson(metadata)).ok());
    Write(table);
    snapshots->Open(catalog.get(), &strand);
    service.Register(dispatcher);
  }

  void Store(int64_t id, std::vector<KvSnapshotId> dropped = {}) {
    REQUIRE(Await<std::monostate>([&](auto done) {
              catalog->SetKvSnapshots(
                  bucket,
                  {.id = KvSnapshotId(id),
                   .log_offset = LogOffset(id * 10),
                   .metadata_path = objects.LocationOf(fmt::format("snap-{}/_METADATA", id))},
                  std::move(dropped), std::move(done));
            }).ok());
  }

  void Write(const TableInfo& table) {
    TableView keyed = *LogTableView({"db", "t"}, table.id.value(), {1, 1});
    SchemaSpec spec;
    spec.columns = {
        {.name = "k", .type = DataType::Int().NotNull(), .comment = {}, .aggregate = {}}};
    spec.primary_key = {"k"};
    keyed.info.descriptor.schema = Schema::Make(std::move(spec)).value();
    ClusterView view;
    view.tables[keyed.info.path] = std::make_shared<const TableView>(keyed);
    views.Set(std::make_shared<const ClusterView>(std::move(view)));
  }

  template <class Response, class Request>
  Result<Response> Ask(int api, const Request& request) {
    const auto answer =
        TestCaller(dispatcher).Send(static_cast<int16_t>(api), rpc::Serialize(request));
    scheduler.RunReady();
    REQUIRE(answer->has_value());
    STROM_RETURN_IF_ERROR((*answer)->status());
    Response response;
    REQUIRE(response.ParseFromString(***answer));
    return response;
  }
  Result<pb::GetKvSnapshotMetadataResponse> MetadataOf(int64_t id) {
    pb::GetKvSnapshotMetadataRequest request;
    request.set_table_id(bucket.table.value());
    request.set_bucket_id(1);
    request.set_snapshot_id(id);
    return Ask<pb::GetKvSnapshotMetadataResponse>(1024, request);
  }

  TableBucket bucket;
  sim::SimObjectStore objects{1};
  ClusterViewHolder views;
  DenySome authorizer;
  std::shared_ptr<KvSnapshots> snapshots = std::make_shared<KvSnapshots>(&objects, &scheduler);
  KvSnapshotService service{views, authorizer, snapshots};
  rpc::Dispatcher dispatcher;
};

}  // namespace

TEST_CASE("a bucket's newest snapshot is told, and where to go on from it", "[service]") {
  Snapshots s;
  pb::GetLatestKvSnapshotsRequest request;
  request.mutable_table_path()->set_database_name("db");
  request.mutable_table_path()->set_table_name("t");
  const auto latest = s.Ask<pb::GetLatestKvSnapshotsResponse>(1023, request).value();
  CHECK(latest.table_id() == s.bucket.table.value());
  REQUIRE(latest.latest_snapshots_size() == 2);
  CHECK_FALSE(latest.latest_snapshots(0).has_snapshot_id());
  CHECK(latest.latest_snapshots(1).bucket_id() == 1);
  CHECK(latest.latest_snapshots(1).snapshot_id() == 4);
  CHECK(latest.latest_snapshots(1).log_offset() == 40);
}

TEST_CASE("a snapshot is told file by file, as it is to be restored", "[service]") {
  Snapshots s;
  const auto metadata = s.MetadataOf(4).value();
  CHECK(metadata.log_offset() == 40);
  REQUIRE(metadata.snapshot_files_size() == 2);
  CHECK(metadata.snapshot_files(0).remote_path() == s.objects.LocationOf("shared/a"));
  CHECK(metadata.snapshot_files(0).local_file_name() == "000001.sst");
  CHECK(metadata.snapshot_files(1).local_file_name() == "CURRENT");
}

TEST_CASE("a snapshot that is not there, or no more, is refused by name", "[service]") {
  Snapshots s;
  CHECK(s.MetadataOf(5).status().code() == ErrorCode::kKvSnapshotNotExist);
  CHECK(s.MetadataOf(3).status().code() == ErrorCode::kKvSnapshotNotExist);  // Lost.
  s.Store(6, {KvSnapshotId(3), KvSnapshotId(4)});
  CHECK(s.MetadataOf(4).status().code() == ErrorCode::kKvSnapshotNotExist);
  s.objects.SetAway(true);
  CHECK(s.MetadataOf(6).status().code() == ErrorCode::kStorage);
}

TEST_CASE("without a session nothing is told, and everybody is answered", "[service]") {
  Snapshots s;
  s.snapshots->Close();
  CHECK(s.MetadataOf(4).status().code() == ErrorCode::kNetwork);
}

}  // namespace strom::service

#include "common/remote/kv_snapshot_metadata.h"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace strom::remote {
namespace {

// What a tablet server of Apache Fluss 0.9 sent with COMMIT_KV_SNAPSHOT (reference/captures.jsonl).
constexpr std::string_view kFromFluss =
    R"({"version":1,"table_id":19,"bucket_id":1,"snapshot_id":0,"snapshot_location":"/peerxxxxxxx)"
    R"(xxxxxxxxxxxxxxx/run/remote/kv/smoke_py_22447/kv_basic-19/1/snap-0","kv_snapshot_handle":{")"
    R"(shared_file_handles":[{"kv_file_handle":{"path":"/peerxxxxxxxxxxxxxxxxxxxxxx/run/remote/kv)"
    R"(/smoke_py_22447/kv_basic-19/1/shared/c3f41b97-bdb7-49c0-ba1e-5cac3d2eff2d","size":1321},"l)"
    R"(ocal_path":"000008.sst"}],"private_file_handles":[{"kv_file_handle":{"path":"/peerxxxxxxxx)"
    R"(xxxxxxxxxxxxxx/run/remote/kv/smoke_py_22447/kv_basic-19/1/snap-0/f4cce58f-4166-4e7c-a566-d)"
    R"(c6e247b001a","size":16},"local_path":"CURRENT"},{"kv_file_handle":{"path":"/peerxxxxxxxxxx)"
    R"(xxxxxxxxxxxx/run/remote/kv/smoke_py_22447/kv_basic-19/1/snap-0/69121d75-40b1-4ce6-99fe-b17)"
    R"(87e257fe6","size":125},"local_path":"MANIFEST-000004"},{"kv_file_handle":{"path":"/peerxxx)"
    R"(xxxxxxxxxxxxxxxxxxx/run/remote/kv/smoke_py_22447/kv_basic-19/1/snap-0/91878da6-e440-4f86-9)"
    R"(0db-f45f5eaf98b8","size":6376},"local_path":"OPTIONS-000007"}],"snapshot_incremental_size")"
    R"(:7838},"log_offset":16,"row_count":16})";

const std::string kFolder =
    "/peerxxxxxxxxxxxxxxxxxxxxxx/run/remote/kv/smoke_py_22447/kv_basic-19/1";

KvSnapshotMetadata FromFluss() {
  return {.bucket = {.table = TableId(19), .bucket = BucketId(1)},
          .id = KvSnapshotId(0),
          .location = kFolder + "/snap-0",
          .shared_files = {{kFolder + "/shared/c3f41b97-bdb7-49c0-ba1e-5cac3d2eff2d", 1321,
                            "000008.sst"}},
          .private_files =
              {{kFolder + "/snap-0/f4cce58f-4166-4e7c-a566-dc6e247b001a", 16, "CURRENT"},
               {kFolder + "/snap-0/69121d75-40b1-4ce6-99fe-b1787e257fe6", 125, "MANIFEST-000004"},
               {kFolder + "/snap-0/91878da6-e440-4f86-90db-f45f5eaf98b8", 6376, "OPTIONS-000007"}},
          .incremental_size_bytes = 7838,
          .log_offset = LogOffset(16),
          .row_count = 16};
}

// `text` with the first `what` replaced.
std::string With(std::string text, std::string_view what, std::string_view by) {
  const size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("the metadata of a snapshot is Fluss's, byte for byte", "[remote]") {
  const KvSnapshotMetadata snapshot = KvSnapshotMetadataFromJson(kFromFluss).value();
  CHECK(snapshot == FromFluss());
  CHECK(snapshot.size_bytes() == 7838);
  CHECK(ToJson(snapshot) == kFromFluss);
}

TEST_CASE("partition, row count and auto-increment ranges are there or not", "[remote]") {
  KvSnapshotMetadata snapshot = FromFluss();
  snapshot.bucket.partition = PartitionId(9);
  snapshot.row_count.reset();
  snapshot.auto_increment_ranges = {{.column_id = 2, .start = 10000, .end = 20000}};
  const std::string json = ToJson(snapshot);
  CHECK(json.find(R"("table_id":19,"partition_id":9,"bucket_id":1)") != std::string::npos);
  CHECK(json.ends_with(
      R"("log_offset":16,"auto_inc_id_range":[{"column_id":2,"start":10000,"end":20000}]})"));
  CHECK(KvSnapshotMetadataFromJson(json).value() == snapshot);
}

TEST_CASE("a snapshot of an empty store has lists without files", "[remote]") {
  KvSnapshotMetadata snapshot = FromFluss();
  snapshot.shared_files.clear();
  snapshot.private_files.clear();
  CHECK(ToJson(snapshot).find(R"("shared_file_handles":[],"private_file_handles":[])") !=
        std::string::npos);
  CHECK(KvSnapshotMetadataFromJson(ToJson(snapshot)).value() == snapshot);
}

TEST_CASE("keys that newer versions add are ignored", "[remote]") {
  const std::string json = With(std::string(kFromFluss), "{", R"({"new":{"a":[1]},)");
  CHECK(KvSnapshotMetadataFromJson(json).value() == FromFluss());
}

TEST_CASE("metadata that makes no sense is refused, naming what is wrong", "[remote]") {
  struct Case {
    std::string_view what;
    std::string_view by;
    std::string_view message;
  };
  for (const Case& c : {
           Case{R"("version":1)", R"("version":2)", "'version' is 2, only 1 is known"},
           Case{R"("table_id":19,)", "", "'table_id' is missing"},
           Case{R"("snapshot_id":0)", R"("snapshot_id":-1)", "'snapshot_id' is -1"},
           Case{R"("size":1321)", R"("size":"x")", "'size' is no whole number of 64 bits"},
           Case{R"("size":1321)", R"("size":18446744073709551615)",
                "'size' is no whole number of 64 bits"},
           Case{R"("size":125)", R"("size":-125)", "'size' is -125"},
           Case{R"("log_offset":16,)", "", "'log_offset' is missing"},
           Case{R"("log_offset":16)", R"("log_offset":-2)", "'log_offset' is -2"},
           Case{R"("CURRENT")", R"("../CURRENT")", "local_path '../CURRENT' is no name of a file"},
           Case{R"("CURRENT")", R"("..")", "local_path '..' is no name of a file"},
           Case{R"("CURRENT")", R"("")", "local_path '' is no name of a file"},
           Case{R"("CURRENT")", R"("000008.sst")", "local_path '000008.sst' is there twice"},
       }) {
    const Status refused =
        KvSnapshotMetadataFromJson(With(std::string(kFromFluss), c.what, c.by)).status();
    CHECK(refused.code() == ErrorCode::kKvSnapshotNotExist);
    CHECK(refused.message() == "metadata of a KV snapshot: " + std::string(c.message));
  }
  CHECK_FALSE(KvSnapshotMetadataFromJson("").ok());
  CHECK_FALSE(KvSnapshotMetadataFromJson("[]").ok());
}

TEST_CASE("metadata cut off or damaged anywhere never harms its reader", "[remote]") {
  for (size_t size = 0; size < kFromFluss.size(); ++size) {
    CHECK_FALSE(KvSnapshotMetadataFromJson(kFromFluss.substr(0, size)).ok());
  }
  for (size_t i = 0; i < kFromFluss.size(); ++i) {
    std::string damaged(kFromFluss);
    for (const char byte : {'\0', '"', '{', '9', '\xff'}) {
      damaged[i] = byte;
      const Result<KvSnapshotMetadata> read = KvSnapshotMetadataFromJson(damaged);
      if (!read.ok()) CHECK(read.status().code() == ErrorCode::kKvSnapshotNotExist);
    }
  }
}

}  // namespace strom::remote

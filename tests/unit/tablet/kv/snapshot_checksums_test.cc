#include "tablet/kv/snapshot_checksums.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::tablet {
namespace {

constexpr std::string_view kJson =
    R"({"version":1,"metadata":{"size":616,"crc32c":4294967295},"files":[)"
    R"({"path":"/r/a","size":16,"crc32c":0},{"path":"/r/b","size":4096,"crc32c":305419896}]})";

}  // namespace

TEST_CASE("checksums of a snapshot are written as they are read", "[kv_snapshot]") {
  const SnapshotChecksums checksums{.metadata = {616, 0xffffffff},
                                    .files = {{"/r/a", {16, 0}}, {"/r/b", {4096, 0x12345678}}}};
  CHECK(ToJson(checksums) == kJson);
  CHECK(SnapshotChecksumsFromJson(kJson).value() == checksums);
  CHECK(SnapshotChecksumsFromJson(ToJson(SnapshotChecksums{})).value() == SnapshotChecksums{});
}

TEST_CASE("checksums that make no sense are refused, naming what is wrong", "[kv_snapshot]") {
  struct Case {
    std::string_view what;
    std::string_view by;
    std::string_view message;
  };
  for (const Case& c : {
           Case{R"("version":1)", R"("version":7)", "'version' is 7, only 1 is known"},
           Case{R"("metadata")", R"("x")", "'metadata' is missing"},
           Case{R"(4294967295)", R"(4294967296)",
                "'crc32c' is 4294967296, which has more than 32 bits"},
           Case{R"("crc32c":0)", R"("crc32c":-1)", "'crc32c' is -1, which has more than 32 bits"},
           Case{R"("size":16)", R"("size":-16)", "'size' is -16"},
           Case{R"("size":16,)", "", "'size' is missing"},
           Case{R"(/r/b)", R"(/r/a)", "path '/r/a' is there twice"},
       }) {
    std::string json(kJson);
    const size_t at = json.find(c.what);
    REQUIRE(at != std::string::npos);
    json.replace(at, c.what.size(), c.by);
    const Status refused = SnapshotChecksumsFromJson(json).status();
    CHECK(refused.code() == ErrorCode::kKvSnapshotNotExist);
    CHECK(refused.message() == "checksums of a KV snapshot: " + std::string(c.message));
  }
  for (size_t size = 0; size < kJson.size(); ++size) {
    CHECK_FALSE(SnapshotChecksumsFromJson(kJson.substr(0, size)).ok());
  }
}

}  // namespace strom::tablet

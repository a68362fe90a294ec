#include "tablet/kv/snapshot_writer.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/types/json_codec.h"
#include "tests/unit/tablet/kv/snapshot_fixture.h"

namespace strom::tablet {
namespace {

using Engine = SnapshotFixture::Engine;
using Operation = sim::SimObjectStore::Operation;
using Outcome = sim::SimObjectStore::Outcome;

// The immutable file of a checkpoint; there is one.
kv::StoreFile& TableOf(SnapshotSource& source) {
  for (kv::StoreFile& file : source.files) {
    if (file.immutable) return file;
  }
  FAIL("no table");
  return source.files.front();
}

}  // namespace

TEST_CASE("a snapshot is the files of a checkpoint, with what is needed to go on from it",
          "[kv_snapshot]") {
  SnapshotFixture f(GENERATE(Engine::kMemory, Engine::kRocks));
  f.Put("a", "1");
  f.Put("b", "2");
  const SnapshotSource source = f.Checkpoint(5);
  const StoredSnapshot snapshot = f.writer().Write(source, nullptr).value();

  const remote::KvSnapshotMetadata& metadata = snapshot.metadata;
  CHECK(metadata.bucket == f.paths().bucket());
  CHECK(metadata.id == KvSnapshotId(5));
  CHECK(metadata.location == "/remote/kv/shop/orders-7/0/snap-5");
  CHECK(metadata.log_offset == LogOffset(50));
  CHECK(metadata.row_count == 2);
  CHECK(metadata.incremental_size_bytes == metadata.size_bytes());
  REQUIRE(metadata.shared_files.size() == 1);
  CHECK(metadata.shared_files[0].location.starts_with("/remote/kv/shop/orders-7/0/shared/"));
  CHECK(metadata.shared_files.size() + metadata.private_files.size() == source.files.size());
  CHECK(ReadStoredSnapshot(f.objects(), f.paths(), KvSnapshotId(5)).value() == snapshot);
  CHECK(f.objects().GetBytes(f.paths().Metadata(KvSnapshotId(5)), 1 << 20).value() ==
        ToJson(metadata));
  CHECK(f.Keys().size() == source.files.size() + 2);
  CHECK(f.Restored(5) == Content{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("a later snapshot takes over the files that have not changed", "[kv_snapshot]") {
  SnapshotFixture f(GENERATE(Engine::kMemory, Engine::kRocks));
  f.Put("a", std::string(5'000, 'a'));
  const StoredSnapshot first = f.Write(1).value();
  f.Put("b", "2");
  const StoredSnapshot second = f.Write(2, &first).value();

  REQUIRE(first.metadata.shared_files.size() == 1);
  REQUIRE(second.metadata.shared_files.size() == 2);
  CHECK(second.metadata.shared_files[0] == first.metadata.shared_files[0]);
  CHECK(second.metadata.incremental_size_bytes ==
        second.metadata.size_bytes() - first.metadata.shared_files[0].size_bytes);
  CHECK(second.checksums.files.size() ==
        second.metadata.shared_files.size() + second.metadata.private_files.size());
  CHECK(f.Restored(2) == Content{{"a", std::string(5'000, 'a')}, {"b", "2"}});
  CHECK(f.Restored(1) == Content{{"a", std::string(5'000, 'a')}});

  SECTION("also from a store that was restored from it, on another server") {
    REQUIRE(f.reader().Restore(KvSnapshotId(2), f.At("other")).ok());
    f.OpenInstead("other");
    f.Put("c", "3");
    const StoredSnapshot third = f.Write(3, &second).value();
    REQUIRE(third.metadata.shared_files.size() == 3);
    CHECK(third.metadata.shared_files[1] == second.metadata.shared_files[1]);
    CHECK(f.Restored(3).size() == 3);
  }
}

TEST_CASE("a file of the same name and another content is uploaded again", "[kv_snapshot]") {
  // A follower that becomes leader has a store of its own making, whose tables are numbered alike.
  SnapshotFixture f(GENERATE(Engine::kMemory, Engine::kRocks));
  f.Put("a", "old");
  const StoredSnapshot first = f.Write(1).value();
  StoredSnapshot base = first;
  SnapshotSource source = f.Checkpoint(2);
  kv::StoreFile& table = TableOf(source);

  SECTION("another checksum") {
    base.checksums.files.at(base.metadata.shared_files[0].location).crc32c ^= 1;
  }
  SECTION("another size") {
    base.checksums.files.at(base.metadata.shared_files[0].location).size_bytes += 1;
  }
  SECTION("the engine did not note the checksum") { table.crc32c.reset(); }
  const StoredSnapshot second = f.writer().Write(source, &base).value();
  REQUIRE(second.metadata.shared_files.size() == 1);
  CHECK(second.metadata.shared_files[0].local_name == first.metadata.shared_files[0].local_name);
  CHECK(second.metadata.shared_files[0].location != first.metadata.shared_files[0].location);
  CHECK(f.Restored(2) == Content{{"a", "old"}});
}

TEST_CASE("a local file that is not what the store wrote makes no snapshot", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  SnapshotSource source = f.Checkpoint(1);
  const kv::StoreFile table = TableOf(source);
  const std::string path = source.directory + "/" + table.name;
  const std::unique_ptr<io::File> file = f.disk().OpenForWrite(path).value();
  SECTION("a byte has changed") { REQUIRE(file->WriteAt(0, "\xff").ok()); }
  SECTION("it is too short") { REQUIRE(file->Truncate(table.size_bytes - 1).ok()); }
  const Status refused = f.writer().Write(source, nullptr).status();
  CHECK(refused.code() == ErrorCode::kKvStorage);
  INFO(refused.message());
  CHECK(refused.message().find(path) != std::string_view::npos);
  CHECK(refused.message().find(fmt::format("the store wrote {} bytes with CRC-32C {:08x}",
                                           table.size_bytes, *table.crc32c)) !=
        std::string_view::npos);
  CHECK(f.Keys().empty());
}

TEST_CASE("what the object store does not give back as it was put makes no snapshot",
          "[kv_snapshot]") {
  // Writes of the store's disk that come out another way: each object in turn.
  class Forgetful final : public remote::ObjectStore {
   public:
    Forgetful(sim::SimObjectStore& inner, int victim) : inner_(inner), victim_(victim) {}
    Status Put(const std::string& key, remote::ByteSource source) override {
      STROM_RETURN_IF_ERROR(inner_.Put(key, source));
      if (puts_++ == victim_) inner_.FlipBit(key);
      return Status::Ok();
    }
    Result<std::optional<uint64_t>> Size(const std::string& key) const override {
      return inner_.Size(key);
    }
    Status Read(const std::string& key, remote::ByteSink sink) const override {
      return inner_.Read(key, sink);
    }
    Result<std::vector<remote::ListedObject>> List(const std::string& folder) const override {
      return inner_.List(folder);
    }
    Status Delete(const std::string& key) override { return inner_.Delete(key); }
    const std::string& root() const override { return inner_.root(); }

   private:
    sim::SimObjectStore& inner_;
    const int victim_;
    int puts_ = 0;
  };

  SnapshotFixture f;
  f.Put("a", "1");
  const SnapshotSource source = f.Checkpoint(1);
  const int objects = static_cast<int>(source.files.size()) + 2;
  for (int victim = 0; victim <= objects; ++victim) {
    INFO("object " << victim);
    Forgetful store(f.objects(), victim);
    sim::SimRandom random(9);
    SnapshotWriter writer(store, f.files(), random, f.paths());
    const Result<StoredSnapshot> written = writer.Write(source, nullptr);
    CHECK(written.ok() == (victim == objects));
    if (written.ok()) break;
    CHECK(written.status().code() == ErrorCode::kStorage);
    CHECK(written.status().message().find("was put with") != std::string_view::npos);
    CHECK(f.Keys().empty());
  }
}

TEST_CASE("an upload that fails anywhere leaves no snapshot, and the one before untouched",
          "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  const std::set<std::string> before = f.Keys();
  f.Put("b", "2");
  const Outcome outcome = GENERATE(Outcome::kNotDone, Outcome::kHalfDone, Outcome::kDone);
  const Operation operation = GENERATE(Operation::kPut, Operation::kRead, Operation::kSize);
  const SnapshotSource source = f.Checkpoint(2);
  int failures = 0;
  for (;; ++failures) {
    INFO("call " << failures);
    f.objects().FailNext(operation, f.paths().folder(), outcome, failures);
    const Result<StoredSnapshot> written = f.writer().Write(source, &first);
    if (written.ok()) break;  // The fault waits for a call that does not come.
    CHECK(written.status().message().ends_with("[injected]"));
    CHECK(f.Keys() == before);
    CHECK(f.Restored(1) == Content{{"a", "1"}});
  }
  CHECK(failures >= (operation == Operation::kSize ? 2 : 5));
}

TEST_CASE("a server that dies in the middle of an upload leaves nothing that reads as a snapshot",
          "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  f.Put("b", "2");
  const SnapshotSource source = f.Checkpoint(2);
  const int puts = GENERATE(range(0, 5));
  f.objects().FailNext(Operation::kPut, f.paths().folder(), Outcome::kHalfDone, puts);
  f.objects().FailNext(Operation::kDelete, "", Outcome::kNotDone);  // It cannot clean up.
  CHECK_FALSE(f.writer().Write(source, &first).ok());

  const Status none = ReadStoredSnapshot(f.objects(), f.paths(), KvSnapshotId(2)).status();
  CHECK(none.code() == ErrorCode::kKvSnapshotNotExist);
  CHECK(none.message() ==
        "table 7 bucket 0: KV snapshot 2: /remote/kv/shop/orders-7/0/snap-2/_METADATA is missing");
  CHECK(f.Restored(1) == Content{{"a", "1"}});

  SECTION("the number can be used again") {
    REQUIRE(f.writer().Write(source, &first).ok());
    CHECK(f.Restored(2) == Content{{"a", "1"}, {"b", "2"}});
  }
  SECTION("what is left goes once a later snapshot is completed") {
    const StoredSnapshot third = f.Write(3, &first).value();
    REQUIRE(f.pruner().Prune({KvSnapshotId(1), KvSnapshotId(3)}, {}).ok());
    for (const std::string& key : f.Keys()) {
      CHECK(f.paths().SnapshotOf(key) != KvSnapshotId(2));
      CHECK_FALSE(key.ends_with("?"));
    }
    CHECK(f.Keys().size() == first.checksums.files.size() + 2 + third.checksums.files.size() + 2 -
                                 first.metadata.shared_files.size());
  }
}

TEST_CASE("a number is used once", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  REQUIRE(f.Write(1).ok());
  const std::set<std::string> keys = f.Keys();
  f.Put("a", "2");
  const Status refused = f.Write(1).status();
  CHECK(refused.code() == ErrorCode::kStorage);
  CHECK(refused.message() ==
        "table 7 bucket 0: KV snapshot 1 exists already at /remote/kv/shop/orders-7/0/snap-1");
  CHECK(f.Keys() == keys);
  CHECK(f.Restored(1) == Content{{"a", "1"}});
}

TEST_CASE("a file of the base that is gone or rotten makes no snapshot", "[kv_snapshot]") {
  SnapshotFixture f;
  f.Put("a", "1");
  const StoredSnapshot first = f.Write(1).value();
  const std::string shared = f.KeyOf(first.metadata.shared_files[0]);
  SECTION("lost") { f.objects().Lose(shared); }
  SECTION("cut short") { f.objects().CutShort(shared); }
  SECTION("rotten") { f.objects().FlipBit(shared); }
  f.Put("b", "2");
  const Status refused = f.Write(2, &first).status();
  CHECK(refused.code() == ErrorCode::kKvSnapshotNotExist);
  CHECK(refused.message().find(first.metadata.shared_files[0].location) != std::string_view::npos);
  CHECK(f.Write(2, nullptr).ok());  // Everything anew.
  CHECK(f.Restored(2) == Content{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("a snapshot that no reader would take is not made", "[kv_snapshot]") {
  SnapshotFixture f;
  SnapshotSource source = f.Checkpoint(1);
  const std::string name(kJsonLengthMax, 'x');  // As long as the names of very many files.
  REQUIRE(f.disk().Create(source.directory + "/" + name).ok());
  source.files.push_back({.name = name});
  CHECK(f.writer().Write(source, nullptr).status().code() == ErrorCode::kRecordTooLarge);
  CHECK(f.Keys().empty());
}

TEST_CASE("an empty store makes a snapshot, too", "[kv_snapshot]") {
  SnapshotFixture f(GENERATE(Engine::kMemory, Engine::kRocks));
  const StoredSnapshot snapshot = f.Write(0).value();
  CHECK(snapshot.metadata.shared_files.empty());
  CHECK(f.Restored(0).empty());
}

}  // namespace strom::tablet

// One suite over every ObjectStore: a directory of the kernel's files, and the simulation's.
#include <memory>
#include <string>

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/base/crc32c.h"
#include "common/io/posix_file_system.h"
#include "common/remote/directory_object_store.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_object_store.h"
#include "tests/testing/temp_dir.h"

namespace strom::remote {
namespace {

struct PosixWorld {
  testing::TempDir dir;
  io::PosixFileSystem files;  // Of the caller.
  DirectoryObjectStore store{files, dir.path() + "/remote/data"};
  std::string At(std::string_view name) const { return dir.path() + "/" + std::string(name); }
};

struct SimWorld {
  sim::SimDisk files{{.seed = 1}};
  sim::SimObjectStore store{2};
  std::string At(std::string_view name) const { return "/" + std::string(name); }
};

constexpr uint64_t kNoLimit = uint64_t{1} << 30;

Bytes Get(const ObjectStore& store, const std::string& key) {
  return store.GetBytes(key, kNoLimit).value();
}

std::string Keys(const ObjectStore& store, const std::string& folder) {
  std::string keys;
  for (const ListedObject& object : store.List(folder).value()) {
    keys += object.key + (object.finished ? " " : "? ");
  }
  return keys;
}

// Larger than one piece of any store, and not a multiple of one.
Bytes Large() {
  Bytes bytes((size_t{3} << 20) + 17, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 4096);
  return bytes;
}

}  // namespace

#define STROM_OBJECT_STORE_TEST(name) \
  TEMPLATE_TEST_CASE(name, "[object_store][contract]", PosixWorld, SimWorld)

STROM_OBJECT_STORE_TEST("an object gives back what was put, and tells its size and its checksum") {
  TestType world;
  ObjectStore& store = world.store;
  const Bytes content = GENERATE(Bytes(), Bytes("x"), Bytes("a\0b", 3), Large());
  const ObjectSum expected{content.size(), Crc32c(content)};

  CHECK_FALSE(store.Size("kv/t/f").value().has_value());
  CHECK(store.PutBytes("kv/t/f", content).value() == expected);
  CHECK(store.Size("kv/t/f").value() == content.size());
  CHECK(Get(store, "kv/t/f") == content);
  CHECK(store.Sum("kv/t/f").value() == expected);
}

STROM_OBJECT_STORE_TEST("a file travels there and back") {
  TestType world;
  const Bytes content = Large();
  const std::unique_ptr<io::File> source = world.files.Create(world.At("source")).value();
  REQUIRE(source->Append(content).ok());
  const ObjectSum sum = world.store.PutFile("k", *source).value();
  CHECK(sum == ObjectSum{content.size(), Crc32c(content)});

  const std::unique_ptr<io::File> target = world.files.Create(world.At("target")).value();
  CHECK(world.store.GetFile("k", *target).value() == sum);
  Bytes back(target->Size().value(), '?');
  REQUIRE(target->ReadExactlyAt(0, back).ok());
  CHECK(back == content);
}

STROM_OBJECT_STORE_TEST("a second put replaces the first") {
  TestType world;
  REQUIRE(world.store.PutBytes("k", "the first, which is longer").ok());
  REQUIRE(world.store.PutBytes("k", "second").ok());
  CHECK(Get(world.store, "k") == "second");
}

STROM_OBJECT_STORE_TEST("a put that ends in an error leaves what was there, and nothing readable") {
  TestType world;
  ObjectStore& store = world.store;
  REQUIRE(store.PutBytes("d/old", "old").ok());
  for (const char* const key : {"d/old", "d/new"}) {
    int calls = 0;
    const Status failed = store.Put(key, [&](std::span<char> out) -> Result<size_t> {
      if (++calls == 2) return Error(ErrorCode::kKvStorage, "the source is broken");
      out[0] = 'x';
      return 1;
    });
    CHECK(failed.code() == ErrorCode::kKvStorage);
    CHECK(failed.message() == "the source is broken");
  }
  CHECK(Get(store, "d/old") == "old");
  CHECK_FALSE(store.Size("d/new").value().has_value());
  CHECK_FALSE(store.GetBytes("d/new", kNoLimit).ok());
  for (const ListedObject& object : store.List("d").value()) {
    CHECK((object.key == "d/new" ? !object.finished : true));
  }

  SECTION("another try succeeds") {
    REQUIRE(store.PutBytes("d/new", "new").ok());
    CHECK(Get(store, "d/new") == "new");
  }
  SECTION("deleting takes what is unfinished, too") {
    REQUIRE(store.Delete("d/new").ok());
    REQUIRE(store.Delete("d/old").ok());
    CHECK(Keys(store, "d").empty());
  }
}

STROM_OBJECT_STORE_TEST("a list has the keys of a folder and of the folders in it, and no others") {
  TestType world;
  ObjectStore& store = world.store;
  CHECK(Keys(store, "a").empty());
  for (const char* const key : {"a/c", "a/b/y", "a/b/x", "ab/z", "a-", "b/a/n"}) {
    REQUIRE(store.PutBytes(key, "x").ok());
  }
  CHECK(Keys(store, "a") == "a/b/x a/b/y a/c ");
  CHECK(Keys(store, "a/b") == "a/b/x a/b/y ");
  CHECK(Keys(store, "a/c/d").empty());

  REQUIRE(store.DeleteFolder("a").ok());
  REQUIRE(store.DeleteFolder("a").ok());
  CHECK(Keys(store, "a").empty());
  CHECK(Keys(store, "ab") == "ab/z ");
}

STROM_OBJECT_STORE_TEST("a deleted object is gone, and deleting it again is fine") {
  TestType world;
  REQUIRE(world.store.PutBytes("a/b/c", "x").ok());
  REQUIRE(world.store.Delete("a/b/c").ok());
  CHECK_FALSE(world.store.Size("a/b/c").value().has_value());
  CHECK(world.store.Delete("a/b/c").ok());
  CHECK(world.store.Delete("no/such").ok());
  REQUIRE(world.store.PutBytes("a/b/c", "y").ok());
  CHECK(Get(world.store, "a/b/c") == "y");
}

STROM_OBJECT_STORE_TEST("reading what is not there, or more than one wants, is an error") {
  TestType world;
  const Status missing = world.store.GetBytes("a/b", kNoLimit).status();
  CHECK(missing.code() == ErrorCode::kStorage);
  INFO(missing.message());
  CHECK(missing.message().find("a/b") != std::string_view::npos);

  REQUIRE(world.store.PutBytes("a/b", "12345").ok());
  CHECK(world.store.GetBytes("a/b", 5).ok());
  const Status large = world.store.GetBytes("a/b", 4).status();
  CHECK(large.code() == ErrorCode::kStorage);
  CHECK(large.message() ==
        "read " + world.store.LocationOf("a/b") + ": 5 bytes, at most 4 are allowed");
}

STROM_OBJECT_STORE_TEST("what stops a read is its result") {
  TestType world;
  REQUIRE(world.store.PutBytes("k", Large()).ok());
  int calls = 0;
  const Status stopped = world.store.Read("k", [&](BytesView) {
    return ++calls == 2 ? Error(ErrorCode::kDiskWriteLocked, "enough") : Status::Ok();
  });
  CHECK(stopped.code() == ErrorCode::kDiskWriteLocked);
  CHECK(calls == 2);
}

STROM_OBJECT_STORE_TEST("keys that could leave the store are refused by every call") {
  TestType world;
  ObjectStore& store = world.store;
  for (const std::string& key :
       {std::string(), std::string("/"), std::string("/etc/passwd"), std::string("a/../b"),
        std::string(".."), std::string("a/./b"), std::string("a//b"), std::string("a/"),
        std::string("a\0b", 3), "a" + std::string(kUnfinishedSuffix)}) {
    INFO(key);
    CHECK(store.PutBytes(key, "x").status().code() == ErrorCode::kStorage);
    CHECK(store.Size(key).status().code() == ErrorCode::kStorage);
    CHECK(store.GetBytes(key, 1).status().code() == ErrorCode::kStorage);
    CHECK(store.List(key).status().code() == ErrorCode::kStorage);
    CHECK(store.Delete(key).code() == ErrorCode::kStorage);
    CHECK(store.KeyOf(store.LocationOf(key)).status().code() == ErrorCode::kStorage);
  }
}

STROM_OBJECT_STORE_TEST("a location leads back to its key, and only within the store") {
  TestType world;
  const ObjectStore& store = world.store;
  const std::string location = store.LocationOf("kv/db/t-1/0/snap-0/_METADATA");
  CHECK(location == store.root() + "/kv/db/t-1/0/snap-0/_METADATA");
  CHECK(store.KeyOf(location).value() == "kv/db/t-1/0/snap-0/_METADATA");
  for (const std::string& other : {store.root(), store.root() + "x/k", std::string("kv/k"),
                                   std::string("s3://b/k"), store.root() + "/../k"}) {
    INFO(other);
    CHECK(store.KeyOf(other).status().code() == ErrorCode::kStorage);
  }
}

}  // namespace strom::remote

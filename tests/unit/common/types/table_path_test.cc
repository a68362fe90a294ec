#include "common/types/table_path.h"

#include <sstream>
#include <string>
#include <unordered_set>

#include <catch2/catch_test_macros.hpp>

#include "absl/hash/hash.h"
#include "common/types/table_bucket.h"

namespace strom {

TEST_CASE("names have a length and an alphabet", "[types]") {
  for (const std::string& good :
       {std::string("a"), std::string("A-z_09"), std::string("_x"), std::string(200, 'n')}) {
    CHECK(NameProblem(good) == std::nullopt);
  }
  CHECK(NameProblem("") == "is empty");
  CHECK(NameProblem(".") == "cannot be '.'");
  CHECK(NameProblem("..") == "cannot be '..'");
  CHECK(NameProblem("a.b").value() == "'a.b' has characters other than A-Z a-z 0-9 _ -");
  CHECK(NameProblem("a b").has_value());
  CHECK(NameProblem("\xC3\xA4").has_value());
  CHECK(NameProblem(std::string(201, 'n')).value().find("201 characters, at most 200") !=
        std::string::npos);
}

TEST_CASE("new databases and tables do not take reserved names", "[types]") {
  CHECK(CheckDatabaseName("fluss").ok());
  CHECK(CheckTableName("_t").ok());
  CHECK(NameProblem("__t") == std::nullopt);  // The system's own names pass the basic rules.
  CHECK(CheckDatabaseName("__d").code() == ErrorCode::kInvalidDatabase);
  CHECK(CheckTableName("__t").code() == ErrorCode::kInvalidTable);
  CHECK(CheckTableName("").message() == "table name is empty");
  CHECK(TablePath{"d", "t"}.Validate().ok());
  CHECK(TablePath{"d/", "t"}.Validate().code() == ErrorCode::kInvalidDatabase);
  CHECK(TablePath{"d", "t/"}.Validate().code() == ErrorCode::kInvalidTable);
}

TEST_CASE("a table path is written database.table", "[types]") {
  const TablePath path = TablePath::Parse("db.orders").value();
  CHECK(path == TablePath{"db", "orders"});
  CHECK(fmt::format("{}", path) == "db.orders");
  for (const char* bad : {"", "db", "a.b.c"}) {
    CHECK(TablePath::Parse(bad).status().code() == ErrorCode::kInvalidTable);
  }
  CHECK(PhysicalTablePath{path, {}}.ToString() == "db.orders");
  CHECK(fmt::format("{}", PhysicalTablePath{path, "2024$us"}) == "db.orders(p=2024$us)");
}

TEST_CASE("paths and buckets are keys of ordered and hashed maps", "[types]") {
  CHECK(TablePath{"a", "z"} < TablePath{"b", "a"});
  CHECK(PhysicalTablePath{{"a", "b"}, {}} < PhysicalTablePath{{"a", "b"}, "p"});
  std::unordered_set<TablePath> paths{{"a", "b"}, {"b", "a"}, {"a", "b"}};
  CHECK(paths.size() == 2);
  std::unordered_set<PhysicalTablePath> physical{{{"a", "b"}, {}}, {{"a", "b"}, "p"}};
  CHECK(physical.size() == 2);
  CHECK(absl::HashOf(TablePath{"a", "b"}) == absl::HashOf(TablePath{"a", "b"}));

  const TableBucket plain{TableId(7), {}, BucketId(1)};
  const TableBucket of_partition{TableId(7), PartitionId(3), BucketId(1)};
  CHECK(plain < of_partition);
  CHECK(plain < TableBucket{TableId(7), {}, BucketId(2)});
  CHECK(of_partition < TableBucket{TableId(8), {}, BucketId(0)});
  std::unordered_set<TableBucket> buckets{plain, of_partition, plain};
  CHECK(buckets.size() == 2);
  CHECK(absl::HashOf(plain) != absl::HashOf(of_partition));
}

TEST_CASE("a bucket prints with its table and partition", "[types]") {
  std::ostringstream out;
  out << TableBucket{TableId(7), {}, BucketId(0)} << "; "
      << TableBucket{TableId(7), PartitionId(3), BucketId(2)};
  CHECK(out.str() == "table 7 bucket 0; table 7 partition 3 bucket 2");
  CHECK(fmt::format("[{}]", TableBucket{TableId(7), {}, BucketId(0)}) == "[table 7 bucket 0]");
}

}  // namespace strom

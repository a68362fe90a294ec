#include "common/types/table_options.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

// Every value from `first` to `last` reads back from its name, in capitals and in small letters.
template <class Enum>
void CheckNames(Enum first, Enum last) {
  for (int i = static_cast<int>(first); i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Enum>(i);
    std::string lower(ToName(value)), upper(lower);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    INFO(lower);
    CHECK_FALSE(lower.empty());
    CHECK(ParseOption<Enum>(lower).value() == value);
    CHECK(ParseOption<Enum>(upper).value() == value);
  }
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string(ToName(last)) + " "}) {
    CHECK(ParseOption<Enum>(bad).status().code() == ErrorCode::kInvalidConfig);
  }
}

}  // namespace

TEST_CASE("every option reads back from its name", "[types]") {
  CheckNames(LogFormat::kArrow, LogFormat::kCompacted);
  CheckNames(KvFormat::kCompacted, KvFormat::kIndexed);
  CheckNames(ArrowCompression::kNone, ArrowCompression::kZstd);
  CheckNames(MergeEngine::kFirstRow, MergeEngine::kAggregation);
  CheckNames(Durability::kDurable, Durability::kLeader);
  CheckNames(DeleteBehavior::kAllow, DeleteBehavior::kDisable);
  CheckNames(ChangelogImage::kFull, ChangelogImage::kWal);
  CheckNames(LakeFormat::kPaimon, LakeFormat::kHudi);
  CheckNames(PartitionTimeUnit::kYear, PartitionTimeUnit::kHour);
}

TEST_CASE("an unknown option is answered with the possible ones", "[types]") {
  CHECK(ParseOption<ArrowCompression>("snappy").status().message() ==
        "'snappy' is none of NONE, LZ4_FRAME, ZSTD");
  CHECK(ParseOption<MergeEngine>("last_row").status().message() ==
        "'last_row' is none of FIRST_ROW, VERSIONED, AGGREGATION");
  CHECK(ParseOption<LakeFormat>(std::string(100000, 'x')).status().message().size() < 200);
}

}  // namespace strom

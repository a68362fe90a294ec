#include "common/types/table_options.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>

namespace strom {
namespace {

// The names of an enum in the order of its values; an empty one cannot be written.
template <class Enum>
struct Names;

template <>
struct Names<LogFormat> {
  static constexpr std::string_view kAll[] = {"ARROW", "INDEXED", "COMPACTED"};
};
template <>
struct Names<KvFormat> {
  static constexpr std::string_view kAll[] = {"COMPACTED", "INDEXED"};
};
template <>
struct Names<ArrowCompression> {
  static constexpr std::string_view kAll[] = {"NONE", "LZ4_FRAME", "ZSTD"};
};
template <>
struct Names<MergeEngine> {
  static constexpr std::string_view kAll[] = {"", "FIRST_ROW", "VERSIONED", "AGGREGATION"};
};
template <>
struct Names<Durability> {
  static constexpr std::string_view kAll[] = {"durable", "replicated", "leader"};
};
template <>
struct Names<DeleteBehavior> {
  static constexpr std::string_view kAll[] = {"ALLOW", "IGNORE", "DISABLE"};
};
template <>
struct Names<ChangelogImage> {
  static constexpr std::string_view kAll[] = {"FULL", "WAL"};
};
template <>
struct Names<LakeFormat> {
  static constexpr std::string_view kAll[] = {"paimon", "lance", "iceberg", "hudi"};
};
template <>
struct Names<PartitionTimeUnit> {
  static constexpr std::string_view kAll[] = {"YEAR", "QUARTER", "MONTH", "DAY", "HOUR"};
};

template <class Enum>
std::string_view NameOf(Enum value) {
  return Names<Enum>::kAll[static_cast<size_t>(value)];
}

bool EqualInAnyCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](unsigned char c) { return std::tolower(c); },
      [](unsigned char c) { return std::tolower(c); });
}

}  // namespace

std::string_view ToName(LogFormat value) { return NameOf(value); }
std::string_view ToName(KvFormat value) { return NameOf(value); }
std::string_view ToName(ArrowCompression value) { return NameOf(value); }
std::string_view ToName(MergeEngine value) { return NameOf(value); }
std::string_view ToName(Durability value) { return NameOf(value); }
std::string_view ToName(DeleteBehavior value) { return NameOf(value); }
std::string_view ToName(ChangelogImage value) { return NameOf(value); }
std::string_view ToName(LakeFormat value) { return NameOf(value); }
std::string_view ToName(PartitionTimeUnit value) { return NameOf(value); }

template <class Enum>
Result<Enum> ParseOption(std::string_view text) {
  std::string possible;
  for (const std::string_view& name : Names<Enum>::kAll) {
    if (name.empty()) continue;
    if (EqualInAnyCase(text, name)) return static_cast<Enum>(&name - Names<Enum>::kAll);
    possible += (possible.empty() ? "" : ", ") + std::string(name);
  }
  return Error(ErrorCode::kInvalidConfig, "'{:.100}' is none of {}", text, possible);
}

template Result<LogFormat> ParseOption(std::string_view);
template Result<KvFormat> ParseOption(std::string_view);
template Result<ArrowCompression> ParseOption(std::string_view);
template Result<MergeEngine> ParseOption(std::string_view);
template Result<Durability> ParseOption(std::string_view);
template Result<DeleteBehavior> ParseOption(std::string_view);
template Result<ChangelogImage> ParseOption(std::string_view);
template Result<LakeFormat> ParseOption(std::string_view);
template Result<PartitionTimeUnit> ParseOption(std::string_view);

}  // namespace strom

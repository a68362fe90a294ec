#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/types/schema.h"
#include "common/types/value.h"

namespace strom {

// A partition is named by the texts of its partition columns, in partition-key order, joined with
// '$': "2024$us". Names are parts of ZooKeeper paths and directories, so the texts have an
// alphabet. Same rules as Fluss: PartitionUtils.java, PartitionNameConverters.java.

// Holds the rows of expired partitions that only the lake has. No client creates it.
inline constexpr std::string_view kHistoricalPartition = "__historical__";

// Partition key and value, as a request names a partition; in any order.
using PartitionSpec = std::vector<std::pair<std::string, std::string>>;

// Whether a column of this type may be a partition key: all but DECIMAL and the nested types.
bool IsPartitionType(const DataType& type);

// The text of a partition column's value: "2025-05-27" for a DATE, "5_73" for 5.73. Of a type that
// IsPartitionType, which the value fits. The text of a STRING is itself, valid or not.
// Errors: kPartitionSpecInvalid for NULL and for dates outside the years 0 to 9999.
Result<std::string> FormatPartitionValue(const Value& value, const DataType& type);

// Checks one text against the name rules (table_path.h); `is_new`: for a partition a client
// creates, so that it may not begin with "__" either.
// Errors: kPartitionSpecInvalid.
Status CheckPartitionValue(std::string_view value, bool is_new);

// The values of `spec` in the order of `keys`. Values are not checked.
// Errors: kPartitionSpecInvalid if the spec's keys are not exactly `keys`.
Result<std::vector<std::string>> ResolvePartitionSpec(const PartitionSpec& spec,
                                                      std::span<const std::string> keys);

// The same for a spec that names some of the keys; nullopt where it names none.
Result<std::vector<std::optional<std::string>>> ResolvePartialPartitionSpec(
    const PartitionSpec& spec, std::span<const std::string> keys);

// "2024$us".
std::string PartitionName(std::span<const std::string> values);

// The values of a name. Errors: kPartitionSpecInvalid if they are not `key_count`.
Result<std::vector<std::string>> SplitPartitionName(std::string_view name, size_t key_count);

// "year=2024/region=us", for messages and lakes. As many values as keys.
std::string QualifiedPartitionName(std::span<const std::string> keys,
                                   std::span<const std::string> values);

// Name of the partition a full row of `schema` belongs to.
// Errors: kPartitionSpecInvalid naming the column, kInvalidTable for a key that is no column.
Result<std::string> PartitionNameOfRow(const Row& row, const Schema& schema,
                                       std::span<const std::string> keys);

}  // namespace strom

#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_path.h"

namespace strom::cli {

// The first difference between a table that exists and one that is wanted, for people: "column b is
// INT there, BIGINT here"; none if making the wanted one would have made the same. What `wanted`
// leaves to the cluster is as the cluster has filled it in for `existing`.
// Errors: kInvalidConfig for properties that cannot be read.
Result<std::optional<std::string>> TableDifference(const TableDescriptor& existing,
                                                   const TableDescriptor& wanted);

// kTableAlreadyExist: there is a table at `path`, with this difference to the one that is wanted.
Status AnotherTable(const TablePath& path, const std::string& difference);

}  // namespace strom::cli

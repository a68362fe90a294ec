#pragma once

#include "common/base/result.h"
#include "common/types/table_path.h"
#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::convert {

// A table that should exist. A name that breaks the rules (table_path.h) is the name of nothing, so
// it is answered as a missing table; names of system tables ("__...") are let through.
// Errors: kTableNotExist naming the path and what is wrong with it.
Result<TablePath> FromPb(const pb::PbTablePath& path);

// A table somebody wants to create.
// Errors: kInvalidDatabase, kInvalidTable, as TablePath::Validate.
Result<TablePath> NewTablePathFromPb(const pb::PbTablePath& path);

// A table or partition that should exist. The number of values in the partition's name is for the
// table to judge, each of them keeps the rules.
// Errors: kTableNotExist; kPartitionNotExists if only the partition's name breaks the rules.
Result<PhysicalTablePath> FromPb(const pb::PbPhysicalTablePath& path);

pb::PbTablePath ToPb(const TablePath& path);
pb::PbPhysicalTablePath ToPb(const PhysicalTablePath& path);

}  // namespace strom::convert

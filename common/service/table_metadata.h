#pragma once

#include "common/base/result.h"
#include "common/service/cluster_view.h"
#include "proto/metadata.pb.h"
#include "proto/pb.h"

namespace strom::service {

// A table as answers to GetMetadata and UpdateMetadata hold it. Complete: old clients make their
// table of nothing else.
pb::PbTableMetadata ToPb(const TableView& table);

// Errors: kCorruptMessage naming the table, for ids and buckets that no table has; kInvalidTable
// for a descriptor that is none.
Result<TableView> FromPb(const pb::PbTableMetadata& table);

}  // namespace strom::service

#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "common/base/result.h"
#include "common/types/partition.h"
#include "common/types/property_map.h"
#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::convert {

using PbKeyValues = google::protobuf::RepeatedPtrField<pb::PbKeyValue>;

// Properties; their order means nothing.
// Errors: kInvalidConfig naming a key that is given twice.
Result<PropertyMap> FromPb(const PbKeyValues& properties);
PbKeyValues ToPb(const PropertyMap& properties);

// A partition of a table that the reader knows: ResolvePartitionSpec brings it in order and finds
// keys that are missing, unknown or there twice. `is_new`: for a partition to be created.
// Errors: kPartitionSpecInvalid for a value that breaks the rules (partition.h).
Result<PartitionSpec> FromPb(const pb::PbPartitionSpec& spec, bool is_new);
pb::PbPartitionSpec ToPb(const PartitionSpec& spec);

}  // namespace strom::convert

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/types/data_type.h"

namespace strom {

// `type` with every field id inside it, of ROWs at any depth, replaced by new_id(old id).
// In pre-order: a field comes before the fields inside its type.
DataType MapFieldIds(const DataType& type, const std::function<int32_t(int32_t)>& new_id);

// Appends the field ids inside `type`, in pre-order.
void CollectFieldIds(const DataType& type, std::vector<int32_t>& out);

}  // namespace strom

#pragma once

#include <optional>

#include "common/types/value.h"

namespace strom::tablet {

// ARROW batches do not keep every value a KV row can hold: a BINARY(n) of fewer bytes comes back
// filled up with zeros, and times lose digits finer than their unit (common/arrow/batch_builder.h,
// time_units.h). Since the rows of a bucket are rebuilt from its changelog, they are brought into
// the form that comes back before they are merged; otherwise a restart would change them.

// Whether there are values of `type` that do not come back as they are.
bool ChangesInArrow(const DataType& type);

// `value`, which is NULL or fits `type`, as it comes back; nullopt if that is no other value. What
// the format cannot hold at all is left alone: appending it is an error.
std::optional<Value> FitToArrow(const Value& value, const DataType& type);

}  // namespace strom::tablet

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/partition_time_format.h"
#include "common/types/table_properties.h"
#include "common/types/time_zone.h"

namespace strom {

// Which partitions a table with automatic partitions should have at a given time: the values of its
// time column. Pure; the coordinator calls it with its clock and acts on the answers.
// Same rules as Fluss: AutoPartitionUtils.java, AutoPartitionManager.java.
class AutoPartitioner {
 public:
  // `server_zone` counts if the table names no zone.
  // Errors: kInvalidTable for a bad pattern, kInvalidConfig for an unknown zone.
  static Result<AutoPartitioner> Make(const AutoPartitionOptions& options,
                                      std::string_view server_zone);

  // The value of the unit of time `offset` units after the one of `now_ms` (since the Unix epoch).
  // Times outside the years 0 to 9999 count as the nearest one inside.
  std::string ValueAt(int64_t now_ms, int64_t offset) const;

  // The values that should exist: the current unit and those after it, num-precreate together.
  std::vector<std::string> ValuesToCreate(int64_t now_ms) const;

  // Whether retention is over for `value`. Never for a negative num-retention.
  bool IsExpired(std::string_view value, int64_t now_ms) const;

  // Checks the time value of a partition that a client wants to create.
  // Errors: kPartitionSpecInvalid if it is no time value or has expired.
  Status CheckNewValue(std::string_view value, int64_t now_ms) const;

 private:
  AutoPartitioner(const AutoPartitionOptions& options, PartitionTimeFormat format, TimeZone zone)
      : unit_(options.unit),
        precreate_(options.precreate()),
        retention_(options.num_retention),
        format_(std::move(format)),
        zone_(std::move(zone)) {}

  PartitionTimeUnit unit_;
  int32_t precreate_;
  int32_t retention_;
  PartitionTimeFormat format_;
  TimeZone zone_;
};

}  // namespace strom

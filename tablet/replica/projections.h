#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "common/record/log_projection.h"
#include "common/runtime/wait.h"

namespace strom::tablet {

// The projections that the readers of one bucket ask for, made once each. Thread-safe.
class Projections {
 public:
  // That of `columns` of batches of `schema`, whose id is `id`.
  // Errors: as LogProjection::Create.
  Result<std::shared_ptr<const record::LogProjection>> Get(SchemaId id,
                                                           const record::RecordSchema& schema,
                                                           std::span<const int32_t> columns) {
    {
      const runtime::WaitLock lock(mutex_);
      for (const Known& known : known_) {
        if (known.schema == id && std::ranges::equal(known.columns, columns)) {
          return known.projection;
        }
      }
    }
    STROM_ASSIGN_OR_RETURN(record::LogProjection made,
                           record::LogProjection::Create(schema, columns));
    auto projection = std::make_shared<const record::LogProjection>(std::move(made));
    const runtime::WaitLock lock(mutex_);
    // Readers come and go; there are never many at a time.
    if (known_.size() >= kKept) known_.erase(known_.begin());
    known_.push_back({id, {columns.begin(), columns.end()}, projection});
    return projection;
  }

 private:
  static constexpr size_t kKept = 32;
  struct Known {
    SchemaId schema;
    std::vector<int32_t> columns;
    std::shared_ptr<const record::LogProjection> projection;
  };

  runtime::WaitMutex mutex_;
  std::vector<Known> known_ ABSL_GUARDED_BY(mutex_);  // The oldest first.
};

}  // namespace strom::tablet

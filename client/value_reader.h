#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "client/cluster.h"
#include "client/scan_plan.h"
#include "common/record/value_batch.h"
#include "common/row/row_codec.h"

namespace strom::client {

// Makes rows of the values that a primary-key table stores, whatever schema each was written with:
// columns are matched by id, those that its schema does not have are NULL. Thread-safe.
class ValueReader : public std::enable_shared_from_this<ValueReader> {
 public:
  // `columns` as those of ScanProjection::Make, with its errors.
  static Result<std::shared_ptr<ValueReader>> Make(std::shared_ptr<Cluster> cluster,
                                                   const TableInfo& table,
                                                   const std::vector<std::string>& columns);
  ValueReader(std::shared_ptr<Cluster> cluster, const TableInfo& table, RowFormat format,
              ScanProjection projection);

  // The columns of the rows.
  const std::vector<Column>& columns() const { return projection_.columns(); }

  // Asks the cluster for those of `schemas` that are not known yet. `done` is called once, on any
  // thread, possibly before this returns. Errors: kSchemaNotExist, those of the calls.
  void Learn(std::set<SchemaId> schemas, absl::AnyInvocable<void(Status)> done);

  // Errors: kSchemaNotExist if its schema was not learnt; kCorruptRecord, kCorruptMessage.
  Result<Row> Read(const record::ValueRecord& value) const;

 private:
  struct Plan {
    ColumnDecoder decoder;
    std::vector<size_t> targets;  // Of each decoded value, its place in the row.
  };

  std::shared_ptr<const Plan> PlanFor(const Schema& schema) const;
  std::shared_ptr<const Plan> Find(SchemaId id) const;

  const std::shared_ptr<Cluster> cluster_;
  const TablePath path_;
  const RowFormat format_;
  const ScanProjection projection_;
  mutable absl::Mutex mutex_;
  std::map<SchemaId, std::shared_ptr<const Plan>> plans_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::client

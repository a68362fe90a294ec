#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/record/record_schema.h"
#include "common/types/table_descriptor.h"
#include "common/types/value.h"
#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_config.h"

// The tables that simulated clients write, and what their rows are made of.
//
//   log table          writer INT, v BIGINT, padding STRING
//   primary-key table  k BIGINT, v BIGINT, then what the shape has: p0, p1, ... BIGINT (parts) or
//                      version BIGINT; padding STRING; g INT = k modulo the groups
//
// There is no padding if it has no bytes.
namespace strom::sim {

// Schema, distribution and merge engine.
TableDescriptor LogTableOf(const SimConfig& config);
TableDescriptor KeyedTableOf(const SimConfig& config);
TableRules RulesOf(const KeyedShape& shape);

// The columns of a writer that leaves out all parts but `only`; empty: all, if that is none.
std::vector<std::string> WrittenColumns(const SimConfig& config, std::optional<size_t> only);

Row LogRow(const SimConfig& config, int64_t writer, int64_t number, Bytes padding);
// A row of the columns that are written: of parts or version, those that `more` has.
Row KeyedRow(const SimConfig& config, int64_t key, int64_t value,
             const std::vector<std::optional<int64_t>>& more, Bytes padding);
// The primary key.
Row KeyOf(const SimConfig& config, int64_t key);
// A whole row of a primary-key table of this schema.
SeenRow RowSeen(const Row& row, const record::RecordSchema& schema);

}  // namespace strom::sim

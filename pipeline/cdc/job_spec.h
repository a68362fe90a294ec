#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/types/table_descriptor.h"
#include "pipeline/cdc/source_database.h"
#include "pipeline/cdc/source_table.h"

namespace strom::cdc {

// One table of the source database and the Strom table that follows it.
struct CdcTable {
  std::string job;  // Whose it is: its progress is remembered under this name.
  // Its columns have the names of the source and the types of the target, nullable outside the key.
  std::shared_ptr<const SourceTable> source;
  TableInfo target;
  // The columns of the target that are written, in the order of the source's; empty: all, which
  // then are in the target's order. The primary keys are the same columns.
  std::vector<std::string> columns;
};

// What a CDC job follows: tables of one source database, through one slot.
struct CdcSpec {
  std::shared_ptr<SourceDatabase> source;
  std::vector<CdcTable> tables;
  std::map<std::string, Status> broken;  // Jobs of the group that cannot be followed, and why.
  size_t changes_max = 5000;             // In one plan, about.
};

}  // namespace strom::cdc

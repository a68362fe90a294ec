#pragma once

#include <string>
#include <vector>

#include "common/types/schema.h"

namespace strom::cdc {

// A table of the source database as a script declares it: the columns that are read, under the
// names they have there, and the primary key. Rows that come from it have these columns, in this
// order. Shared and immutable, so that events can refer to it.
struct SourceTable {
  std::string schema_name;  // "public"
  std::string name;
  Schema schema;

  std::string ToString() const { return schema_name + "." + name; }  // For messages.
  std::string Quoted() const;                                        // "public"."orders"
  std::string QuotedColumns() const;                                 // "id", "name"
};

}  // namespace strom::cdc

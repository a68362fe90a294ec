#pragma once

#include <utility>
#include <vector>

#include "common/metadata/catalog.h"

namespace strom::tablet {

// A table with all its schemas.
struct LoadedTable {
  TableInfo info;                                  // At the newest schema.
  std::vector<std::pair<SchemaId, Schema>> older;  // The schemas before, ascending.
};

// Reads a table with its schemas from the metadata store. On the catalog's strand.
// Errors: those of Catalog::GetTable and GetSchema.
void LoadTable(metadata::Catalog& catalog, const TablePath& path,
               metadata::Callback<LoadedTable> done);

}  // namespace strom::tablet

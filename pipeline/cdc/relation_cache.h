#pragma once

#include <map>
#include <memory>
#include <vector>

#include "pipeline/cdc/pgoutput.h"
#include "pipeline/cdc/source_table.h"

namespace strom::cdc {

// A declared table and where its columns stand in the relation's tuples.
struct TableBinding {
  std::shared_ptr<const SourceTable> table;
  std::vector<size_t> positions;  // By declared column.
};

struct Relation {
  RelationMessage message;
  std::vector<TableBinding> bindings;  // Empty: nobody declared this table.
};

// What the stream said of the relations whose rows it sends. Every Relation message defines its
// relation anew; tuples follow the newest one, by position. Pure; one stream's.
class RelationCache {
 public:
  explicit RelationCache(std::vector<std::shared_ptr<const SourceTable>> tables)
      : tables_(std::move(tables)) {}

  // Errors: kExternalSystem if a declared table no longer has a declared column, has been renamed,
  // or has a replica identity that does not hold the declared primary key.
  Status Define(RelationMessage message);

  // Errors: kCorruptMessage for an oid no Relation message came for.
  Result<const Relation*> Find(uint32_t oid) const;

 private:
  const std::vector<std::shared_ptr<const SourceTable>> tables_;
  std::map<uint32_t, Relation> relations_;
};

}  // namespace strom::cdc

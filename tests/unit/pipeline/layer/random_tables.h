#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "pipeline/layer/view.h"
#include "pipeline/sql/query.h"

namespace strom::layer {

// Sources with random content: values from small domains, so that joins meet and groups fill; one
// value in twenty is NULL.
class RandomTables {
 public:
  RandomTables(std::vector<sql::SourceTable> tables, uint64_t seed);

  // dev, mon, alm, cust with keys; ev, append-only.
  static std::vector<sql::SourceTable> PowerGrid();

  // `count` random inserts, updates and deletes over all sources, done to the tables.
  std::vector<SourceDelta> Change(size_t count);

  std::vector<Row> RowsOf(size_t table) const;
  const std::vector<sql::SourceTable>& tables() const { return tables_; }
  size_t Below(size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random_);
  }

 private:
  Value RandomValue(const Column& column, bool in_key);
  Row RandomRow(size_t table);

  std::vector<sql::SourceTable> tables_;
  std::vector<std::map<std::string, Row>> rows_;  // By encoded key.
  std::vector<std::vector<Row>> appended_;        // Of tables without one.
  std::mt19937_64 random_;
};

}  // namespace strom::layer

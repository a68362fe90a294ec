#include "pipeline/core/change_table.h"

#include <utility>

#include "common/base/check.h"

namespace strom::pipeline {

ChangeTable::ChangeTable(Delta rows) {
  const auto body = std::make_shared<Body>();
  body->rows = std::move(rows);
  body->changes.reserve(body->rows.size());
  for (const SignedRow& row : body->rows) body->changes.push_back({row.row, row.insert});
  body_ = body;
}

ChangeTable::ChangeTable(const std::vector<bool>& inserts, std::vector<Value> values) {
  const size_t count = inserts.size();
  STROM_CHECK(count > 0 ? values.size() % count == 0 : values.empty())
      << values.size() << " values of " << count << " changes";
  const auto body = std::make_shared<Body>();
  body->values = std::move(values);
  body->changes.reserve(count);
  const size_t width = count > 0 ? body->values.size() / count : 0;
  for (size_t i = 0; i < count; ++i) {
    body->changes.push_back({RowRef(body->values.data() + i * width, width), inserts[i]});
  }
  body_ = body;
}

Delta ChangeTable::Copy() const {
  Delta rows;
  rows.reserve(size());
  for (const ChangeRef& change : *this) rows.push_back({change.insert, change.row.Copy()});
  return rows;
}

}  // namespace strom::pipeline

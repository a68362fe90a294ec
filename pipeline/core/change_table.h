#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/types/row_ref.h"
#include "pipeline/core/change.h"

namespace strom::pipeline {

// A change whose row lies somewhere else.
struct ChangeRef {
  RowRef row;
  bool insert = true;
};

// Changes that were read together, in the order they happened; their rows each by itself, or one
// behind the other. Immutable; copies share what is in it.
class ChangeTable {
 public:
  ChangeTable() = default;
  ChangeTable(Delta rows);  // NOLINT(google-explicit-constructor): the same.
  // One value for each column and change: all of the first row, then the second.
  ChangeTable(const std::vector<bool>& inserts, std::vector<Value> values);

  bool empty() const { return size() == 0; }
  size_t size() const { return body_ ? body_->changes.size() : 0; }
  const ChangeRef& operator[](size_t i) const { return body_->changes[i]; }
  const ChangeRef* begin() const { return body_ ? body_->changes.data() : nullptr; }
  const ChangeRef* end() const { return begin() + size(); }

  // As rows of their own.
  Delta Copy() const;

 private:
  struct Body {
    Delta rows;                 // The one
    std::vector<Value> values;  // or the other.
    std::vector<ChangeRef> changes;
  };
  std::shared_ptr<const Body> body_;
};

// What changed in one source of a query, by the source's place among them.
struct SourceDelta {
  size_t source = 0;
  ChangeTable rows;
};

inline ChangeTable::ChangeTable(Delta rows) {
  const auto body = std::make_shared<Body>();
  body->rows = std::move(rows);
  body->changes.reserve(body->rows.size());
  for (const SignedRow& row : body->rows) body->changes.push_back({row.row, row.insert});
  body_ = body;
}

inline ChangeTable::ChangeTable(const std::vector<bool>& inserts, std::vector<Value> values) {
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

inline Delta ChangeTable::Copy() const {
  Delta rows;
  rows.reserve(size());
  for (const ChangeRef& change : *this) rows.push_back({change.insert, change.row.Copy()});
  return rows;
}

}  // namespace strom::pipeline

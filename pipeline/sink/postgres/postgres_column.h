#pragma once

#include <cstddef>
#include <string>

#include "common/base/result.h"
#include "common/types/schema.h"
#include "common/types/value.h"
#include "pipeline/postgres/pg_array.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::sink {

// The values of one column of a batch, as the array parameter of an upsert or delete. Pure; filled
// and cleared batch after batch.
class PostgresColumn {
 public:
  // `postgres_type` takes the column's type (Takes).
  PostgresColumn(const Column& column, const std::string& postgres_type);

  // Errors: kExternalSystem, naming the column, for a text with a NUL character and a number that
  // the column has no room for.
  Status Add(const Value& value);
  size_t size() const { return array_.size(); }
  // Valid until the next Add or Clear.
  postgres::PgParameter Parameter() { return {.value = &array_.Finish(), .binary = true}; }
  void Clear() { array_.Clear(); }

 private:
  // How a value becomes an element.
  enum class Form {
    kBool,
    kInt2,
    kInt4,
    kInt8,
    kWholeNumeric,
    kNumeric,
    kFloat4,
    kFloat8,
    kWidenedFloat,
    kText,
    kPrinted,
    kBytes,
    kDate,
    kTime,
    kTimestamp,
  };
  static Form FormOf(const DataType& type, postgres::PgElement element);

  Status AddText(BytesView text);
  template <class T>
  Result<T> Narrow(int64_t value) const;

  std::string name_;
  DataType type_;
  Form form_;
  postgres::PgArray array_;
};

}  // namespace strom::sink

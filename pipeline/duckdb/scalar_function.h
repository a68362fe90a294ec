#pragma once

// For sources only: includes duckdb.h.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/types/data_type.h"
#include "pipeline/duckdb/handles.h"

namespace strom::duck {

// The arguments of one call of a scalar function: row `row` of flat vectors.
class Arguments {
 public:
  explicit Arguments(duckdb_data_chunk chunk);

  size_t count() const { return columns_.size(); }
  bool IsNull(size_t i) const;

  // The argument must be of the type: VARCHAR; BOOLEAN; INTEGER, DATE; BIGINT, TIMESTAMP (µs);
  // DOUBLE; FLOAT; a DECIMAL with more than 18 digits.
  std::string_view Text(size_t i) const;
  bool Bool(size_t i) const { return At<bool>(i); }
  int32_t Int(size_t i) const { return At<int32_t>(i); }
  int64_t BigInt(size_t i) const { return At<int64_t>(i); }
  double Double(size_t i) const { return At<double>(i); }
  float Float(size_t i) const { return At<float>(i); }
  __int128 Unscaled(size_t i) const;

  void MoveTo(size_t row) { row_ = row; }

 private:
  struct Column {
    void* data;
    uint64_t* validity;
  };
  template <class T>
  T At(size_t i) const {
    return static_cast<const T*>(columns_[i].data)[row_];
  }

  std::vector<Column> columns_;
  size_t row_ = 0;
};

// Where the answer of one call goes; what is not set is NULL.
class Answer {
 public:
  // `type` is the function's.
  Answer(duckdb_vector vector, const DataType& type)
      : vector_(vector), data_(duckdb_vector_get_data(vector)), type_(type) {}

  void Text(std::string_view text);
  void Bool(bool value) { Put(value); }
  void Int(int32_t value) { Put(value); }     // INTEGER, DATE.
  void BigInt(int64_t value) { Put(value); }  // BIGINT, TIMESTAMP (µs).
  void Double(double value) { Put(value); }
  void Unscaled(__int128 value);  // DECIMAL: has at most the type's digits.

  void MoveTo(size_t row) {
    row_ = row;
    set_ = false;
  }
  void Finish();  // Makes the row NULL if nothing was set.

 private:
  template <class T>
  void Put(T value) {
    static_cast<T*>(data_)[row_] = value;
    set_ = true;
  }

  duckdb_vector vector_;
  void* data_;
  const DataType& type_;
  size_t row_ = 0;
  bool set_ = false;
};

// A scalar function, called once a row. An error fails the statement.
struct ScalarFunction {
  std::string name;
  std::vector<DataType> parameters;
  std::optional<DataType> more = std::nullopt;  // Of any number of arguments after them.
  DataType result;
  std::function<Status(const Arguments&, Answer&)> call;
  // Unless set, the answer is NULL if an argument is, and `call` never sees one.
  bool takes_null = false;
};

// Makes `functions` known, all of one name with different parameters. Errors: kUnknownServerError.
Status Register(duckdb_connection connection, std::vector<ScalarFunction> functions);

}  // namespace strom::duck

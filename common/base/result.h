#pragma once

#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/base/status.h"

namespace strom {

// A value, or the error that kept it from being made.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    STROM_CHECK(!status_.ok()) << "a Result without a value needs an error";
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  const T& value() const& {
    STROM_CHECK(ok()) << status_.ToString();
    return *value_;
  }
  T& value() & {
    STROM_CHECK(ok()) << status_.ToString();
    return *value_;
  }
  // By value, so that `for (auto& x : F().value())` does not read what is already gone.
  T value() && {
    STROM_CHECK(ok()) << status_.ToString();
    return *std::move(value_);
  }

  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace strom

#define STROM_CONCAT_INNER_(a, b) a##b
#define STROM_CONCAT_(a, b) STROM_CONCAT_INNER_(a, b)

// STROM_ASSIGN_OR_RETURN(const int n, Parse(text)): declares n, or returns the error.
#define STROM_ASSIGN_OR_RETURN(lhs, expr) \
  STROM_ASSIGN_OR_RETURN_(STROM_CONCAT_(strom_result_, __LINE__), lhs, expr)
#define STROM_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                            \
  if (!tmp.ok()) return tmp.status();           \
  lhs = std::move(tmp).value()

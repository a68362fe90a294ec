#pragma once

// For sources only: includes duckdb.h.

#include <memory>
#include <utility>

#include <duckdb.h>

namespace strom::duck {

// Owns one of DuckDB's C handles.
template <class T, auto kDestroy>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T value) : value_(value) {}
  Handle(Handle&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Handle() {
    if (value_ != nullptr) kDestroy(&value_);
  }

  T get() const { return value_; }
  T* out() { return &value_; }  // For functions that fill an empty handle.

 private:
  T value_ = nullptr;
};

using DatabaseHandle = Handle<duckdb_database, duckdb_close>;
using ConnectionHandle = Handle<duckdb_connection, duckdb_disconnect>;
using ConfigHandle = Handle<duckdb_config, duckdb_destroy_config>;
using PreparedHandle = Handle<duckdb_prepared_statement, duckdb_destroy_prepare>;
using ChunkHandle = Handle<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using TypeHandle = Handle<duckdb_logical_type, duckdb_destroy_logical_type>;
using ScalarHandle = Handle<duckdb_scalar_function, duckdb_destroy_scalar_function>;
using ScalarSetHandle = Handle<duckdb_scalar_function_set, duckdb_destroy_scalar_function_set>;
using TableFunctionHandle = Handle<duckdb_table_function, duckdb_destroy_table_function>;
using ContextHandle = Handle<duckdb_client_context, duckdb_destroy_client_context>;
using ValueHandle = Handle<duckdb_value, duckdb_destroy_value>;

// A result, errors included: it is destroyed either way.
class ResultHandle {
 public:
  ResultHandle() = default;
  ResultHandle(const ResultHandle&) = delete;
  ResultHandle& operator=(const ResultHandle&) = delete;
  ~ResultHandle() { duckdb_destroy_result(&result_); }

  duckdb_result* get() { return &result_; }

 private:
  duckdb_result result_{};
};

// For the void* that DuckDB keeps and hands back: how it deletes a T made by new.
template <class T>
void DeleteAs(void* object) {
  delete static_cast<T*>(object);
}

}  // namespace strom::duck

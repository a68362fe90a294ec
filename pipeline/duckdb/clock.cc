#include <algorithm>

#include "common/base/check.h"
#include "pipeline/duckdb/rep.h"

// strom_clock(): the job clock of the connection that runs the statement. Volatile, so that DuckDB
// asks in every run and does not fold the answer of the first into the plan.
namespace strom::duck {
namespace {

using ClockPtr = std::shared_ptr<Clock>;

void* Copy(void* clock) { return new ClockPtr(*static_cast<ClockPtr*>(clock)); }

void Bind(duckdb_bind_info info) {
  auto* clocks = static_cast<Registry<Clock>*>(duckdb_scalar_function_bind_get_extra_info(info));
  ContextHandle context;
  duckdb_scalar_function_get_client_context(info, context.out());
  ClockPtr clock = clocks->Find(duckdb_client_context_get_connection_id(context.get()));
  if (clock == nullptr) {
    return duckdb_scalar_function_bind_set_error(info, "this connection has no clock");
  }
  duckdb_scalar_function_set_bind_data(info, new ClockPtr(std::move(clock)), DeleteAs<ClockPtr>);
  duckdb_scalar_function_set_bind_data_copy(info, Copy);
}

void Read(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const ClockPtr& clock = *static_cast<ClockPtr*>(duckdb_scalar_function_get_bind_data(info));
  auto* out = static_cast<int64_t*>(duckdb_vector_get_data(output));
  std::fill_n(out, duckdb_data_chunk_get_size(input), clock->micros);
}

}  // namespace

Status RegisterClock(duckdb_connection connection, Database::Rep& database) {
  const ScalarHandle function(duckdb_create_scalar_function());
  duckdb_scalar_function_set_name(function.get(), "strom_clock");
  duckdb_scalar_function_set_return_type(function.get(),
                                         ToLogicalType(DataType::Timestamp(6)).get());
  duckdb_scalar_function_set_extra_info(function.get(), &database.clocks, nullptr);
  duckdb_scalar_function_set_bind(function.get(), Bind);
  duckdb_scalar_function_set_function(function.get(), Read);
  duckdb_scalar_function_set_volatile(function.get());
  if (duckdb_register_scalar_function(connection, function.get()) != DuckDBSuccess) {
    return Error(ErrorCode::kUnknownServerError, "DuckDB refuses the function strom_clock");
  }
  return Status::Ok();
}

}  // namespace strom::duck

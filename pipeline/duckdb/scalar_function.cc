#include "pipeline/duckdb/scalar_function.h"

#include "common/base/check.h"
#include "pipeline/duckdb/logical_types.h"

namespace strom::duck {
namespace {

bool AnyNull(const Arguments& arguments) {
  for (size_t i = 0; i < arguments.count(); ++i) {
    if (arguments.IsNull(i)) return true;
  }
  return false;
}

void Call(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto& function =
      *static_cast<const ScalarFunction*>(duckdb_scalar_function_get_extra_info(info));
  Arguments arguments(input);
  Answer answer(output, function.result);
  const size_t count = duckdb_data_chunk_get_size(input);
  for (size_t row = 0; row < count; ++row) {
    arguments.MoveTo(row);
    answer.MoveTo(row);
    if (function.takes_null || !AnyNull(arguments)) {
      if (const Status s = function.call(arguments, answer); !s.ok()) {
        const std::string text = function.name + ": " + std::string(s.message());
        return duckdb_scalar_function_set_error(info, text.c_str());
      }
    }
    answer.Finish();
  }
}

ScalarHandle ToHandle(ScalarFunction function) {
  ScalarHandle handle(duckdb_create_scalar_function());
  duckdb_scalar_function_set_name(handle.get(), function.name.c_str());
  for (const DataType& type : function.parameters) {
    duckdb_scalar_function_add_parameter(handle.get(), ToLogicalType(type).get());
  }
  if (function.more) {
    duckdb_scalar_function_set_varargs(handle.get(), ToLogicalType(*function.more).get());
  }
  duckdb_scalar_function_set_return_type(handle.get(), ToLogicalType(function.result).get());
  if (function.takes_null) duckdb_scalar_function_set_special_handling(handle.get());
  duckdb_scalar_function_set_function(handle.get(), Call);
  duckdb_scalar_function_set_extra_info(handle.get(), new ScalarFunction(std::move(function)),
                                        DeleteAs<ScalarFunction>);
  return handle;
}

}  // namespace

Arguments::Arguments(duckdb_data_chunk chunk) {
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk); ++i) {
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    columns_.push_back({duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)});
  }
}

bool Arguments::IsNull(size_t i) const {
  return columns_[i].validity != nullptr &&
         !duckdb_validity_row_is_valid(columns_[i].validity, row_);
}

std::string_view Arguments::Text(size_t i) const {
  auto* text = static_cast<duckdb_string_t*>(columns_[i].data) + row_;
  return {duckdb_string_t_data(text), duckdb_string_t_length(*text)};
}

__int128 Arguments::Unscaled(size_t i) const {
  const auto value = At<duckdb_hugeint>(i);
  return static_cast<__int128>(static_cast<unsigned __int128>(value.upper) << 64 | value.lower);
}

void Answer::Text(std::string_view text) {
  duckdb_unsafe_vector_assign_string_element_len(vector_, row_, text.data(), text.size());
  set_ = true;
}

void Answer::Unscaled(__int128 value) {
  if (type_.precision() <= 4) return Put(static_cast<int16_t>(value));
  if (type_.precision() <= 9) return Put(static_cast<int32_t>(value));
  if (type_.precision() <= 18) return Put(static_cast<int64_t>(value));
  Put(duckdb_hugeint{.lower = static_cast<uint64_t>(value),
                     .upper = static_cast<int64_t>(value >> 64)});
}

void Answer::Finish() {
  if (set_) return;
  duckdb_vector_ensure_validity_writable(vector_);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector_), row_);
}

Status Register(duckdb_connection connection, std::vector<ScalarFunction> functions) {
  STROM_CHECK(!functions.empty());
  const std::string name = functions[0].name;
  const ScalarSetHandle set(duckdb_create_scalar_function_set(name.c_str()));
  for (ScalarFunction& function : functions) {
    STROM_CHECK(function.name == name) << function.name << " among functions named " << name;
    const ScalarHandle handle = ToHandle(std::move(function));
    if (duckdb_add_scalar_function_to_set(set.get(), handle.get()) != DuckDBSuccess) {
      return Error(ErrorCode::kUnknownServerError, "DuckDB refuses an overload of {}", name);
    }
  }
  if (duckdb_register_scalar_function_set(connection, set.get()) != DuckDBSuccess) {
    return Error(ErrorCode::kUnknownServerError, "DuckDB refuses the function {}", name);
  }
  return Status::Ok();
}

}  // namespace strom::duck

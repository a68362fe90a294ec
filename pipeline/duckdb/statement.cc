#include <utility>

#include "common/base/check.h"
#include "pipeline/duckdb/rep.h"
#include "pipeline/duckdb/vector_reader.h"

namespace strom::duck {

Result<std::vector<ColumnLayout>> LayoutsOf(const PreparedHandle& prepared,
                                            std::vector<Field>& fields) {
  std::vector<ColumnLayout> layouts;
  const idx_t count = duckdb_prepared_statement_column_count(prepared.get());
  for (idx_t i = 0; i < count; ++i) {
    const char* text = duckdb_prepared_statement_column_name(prepared.get(), i);
    const std::string name = text == nullptr ? "" : text;
    duckdb_free(const_cast<char*>(text));
    const TypeHandle type(duckdb_prepared_statement_column_logical_type(prepared.get(), i));
    STROM_ASSIGN_OR_RETURN(ColumnLayout layout, LayoutOf(type.get(), name));
    fields.push_back({.name = name, .type = layout.type});
    layouts.push_back(std::move(layout));
  }
  return layouts;
}

Statement::Statement(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Statement::~Statement() = default;

const std::vector<Field>& Statement::fields() const { return rep_->fields; }

template <class Take>
Status Statement::Rep::Run(const Take& take) {
  connection->error_position.reset();
  ResultHandle result;
  if (duckdb_execute_prepared(prepared.get(), result.get()) != DuckDBSuccess) {
    return connection->Fail(duckdb_result_error(result.get()), sql);
  }
  for (;;) {
    const ChunkHandle chunk(duckdb_fetch_chunk(*result.get()));
    if (chunk.get() == nullptr) return Status::Ok();
    STROM_RETURN_IF_ERROR(take(chunk.get(), duckdb_data_chunk_get_size(chunk.get())));
  }
}

namespace {

// Appends the first `width` columns of the chunk's rows.
Status AppendRows(duckdb_data_chunk chunk, size_t count, const std::vector<ColumnLayout>& layouts,
                  const std::vector<Field>& fields, size_t width, std::vector<Row>& rows) {
  std::vector<VectorReader> readers;
  readers.reserve(width);
  for (size_t i = 0; i < width; ++i) {
    readers.emplace_back(layouts[i], duckdb_data_chunk_get_vector(chunk, i));
  }
  rows.reserve(rows.size() + count);
  for (size_t row = 0; row < count; ++row) {
    Row& made = rows.emplace_back();
    made.reserve(width);
    for (size_t i = 0; i < width; ++i) {
      Status status;
      made.push_back(readers[i].Read(row, status));
      if (!status.ok()) return status.WithContext("column " + fields[i].name);
    }
  }
  return Status::Ok();
}

}  // namespace

Result<std::vector<Row>> Statement::Run() {
  std::vector<Row> rows;
  STROM_RETURN_IF_ERROR(rep_->Run([&](duckdb_data_chunk chunk, size_t count) {
    return AppendRows(chunk, count, rep_->layouts, rep_->fields, rep_->layouts.size(), rows);
  }));
  return rows;
}

Result<Statement::Numbered> Statement::RunNumbered() {
  STROM_CHECK(!rep_->layouts.empty() && rep_->layouts.back().id == DUCKDB_TYPE_BIGINT)
      << "no numbers are in the last column of " << rep_->sql;
  Numbered out;
  STROM_RETURN_IF_ERROR(rep_->Run([&](duckdb_data_chunk chunk, size_t count) -> Status {
    const size_t width = rep_->layouts.size() - 1;
    STROM_RETURN_IF_ERROR(AppendRows(chunk, count, rep_->layouts, rep_->fields, width, out.rows));
    const duckdb_vector last = duckdb_data_chunk_get_vector(chunk, width);
    uint64_t* const validity = duckdb_vector_get_validity(last);
    for (size_t row = 0; validity != nullptr && row < count; ++row) {
      if (duckdb_validity_row_is_valid(validity, row)) continue;
      return Error(ErrorCode::kUnknownServerError, "a row of the result has no number");
    }
    const auto* numbers = static_cast<const int64_t*>(duckdb_vector_get_data(last));
    out.numbers.insert(out.numbers.end(), numbers, numbers + count);
    return Status::Ok();
  }));
  return out;
}

}  // namespace strom::duck

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

Result<std::vector<Row>> Statement::Run() {
  rep_->connection->error_position.reset();
  ResultHandle result;
  if (duckdb_execute_prepared(rep_->prepared.get(), result.get()) != DuckDBSuccess) {
    return rep_->connection->Fail(duckdb_result_error(result.get()), rep_->sql);
  }
  std::vector<Row> rows;
  for (;;) {
    const ChunkHandle chunk(duckdb_fetch_chunk(*result.get()));
    if (chunk.get() == nullptr) return rows;
    const size_t first = rows.size();
    rows.resize(first + duckdb_data_chunk_get_size(chunk.get()), Row(rep_->layouts.size()));
    for (size_t column = 0; column < rep_->layouts.size(); ++column) {
      const VectorReader reader(rep_->layouts[column],
                                duckdb_data_chunk_get_vector(chunk.get(), column));
      for (size_t row = first; row < rows.size(); ++row) {
        Result<Value> value = reader.Read(row - first);
        if (!value.ok()) {
          return value.status().WithContext("column " + rep_->fields[column].name);
        }
        rows[row][column] = std::move(value).value();
      }
    }
  }
}

}  // namespace strom::duck

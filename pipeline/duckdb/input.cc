#include <algorithm>
#include <numeric>
#include <span>

#include "common/base/check.h"
#include "pipeline/duckdb/rep.h"
#include "pipeline/duckdb/vector_writer.h"

// strom_input(n): the rows of input n. One table function serves all inputs: DuckDB ignores a
// second registration under one name without a word, and never forgets a function. A plan holds on
// to the input it was bound to; numbers are never used twice.
namespace strom::duck {
namespace {

// A guess for the planner, that knows nothing of the rows: a batch. Without it, a plan expects one
// row, and joins by nested loops.
constexpr idx_t kRowsExpected = 1000;

using InputPtr = std::shared_ptr<Input::Rep>;

// How far one scan of an input has come.
struct Scan {
  const Input::Rep* input;
  std::vector<size_t> columns;  // The field behind each vector; DuckDB's own columns are no field.
  size_t next_row = 0;
};

void Bind(duckdb_bind_info info) {
  auto* inputs = static_cast<Registry<Input::Rep>*>(duckdb_bind_get_extra_info(info));
  const ValueHandle argument(duckdb_bind_get_parameter(info, 0));
  InputPtr input = inputs->Find(static_cast<uint64_t>(duckdb_get_int64(argument.get())));
  if (input == nullptr) return duckdb_bind_set_error(info, "there is no such input");
  for (const Field& field : input->fields) {
    duckdb_bind_add_result_column(info, field.name.c_str(), ToLogicalType(field.type).get());
  }
  duckdb_bind_set_cardinality(info, kRowsExpected, false);
  duckdb_bind_set_bind_data(info, new InputPtr(std::move(input)), DeleteAs<InputPtr>);
}

void Init(duckdb_init_info info) {
  auto scan = std::make_unique<Scan>();
  scan->input = static_cast<InputPtr*>(duckdb_init_get_bind_data(info))->get();
  if (scan->input->gone) return duckdb_init_set_error(info, "the input is gone");
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    scan->columns.push_back(duckdb_init_get_column_index(info, i));
  }
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, scan.release(), DeleteAs<Scan>);
}

Status Fill(Scan& scan, duckdb_data_chunk chunk) {
  struct ColumnWriter {
    VectorWriter writer;
    size_t from;  // Of the rows.
    const Field* field;
  };
  std::vector<ColumnWriter> writers;
  const Input::Rep& input = *scan.input;
  const std::vector<RowRef>& rows = input.rows;
  const size_t first = scan.next_row;
  const size_t count = std::min<size_t>(rows.size() - first, duckdb_vector_size());
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    const size_t column = scan.columns[i];
    if (column >= input.fields.size()) continue;  // A column of DuckDB's own.
    const Field& field = input.fields[column];
    const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    if (column == input.columns.size()) {
      std::copy_n(input.numbers.begin() + static_cast<ptrdiff_t>(first), count,
                  static_cast<int64_t*>(duckdb_vector_get_data(vector)));
      continue;
    }
    writers.push_back({VectorWriter(field.type, vector), input.columns[column], &field});
  }
  // Some rows at a time, so that they stay in the cache while their columns are taken.
  constexpr size_t kRowsAtOnce = 64;
  for (size_t from = 0; from < count; from += kRowsAtOnce) {
    const std::span<const RowRef> some(rows.data() + first + from,
                                           std::min(kRowsAtOnce, count - from));
    for (ColumnWriter& column : writers) {
      if (Status s = column.writer.Write(from, some, column.from); !s.ok()) {
        return s.WithContext("input " + input.view + ", column " + column.field->name);
      }
    }
  }
  scan.next_row += count;
  duckdb_data_chunk_set_size(chunk, count);
  return Status::Ok();
}

void Read(duckdb_function_info info, duckdb_data_chunk chunk) {
  auto& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  if (const Status s = Fill(scan, chunk); !s.ok()) {
    duckdb_function_set_error(info, std::string(s.message()).c_str());
  }
}

}  // namespace

Status RegisterInputFunction(duckdb_connection connection, Database::Rep& database) {
  const TableFunctionHandle function(duckdb_create_table_function());
  duckdb_table_function_set_name(function.get(), "strom_input");
  duckdb_table_function_add_parameter(function.get(), ToLogicalType(DataType::BigInt()).get());
  duckdb_table_function_set_extra_info(function.get(), &database.inputs, nullptr);
  duckdb_table_function_set_bind(function.get(), Bind);
  duckdb_table_function_set_init(function.get(), Init);
  duckdb_table_function_set_function(function.get(), Read);
  duckdb_table_function_supports_projection_pushdown(function.get(), true);
  if (duckdb_register_table_function(connection, function.get()) != DuckDBSuccess) {
    return Error(ErrorCode::kUnknownServerError, "DuckDB refuses the function strom_input");
  }
  return Status::Ok();
}

Input::Input(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}

Input::~Input() {
  rep_->gone = true;
  rep_->rows.clear();
  rep_->connection->database->inputs.Remove(rep_->number);
  ResultHandle result;
  const std::string drop = "DROP VIEW IF EXISTS temp." + rep_->view;
  STROM_CHECK(duckdb_query(rep_->connection->connection.get(), drop.c_str(), result.get()) ==
              DuckDBSuccess)
      << duckdb_result_error(result.get());
}

const std::vector<Field>& Input::fields() const { return rep_->fields; }

void Input::Set(std::vector<RowRef> rows, std::vector<int64_t> numbers) {
  std::vector<size_t> columns(rep_->fields.size() - (numbers.empty() ? 0 : 1));
  std::iota(columns.begin(), columns.end(), size_t{0});
  Set(std::move(rows), std::move(columns), std::move(numbers));
}

void Input::Set(std::vector<RowRef> rows, std::vector<size_t> columns,
                std::vector<int64_t> numbers) {
  const bool numbered = columns.size() + 1 == rep_->fields.size();
  STROM_CHECK(numbered || columns.size() == rep_->fields.size())
      << columns.size() << " columns for " << rep_->fields.size() << " fields";
  STROM_CHECK(numbers.size() == (numbered ? rows.size() : 0))
      << numbers.size() << " numbers for " << rows.size() << " rows";
  STROM_CHECK(!numbered || rep_->fields.back().type.kind() == TypeKind::kBigInt)
      << rep_->fields.back().type.ToString();
  size_t width = 0;
  for (const size_t column : columns) width = std::max(width, column + 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    STROM_CHECK(rows[i].size() >= width) << "row " << i << " is too short";
  }
  rep_->rows = std::move(rows);
  rep_->columns = std::move(columns);
  rep_->numbers = std::move(numbers);
}

}  // namespace strom::duck

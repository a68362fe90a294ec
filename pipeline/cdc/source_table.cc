#include "pipeline/cdc/source_table.h"

#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {

std::string SourceTable::Quoted() const {
  return postgres::QuoteIdentifier(schema_name) + "." + postgres::QuoteIdentifier(name);
}

std::string SourceTable::QuotedColumns() const {
  std::string out;
  for (const Column& column : schema.columns()) {
    if (!out.empty()) out += ", ";
    out += postgres::QuoteIdentifier(column.name);
  }
  return out;
}

}  // namespace strom::cdc

#pragma once

#include <optional>
#include <string>

#include "common/types/data_type.h"
#include "pipeline/postgres/pg_array.h"

namespace strom::sink {

// Which column of PostgreSQL takes which type, and how the values travel. Pure. Types of PostgreSQL
// are named as format_type writes them: "numeric(10,2)", "timestamp(3) without time zone".

// Whether a column of this PostgreSQL type takes values of `type` without cutting or rounding them.
// What is too large or too long for it is an error of the database.
bool Takes(const std::string& postgres_type, const DataType& type);

// The type without lengths and precisions: "timestamp without time zone".
std::string BaseType(const std::string& postgres_type);

// The type of the elements of the array in which the values of such a column travel. nullopt: their
// text does, and the database makes values of it.
std::optional<postgres::PgElement> ElementOf(const std::string& postgres_type);

}  // namespace strom::sink

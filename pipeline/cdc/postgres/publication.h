#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/cdc/source_table.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// Makes `name` a publication that sends every insert, update, delete and truncate of `tables`:
// creates it, adds what is missing, or leaves it alone if it covers them already, for then no right
// to change it is needed. Further tables in it stay.
//
// Before the slot (slot.h): decoding a change that is older than the publication fails, for ever.
// And before the snapshot of a table: see TableSnapshot.
//
// Errors: kExternalSystem with the statement an administrator has to run if the user may not (it
// takes CREATE on the database and ownership of the tables), and for a publication with a row
// filter on a table or a column list without a declared column.
Status EnsurePublication(postgres::PgConnection& sql, const std::string& name,
                         const std::vector<std::shared_ptr<const SourceTable>>& tables);

// Nothing if there is none.
Status DropPublication(postgres::PgConnection& sql, const std::string& name);

}  // namespace strom::cdc

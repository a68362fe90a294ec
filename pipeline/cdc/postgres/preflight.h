#pragma once

#include <memory>
#include <vector>

#include "pipeline/cdc/source_table.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// Checks, before anything is created in it, that a database can be a source of `tables`: the
// server's version (10 or newer) and wal_level, the role's right to replicate and to read, and
// for every table that it is an ordinary (or partitioned), logged table with the declared columns,
// types that may be declared so (MayDeclare), and a replica identity that holds the declared
// primary key.
//
// Needs no special right itself. Errors: kExternalSystem naming the thing and what to do about it;
// connection trouble as PgConnection.
Status Preflight(postgres::PgConnection& sql,
                 const std::vector<std::shared_ptr<const SourceTable>>& tables);

// The two halves of it.
Status CheckServer(postgres::PgConnection& sql);
Status CheckTable(postgres::PgConnection& sql, const SourceTable& table);

}  // namespace strom::cdc

#pragma once

#include "client/include/strom/admin.h"
#include "proto/pb.h"

namespace strom::v1 {
class GetDatabaseInfoResponse;
class GetTableInfoResponse;
class GetTableSchemaResponse;
}  // namespace strom::v1

namespace strom::client {

// Descriptions of tables in answers. Errors: kCorruptMessage naming the table and what is wrong: an
// id that no table has, a document that does not read, no bucket count.
Result<TableInfo> TableInfoFromPb(const TablePath& path, const pb::GetTableInfoResponse& response);
Result<TableSchema> TableSchemaFromPb(const TablePath& path,
                                      const pb::GetTableSchemaResponse& response);
Result<DatabaseInfo> DatabaseInfoFromPb(const std::string& name,
                                        const pb::GetDatabaseInfoResponse& response);

}  // namespace strom::client

#include "client/include/strom/table_reader.h"

#include <utility>

#include "client/include/strom/connection.h"
#include "client/table_scan.h"

namespace strom::client {

TableReader::TableReader(std::shared_ptr<TableScan> scan) : scan_(std::move(scan)) {
  ++scan_->cluster()->open_handles();
}

TableReader::~TableReader() {
  scan_->Close();
  --scan_->cluster()->open_handles();
}

const std::vector<Column>& TableReader::columns() const { return scan_->values().columns(); }

Future<std::vector<TableRow>> TableReader::Next() { return scan_->Next(); }

std::optional<LogOffset> TableReader::LogOffsetOf(BucketId bucket) const {
  return scan_->LogOffsetOf(bucket);
}

Status ReadTable(Connection& connection, const TablePath& path, const TableReaderOptions& options,
                 absl::FunctionRef<Status(TableRow)> visit) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<TableReader> reader,
                         connection.NewTableReader(path, options));
  while (true) {
    STROM_ASSIGN_OR_RETURN(std::vector<TableRow> rows, reader->Next().Get());
    if (rows.empty()) return Status::Ok();
    for (TableRow& row : rows) STROM_RETURN_IF_ERROR(visit(std::move(row)));
  }
}

}  // namespace strom::client

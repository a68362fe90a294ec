#pragma once

#include <memory>
#include <span>
#include <vector>

#include "common/arrow/layout.h"
#include "common/base/check.h"
#include "common/row/row_format.h"
#include "common/types/data_type.h"
#include "common/types/table_options.h"

namespace strom::record {

// What it takes to read and write the records of a log batch and is not in the batch: the table's
// log format and the column types of the batch's schema.
//
// Immutable and cheap to copy; made once per table and schema id (and projection), then shared.
class RecordSchema {
 public:
  RecordSchema(LogFormat format, std::vector<DataType> column_types)
      : data_(std::make_shared<const Data>(format, std::move(column_types))) {}

  LogFormat format() const { return data_->format; }
  bool is_arrow() const { return format() == LogFormat::kArrow; }
  // How the rows of the other formats are encoded.
  RowFormat row_format() const {
    STROM_CHECK(!is_arrow()) << "ARROW batches have no rows";
    return format() == LogFormat::kIndexed ? RowFormat::kIndexed : RowFormat::kCompacted;
  }
  std::span<const DataType> column_types() const { return data_->column_types; }
  // The columns as ARROW batches store them.
  const arrow::SchemaLayout& layout() const { return data_->layout; }

 private:
  struct Data {
    Data(LogFormat log_format, std::vector<DataType> types)
        : format(log_format), column_types(std::move(types)), layout(column_types) {}

    LogFormat format;
    std::vector<DataType> column_types;
    arrow::SchemaLayout layout;
  };

  std::shared_ptr<const Data> data_;
};

}  // namespace strom::record

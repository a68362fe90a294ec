#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/record/record_schema.h"
#include "common/row/compacted_cells.h"
#include "common/row/key_encoder.h"
#include "common/types/ids.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_properties.h"

namespace strom::tablet {

// One schema a primary-key table has or had, ready for its rows.
struct KvSchema {
  SchemaId id;
  Schema schema;
  std::vector<DataType> types;
  record::RecordSchema log;  // Of changelog batches written under this schema.
  // For every column of the newest schema, where this one has it (the same column id).
  std::vector<std::optional<size_t>> positions;
};

// What the buckets of a primary-key table need to know of it: how keys, rows and stored values
// become bytes and back. Whatever schema a row was written with, it is worked on in the columns of
// the newest one: columns are matched by id, and those the row does not have are NULL.
//
// Immutable, so threads may share it; replaced when the table changes.
class KvTable {
 public:
  // `older` are the schemas the table had before `newest`.
  // Errors: kNonPrimaryKeyTable; kInvalidTable for what is not supported (the aggregation merge
  // engine, auto-increment columns) or an older schema that is not older; kInvalidConfig.
  static Result<std::shared_ptr<const KvTable>> Make(
      const TableDescriptor& table, SchemaId newest,
      const std::vector<std::pair<SchemaId, Schema>>& older = {});

  const TableProperties& properties() const { return properties_; }
  const KvSchema& newest() const { return schemas_.rbegin()->second; }
  // Errors: kSchemaNotExist.
  Result<const KvSchema*> FindSchema(SchemaId id) const;

  // A row as a client sent it or the store holds it, without its schema id.
  // Errors: kCorruptRecord, kCorruptMessage naming the column, also for NULL where `from` says NOT
  // NULL.
  Result<Row> DecodeRow(const KvSchema& from, BytesView row) const;
  // Errors: those of DecodeRow; kSchemaNotExist.
  Result<Row> DecodeStored(BytesView stored_value) const;
  // A row of `from` in the columns of the newest schema.
  Row ToNewest(const KvSchema& from, Row row) const;

  // Brings a row of the newest schema into the form in which the changelog gives it back (see
  // log_fit.h). Whether that changed it.
  bool FitToLog(Row& row) const;

  // A row of the newest schema as the store holds it. Errors: kCorruptRecord, kRecordTooLarge.
  Result<Bytes> EncodeStored(const Row& row) const;
  // The primary key, without partition columns, of a row of the newest schema.
  // Errors: kCorruptRecord.
  Result<Bytes> EncodeKey(const Row& row) const { return key_.EncodeKey(row); }

  // How rows of the newest schema, as clients send them and the store holds them, are read as
  // cells: for those that go into the changelog as they are. Null if the table's formats or types
  // are others; then rows are Values. Nothing has to be fitted to the log if there are cells.
  const CompactedCells* cells() const { return cells_ ? &*cells_ : nullptr; }
  // Whether `key` is the one of a row of the newest schema that cells() has read.
  bool IsKeyOf(const CompactedCells::View& row, BytesView key) const;

  // A key for messages: its values, or its bytes if it is none.
  std::string KeyText(BytesView key) const;

 private:
  KvTable(TableProperties properties, std::map<SchemaId, KvSchema> schemas, KeyEncoder key);

  const TableProperties properties_;
  const std::map<SchemaId, KvSchema> schemas_;  // Not empty.
  const KeyEncoder key_;                        // For rows of the newest schema.
  std::vector<size_t> fitted_;                  // Columns that FitToLog looks at.
  std::optional<CompactedCells> cells_;
};

}  // namespace strom::tablet

#pragma once

#include <optional>
#include <utility>

#include "common/row/key_encoder.h"
#include "common/row/row_codec.h"
#include "common/row/table_keys.h"
#include "common/types/table_descriptor.h"
#include "common/types/table_properties.h"

namespace strom::client {

// A key as servers know it, and the bucket that has its row or rows.
struct EncodedKey {
  Bytes bytes;
  BucketId bucket;
};

// What it takes to write and look up rows of a primary-key table. Immutable, so threads may share
// it.
class KeyedTable {
 public:
  // Errors: kNonPrimaryKeyTable for a log table, kInvalidTable for a partitioned one,
  // kInvalidConfig for properties that do not read.
  static Result<KeyedTable> Make(TableInfo info);

  const TableInfo& info() const { return info_; }
  const TablePath& path() const { return info_.path; }
  const TableProperties& properties() const { return properties_; }
  RowFormat row_format() const { return ToRowFormat(properties_.kv_format); }

  // The key of `row`, which has a value for each column; only those of the key are looked at.
  // Errors here and below: kCorruptRecord for a wrong number of values, a NULL in the key, a value
  // that does not fit.
  Result<EncodedKey> KeyOfRow(const Row& row) const;
  // The key whose columns have these values, in the order of the primary key.
  Result<EncodedKey> KeyOf(const Row& key) const;
  // The beginning of all keys whose bucket-key columns have these values, in the order of the
  // bucket key. Errors: kInvalidTable if keys do not begin with the bucket key.
  Result<EncodedKey> PrefixOf(const Row& bucket_key) const;

  // `row`, one value a column, in the table's format.
  Result<Bytes> EncodeRow(const Row& row) const;

  // The same, to the end of `out`, which is of no use after an error; the bucket of the key.
  Result<BucketId> AppendKeyOfRow(Bytes& out, const Row& row) const;
  Status AppendRow(Bytes& out, const Row& row) const;

 private:
  KeyedTable(TableInfo info, TableProperties properties, TableKeys of_rows, TableKeys of_keys)
      : info_(std::move(info)),
        properties_(std::move(properties)),
        of_rows_(std::move(of_rows)),
        of_keys_(std::move(of_keys)) {}

  Result<EncodedKey> Encode(const TableKeys& keys, const Row& row) const;
  Result<BucketId> AppendKey(const TableKeys& keys, Bytes& out, const Row& row) const;
  Result<BucketId> BucketOf(BytesView bucket_key) const;

  TableInfo info_;
  TableProperties properties_;
  TableKeys of_rows_;  // Rows of all columns,
  TableKeys of_keys_;  // of those of the primary key,
  // of those of the bucket key; none if the table has no lookup by prefix.
  struct Prefix {
    KeyEncoder key;
    KeyEncoder bucket_key;
  };
  std::optional<Prefix> of_prefixes_;
};

}  // namespace strom::client

#include "client/keyed_table.h"

#include <algorithm>
#include <numeric>

#include "common/row/bucketing.h"

namespace strom::client {
namespace {

std::vector<size_t> UpTo(size_t count) {
  std::vector<size_t> positions(count);
  std::iota(positions.begin(), positions.end(), size_t{0});
  return positions;
}

}  // namespace

Result<KeyedTable> KeyedTable::Make(TableInfo info) {
  const TableDescriptor& descriptor = info.descriptor;
  if (!descriptor.has_primary_key()) {
    return Error(ErrorCode::kNonPrimaryKeyTable,
                 "table {} has no primary key: it is a log table, for append writers and log "
                 "scanners",
                 info.path);
  }
  if (descriptor.is_partitioned()) {
    return Error(ErrorCode::kInvalidTable, "table {} is partitioned; plain tables are served",
                 info.path);
  }
  STROM_ASSIGN_OR_RETURN(
      TableProperties properties,
      TableProperties::Parse(descriptor.properties, TableProperties::UnknownKeys::kIgnore));
  const Schema schema = descriptor.schema;  // `info` moves below.
  STROM_ASSIGN_OR_RETURN(const std::vector<size_t> bucket_key,
                         schema.IndexesOf(descriptor.BucketKeys()));
  const std::vector<size_t>& primary_key = schema.primary_key_indexes();
  TableKeyOptions options{.lake = properties.lake.format,
                          .key_encoding_version = properties.key_encoding_version(),
                          .primary_key = primary_key,
                          .bucket_key = bucket_key};
  STROM_ASSIGN_OR_RETURN(TableKeys of_rows, TableKeys::Make(schema.row_type(), options));

  STROM_ASSIGN_OR_RETURN(const DataType key_type, schema.Project(primary_key));
  options.primary_key = UpTo(primary_key.size());
  for (size_t& position : options.bucket_key) {
    const auto in_key = std::find(primary_key.begin(), primary_key.end(), position);
    if (in_key == primary_key.end()) {
      return Error(ErrorCode::kInvalidTable,
                   "table {}: column '{}' of the bucket key is not in the primary key", info.path,
                   schema.columns()[position].name);
    }
    position = static_cast<size_t>(in_key - primary_key.begin());
  }
  STROM_ASSIGN_OR_RETURN(TableKeys of_keys, TableKeys::Make(key_type, options));

  KeyedTable table(std::move(info), std::move(properties), std::move(of_rows), std::move(of_keys));
  // Other encodings than the compacted one keep no prefixes.
  if (table.info_.descriptor.SupportsPrefixLookup() &&
      table.of_rows_.primary_key.encoding() == KeyEncoding::kCompacted) {
    STROM_ASSIGN_OR_RETURN(const DataType prefix_type, schema.Project(bucket_key));
    const std::vector<size_t> positions = UpTo(bucket_key.size());
    STROM_ASSIGN_OR_RETURN(
        KeyEncoder key, KeyEncoder::Make(table.of_rows_.prefix.encoding(), prefix_type, positions));
    STROM_ASSIGN_OR_RETURN(KeyEncoder bucket, KeyEncoder::Make(table.of_rows_.bucket_key.encoding(),
                                                               prefix_type, positions));
    table.of_prefixes_ = {std::move(key), std::move(bucket)};
  }
  return table;
}

Result<EncodedKey> KeyedTable::KeyOfRow(const Row& row) const { return Encode(of_rows_, row); }

Result<EncodedKey> KeyedTable::KeyOf(const Row& key) const { return Encode(of_keys_, key); }

Result<EncodedKey> KeyedTable::PrefixOf(const Row& bucket_key) const {
  if (!of_prefixes_) {
    return Error(
        ErrorCode::kInvalidTable,
        "table {} has no lookup by prefix: its keys do not begin with a bucket key that is "
        "shorter",
        path());
  }
  Result<Bytes> key = of_prefixes_->key.EncodeKey(bucket_key);
  Result<Bytes> hashed = of_prefixes_->bucket_key.EncodeKey(bucket_key);
  for (const Status& status : {key.status(), hashed.status()}) {
    if (!status.ok()) return status.WithContext(fmt::format("table {}: prefix", path()));
  }
  STROM_ASSIGN_OR_RETURN(const BucketId bucket, BucketOf(*hashed));
  return EncodedKey{*std::move(key), bucket};
}

Result<EncodedKey> KeyedTable::Encode(const TableKeys& keys, const Row& row) const {
  EncodedKey key;
  STROM_ASSIGN_OR_RETURN(key.bucket, AppendKey(keys, key.bytes, row));
  return key;
}

Result<BucketId> KeyedTable::AppendKey(const TableKeys& keys, Bytes& out, const Row& row) const {
  const size_t start = out.size();
  if (const Status status = keys.primary_key.AppendKey(out, row); !status.ok()) {
    return status.WithContext(fmt::format("table {}: key", path()));
  }
  if (keys.bucket_key_is_primary_key) return BucketOf(BytesView(out).substr(start));
  Bytes hashed;
  if (const Status status = keys.bucket_key.AppendKey(hashed, row); !status.ok()) {
    return status.WithContext(fmt::format("table {}: bucket key", path()));
  }
  return BucketOf(hashed);
}

Result<BucketId> KeyedTable::AppendKeyOfRow(Bytes& out, const Row& row) const {
  return AppendKey(of_rows_, out, row);
}

Result<BucketId> KeyedTable::BucketOf(BytesView bucket_key) const {
  Result<BucketId> bucket =
      strom::BucketOf(properties_.lake.format, bucket_key, *info_.descriptor.bucket_count());
  if (!bucket.ok()) return bucket.status().WithContext(fmt::format("table {}: bucket key", path()));
  return bucket;
}

Status KeyedTable::AppendRow(Bytes& out, const Row& row) const {
  const std::vector<RowField>& fields = info_.descriptor.schema.row_type().fields();
  Status status = strom::AppendRow(row_format(), out, row, fields);
  return status.ok() ? status : status.WithContext(fmt::format("table {}", path()));
}

Result<Bytes> KeyedTable::EncodeRow(const Row& row) const {
  Bytes bytes;
  STROM_RETURN_IF_ERROR(AppendRow(bytes, row));
  return bytes;
}

}  // namespace strom::client

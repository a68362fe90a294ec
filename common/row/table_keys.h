#pragma once

#include <optional>

#include "common/row/key_encoder.h"
#include "common/types/table_options.h"

namespace strom {

// Encoding of bucket keys of a table that follows `lake`: none and Lance compacted, the others
// their own. Log tables with a bucket key need no more than this.
KeyEncoding LakeKeyEncoding(std::optional<LakeFormat> lake);

// What decides how a primary-key table encodes keys.
struct TableKeyOptions {
  std::optional<LakeFormat> lake;    // table.datalake.format
  int32_t key_encoding_version = 1;  // TableProperties::key_encoding_version(): 1 or 2.
  // Positions of columns, in key order. `primary_key` is the physical one: without partition
  // columns.
  std::vector<size_t> primary_key;
  std::vector<size_t> bucket_key;
};

// The encoders of a primary-key table:
//
//                                      primary key and prefix   bucket key
//   Hudi                               compacted                hudi
//   version 1                          lake's                   lake's
//   version 2, bucket key = primary    lake's                   lake's
//   version 2, other bucket key        compacted                lake's
//
// (Lake encodings do not keep prefixes, which lookups by bucket key need: hence version 2.)
// Same rule as Fluss: KeyEncoder.java. Immutable, so threads may share it.
struct TableKeys {
  KeyEncoder primary_key;
  KeyEncoder bucket_key;  // BucketOf() is over its bytes.
  KeyEncoder prefix;      // What prefix lookups send: the bucket-key columns as a primary key.
  // The primary key's bytes are also those of the bucket key: encode once.
  bool bucket_key_is_primary_key;

  // Errors: kInvalidConfig for another version; kInvalidTable as KeyEncoder::Make.
  static Result<TableKeys> Make(const DataType& row_type, const TableKeyOptions& options);
};

}  // namespace strom

#pragma once

#include <optional>

#include "common/base/bytes.h"
#include "common/types/ids.h"
#include "common/types/table_options.h"

namespace strom {

// The bucket of a table with `bucket_count` > 0 buckets that holds `bucket_key`, the key as the
// table's bucket-key encoder (key_encoder.h) wrote it. Pure; clients and servers must agree on it.
//
//   no lake, Lance   second round of Fluss's murmur hash (murmur_hash.h), mod bucket_count
//   Paimon           |first round mod bucket_count|, the remainder with the hash's sign
//   Iceberg          MurmurHash3_x86_32 with seed 0 without its sign bit, mod bucket_count
//   Hudi             the key's four bytes, big-endian, without the sign bit, mod bucket_count
//
// Errors: kCorruptRecord for an empty key, or one of other than four bytes for Hudi.
// Same functions as Fluss: BucketingFunction.java and its implementations.
Result<BucketId> BucketOf(std::optional<LakeFormat> lake, BytesView bucket_key,
                          int32_t bucket_count);

}  // namespace strom

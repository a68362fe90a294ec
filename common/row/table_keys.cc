#include "common/row/table_keys.h"

namespace strom {
namespace {

KeyEncoding PrimaryKeyEncoding(const TableKeyOptions& options) {
  if (options.lake == LakeFormat::kHudi) return KeyEncoding::kCompacted;
  const bool default_bucket_key = options.bucket_key == options.primary_key;
  if (options.key_encoding_version == 2 && !default_bucket_key) return KeyEncoding::kCompacted;
  return LakeKeyEncoding(options.lake);
}

}  // namespace

KeyEncoding LakeKeyEncoding(std::optional<LakeFormat> lake) {
  switch (lake.value_or(LakeFormat::kLance)) {
    case LakeFormat::kLance:
      return KeyEncoding::kCompacted;
    case LakeFormat::kPaimon:
      return KeyEncoding::kPaimon;
    case LakeFormat::kIceberg:
      return KeyEncoding::kIceberg;
    case LakeFormat::kHudi:
      return KeyEncoding::kHudi;
  }
  STROM_UNREACHABLE();
}

Result<TableKeys> TableKeys::Make(const DataType& row_type, const TableKeyOptions& options) {
  if (options.key_encoding_version != 1 && options.key_encoding_version != 2) {
    return Error(ErrorCode::kInvalidConfig, "key encoding version {}, it is 1 or 2",
                 options.key_encoding_version);
  }
  const KeyEncoding primary = PrimaryKeyEncoding(options);
  const KeyEncoding bucket = LakeKeyEncoding(options.lake);
  STROM_ASSIGN_OR_RETURN(KeyEncoder primary_key,
                         KeyEncoder::Make(primary, row_type, options.primary_key));
  STROM_ASSIGN_OR_RETURN(KeyEncoder bucket_key,
                         KeyEncoder::Make(bucket, row_type, options.bucket_key));
  STROM_ASSIGN_OR_RETURN(KeyEncoder prefix,
                         KeyEncoder::Make(primary, row_type, options.bucket_key));
  return TableKeys{
      .primary_key = std::move(primary_key),
      .bucket_key = std::move(bucket_key),
      .prefix = std::move(prefix),
      .bucket_key_is_primary_key = primary == bucket && options.bucket_key == options.primary_key};
}

}  // namespace strom

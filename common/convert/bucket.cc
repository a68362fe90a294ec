#include "common/convert/bucket.h"

namespace strom::convert {

TableBucket FromPb(const pb::PbTableBucket& bucket) {
  return BucketOf(TableId(bucket.table_id()), bucket);
}

pb::PbTableBucket ToPb(const TableBucket& bucket) {
  pb::PbTableBucket result;
  result.set_table_id(bucket.table.value());
  SetBucket(bucket, &result);
  return result;
}

}  // namespace strom::convert

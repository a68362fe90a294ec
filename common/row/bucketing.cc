#include "common/row/bucketing.h"

#include <cstdlib>

#include "common/base/endian.h"
#include "common/row/murmur_hash.h"

namespace strom {
namespace {

constexpr uint32_t kWithoutSign = 0x7fffffff;

int32_t PaimonBucket(BytesView key, int32_t count) {
  return std::abs(static_cast<int32_t>(FlussMurmur(key)) % count);
}

int32_t MaskedBucket(uint32_t hash, int32_t count) {
  return static_cast<int32_t>(hash & kWithoutSign) % count;
}

}  // namespace

Result<BucketId> BucketOf(std::optional<LakeFormat> lake, BytesView bucket_key,
                          int32_t bucket_count) {
  STROM_CHECK(bucket_count > 0) << "bucket count " << bucket_count;
  if (bucket_key.empty()) return Error(ErrorCode::kCorruptRecord, "the bucket key is empty");
  switch (lake.value_or(LakeFormat::kLance)) {
    case LakeFormat::kLance:
      return BucketId(FlussMurmurAgain(FlussMurmur(bucket_key)) % bucket_count);
    case LakeFormat::kPaimon:
      return BucketId(PaimonBucket(bucket_key, bucket_count));
    case LakeFormat::kIceberg:
      return BucketId(MaskedBucket(Murmur3(bucket_key, 0), bucket_count));
    case LakeFormat::kHudi:
      if (bucket_key.size() != sizeof(uint32_t)) {
        return Error(ErrorCode::kCorruptRecord, "a Hudi bucket key of {} bytes, it has {}",
                     bucket_key.size(), sizeof(uint32_t));
      }
      return BucketId(MaskedBucket(LoadBig<uint32_t>(bucket_key.data()), bucket_count));
  }
  STROM_UNREACHABLE();
}

}  // namespace strom

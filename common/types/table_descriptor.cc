#include "common/types/table_descriptor.h"

#include <algorithm>

namespace strom {

std::vector<std::string> TableDescriptor::PhysicalPrimaryKey() const {
  std::vector<std::string> key;
  for (const std::string& column : schema.primary_key()) {
    if (std::ranges::find(partition_keys, column) == partition_keys.end()) key.push_back(column);
  }
  return key;
}

std::vector<std::string> TableDescriptor::BucketKeys() const {
  if (distribution && !distribution->bucket_keys.empty()) return distribution->bucket_keys;
  return PhysicalPrimaryKey();
}

bool TableDescriptor::SupportsPrefixLookup() const {
  const std::vector<std::string> bucket = BucketKeys();
  const std::vector<std::string> key = PhysicalPrimaryKey();
  return bucket.size() < key.size() && std::equal(bucket.begin(), bucket.end(), key.begin());
}

}  // namespace strom

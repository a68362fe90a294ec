#include "common/convert/key_values.h"

namespace strom::convert {

Result<PropertyMap> FromPb(const PbKeyValues& properties) {
  PropertyMap result;
  for (const pb::PbKeyValue& property : properties) {
    if (!result.emplace(property.key(), property.value()).second) {
      return Error(ErrorCode::kInvalidConfig, "property '{:.200}' is given twice", property.key());
    }
  }
  return result;
}

PbKeyValues ToPb(const PropertyMap& properties) {
  PbKeyValues result;
  result.Reserve(static_cast<int>(properties.size()));
  for (const auto& [key, value] : properties) {
    pb::PbKeyValue* property = result.Add();
    property->set_key(key);
    property->set_value(value);
  }
  return result;
}

Result<PartitionSpec> FromPb(const pb::PbPartitionSpec& spec, bool is_new) {
  PartitionSpec result;
  result.reserve(static_cast<size_t>(spec.partition_key_values_size()));
  for (const pb::PbKeyValue& pair : spec.partition_key_values()) {
    STROM_RETURN_IF_ERROR(CheckPartitionValue(pair.value(), is_new));
    result.emplace_back(pair.key(), pair.value());
  }
  return result;
}

pb::PbPartitionSpec ToPb(const PartitionSpec& spec) {
  pb::PbPartitionSpec result;
  for (const auto& [key, value] : spec) {
    pb::PbKeyValue* pair = result.add_partition_key_values();
    pair->set_key(key);
    pair->set_value(value);
  }
  return result;
}

}  // namespace strom::convert

#include "common/metadata/json_documents.h"

namespace strom::metadata::document {
namespace {

Result<const json::In*> Get(const json::In& object, const char* key) {
  const json::In* value = json::Find(object, key);
  if (!value) return Error(ErrorCode::kInvalidTable, "'{}' is missing", key);
  return value;
}

bool FitsInt64(const json::In& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() || value.get<uint64_t>() <= INT64_MAX);
}

}  // namespace

Result<double> GetDouble(const json::In& object, const char* key) {
  STROM_ASSIGN_OR_RETURN(const json::In* const value, Get(object, key));
  if (!value->is_number()) return Error(ErrorCode::kInvalidTable, "'{}' is no number", key);
  return value->get<double>();
}

Result<std::optional<std::string>> FindText(const json::In& object, const char* key) {
  const json::In* const value = json::Find(object, key);
  if (value && value->is_null()) return std::optional<std::string>();
  return json::FindString(object, key);
}

Result<std::vector<ServerId>> ServersFrom(const json::In& value, std::string_view what) {
  std::vector<ServerId> servers;
  if (value.is_array()) {
    for (const json::In& item : value) {
      if (!FitsInt64(item)) break;
      const int64_t id = item.get<int64_t>();
      if (id < 0 || id > INT32_MAX) break;
      servers.emplace_back(static_cast<int32_t>(id));
    }
  }
  if (!value.is_array() || servers.size() != value.size()) {
    return Error(ErrorCode::kInvalidTable, "'{}' is no list of server ids", what);
  }
  return servers;
}

json::Out ServersTo(const std::vector<ServerId>& servers) {
  json::Out out = json::Out::array();
  for (const ServerId server : servers) out.push_back(server.value());
  return out;
}

}  // namespace strom::metadata::document

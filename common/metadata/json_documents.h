#pragma once

#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/ids.h"
#include "common/types/json_fields.h"

// For sources only (of zk_json.h): it includes the JSON library.
namespace strom::metadata::document {

// `read` turns a parsed object into a T. All errors become kUnknownServerError with the document's
// name in front: nobody who asks for metadata has sent it.
template <class T>
Result<T> Read(std::string_view name, BytesView text, std::initializer_list<int32_t> versions,
               Result<T> (*read)(const json::In& object, int32_t version)) {
  const auto result = [&]() -> Result<T> {
    STROM_ASSIGN_OR_RETURN(const json::In object, json::ParseObject(text));
    STROM_ASSIGN_OR_RETURN(const int32_t version, json::GetInt32(object, "version"));
    for (const int32_t known : versions) {
      if (version == known) return read(object, version);
    }
    return Error(ErrorCode::kInvalidTable, "unknown version {}", version);
  }();
  if (result.ok()) return result;
  return Error(ErrorCode::kUnknownServerError, "{}: {}", name, result.status().message());
}

using json::GetInt64;

// The value of a key that must be there.
Result<double> GetDouble(const json::In& object, const char* key);

// A text that may be absent or null.
Result<std::optional<std::string>> FindText(const json::In& object, const char* key);

// A list of server ids.
Result<std::vector<ServerId>> ServersFrom(const json::In& value, std::string_view what);
json::Out ServersTo(const std::vector<ServerId>& servers);

}  // namespace strom::metadata::document

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/property_map.h"

// For sources only (of JSON codecs): checked access to parsed JSON; it includes the JSON
// library. All errors are kInvalidTable and name the key.
namespace strom::json {

// Read with sorted keys (look-ups in objects of any size are fast), written with keys as inserted.
using In = nlohmann::json;
using Out = nlohmann::ordered_json;

// The document if it is a JSON object within the limits of json_codec.h.
Result<In> ParseObject(BytesView text);

// Compact text. Bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Out& document);

// The value of `key`, or nullptr; `object` is an object.
const In* Find(const In& object, const char* key);

// The value of a key that must be there and have this type.
Result<std::string> GetString(const In& object, const char* key);
Result<int32_t> GetInt32(const In& object, const char* key);
Result<int64_t> GetInt64(const In& object, const char* key);
Result<std::vector<std::string>> GetStrings(const In& object, const char* key);
Result<PropertyMap> GetProperties(const In& object, const char* key);
Result<const In*> GetObject(const In& object, const char* key);
Result<const In*> GetObjects(const In& object, const char* key);  // An array of objects.

// The same for a key that may be absent, but not null or of another type.
Result<std::optional<std::string>> FindString(const In& object, const char* key);
Result<std::optional<int32_t>> FindInt32(const In& object, const char* key);
Result<std::optional<int64_t>> FindInt64(const In& object, const char* key);
Result<std::optional<std::vector<std::string>>> FindStrings(const In& object, const char* key);
Result<std::optional<bool>> FindBool(const In& object, const char* key);

// `version` is absent or 1, as in every document so far.
Status CheckVersion(const In& document);

}  // namespace strom::json

#include "common/types/json_fields.h"

#include <utility>

#include "common/types/json_codec.h"

namespace strom::json {
namespace {

Status Wrong(const char* key, std::string_view wanted, const In& value) {
  return Error(ErrorCode::kInvalidTable, "'{}' is no {} but of JSON type {}", key, wanted,
               value.type_name());
}

// Whether objects and arrays of `text` go deeper than the limit; brackets inside strings are none.
bool IsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

Result<std::string> AsString(const In& value, const char* key) {
  if (!value.is_string()) return Wrong(key, "text", value);
  return value.get_ref<const std::string&>();
}

Result<int32_t> AsInt32(const In& value, const char* key) {
  if (!value.is_number_integer()) return Wrong(key, "whole number", value);
  const bool too_large = value.is_number_unsigned() && value.get<uint64_t>() > INT32_MAX;
  const int64_t number = too_large ? INT64_MAX : value.get<int64_t>();
  if (number < INT32_MIN || number > INT32_MAX) {
    return Error(ErrorCode::kInvalidTable, "'{}' is {}, which has more than 32 bits", key,
                 value.dump());
  }
  return static_cast<int32_t>(number);
}

Result<int64_t> AsInt64(const In& value, const char* key) {
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<uint64_t>() <= INT64_MAX);
  if (!fits) return Error(ErrorCode::kInvalidTable, "'{}' is no whole number of 64 bits", key);
  return value.get<int64_t>();
}

Result<bool> AsBool(const In& value, const char* key) {
  if (!value.is_boolean()) return Wrong(key, "boolean", value);
  return value.get<bool>();
}

Result<std::vector<std::string>> AsStrings(const In& value, const char* key) {
  if (!value.is_array()) return Wrong(key, "list of texts", value);
  std::vector<std::string> out;
  for (const In& item : value) {
    if (!item.is_string()) return Wrong(key, "list of texts", item);
    out.push_back(item.get_ref<const std::string&>());
  }
  return out;
}

Result<PropertyMap> AsProperties(const In& value, const char* key) {
  if (!value.is_object()) return Wrong(key, "map of texts", value);
  if (value.size() > kJsonPropertiesMax) {
    return Error(ErrorCode::kInvalidTable, "'{}' has {} entries, at most {} are allowed", key,
                 value.size(), kJsonPropertiesMax);
  }
  PropertyMap out;
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) return Wrong(key, "map of texts", text);
    out.emplace(name, text.get_ref<const std::string&>());
  }
  return out;
}

Result<const In*> AsObject(const In& value, const char* key) {
  if (!value.is_object()) return Wrong(key, "object", value);
  return &value;
}

Result<const In*> AsObjects(const In& value, const char* key) {
  if (!value.is_array()) return Wrong(key, "list of objects", value);
  for (const In& item : value) {
    if (!item.is_object()) return Wrong(key, "list of objects", item);
  }
  return &value;
}

// The value of a key read by one of the above.
template <class T>
Result<T> Get(const In& object, const char* key, Result<T> (*as)(const In&, const char*)) {
  const In* value = Find(object, key);
  if (value == nullptr) return Error(ErrorCode::kInvalidTable, "'{}' is missing", key);
  return as(*value, key);
}

template <class T>
Result<std::optional<T>> FindAs(const In& object, const char* key,
                                Result<T> (*as)(const In&, const char*)) {
  const In* value = Find(object, key);
  if (value == nullptr) return std::optional<T>();
  STROM_ASSIGN_OR_RETURN(T result, as(*value, key));
  return std::optional<T>(std::move(result));
}

}  // namespace

Result<In> ParseObject(BytesView text) {
  if (text.size() > kJsonLengthMax) {
    return Error(ErrorCode::kInvalidTable, "JSON document of {} bytes, at most {} are allowed",
                 text.size(), kJsonLengthMax);
  }
  if (IsTooDeep(text)) {
    return Error(ErrorCode::kInvalidTable, "JSON document is nested more than {} levels deep",
                 kJsonDepthMax);
  }
  try {
    In document = In::parse(text);
    if (!document.is_object()) return Error(ErrorCode::kInvalidTable, "document is no JSON object");
    return document;
  } catch (const In::exception& e) {
    return Error(ErrorCode::kInvalidTable, "document of {} bytes is no JSON: {:.300}", text.size(),
                 e.what());
  }
}

std::string Dump(const Out& document) {
  return document.dump(-1, ' ', false, Out::error_handler_t::replace);
}

const In* Find(const In& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() ? &*found : nullptr;
}

Result<std::string> GetString(const In& object, const char* key) {
  return Get(object, key, AsString);
}
Result<int32_t> GetInt32(const In& object, const char* key) { return Get(object, key, AsInt32); }
Result<int64_t> GetInt64(const In& object, const char* key) { return Get(object, key, AsInt64); }
Result<std::vector<std::string>> GetStrings(const In& object, const char* key) {
  return Get(object, key, AsStrings);
}
Result<PropertyMap> GetProperties(const In& object, const char* key) {
  return Get(object, key, AsProperties);
}
Result<const In*> GetObject(const In& object, const char* key) {
  return Get(object, key, AsObject);
}
Result<const In*> GetObjects(const In& object, const char* key) {
  return Get(object, key, AsObjects);
}

Result<std::optional<std::string>> FindString(const In& object, const char* key) {
  return FindAs(object, key, AsString);
}
Result<std::optional<int32_t>> FindInt32(const In& object, const char* key) {
  return FindAs(object, key, AsInt32);
}
Result<std::optional<int64_t>> FindInt64(const In& object, const char* key) {
  return FindAs(object, key, AsInt64);
}
Result<std::optional<std::vector<std::string>>> FindStrings(const In& object, const char* key) {
  return FindAs(object, key, AsStrings);
}
Result<std::optional<bool>> FindBool(const In& object, const char* key) {
  return FindAs(object, key, AsBool);
}

Status CheckVersion(const In& document) {
  STROM_ASSIGN_OR_RETURN(const auto version, FindInt32(document, "version"));
  if (version.value_or(1) != 1) {
    return Error(ErrorCode::kInvalidTable, "'version' is {}, only 1 is known", *version);
  }
  return Status::Ok();
}

}  // namespace strom::json

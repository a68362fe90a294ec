#include "common/remote/object_store.h"

#include <algorithm>

#include "common/base/crc32c.h"

namespace strom::remote {

void ObjectSum::Add(BytesView bytes) {
  size_bytes += bytes.size();
  crc32c = ExtendCrc32c(crc32c, bytes);
}

std::string ObjectSum::ToString() const {
  return fmt::format("{} bytes with CRC-32C {:08x}", size_bytes, crc32c);
}

std::string ObjectStore::LocationOf(std::string_view key) const {
  return fmt::format("{}/{}", root(), key);
}

Result<std::string> ObjectStore::KeyOf(std::string_view location) const {
  std::string_view key = location;
  if (!key.starts_with(root()) || !key.substr(root().size()).starts_with('/')) {
    return Error(ErrorCode::kStorage, "{:.500} is not in the object store {}", location, root());
  }
  key.remove_prefix(root().size() + 1);
  STROM_RETURN_IF_ERROR(CheckObjectKey(key));
  return std::string(key);
}

Result<ObjectSum> ObjectStore::PutFile(const std::string& key, const io::File& source) {
  ObjectSum sum;
  STROM_RETURN_IF_ERROR(Put(key, [&](std::span<char> out) -> Result<size_t> {
    STROM_ASSIGN_OR_RETURN(const size_t count, source.ReadAt(sum.size_bytes, out));
    sum.Add({out.data(), count});
    return count;
  }));
  return sum;
}

Result<ObjectSum> ObjectStore::PutBytes(const std::string& key, BytesView bytes) {
  ObjectSum sum;
  STROM_RETURN_IF_ERROR(Put(key, [&](std::span<char> out) -> Result<size_t> {
    const size_t count = bytes.substr(sum.size_bytes).copy(out.data(), out.size());
    sum.Add({out.data(), count});
    return count;
  }));
  return sum;
}

Result<ObjectSum> ObjectStore::GetFile(const std::string& key, io::File& target) const {
  ObjectSum sum;
  STROM_RETURN_IF_ERROR(Read(key, [&](BytesView bytes) {
    sum.Add(bytes);
    return target.Append(bytes);
  }));
  return sum;
}

Result<Bytes> ObjectStore::GetBytes(const std::string& key, uint64_t size_limit_bytes) const {
  STROM_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, Size(key));
  if (size.value_or(0) > size_limit_bytes) {
    return Error(ErrorCode::kStorage, "read {}: {} bytes, at most {} are allowed", LocationOf(key),
                 *size, size_limit_bytes);
  }
  Bytes all;
  STROM_RETURN_IF_ERROR(Read(key, [&](BytesView bytes) {
    all.append(bytes);
    return Status::Ok();
  }));
  return all;
}

Result<ObjectSum> ObjectStore::Sum(const std::string& key) const {
  ObjectSum sum;
  STROM_RETURN_IF_ERROR(Read(key, [&](BytesView bytes) {
    sum.Add(bytes);
    return Status::Ok();
  }));
  return sum;
}

Status ObjectStore::DeleteFolder(const std::string& folder) {
  STROM_ASSIGN_OR_RETURN(const std::vector<ListedObject> objects, List(folder));
  for (const ListedObject& object : objects) STROM_RETURN_IF_ERROR(Delete(object.key));
  return Status::Ok();
}

Status CheckObjectKey(std::string_view key) {
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view name = key.substr(begin, end - begin);
    if (name.empty() || name == "." || name == ".." || name.ends_with(kUnfinishedSuffix) ||
        name.find('\0') != std::string_view::npos) {
      return Error(ErrorCode::kStorage, "'{:.500}' is no key of an object", key);
    }
    begin = end + 1;
  }
  return Status::Ok();
}

}  // namespace strom::remote

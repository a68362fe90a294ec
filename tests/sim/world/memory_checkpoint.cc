#include "tests/sim/world/memory_checkpoint.h"

#include <algorithm>
#include <utility>

#include "common/base/byte_reader.h"
#include "common/base/crc32c.h"
#include "common/io/atomic_file.h"
#include "common/io/path.h"

namespace strom::sim {
namespace {

constexpr uint64_t kFileSizeMax = uint64_t{1} << 30;

void AppendSized(Bytes& to, BytesView bytes) {
  AppendLittle(to, static_cast<uint32_t>(bytes.size()));
  to.append(bytes);
}

Bytes WithChecksum(Bytes bytes) {
  AppendLittle(bytes, Crc32c(bytes));
  return bytes;
}

// What is before the checksum.
Result<BytesView> Checked(const std::string& path, BytesView bytes) {
  if (bytes.size() >= sizeof(uint32_t)) {
    const BytesView content = bytes.substr(0, bytes.size() - sizeof(uint32_t));
    if (LoadLittle<uint32_t>(content.data() + content.size()) == Crc32c(content)) return content;
  }
  return Error(ErrorCode::kKvStorage, "{}: {} bytes whose checksum is wrong", path, bytes.size());
}

Result<BytesView> ReadSized(ByteReader& reader) {
  STROM_ASSIGN_OR_RETURN(const uint32_t size, reader.ReadLittle<uint32_t>());
  return reader.ReadBytes(size);
}

Status WriteSynced(io::FileSystem& files, const std::string& path, BytesView bytes) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<io::File> file, files.Create(path));
  STROM_RETURN_IF_ERROR(file->Append(bytes));
  return file->Sync();
}

Status WriteFolder(io::FileSystem& files, const std::string& path,
                   const std::map<std::string, BytesView>& contents) {
  STROM_RETURN_IF_ERROR(files.CreateDirectory(path));
  for (const auto& [name, bytes] : contents) {
    STROM_RETURN_IF_ERROR(WriteSynced(files, io::JoinPath(path, name), bytes));
  }
  return files.SyncDirectory(path);
}

}  // namespace

MemoryTable MakeMemoryTable(int64_t number, const MemoryChanges& changes) {
  Bytes bytes;
  for (const auto& [key, value] : changes) {
    AppendSized(bytes, key);
    AppendLittle(bytes, static_cast<uint8_t>(value ? 1 : 0));
    AppendSized(bytes, value ? *value : BytesView());
  }
  return {.name = fmt::format("{:06}.sst", number),
          .bytes = std::make_shared<const Bytes>(WithChecksum(std::move(bytes)))};
}

Result<std::vector<kv::StoreFile>> WriteMemoryCheckpoint(io::FileSystem& files,
                                                         const std::string& path,
                                                         MemoryCheckpoint& checkpoint) {
  const std::string manifest_name = fmt::format("MANIFEST-{:06}", checkpoint.next_number++);
  Bytes manifest;
  AppendLittle(manifest, checkpoint.next_number);
  std::map<std::string, BytesView> contents;
  for (const MemoryTable& table : checkpoint.tables) {
    AppendSized(manifest, table.name);
    contents.emplace(table.name, *table.bytes);
  }
  manifest = WithChecksum(std::move(manifest));
  const Bytes current = manifest_name + "\n";
  contents.emplace(manifest_name, manifest);
  contents.emplace("CURRENT", current);

  const std::string unfinished = path + ".tmp";
  STROM_RETURN_IF_ERROR(files.RemoveRecursively(unfinished));
  if (Status written = WriteFolder(files, unfinished, contents); !written.ok()) {
    (void)files.RemoveRecursively(unfinished);  // The next one tries again.
    return written;
  }
  STROM_RETURN_IF_ERROR(files.Rename(unfinished, path));
  STROM_RETURN_IF_ERROR(files.SyncDirectory(io::ParentPath(path)));

  std::vector<kv::StoreFile> made;
  for (const auto& [name, bytes] : contents) {
    const bool immutable = name.ends_with(".sst");
    made.push_back({.name = name, .size_bytes = bytes.size(), .immutable = immutable});
    if (immutable) made.back().crc32c = Crc32c(bytes);
  }
  return made;
}

Result<std::optional<MemoryCheckpoint>> TakeMemoryCheckpoint(io::FileSystem& files,
                                                             const std::string& path) {
  const std::string current_path = io::JoinPath(path, "CURRENT");
  STROM_ASSIGN_OR_RETURN(const bool exists, files.Exists(current_path));
  if (!exists) return std::optional<MemoryCheckpoint>();
  STROM_ASSIGN_OR_RETURN(Bytes manifest_name, io::ReadWholeFile(files, current_path, kFileSizeMax));
  if (!manifest_name.ends_with('\n')) {
    return Error(ErrorCode::kKvStorage, "{}: it does not end with a new line", current_path);
  }
  manifest_name.pop_back();
  const std::string manifest_path = io::JoinPath(path, manifest_name);
  STROM_ASSIGN_OR_RETURN(const Bytes manifest,
                         io::ReadWholeFile(files, manifest_path, kFileSizeMax));
  STROM_ASSIGN_OR_RETURN(const BytesView content, Checked(manifest_path, manifest));

  MemoryCheckpoint checkpoint;
  ByteReader reader(content, "manifest");
  STROM_ASSIGN_OR_RETURN(checkpoint.next_number, reader.ReadLittle<int64_t>());
  while (!reader.done()) {
    STROM_ASSIGN_OR_RETURN(const BytesView name, ReadSized(reader));
    const std::string table_path = io::JoinPath(path, name);
    STROM_ASSIGN_OR_RETURN(Bytes bytes, io::ReadWholeFile(files, table_path, kFileSizeMax));
    STROM_RETURN_IF_ERROR(Checked(table_path, bytes).status());
    checkpoint.tables.push_back(
        {std::string(name), std::make_shared<const Bytes>(std::move(bytes))});
  }
  STROM_RETURN_IF_ERROR(files.RemoveFile(current_path));
  return std::optional(std::move(checkpoint));
}

Result<MemoryContents> ContentsOf(const MemoryCheckpoint& checkpoint) {
  MemoryContents contents;
  for (const MemoryTable& table : checkpoint.tables) {
    STROM_ASSIGN_OR_RETURN(const BytesView bytes, Checked(table.name, *table.bytes));
    ByteReader reader(bytes, "table");
    while (!reader.done()) {
      STROM_ASSIGN_OR_RETURN(const BytesView key, ReadSized(reader));
      STROM_ASSIGN_OR_RETURN(const uint8_t has_value, reader.ReadLittle<uint8_t>());
      STROM_ASSIGN_OR_RETURN(const BytesView value, ReadSized(reader));
      if (has_value != 0) {
        contents.insert_or_assign(Bytes(key), Bytes(value));
      } else {
        contents.erase(Bytes(key));
      }
    }
  }
  return contents;
}

}  // namespace strom::sim

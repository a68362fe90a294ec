#include "tablet/replica/log_directories.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "common/base/logging.h"
#include "common/io/path.h"

namespace strom::tablet {
namespace {

constexpr std::string_view kLogPrefix = "log-";
constexpr std::string_view kKvPrefix = "kv-";
constexpr std::string_view kBrokenPrefix = "broken-";

// The number that all of `text` is.
template <class Id>
std::optional<Id> ParseId(std::string_view text) {
  typename Id::rep value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return Id(value);
}

// The id in "<name><separator><id>".
template <class Id>
std::optional<Id> IdBehind(std::string_view name, std::string_view separator) {
  const size_t at = name.rfind(separator);
  if (at == std::string_view::npos) return std::nullopt;
  return ParseId<Id>(name.substr(at + separator.size()));
}

// In place of the log's prefix another one.
std::string Beside(const std::string& log_directory, std::string_view prefix) {
  const std::string parent = io::ParentPath(log_directory);
  const std::string_view bucket =
      std::string_view(log_directory).substr(parent.size() + 1 + kLogPrefix.size());
  return fmt::format("{}/{}{}", parent, prefix, bucket);
}

class Finder {
 public:
  explicit Finder(io::FileSystem& files) : files_(files) {}

  // The logs directly in `directory`, of a table or a partition; partitions only in a table's.
  Status Visit(const std::string& directory, TableId table, std::optional<PartitionId> partition) {
    STROM_ASSIGN_OR_RETURN(const auto entries, files_.List(directory));
    for (const io::DirectoryEntry& entry : entries) {
      if (entry.kind != io::EntryKind::kDirectory) continue;
      const std::string path = directory + "/" + entry.name;
      if (entry.name.starts_with(kLogPrefix)) {
        if (const auto id = ParseId<BucketId>(entry.name.substr(kLogPrefix.size()))) {
          logs_[{.table = table, .partition = partition, .bucket = *id}] = path;
        }
      } else if (const auto id = IdBehind<PartitionId>(entry.name, "-p"); id && !partition) {
        STROM_RETURN_IF_ERROR(Visit(path, table, *id));
      }
    }
    return Status::Ok();
  }

  std::map<TableBucket, std::string>& logs() { return logs_; }

 private:
  io::FileSystem& files_;
  std::map<TableBucket, std::string> logs_;
};

}  // namespace

std::string LogDirectory(const PhysicalTablePath& path, const TableBucket& bucket) {
  std::string directory =
      fmt::format("{}/{}-{}", path.table.database, path.table.table, bucket.table);
  if (bucket.partition) {
    directory += fmt::format("/{}-p{}", path.partition.value_or(""), *bucket.partition);
  }
  return fmt::format("{}/{}{}", directory, kLogPrefix, bucket.bucket);
}

std::string KvDirectory(const std::string& log_directory) {
  return Beside(log_directory, kKvPrefix);
}

std::string CheckpointDirectory(const std::string& log_directory) {
  return KvDirectory(log_directory) + ".snapshot";
}

std::string SnapshotFolder(const std::string& log_directory) {
  return "kv/" + Beside(log_directory, "");
}

std::string BrokenDirectory(const std::string& log_directory) {
  return Beside(log_directory, kBrokenPrefix);
}

Result<std::map<TableBucket, std::string>> FindLogs(io::FileSystem& files,
                                                    const std::string& root) {
  Finder finder(files);
  STROM_ASSIGN_OR_RETURN(const auto databases, files.List(root));
  for (const io::DirectoryEntry& database : databases) {
    if (database.kind != io::EntryKind::kDirectory) continue;
    const std::string path = root + "/" + database.name;
    STROM_ASSIGN_OR_RETURN(const auto tables, files.List(path));
    for (const io::DirectoryEntry& table : tables) {
      const auto id = IdBehind<TableId>(table.name, "-");
      if (table.kind != io::EntryKind::kDirectory || !id) continue;
      const Status visited = finder.Visit(path + "/" + table.name, *id, std::nullopt);
      if (!visited.ok()) STROM_LOG(kError, "table {}: {}", *id, visited.ToString());
    }
  }
  return std::move(finder.logs());
}

Status SetLogAside(io::FileSystem& files, const std::string& directory) {
  const std::string aside = BrokenDirectory(directory);
  STROM_RETURN_IF_ERROR(files.RemoveRecursively(aside));
  STROM_RETURN_IF_ERROR(files.Rename(directory, aside));
  return files.SyncDirectory(io::ParentPath(directory));
}

Status RemoveLog(io::FileSystem& files, const std::string& root, const std::string& directory) {
  STROM_RETURN_IF_ERROR(files.RemoveRecursively(directory));
  STROM_RETURN_IF_ERROR(files.RemoveRecursively(BrokenDirectory(directory)));
  std::string parent = io::ParentPath(directory);
  // Not the database's: another table of it may just be making its own directory below.
  while (io::ParentPath(parent).size() > root.size()) {
    STROM_ASSIGN_OR_RETURN(const auto entries, files.List(parent));
    if (!entries.empty()) break;  // Other buckets' logs.
    STROM_RETURN_IF_ERROR(files.RemoveDirectory(parent));
    parent = io::ParentPath(parent);
  }
  return files.SyncDirectory(parent);
}

}  // namespace strom::tablet

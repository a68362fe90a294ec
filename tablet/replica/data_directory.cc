#include "tablet/replica/data_directory.h"

#include <charconv>
#include <map>

#include "common/io/atomic_file.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kPropertiesSizeMax = 4096;
constexpr const char* kProperties = "/strom.properties";

// "key=value" lines.
std::map<std::string, std::string> ParseProperties(const std::string& text) {
  std::map<std::string, std::string> properties;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    start = end + 1;
    if (const size_t equals = line.find('='); equals != std::string::npos) {
      properties[line.substr(0, equals)] = line.substr(equals + 1);
    }
  }
  return properties;
}

// That nothing of somebody else's lies in a directory that is not ours yet.
Status CheckVacant(io::FileSystem& files, const std::string& path) {
  STROM_ASSIGN_OR_RETURN(const bool ours, files.Exists(path + kProperties));
  if (ours) return Status::Ok();
  STROM_ASSIGN_OR_RETURN(const auto entries, files.List(path));
  for (const auto& entry : entries) {
    // What a first start leaves that did not come far.
    if (entry.name == ".lock" || entry.name == "strom.properties.tmp") continue;
    return Error(ErrorCode::kInvalidConfig,
                 "{} is no data directory of a tablet server: it holds {}, but no strom.properties",
                 path, entry.name);
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::Open(io::FileSystem& files, std::string path,
                                                           const Identity& identity) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  STROM_RETURN_IF_ERROR(files.CreateDirectories(path));
  STROM_RETURN_IF_ERROR(CheckVacant(files, path));
  auto lock = files.Lock(path + "/.lock");
  if (!lock.ok()) {
    return lock.status().WithContext(
        fmt::format("data directory {} is in use by another process", path));
  }
  std::unique_ptr<DataDirectory> directory(
      new DataDirectory(files, std::move(path), *std::move(lock)));
  STROM_RETURN_IF_ERROR(directory->CheckIdentity(identity));
  STROM_RETURN_IF_ERROR(directory->TakeCleanMark());
  return directory;
}

Status DataDirectory::CheckIdentity(const Identity& identity) {
  const std::string file = path_ + kProperties;
  STROM_ASSIGN_OR_RETURN(const bool exists, files_.Exists(file));
  id_ = identity.new_directory_id;
  if (!exists) return WriteProperties(identity);
  STROM_ASSIGN_OR_RETURN(const Bytes text, io::ReadWholeFile(files_, file, kPropertiesSizeMax));
  auto properties = ParseProperties(text);
  const std::string& version_text = properties["format.version"];
  int version = 0;
  const char* const end = version_text.data() + version_text.size();
  if (std::from_chars(version_text.data(), end, version).ptr != end) version = 0;
  if (version < 1 || version > kFormatVersion) {
    return Error(ErrorCode::kInvalidConfig,
                 "data directory {} has format version '{}', this program reads up to {}", path_,
                 version_text, kFormatVersion);
  }
  if (properties["cluster.id"] != identity.cluster_id) {
    return Error(ErrorCode::kInvalidConfig, "data directory {} belongs to cluster {}, this is {}",
                 path_, properties["cluster.id"], identity.cluster_id);
  }
  if (properties["server.id"] != fmt::format("{}", identity.server_id)) {
    return Error(ErrorCode::kInvalidConfig, "data directory {} belongs to server {}, this is {}",
                 path_, properties["server.id"], identity.server_id);
  }
  const std::string& id = properties["directory.id"];
  if (id.empty()) return WriteProperties(identity);  // Made by an older program.
  id_ = id;
  return Status::Ok();
}

Status DataDirectory::WriteProperties(const Identity& identity) {
  std::string text = fmt::format("format.version={}\ncluster.id={}\nserver.id={}\n",
                                 kFormatVersion, identity.cluster_id, identity.server_id);
  if (!id_.empty()) text += "directory.id=" + id_ + "\n";
  return io::WriteFileAtomically(files_, path_ + kProperties, text);
}

Status DataDirectory::TakeCleanMark() {
  const std::string mark = path_ + "/.fluss_cleanshutdown";
  STROM_ASSIGN_OR_RETURN(was_clean_, files_.Exists(mark));
  if (!was_clean_) return Status::Ok();
  // Gone for good before anything is written: a fall from here on is not clean.
  STROM_RETURN_IF_ERROR(files_.RemoveFile(mark));
  return files_.SyncDirectory(path_);
}

Status DataDirectory::MarkClean() {
  return io::WriteFileAtomically(files_, path_ + "/.fluss_cleanshutdown", "");
}

}  // namespace strom::tablet

#include "common/remote/kv_snapshot_paths.h"

#include <charconv>

#include "common/base/check.h"

namespace strom::remote {
namespace {

constexpr int kIdBits = 48;
constexpr std::string_view kSnapshotPrefix = "snap-";

std::string FolderOf(const PhysicalTablePath& table, const TableBucket& bucket) {
  STROM_CHECK(table.partition.has_value() == bucket.partition.has_value()) << bucket;
  std::string folder =
      fmt::format("kv/{}/{}-{}", table.table.database, table.table.table, bucket.table);
  if (bucket.partition) folder += fmt::format("/{}-p{}", *table.partition, *bucket.partition);
  return folder + fmt::format("/{}", bucket.bucket);
}

// All of `text` is one number to this base.
template <class T>
std::optional<T> Number(std::string_view text, int base) {
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

KvSnapshotPaths::KvSnapshotPaths(const PhysicalTablePath& table, const TableBucket& bucket)
    : bucket_(bucket), folder_(FolderOf(table, bucket)) {}

std::string KvSnapshotPaths::SnapshotFolder(KvSnapshotId id) const {
  return fmt::format("{}/{}{}", folder_, kSnapshotPrefix, id);
}

std::optional<KvSnapshotId> KvSnapshotPaths::SnapshotOf(std::string_view key) const {
  if (!key.starts_with(folder_ + "/")) return std::nullopt;
  key.remove_prefix(folder_.size() + 1);
  const size_t slash = key.find('/');
  if (!key.starts_with(kSnapshotPrefix) || slash == std::string_view::npos) return std::nullopt;
  const auto number =
      Number<int64_t>(key.substr(kSnapshotPrefix.size(), slash - kSnapshotPrefix.size()), 10);
  if (!number || *number < 0) return std::nullopt;
  return KvSnapshotId(*number);
}

std::string NewSnapshotFileName(KvSnapshotId id, runtime::Random& random) {
  STROM_CHECK(id.value() >= 0 && id.value() < int64_t{1} << kIdBits) << id;
  const auto made_for = static_cast<uint64_t>(id.value());
  const uint64_t middle = random.Next() & 0xfff;
  const uint64_t last = (random.Next() & (UINT64_MAX >> 2)) | uint64_t{1} << 63;  // The variant.
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", made_for >> 16, made_for & 0xffff,
                     middle, last >> kIdBits, last & (UINT64_MAX >> 16));
}

std::optional<KvSnapshotId> SnapshotOfFileName(std::string_view name) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-8xxx-xxxx-xxxxxxxxxxxx";
  if (name.size() != kForm.size()) return std::nullopt;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool hex = (name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'f');
    if (kForm[i] == 'x' ? !hex : name[i] != kForm[i]) return std::nullopt;
  }
  const auto id = Number<int64_t>(std::string(name.substr(0, 8)).append(name.substr(9, 4)), 16);
  return id ? std::optional(KvSnapshotId(*id)) : std::nullopt;
}

}  // namespace strom::remote

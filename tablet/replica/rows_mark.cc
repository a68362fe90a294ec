#include "tablet/replica/rows_mark.h"

#include <charconv>

#include <fmt/format.h>

#include "common/base/logging.h"
#include "common/io/atomic_file.h"
#include "common/io/path.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kSizeMax = 100;
constexpr std::string_view kVersion = "1 ";

std::string PathOf(const std::string& kv_directory) { return kv_directory + ".closed"; }

// A number that is not negative, followed by `end`, both of which it takes off `text`.
std::optional<int64_t> TakeNumber(std::string_view& text, char end) {
  int64_t number = -1;
  const char* const last = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || number < 0 || rest == last || *rest != end) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(rest - text.data()) + 1);
  return number;
}

std::optional<StoredRows> Parse(std::string_view text) {
  if (!text.starts_with(kVersion)) return std::nullopt;
  text.remove_prefix(kVersion.size());
  const auto offset = TakeNumber(text, ' ');
  const auto row_count = offset ? TakeNumber(text, '\n') : std::nullopt;
  if (!row_count || !text.empty()) return std::nullopt;
  return StoredRows{.offset = LogOffset(*offset), .row_count = *row_count};
}

}  // namespace

Result<std::optional<StoredRows>> TakeRowsMark(io::FileSystem& files,
                                               const std::string& kv_directory) {
  const std::string path = PathOf(kv_directory);
  STROM_ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
  if (!exists) return std::optional<StoredRows>();
  const auto text = io::ReadWholeFile(files, path, kSizeMax);
  STROM_RETURN_IF_ERROR(files.RemoveFile(path));
  STROM_RETURN_IF_ERROR(files.SyncDirectory(io::ParentPath(path)));
  auto rows = text.ok() ? Parse(*text) : std::nullopt;
  if (!rows) STROM_LOG(kWarn, "{} does not read: the rows are made anew", path);
  return rows;
}

Status LeaveRowsMark(io::FileSystem& files, const std::string& kv_directory,
                     const StoredRows& rows) {
  return io::WriteFileAtomically(files, PathOf(kv_directory),
                                 fmt::format("{}{} {}\n", kVersion, rows.offset, rows.row_count));
}

}  // namespace strom::tablet

#include "tablet/log/cut_note.h"

#include "common/base/logging.h"
#include "common/io/atomic_file.h"
#include "tablet/log/checkpoint_text.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kFileSizeMax = 4096;

std::string PathIn(const std::string& log_directory) { return log_directory + "/cut-note"; }

}  // namespace

Status WriteCutNote(io::FileSystem& files, const std::string& log_directory, const CutNote& note) {
  std::string text = fmt::format("0\n1\n{} {}", note.cut_at, note.stale_until);
  if (note.restart_at) text += fmt::format(" {}", *note.restart_at);
  return io::WriteFileAtomically(files, PathIn(log_directory), text + "\n");
}

Result<std::optional<CutNote>> ReadCutNote(io::FileSystem& files,
                                           const std::string& log_directory) {
  const std::string path = PathIn(log_directory);
  STROM_ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
  if (!exists) return std::optional<CutNote>();
  STROM_ASSIGN_OR_RETURN(const Bytes text, io::ReadWholeFile(files, path, kFileSizeMax));
  const auto lines = ParseCheckpointText(text);
  if (lines.ok() && lines->size() == 1) {
    const std::vector<int64_t>& numbers = lines->front();
    if (numbers.size() == 2 || numbers.size() == 3) {
      CutNote note{.cut_at = LogOffset(numbers[0]), .stale_until = LogOffset(numbers[1])};
      if (numbers.size() == 3) note.restart_at = LogOffset(numbers[2]);
      return std::optional(note);
    }
  }
  STROM_LOG(kWarn, "{} does not read: the log is checked from its start", path);
  return std::optional(CutNote{.cut_at = LogOffset(0), .stale_until = LogOffset(INT64_MAX)});
}

Status RemoveCutNote(io::FileSystem& files, const std::string& log_directory) {
  return files.RemoveRecursively(PathIn(log_directory));
}

}  // namespace strom::tablet

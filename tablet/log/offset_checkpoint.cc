#include "tablet/log/offset_checkpoint.h"

#include <charconv>
#include <vector>

#include "common/io/atomic_file.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kFileSizeMax = uint64_t{256} << 20;

// The whole numbers of a line, or nothing if it holds anything else.
std::optional<std::vector<int64_t>> Numbers(std::string_view line) {
  std::vector<int64_t> numbers;
  while (!line.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    line.remove_prefix(static_cast<size_t>(end - line.data()));
    if (line.empty()) break;
    if (line.front() != ' ') return std::nullopt;
    line.remove_prefix(1);
  }
  return numbers;
}

}  // namespace

Status WriteOffsetCheckpoint(io::FileSystem& files, const std::string& path,
                             const BucketOffsets& offsets) {
  std::string text = fmt::format("0\n{}\n", offsets.size());
  for (const auto& [bucket, offset] : offsets) {
    text += bucket.partition ? fmt::format("{} {} {} {}\n", bucket.table, *bucket.partition,
                                           bucket.bucket, offset)
                             : fmt::format("{} {} {}\n", bucket.table, bucket.bucket, offset);
  }
  return io::WriteFileAtomically(files, path, text);
}

Result<BucketOffsets> ReadOffsetCheckpoint(io::FileSystem& files, const std::string& path) {
  BucketOffsets offsets;
  STROM_ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
  if (!exists) return offsets;
  STROM_ASSIGN_OR_RETURN(const Bytes text, io::ReadWholeFile(files, path, kFileSizeMax));
  int64_t expected = 0;
  size_t line_number = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = std::string_view(text).substr(start, end - start);
    start = end + 1;
    ++line_number;
    const auto numbers = Numbers(line);
    const size_t count = numbers ? numbers->size() : 0;
    const bool fits = line_number == 1   ? count == 1 && (*numbers)[0] == 0
                      : line_number == 2 ? count == 1 && (*numbers)[0] >= 0
                                         : (count == 3 || count == 4) && numbers->back() >= 0;
    if (!fits) {
      return Error(ErrorCode::kCorruptRecord, "checkpoint {}, line {}: '{}'", path, line_number,
                   line);
    }
    if (line_number == 2) expected = (*numbers)[0];
    if (line_number <= 2) continue;
    TableBucket bucket{.table = TableId((*numbers)[0]), .partition = {}, .bucket = {}};
    if (count == 4) bucket.partition = PartitionId((*numbers)[1]);
    bucket.bucket = BucketId(static_cast<int32_t>((*numbers)[count - 2]));
    offsets[bucket] = LogOffset(numbers->back());
  }
  if (line_number != 0 && static_cast<int64_t>(offsets.size()) != expected) {
    return Error(ErrorCode::kCorruptRecord, "checkpoint {}: {} entries, announced {}", path,
                 offsets.size(), expected);
  }
  return offsets;
}

}  // namespace strom::tablet

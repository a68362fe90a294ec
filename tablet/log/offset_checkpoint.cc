#include "tablet/log/offset_checkpoint.h"

#include <vector>

#include "common/io/atomic_file.h"
#include "tablet/log/checkpoint_text.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kFileSizeMax = uint64_t{256} << 20;

Status Parse(std::string_view text, BucketOffsets& offsets) {
  STROM_ASSIGN_OR_RETURN(const auto lines, ParseCheckpointText(text));
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<int64_t>& numbers = lines[i];
    const size_t count = numbers.size();
    if ((count != 3 && count != 4) || numbers.back() < 0) return BadCheckpointLine(i, numbers);
    TableBucket bucket{.table = TableId(numbers[0]), .partition = {}, .bucket = {}};
    if (count == 4) bucket.partition = PartitionId(numbers[1]);
    bucket.bucket = BucketId(static_cast<int32_t>(numbers[count - 2]));
    if (!offsets.emplace(bucket, LogOffset(numbers.back())).second) {
      return BadCheckpointLine(i, numbers);
    }
  }
  return Status::Ok();
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
  if (text.empty()) return offsets;
  STROM_RETURN_IF_ERROR(Parse(text, offsets).WithContext("checkpoint " + path));
  return offsets;
}

}  // namespace strom::tablet

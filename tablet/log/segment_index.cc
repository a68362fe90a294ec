#include "tablet/log/segment_index.h"

#include "common/base/endian.h"

namespace strom::tablet {
namespace {

// Number of leading entries for which `below(i)` is true; they are sorted so.
template <class Below>
Result<size_t> PartitionPoint(size_t count, Below below) {
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    STROM_ASSIGN_OR_RETURN(const bool is_below, below(middle));
    if (is_below) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

LogOffset FromRelative(LogOffset base, BytesView at) {
  return LogOffset(base.value() + LoadBig<int32_t>(at.data()));
}

void AppendRelative(Bytes& to, LogOffset base, LogOffset offset) {
  AppendBig<int32_t>(to, static_cast<int32_t>(offset.value() - base.value()));
}

Status CheckLast(const std::string& path, LogOffset last, LogOffset base) {
  if (last >= base) return Status::Ok();
  return Error(ErrorCode::kCorruptRecord,
               "index {}: last entry is for offset {}, segment starts at {}", path, last, base);
}

}  // namespace

Result<std::unique_ptr<OffsetIndex>> OffsetIndex::Open(io::FileSystem& files,
                                                       const std::string& path, LogOffset base,
                                                       size_t size_max) {
  STROM_ASSIGN_OR_RETURN(auto file, IndexFile::Open(files, path, kEntrySize, size_max));
  std::unique_ptr<OffsetIndex> index(new OffsetIndex(std::move(file), base));
  if (const size_t count = index->file_->count(); count > 0) {
    STROM_ASSIGN_OR_RETURN(const Entry last, index->Read(count - 1));
    STROM_RETURN_IF_ERROR(CheckLast(path, last.last_offset, base));
  }
  return index;
}

Result<OffsetIndex::Entry> OffsetIndex::Read(size_t i) const {
  STROM_ASSIGN_OR_RETURN(const Bytes entry, file_->Read(i));
  return Entry{FromRelative(base_, entry), LoadBig<uint32_t>(entry.data() + 4)};
}

Status OffsetIndex::Append(LogOffset last_offset, uint32_t position) {
  Bytes entry;
  AppendRelative(entry, base_, last_offset);
  AppendBig<uint32_t>(entry, position);
  return file_->Append(entry);
}

Result<size_t> OffsetIndex::CountBelow(LogOffset offset) const {
  return PartitionPoint(file_->count(), [&](size_t i) -> Result<bool> {
    STROM_ASSIGN_OR_RETURN(const Entry entry, Read(i));
    return entry.last_offset < offset;
  });
}

Result<uint32_t> OffsetIndex::Lookup(LogOffset target) const {
  STROM_ASSIGN_OR_RETURN(const size_t count, CountBelow(target.Next()));
  if (count == 0) return uint32_t{0};
  STROM_ASSIGN_OR_RETURN(const Entry entry, Read(count - 1));
  return entry.position;
}

Status OffsetIndex::TruncateTo(LogOffset offset) {
  STROM_ASSIGN_OR_RETURN(const size_t count, CountBelow(offset));
  return file_->TruncateTo(count);
}

Result<std::unique_ptr<TimeIndex>> TimeIndex::Open(io::FileSystem& files, const std::string& path,
                                                   LogOffset base, size_t size_max) {
  STROM_ASSIGN_OR_RETURN(auto file,
                         IndexFile::Open(files, path, kEntrySize, size_max - kEntrySize));
  std::unique_ptr<TimeIndex> index(new TimeIndex(std::move(file), base));
  STROM_ASSIGN_OR_RETURN(const auto last, index->Last());
  if (last) STROM_RETURN_IF_ERROR(CheckLast(path, last->offset, base));
  return index;
}

Result<TimeIndex::Entry> TimeIndex::Read(size_t i) const {
  STROM_ASSIGN_OR_RETURN(const Bytes entry, file_->Read(i));
  return Entry{LoadBig<int64_t>(entry.data()), FromRelative(base_, BytesView(entry).substr(8))};
}

Status TimeIndex::MaybeAppend(int64_t timestamp_ms, LogOffset offset) {
  STROM_ASSIGN_OR_RETURN(const auto last, Last());
  if (last && timestamp_ms <= last->timestamp_ms) return Status::Ok();
  Bytes entry;
  AppendBig<int64_t>(entry, timestamp_ms);
  AppendRelative(entry, base_, offset);
  return file_->Append(entry);
}

Result<std::optional<TimeIndex::Entry>> TimeIndex::Last() const {
  if (file_->count() == 0) return std::optional<Entry>();
  STROM_ASSIGN_OR_RETURN(const Entry last, Read(file_->count() - 1));
  return std::optional<Entry>(last);
}

Result<std::optional<TimeIndex::Entry>> TimeIndex::Lookup(int64_t timestamp_ms) const {
  STROM_ASSIGN_OR_RETURN(const size_t count,
                         PartitionPoint(file_->count(), [&](size_t i) -> Result<bool> {
                           STROM_ASSIGN_OR_RETURN(const Entry entry, Read(i));
                           return entry.timestamp_ms <= timestamp_ms;
                         }));
  if (count == 0) return std::optional<Entry>();
  STROM_ASSIGN_OR_RETURN(const Entry entry, Read(count - 1));
  return std::optional<Entry>(entry);
}

Status TimeIndex::TruncateTo(LogOffset offset) {
  STROM_ASSIGN_OR_RETURN(const size_t count,
                         PartitionPoint(file_->count(), [&](size_t i) -> Result<bool> {
                           STROM_ASSIGN_OR_RETURN(const Entry entry, Read(i));
                           return entry.offset < offset;
                         }));
  return file_->TruncateTo(count);
}

}  // namespace strom::tablet

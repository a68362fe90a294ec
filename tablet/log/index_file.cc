#include "tablet/log/index_file.h"

#include "common/base/check.h"

namespace strom::tablet {

Result<std::unique_ptr<IndexFile>> IndexFile::Open(io::FileSystem& files, const std::string& path,
                                                   size_t entry_size, size_t size_max) {
  STROM_ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
  STROM_ASSIGN_OR_RETURN(auto file, exists ? files.OpenForWrite(path) : files.Create(path));
  STROM_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size % entry_size != 0) {
    return Error(ErrorCode::kCorruptRecord, "index {}: {} bytes are no multiple of {}", path, size,
                 entry_size);
  }
  return std::unique_ptr<IndexFile>(
      new IndexFile(std::move(file), entry_size, size_max, size / entry_size));
}

Status IndexFile::Append(BytesView entry) {
  STROM_CHECK(entry.size() == entry_size_);
  // At its place, not at the end: what a failed write left behind is overwritten.
  STROM_RETURN_IF_ERROR(file_->WriteAt(count() * entry_size_, entry));
  count_.fetch_add(1, std::memory_order_release);
  return Status::Ok();
}

Result<Bytes> IndexFile::Read(size_t i) const {
  STROM_CHECK(i < count()) << path() << ": entry " << i << " of " << count();
  Bytes entry(entry_size_, '\0');
  STROM_RETURN_IF_ERROR(file_->ReadExactlyAt(i * entry_size_, entry));
  return entry;
}

Status IndexFile::TruncateTo(size_t count) {
  STROM_CHECK(count <= this->count());
  count_.store(count, std::memory_order_release);
  return file_->Truncate(count * entry_size_);
}

}  // namespace strom::tablet

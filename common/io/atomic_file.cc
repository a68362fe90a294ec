#include "common/io/atomic_file.h"

#include "common/io/path.h"

namespace strom::io {

Status WriteFileAtomically(FileSystem& files, const std::string& path, BytesView bytes) {
  const std::string temporary = path + ".tmp";
  STROM_ASSIGN_OR_RETURN(const bool left_over, files.Exists(temporary));
  if (left_over) STROM_RETURN_IF_ERROR(files.RemoveFile(temporary));
  {
    STROM_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Create(temporary));
    STROM_RETURN_IF_ERROR(file->Append(bytes));
    STROM_RETURN_IF_ERROR(file->Sync());  // Before the name points at it.
  }
  STROM_RETURN_IF_ERROR(files.Rename(temporary, path));
  return files.SyncDirectory(ParentPath(path));
}

Result<Bytes> ReadWholeFile(FileSystem& files, const std::string& path, uint64_t size_limit_bytes) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<const File> file, files.OpenForRead(path));
  STROM_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > size_limit_bytes) {
    return Error(ErrorCode::kStorage, "read {}: {} bytes, at most {} are allowed", path, size,
                 size_limit_bytes);
  }
  Bytes bytes(size, '\0');
  STROM_ASSIGN_OR_RETURN(const size_t count, file->ReadAt(0, bytes));
  bytes.resize(count);  // It may have been cut meanwhile.
  return bytes;
}

}  // namespace strom::io

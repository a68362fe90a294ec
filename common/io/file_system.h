#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace strom::io {

// One open regular file; closing it (the destructor) syncs nothing. A `const File` was opened for
// reading only.
//
// At most one File that may write is open per path, and one thread at a time calls its non-const
// functions but Sync; ReadAt, Size and Sync may run beside them on any thread.
//
// Errors of all functions here and below: kDiskWriteLocked if the disk is full (the only one that
// may pass by itself), else kStorage; the message names operation, path, numbers and errno.
class File {
 public:
  virtual ~File() = default;

  // Fills `out` from `position` on and returns the count of bytes read: less than out.size() only
  // where the file ends.
  virtual Result<size_t> ReadAt(uint64_t position, std::span<char> out) const = 0;
  // Like ReadAt, but a file that ends before out.size() bytes is an error.
  Status ReadExactlyAt(uint64_t position, std::span<char> out) const;

  virtual Result<uint64_t> Size() const = 0;

  // Writes all of `bytes`, growing the file where needed; a gap reads as zeros. After an error any
  // part may have been written.
  virtual Status WriteAt(uint64_t position, BytesView bytes) = 0;
  // Writes at the end. After an error the file may end with a part of `bytes`: Size tells.
  virtual Status Append(BytesView bytes) = 0;
  // Cuts the file at `size`, or fills it up with zeros.
  virtual Status Truncate(uint64_t size) = 0;

  // Returns once what was written before the call survives a power failure: bytes and size, not the
  // name (SyncDirectory). If it fails, nobody knows what reached the disk and the kernel reports
  // it only once; so from then on this File refuses to write and to sync. Whoever needs these
  // bytes has to read back what is there through a new File, or give the replica up.
  virtual Status Sync() = 0;

  virtual const std::string& path() const = 0;
};

enum class EntryKind { kFile, kDirectory, kOther };  // A symbolic link is kOther.

struct DirectoryEntry {
  std::string name;  // Without the directory.
  EntryKind kind;

  friend bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

struct DiskSpace {
  uint64_t total_bytes;
  uint64_t available_bytes;  // To us; root may have more.
};

// Held while a process uses a directory; releases the lock when destroyed or when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// The files of one machine. Real: POSIX; simulated: a disk that forgets what was not synced, and
// fails on demand. Any thread may call; all functions may block.
//
// Paths are absolute or relative to the working directory, with '/' between names. Names appear,
// change and vanish at once for everybody, but survive a power failure only after SyncDirectory of
// the directory that holds them; until then each change may be kept or lost by itself.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<const File>> OpenForRead(const std::string& path) = 0;
  // An existing file, to read and write.
  virtual Result<std::unique_ptr<File>> OpenForWrite(const std::string& path) = 0;
  // A new file, to read and write; an error if the name is taken.
  virtual Result<std::unique_ptr<File>> Create(const std::string& path) = 0;

  // Whether the name is taken, by whatever.
  virtual Result<bool> Exists(const std::string& path) = 0;
  // Sorted by name, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  // The parent must exist. OK if the directory is already there.
  virtual Status CreateDirectory(const std::string& path) = 0;
  // `to` is replaced if it is a file, or an empty directory and `from` one too. Never seen half
  // done, not even after a power failure.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status RemoveFile(const std::string& path) = 0;
  // An error unless it is empty.
  virtual Status RemoveDirectory(const std::string& path) = 0;
  // Makes the names in `directory` (not what is in the files) survive a power failure.
  virtual Status SyncDirectory(const std::string& directory) = 0;

  // Creates the file if needed. An error if another process, or this one, holds the lock.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  // Of the disk that holds `path`, which exists.
  virtual Result<DiskSpace> Space(const std::string& path) = 0;

  // Creates `path` and its missing parents; each new name is synced.
  Status CreateDirectories(const std::string& path);
  // Removes a file, or a directory with all that is in it; links are not followed. OK if nothing is
  // there. Not synced; after an error, a part may be gone.
  Status RemoveRecursively(const std::string& path);
};

}  // namespace strom::io

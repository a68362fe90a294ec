#pragma once

#include "common/io/file_system.h"

namespace strom::io {

// Puts `bytes` into the file `path`, new or replaced: after a crash or a power failure the file is
// the old or the new one, whole; once this has returned OK, the new one. Writes "<path>.tmp" first;
// one left by a crash is overwritten. One caller per path at a time.
Status WriteFileAtomically(FileSystem& files, const std::string& path, BytesView bytes);

// Errors: kStorage, also for a file larger than `size_limit_bytes` (looked at before memory is
// taken for it).
Result<Bytes> ReadWholeFile(FileSystem& files, const std::string& path, uint64_t size_limit_bytes);

}  // namespace strom::io

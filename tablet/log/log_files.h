#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/types/ids.h"

namespace strom::tablet {

// Names of the files of one bucket's log: an offset, 20 digits, and a suffix.
inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kOffsetIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kWriterSnapshotSuffix = ".writer_snapshot";

// "<dir>/00000000000000001234.log"
std::string LogFilePath(std::string_view directory, LogOffset offset, std::string_view suffix);

// The offset in `name` if it is 20 digits followed by `suffix`.
std::optional<LogOffset> ParseLogFileName(std::string_view name, std::string_view suffix);

}  // namespace strom::tablet

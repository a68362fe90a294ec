#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "common/base/result.h"

namespace strom {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kOff };

struct LoggingOptions {
  LogLevel level = LogLevel::kInfo;
  std::string file;                           // Empty: standard error.
  size_t file_size_bytes = 64 * 1024 * 1024;  // Rolled over at this size ...
  size_t file_count = 10;                     // ... keeping this many older files.
  bool errors_to_stderr = false;              // With a file: errors also go to standard error.
};

// Replaces the process's log sink. Before the first call, warnings and errors go to standard error.
// Errors: kStorage if the file cannot be opened.
Status InitLogging(const LoggingOptions& options);
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);
// Writes what is buffered; called on orderly shutdown.
void FlushLogs();

// Errors: kInvalidConfig for a name that is none of trace, debug, info, warn, error, off.
Result<LogLevel> ParseLogLevel(std::string_view name);

namespace internal {
void WriteLog(LogLevel level, const char* file, int line, std::string_view message);
}

}  // namespace strom

// STROM_LOG(kWarn, "bucket {}: cut {} torn bytes", bucket, count). Arguments are evaluated only if
// the level is on.
#define STROM_LOG(level, ...)                                                   \
  do {                                                                          \
    if (::strom::LogEnabled(::strom::LogLevel::level)) {                        \
      ::strom::internal::WriteLog(::strom::LogLevel::level, __FILE__, __LINE__, \
                                  ::fmt::format(__VA_ARGS__));                  \
    }                                                                           \
  } while (false)

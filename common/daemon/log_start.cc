#include "common/daemon/log_start.h"

#include <sstream>

#include "common/base/logging.h"
#include "common/config/options.h"

namespace strom::daemon {

Status StartLogging(const config::Config& config, const std::string& default_file) {
  LoggingOptions logging;
  STROM_ASSIGN_OR_RETURN(logging.level, ParseLogLevel(config.Get(config::kLogLevel)));
  logging.file = config.Get(config::kLogFile);
  if (logging.file.empty()) logging.file = default_file;
  logging.file_size_bytes = config.Get(config::kLogFileSize);
  logging.file_count = config.Get(config::kLogFileCount);
  logging.errors_to_stderr = true;
  return InitLogging(logging);
}

void LogStart(std::string_view what, const config::Config& config,
              const std::vector<std::string>& warnings) {
  STROM_LOG(kInfo, "{}", what);
  std::istringstream lines(config.ToString());
  for (std::string line; std::getline(lines, line);) STROM_LOG(kInfo, "option {}", line);
  for (const std::string& warning : warnings) STROM_LOG(kWarn, "{}", warning);
}

}  // namespace strom::daemon

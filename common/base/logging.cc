#include "common/base/logging.h"

#include <atomic>
#include <iterator>

#include <spdlog/async.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace strom {
namespace {

std::atomic<LogLevel> current_level{LogLevel::kWarn};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  return static_cast<spdlog::level::level_enum>(level >= LogLevel::kOff ? spdlog::level::off
                                                                        : static_cast<int>(level));
}

std::shared_ptr<spdlog::logger> MakeLogger(std::vector<spdlog::sink_ptr> sinks) {
  auto logger = std::make_shared<spdlog::logger>("strom", sinks.begin(), sinks.end());
  // Time in UTC with microseconds, level, thread, place, text: one line an entry.
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%fZ %L %t %s:%# %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::trace);  // LogEnabled decides, before arguments are formatted.
  logger->flush_on(spdlog::level::info);
  return logger;
}

std::shared_ptr<spdlog::logger>& Logger() {
  static auto* logger = new std::shared_ptr<spdlog::logger>(
      MakeLogger({std::make_shared<spdlog::sinks::stderr_sink_mt>()}));
  return *logger;
}

}  // namespace

Status InitLogging(const LoggingOptions& options) {
  std::vector<spdlog::sink_ptr> sinks;
  if (options.file.empty() || options.errors_to_stderr) {
    sinks.push_back(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  }
  if (!options.file.empty()) {
    if (!sinks.empty()) sinks.front()->set_level(spdlog::level::err);
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, options.file_size_bytes, options.file_count));
    } catch (const spdlog::spdlog_ex& e) {
      return Error(ErrorCode::kStorage, "log file {}: {}", options.file, e.what());
    }
  }
  std::atomic_store(&Logger(), MakeLogger(std::move(sinks)));
  SetLogLevel(options.level);
  return Status::Ok();
}

void SetLogLevel(LogLevel level) { current_level.store(level, std::memory_order_relaxed); }

bool LogEnabled(LogLevel level) { return level >= current_level.load(std::memory_order_relaxed); }

void FlushLogs() { std::atomic_load(&Logger())->flush(); }

Result<LogLevel> ParseLogLevel(std::string_view name) {
  static constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error", "off"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<LogLevel>(i);
  }
  return Error(ErrorCode::kInvalidConfig,
               "log level '{}' is none of trace, debug, info, warn, error, off", name);
}

void internal::WriteLog(LogLevel level, const char* file, int line, std::string_view message) {
  std::atomic_load(&Logger())->log(spdlog::source_loc{file, line, ""}, ToSpdlog(level), message);
}

}  // namespace strom

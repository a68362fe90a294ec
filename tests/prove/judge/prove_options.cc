#include "tests/prove/judge/prove_options.h"

#include <utility>

#include <absl/strings/str_split.h>

#include "tests/prove/judge/numbers.h"

namespace strom::prove {
namespace {

Result<std::map<ServerId, std::string>> DirectoriesOf(const std::string& text) {
  std::map<ServerId, std::string> directories;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(text, ','))) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (pair.second.empty()) {
      return Error(ErrorCode::kInvalidConfig, "--data needs ID=DIR, not '{}'", part);
    }
    STROM_ASSIGN_OR_RETURN(const int64_t id, IntegerOf("--data", pair.first, 0, INT32_MAX));
    directories[ServerId(static_cast<int32_t>(id))] = pair.second;
  }
  return directories;
}

Status Set(const std::string& name, const std::string& value, ProveOptions* options) {
  if (name == "--servers") {
    options->servers = absl::StrSplit(value, ',');
  } else if (name == "--zookeeper") {
    options->zookeeper = value;
  } else if (name == "--data") {
    STROM_ASSIGN_OR_RETURN(options->data, DirectoriesOf(value));
  } else if (name == "--buckets") {
    STROM_ASSIGN_OR_RETURN(const int64_t buckets, IntegerOf(name, value, 1, 10'000));
    options->buckets = static_cast<int>(buckets);
  } else if (name == "--rate") {
    STROM_ASSIGN_OR_RETURN(const int64_t rate, IntegerOf(name, value, 1, 100'000));
    options->rate = static_cast<double>(rate);
  } else if (name == "--operations") {
    STROM_ASSIGN_OR_RETURN(const int64_t count, IntegerOf(name, value, 1, 100'000'000));
    options->operations_max = static_cast<size_t>(count);
  } else if (name == "--durability") {
    if (value != "durable" && value != "replicated") {
      return Error(ErrorCode::kInvalidConfig, "--durability is durable or replicated, not '{}'",
                   value);
    }
    options->durability = value;
  } else {
    return Error(ErrorCode::kInvalidConfig, "unknown argument '{}'", name);
  }
  return Status::Ok();
}

}  // namespace

Result<ProveOptions> ParseProveOptions(const std::vector<std::string>& arguments) {
  ProveOptions options;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) {
      return Error(ErrorCode::kInvalidConfig, "{} needs a value", arguments[i]);
    }
    STROM_RETURN_IF_ERROR(Set(arguments[i], arguments[i + 1], &options));
  }
  if (options.servers.empty()) return Error(ErrorCode::kInvalidConfig, "--servers is missing");
  if (options.zookeeper.empty()) return Error(ErrorCode::kInvalidConfig, "--zookeeper is missing");
  if (options.data.size() < 3) {
    return Error(ErrorCode::kInvalidConfig, "--data names {} tablet servers, three are needed",
                 options.data.size());
  }
  return options;
}

}  // namespace strom::prove

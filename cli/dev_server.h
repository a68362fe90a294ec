#pragma once

#include <map>
#include <memory>
#include <string>

#include "cli/dev_directory.h"
#include "cli/dev_options.h"
#include "common/base/result.h"
#include "common/daemon/run.h"

namespace strom::cli {

// A whole cluster in this process: a coordinator and a tablet server, each with its listeners, over
// the real platform with embedded metadata; a worker for jobs; and HTTP. What these say to each
// other takes the shortcut (rpc::LocalNetwork); sockets are for everybody else.
//
// Used by one thread, which may wait. What it takes outlives it.
class DevServer final : public daemon::Service {
 public:
  // Begins to start everything. Errors: what can be told at once, kInvalidConfig, kStorage,
  // kNetwork.
  static Result<std::unique_ptr<DevServer>> Create(const DevOptions& options,
                                                   DevDirectory& directory);
  // After Stop.
  ~DevServer() override;

  // Whether it serves: tables can be made, and those from before can be written and read. Until
  // then, false, or what kept it from serving (then Stop is due).
  Result<bool> Ready() override;

  // Where it serves, as they stand in endpoints.env. Once ready.
  std::map<std::string, std::string> Endpoints() const;

  // Lets requests under way be answered, closes the logs and marks them clean. Waits for it.
  // Errors: what the tablet server could not save.
  Status Stop() override;

 private:
  struct Parts;
  explicit DevServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace strom::cli

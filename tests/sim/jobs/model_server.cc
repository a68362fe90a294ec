#include "tests/sim/jobs/model_server.h"

#include "common/base/result.h"
#include "common/runtime/notification.h"

namespace strom::sim {

void ModelServer::SetCut(const std::string& host, bool cut) {
  if (cut) {
    cut_.insert(host);
  } else {
    cut_.erase(host);
  }
}

void ModelServer::Travel() {
  const auto micros = static_cast<uint64_t>(options_.latency_max.nanos() / 1000);
  (void)runtime::Notification().WaitFor(Micros(1 + static_cast<int64_t>(random_.Uniform(micros))));
}

Status ModelServer::NoAnswer() const {
  (void)runtime::Notification().WaitFor(options_.give_up);
  return Error(ErrorCode::kExternalSystemUnavailable, "{} does not answer [injected]", name());
}

Status ModelServer::Call(const std::string& host, absl::FunctionRef<Status()> work) {
  Travel();
  if (!Reaches(host)) return NoAnswer();
  const uint64_t generation = generation_;
  Status done = work();
  if (answers_to_lose_ > 0) {
    --answers_to_lose_;
    return NoAnswer();
  }
  Travel();
  if (!Reaches(host) || generation != generation_) return NoAnswer();
  return done;
}

}  // namespace strom::sim

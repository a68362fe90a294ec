#include "tests/sim/world/disk_faults.h"

#include <cerrno>
#include <utility>

#include "common/io/storage_error.h"

namespace strom::sim {

Status InjectedError(int error_number, std::string_view what) {
  const Status error = io::StorageError(error_number, what);
  return Error(error.code(), "{} [injected]", error.message());
}

void DiskFaults::SetErrorRate(DiskOperation operation, double probability) {
  rates_[operation] = probability;
}

void DiskFaults::FailNext(DiskOperation operation, std::string path_part, int error_number,
                          int skip) {
  planned_.push_back({operation, std::move(path_part), error_number, skip});
}

void DiskFaults::Heal() {
  rates_.clear();
  planned_.clear();
}

std::optional<int> DiskFaults::Draw(DiskOperation operation, std::string_view path) {
  for (auto fault = planned_.begin(); fault != planned_.end(); ++fault) {
    if (fault->operation != operation || path.find(fault->path_part) == path.npos) continue;
    if (fault->skip-- > 0) continue;
    const int error_number = fault->error_number;
    planned_.erase(fault);
    return error_number;
  }
  const auto rate = rates_.find(operation);
  if (rate != rates_.end() && random_.Chance(rate->second)) return EIO;
  return std::nullopt;
}

}  // namespace strom::sim

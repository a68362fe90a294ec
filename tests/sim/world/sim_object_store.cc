#include "tests/sim/world/sim_object_store.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/check.h"

namespace strom::sim {
namespace {

Status Failed(std::string_view operation, std::string_view key) {
  return InjectedError(EIO, fmt::format("object store: {} {}", operation, key));
}

}  // namespace

SimObjectStore::SimObjectStore(uint64_t seed)
    : random_(seed), disk_({.seed = random_.Next()}), objects_(disk_, "/remote") {}

void SimObjectStore::FailNext(Operation operation, std::string key_part, Outcome outcome,
                              int skip) {
  planned_.push_back({operation, std::move(key_part), outcome, skip});
}

std::optional<SimObjectStore::Outcome> SimObjectStore::Draw(Operation operation,
                                                            std::string_view key) const {
  if (away_) return Outcome::kNotDone;
  const auto planned = std::find_if(planned_.begin(), planned_.end(), [&](Planned& plan) {
    return plan.operation == operation && key.find(plan.key_part) != std::string_view::npos &&
           plan.skip-- == 0;
  });
  if (planned != planned_.end()) {
    const Outcome outcome = planned->outcome;
    planned_.erase(planned);
    return outcome;
  }
  if (error_rate_ == 0 || !random_.Chance(error_rate_)) return std::nullopt;
  return static_cast<Outcome>(random_.Uniform(3));
}

Status SimObjectStore::Put(const std::string& key, remote::ByteSource source) {
  const std::optional<Outcome> failure = Draw(Operation::kPut, key);
  if (!failure) {
    STROM_RETURN_IF_ERROR(objects_.Put(key, source));
    const bool damaged = damage_rate_ > 0 && random_.Chance(damage_rate_);
    if (damaged && *objects_.Size(key).value() > 0) FlipBit(key);
    return Status::Ok();
  }
  switch (*failure) {
    case Outcome::kNotDone:
      break;
    case Outcome::kHalfDone: {
      bool began = false;
      Status cut = objects_.Put(key, [&](std::span<char> out) -> Result<size_t> {
        if (std::exchange(began, true)) return Failed("put", key);
        Result<size_t> count = source(out.first(std::min<size_t>(out.size(), 10)));
        if (count.ok() && *count == 0) return Failed("put", key);  // Of nothing, half is nothing.
        return count;
      });
      STROM_CHECK(!cut.ok()) << key;
      break;
    }
    case Outcome::kDone:
      STROM_RETURN_IF_ERROR(objects_.Put(key, source));
      break;
  }
  return Failed("put", key);
}

Result<std::optional<uint64_t>> SimObjectStore::Size(const std::string& key) const {
  if (Draw(Operation::kSize, key)) return Failed("size of", key);
  return objects_.Size(key);
}

Status SimObjectStore::Read(const std::string& key, remote::ByteSink sink) const {
  if (Draw(Operation::kRead, key)) return Failed("read", key);
  return objects_.Read(key, sink);
}

Result<std::vector<remote::ListedObject>> SimObjectStore::List(const std::string& folder) const {
  if (Draw(Operation::kList, folder)) return Failed("list", folder);
  return objects_.List(folder);
}

Status SimObjectStore::Delete(const std::string& key) {
  const std::optional<Outcome> failure = Draw(Operation::kDelete, key);
  if (!failure || *failure == Outcome::kDone) STROM_RETURN_IF_ERROR(objects_.Delete(key));
  return failure ? Failed("delete", key) : Status::Ok();
}

void SimObjectStore::FlipBit(const std::string& key) {
  const std::unique_ptr<io::File> file = disk_.OpenForWrite(PathOf(key)).value();
  const uint64_t position = random_.Uniform(file->Size().value());
  char byte = 0;
  STROM_CHECK(file->ReadExactlyAt(position, {&byte, 1}).ok()) << key;
  byte = static_cast<char>(byte ^ (1 << random_.Uniform(8)));
  STROM_CHECK(file->WriteAt(position, {&byte, 1}).ok()) << key;
}

void SimObjectStore::CutShort(const std::string& key) {
  const std::unique_ptr<io::File> file = disk_.OpenForWrite(PathOf(key)).value();
  STROM_CHECK(file->Truncate(random_.Uniform(file->Size().value())).ok()) << key;
}

void SimObjectStore::Lose(const std::string& key) {
  STROM_CHECK(disk_.RemoveFile(PathOf(key)).ok()) << key;
}

}  // namespace strom::sim

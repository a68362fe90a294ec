#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/metadata/recipes.h"
#include "common/types/ids.h"

namespace strom::tablet {

// Hands out writer ids: numbers that no other server of the cluster gives, now or later. Takes them
// from the cluster's counter in blocks, so that a new writer seldom waits for the metadata store;
// what is left of a block when the process ends is never used. On the session's strand.
class WriterIds {
 public:
  // `path` is the counter's node (ZkPaths::WriterIds). `store` outlives it.
  WriterIds(metadata::MetaStore& store, std::string path) : store_(store), path_(std::move(path)) {}

  // Errors: those of MetaError.
  void Take(metadata::Callback<WriterId> done);

  static constexpr int64_t kBlock = 100;

 private:
  void OnBlock(Result<int64_t> first);

  metadata::MetaStore& store_;
  const std::string path_;
  int64_t next_ = 0;
  int64_t end_ = 0;
  std::vector<metadata::Callback<WriterId>> waiting_;  // For a block that is on its way.
};

}  // namespace strom::tablet

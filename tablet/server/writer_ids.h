#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "common/metadata/recipes.h"
#include "common/types/ids.h"

namespace strom::tablet {

// Hands out writer ids: numbers that no other server of the cluster gives, now or later. Takes them
// from the cluster's counter in blocks, and the next block before the last one is used up, so that
// writers begin without the metadata store, also while it is away; what is left when the process
// ends is never used. On the session's strand.
class WriterIds {
 public:
  // `path` is the counter's node (ZkPaths::WriterIds). `store` outlives it.
  WriterIds(metadata::MetaStore& store, std::string path) : store_(store), path_(std::move(path)) {}

  // Asks for a block if few ids are left.
  void Reserve();

  // Errors: those of MetaError, if none is left.
  void Take(metadata::Callback<WriterId> done);

  static constexpr int64_t kBlock = 1000;
  static constexpr int64_t kReserve = 500;

 private:
  struct Block {
    int64_t next, end;
  };

  void OnBlock(Result<int64_t> first);
  int64_t left() const;

  metadata::MetaStore& store_;
  const std::string path_;
  std::deque<Block> blocks_;  // Ids are taken from the first.
  bool asking_ = false;
  std::vector<metadata::Callback<WriterId>> waiting_;  // For a block that is on its way.
};

}  // namespace strom::tablet

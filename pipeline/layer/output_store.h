#pragma once

#include <cstdint>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "common/base/bytes.h"
#include "common/types/value.h"
#include "pipeline/core/change.h"

namespace strom::layer {

// The rows a block has given, by the hash of the restriction key they belong to.
class OutputStore {
 public:
  // `clock_columns` of `width` do not make a row another one.
  OutputStore(std::vector<size_t> clock_columns, size_t width);

  struct KeyedRow {
    uint64_t key;
    Row row;
  };
  // `rows` are what belongs to `keys` now. Gives the difference to what did; a row that only the
  // clock changed stays as it was.
  pipeline::Delta Replace(const std::vector<uint64_t>& keys, std::vector<KeyedRow> rows);

  void AppendKeys(std::vector<uint64_t>& out) const;
  size_t bytes() const;

 private:
  // The clock's columns stand behind the others, so that a row's content is the front of its bytes.
  struct Encoded {
    BytesView row;
    BytesView content;
  };
  Encoded Next(BytesView& in) const;
  Row Decode(BytesView encoded) const;

  std::vector<size_t> clock_columns_;
  std::vector<size_t> others_;
  absl::flat_hash_map<uint64_t, Bytes> rows_;  // Rows of a key, one behind the other.
  size_t row_bytes_ = 0;
};

}  // namespace strom::layer

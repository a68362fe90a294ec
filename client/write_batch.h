#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "client/include/strom/append_writer.h"
#include "client/write_target.h"

namespace strom::client {

// Rows on their way into one bucket: collected, then sent until there is an answer. Its queue
// (bucket_queue.h) owns all of it but `builder` and `bytes`, which are the sender's while the batch
// is in flight.
struct WriteBatch {
  uint64_t id = 0;    // Of this writer, ascending in the order batches were begun.
  MonoTime deadline;  // Nobody waits for its answer after this.
  int32_t record_count = 0;
  bool barrier = false;     // Is sent without records, too.
  size_t buffer_bytes = 0;  // What it takes of the writer's buffer.
  std::vector<std::pair<int32_t, AppendCallback>> callbacks;  // With the index of their rows.

  enum class State : uint8_t {
    kWaiting,   // For its first sending, or, sent in vain, under a new sequence.
    kInFlight,  // An answer will come.
    kRetry,     // To be sent again under the same sequence.
    kRefused,   // Ended: the server surely does not have it.
    kUnknown,   // Ended: nobody knows whether the server has it.
  };
  State state = State::kWaiting;
  BatchIdentity identity;        // From its first sending on.
  bool may_be_appended = false;  // An earlier sending may have succeeded.
  Status last_error;

  std::unique_ptr<BatchBuilder> builder;  // Null once `bytes` are built.
  Bytes bytes;
  BatchIdentity built_as;  // What `bytes` say.
};

}  // namespace strom::client

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/runtime/time.h"
#include "common/types/ids.h"
#include "common/types/job.h"

namespace strom::client {

// When a batch counts as written: on all in-sync replicas, in the leader's log, or once it was sent
// (a server answers then too). The numbers are those of the wire.
enum class Acks : int8_t { kAll = -1, kNone = 0, kLeader = 1 };

// How writers collect and send batches.
struct WriterOptions {
  Acks acks = Acks::kAll;
  // A row is written once however often its batch had to be sent. Needs kAll.
  bool idempotent = true;
  // Batches of a bucket that wait for their answers, 1 to 5; a writer that is not idempotent has
  // one, to keep the order.
  int in_flight_max = 5;
  size_t batch_bytes_max = size_t{2} << 20;     // Before compression.
  size_t request_bytes_max = size_t{10} << 20;  // A request has one batch of each bucket; also the
                                                // limit of a row.
  size_t buffer_bytes_max = size_t{64}
                            << 20;  // Of rows without an answer: beyond it, writing waits.
  MonoDuration delivery_timeout = Seconds(120);  // From the taking of a row to its answer.
  // Of a job: sent with every batch. Once a server says that a newer epoch of the group is known
  // (kFencedJobEpoch), the writer is at its end: its rows and all later ones fail with that. On
  // Strom's own listeners only.
  std::optional<JobFence> fence = std::nullopt;
};

// The row is written, but the server did not say where.
inline constexpr LogOffset kUnknownOffset{-1};

}  // namespace strom::client

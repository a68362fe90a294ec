#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/notification.h"
#include "common/runtime/strand.h"
#include "tests/prove/judge/open_loop.h"
#include "tests/prove/workload/prove_world.h"
#include "tests/prove/workload/recorder.h"
#include "tests/prove/workload/round_tables.h"

namespace strom::prove {

// The clients of a round, with the product's settings: two that write, whose writes meet at the
// same keys, and one that looks up, on a connection of its own, so that it learns of a new leader
// by itself; it asks on while a leader is silent, as one who may be answered by a deposed one.
//
// Each bucket of each table is wished something of at a fixed rate, whatever becomes of it.
class RoundClients {
 public:
  static constexpr int kWriters = 2;

  // `tables` outlives it, `recorder` the threads of `world`. Errors: the cluster's.
  static Result<std::unique_ptr<RoundClients>> Open(ProveWorld& world, const ProveOptions& options,
                                                    const RoundTables& tables, Recorder& recorder);
  // What is still under way ends as unknown.
  ~RoundClients();

  void Start();
  // Wishes nothing more; returns when that is so.
  void Stop();

  // The row of the key as it is now. Waits. Errors: the cluster's.
  Result<std::optional<int64_t>> Find(int64_t key);

 private:
  struct Writer {
    std::unique_ptr<client::Connection> connection;
    std::unique_ptr<client::AppendWriter> appends;
    std::unique_ptr<client::UpsertWriter> upserts;
    std::vector<int64_t> appended;  // By bucket.
  };

  RoundClients(ProveWorld& world, const RoundTables& tables, Recorder& recorder, double rate);

  void Tick();
  void Do(int64_t number);
  void Append(Writer& writer, size_t of_writer, int bucket);
  void Upsert(Writer& writer, int bucket);
  void LookUp(int bucket);
  int64_t AnyKey(int bucket);

  ProveWorld& world_;
  const RoundTables& tables_;
  Recorder& recorder_;
  const double rate_;
  std::vector<Writer> writers_;
  std::unique_ptr<client::Connection> reading_;
  std::unique_ptr<client::Lookup> lookup_;
  OpenLoop due_;
  int64_t next_value_ = 1;
  runtime::Strand strand_;
  std::atomic<bool> stopping_ = false;
  bool started_ = false;
  runtime::Notification stopped_;
};

}  // namespace strom::prove

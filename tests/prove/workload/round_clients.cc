#include "tests/prove/workload/round_clients.h"

#include <utility>

namespace strom::prove {
namespace {

constexpr MonoDuration kTick = Millis(2);
constexpr double kDeleteShare = 0.1;

std::optional<LogOffset> Known(LogOffset offset) {
  return offset == client::kUnknownOffset ? std::nullopt : std::optional(offset);
}

std::optional<int64_t> ValueOf(const std::optional<Row>& row) {
  return row ? std::optional(*(*row)[1].get_if<int64_t>()) : std::nullopt;
}

}  // namespace

RoundClients::RoundClients(ProveWorld& world, const RoundTables& tables, Recorder& recorder,
                           double rate)
    : world_(world),
      tables_(tables),
      recorder_(recorder),
      rate_(rate * kWishes * recorder.buckets()),
      due_(world.clock.Now(), rate_),
      strand_(world.pool) {}

Result<std::unique_ptr<RoundClients>> RoundClients::Open(ProveWorld& world,
                                                         const ProveOptions& options,
                                                         const RoundTables& tables,
                                                         Recorder& recorder) {
  std::unique_ptr<RoundClients> clients(new RoundClients(world, tables, recorder, options.rate));
  const client::ConnectionOptions connecting{.bootstrap_servers = options.servers};
  for (int i = 0; i < kWriters; ++i) {
    Writer& writer = clients->writers_.emplace_back();
    writer.appended.resize(tables.log.keys.size());
    STROM_ASSIGN_OR_RETURN(writer.connection,
                           client::Connection::Create(connecting, world.environment()));
    STROM_ASSIGN_OR_RETURN(writer.appends, writer.connection->NewAppendWriter(tables.log.info));
    STROM_ASSIGN_OR_RETURN(writer.upserts, writer.connection->NewUpsertWriter(tables.keyed.info));
  }
  STROM_ASSIGN_OR_RETURN(clients->reading_,
                         client::Connection::Create(connecting, world.environment()));
  // As many requests under way as it has wishes: those behind a silent leader hold up nobody.
  STROM_ASSIGN_OR_RETURN(
      clients->lookup_, clients->reading_->NewLookup(tables.keyed.info, {.in_flight_max = 10'000}));
  return clients;
}

RoundClients::~RoundClients() { Stop(); }

void RoundClients::Start() {
  started_ = true;
  due_ = OpenLoop(world_.clock.Now(), rate_);
  strand_.Post([this] { Tick(); });
}

void RoundClients::Stop() {
  stopping_ = true;
  if (started_) stopped_.Wait();
}

void RoundClients::Tick() {
  if (stopping_) return stopped_.Notify();
  const MonoTime now = world_.clock.Now();
  for (int64_t number = due_.TakeDue(now); number >= 0; number = due_.TakeDue(now)) Do(number);
  strand_.PostAt(world_.clock.Now() + kTick, [this] { Tick(); });
}

void RoundClients::Do(int64_t number) {
  const auto buckets = static_cast<int64_t>(recorder_.buckets());
  const auto bucket = static_cast<int>(number / kWishes % buckets);
  const auto of_writer = static_cast<size_t>(number / (kWishes * buckets) % kWriters);
  switch (static_cast<Wish>(number % kWishes)) {
    case Wish::kAppend:
      return Append(writers_[of_writer], of_writer, bucket);
    case Wish::kUpsert:
      return Upsert(writers_[of_writer], bucket);
    case Wish::kLookup:
      return LookUp(bucket);
  }
}

void RoundClients::Append(Writer& writer, size_t of_writer, int bucket) {
  const auto place = static_cast<size_t>(bucket);
  const int64_t key = tables_.log.keys[place][of_writer];
  const std::optional<size_t> op = recorder_.AppendBegins(key, writer.appended[place] + 1);
  if (!op) return;
  const int64_t number = ++writer.appended[place];
  const Status taken = writer.appends->TryAppend(
      {Value::Int(key), Value::Int(number)},
      [recorder = &recorder_, op = *op,
       where = tables_.log.bucket(bucket)](Result<client::AppendResult> result) {
        recorder->AppendEnds(op, result.status(), where,
                             result.ok() ? Known(result->offset) : std::nullopt);
      });
  if (!taken.ok()) recorder_.WriteRefused(taken);
}

void RoundClients::Upsert(Writer& writer, int bucket) {
  const int64_t key = AnyKey(bucket);
  const int64_t value = next_value_++;
  const bool deletes = world_.random.Chance(kDeleteShare);
  const std::optional<size_t> op = recorder_.UpsertBegins(
      tables_.keyed.info.id, key, deletes ? std::nullopt : std::optional(value));
  if (!op) return;
  auto done = [recorder = &recorder_, op = *op,
               where = tables_.keyed.bucket(bucket)](Result<client::UpsertResult> result) {
    recorder->UpsertEnds(op, result.status(), where,
                         result.ok() ? Known(result->log_end_offset) : std::nullopt);
  };
  const Row row{Value::Int(key), Value::Int(value)};
  const Status taken = deletes ? writer.upserts->TryDelete(row, std::move(done))
                               : writer.upserts->TryUpsert(row, std::move(done));
  if (!taken.ok()) recorder_.WriteRefused(taken);
}

void RoundClients::LookUp(int bucket) {
  const int64_t key = AnyKey(bucket);
  if (!recorder_.LookupBegins()) return;
  const MonoTime invoked = world_.clock.Now();  // Get may be answered before it returns.
  lookup_->Get({Value::Int(key)})
      .Then([recorder = &recorder_, where = tables_.keyed.bucket(bucket), key,
             invoked](const Result<std::optional<Row>>& found) {
        recorder->LookupEnds(where, key, invoked, found.status(),
                             found.ok() ? ValueOf(*found) : std::nullopt);
      });
}

int64_t RoundClients::AnyKey(int bucket) {
  const std::vector<int64_t>& keys = tables_.keyed.keys[static_cast<size_t>(bucket)];
  return keys[world_.random.Uniform(keys.size())];
}

Result<std::optional<int64_t>> RoundClients::Find(int64_t key) {
  STROM_ASSIGN_OR_RETURN(const auto row, lookup_->Get({Value::Int(key)}).Get());
  return ValueOf(row);
}

}  // namespace strom::prove

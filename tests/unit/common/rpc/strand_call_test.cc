#include "common/rpc/strand_call.h"

#include <optional>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/methods.h"
#include "proto/admin.pb.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::rpc {
namespace {

// Keeps a call until it is answered, in the stack of whoever answers.
class HeldCall final : public Channel {
 public:
  void Call(const MethodInfo&, Bytes, MonoTime, Done done) override { held = std::move(done); }
  std::optional<int16_t> VersionOf(const MethodInfo&) const override { return 0; }
  bool broken() const override { return false; }
  void Close() override {}

  void Fail(Status why) { std::exchange(held, nullptr)(std::move(why)); }

  Done held;
};

struct Asker : std::enable_shared_from_this<Asker> {
  void OnAnswer(Result<pb::DatabaseExistsResponse> answer) {
    STROM_ASSERT_ON(*strand);
    answers.push_back(answer.status().code());
  }

  std::shared_ptr<runtime::Strand> strand;
  std::vector<ErrorCode> answers;
};

struct World {
  World() {
    asker->strand = strand;
    pb::DatabaseExistsRequest request;
    request.set_database_name("db");
    CallFromStrand(channel, kDatabaseExists, request, MonoTime(), strand, asker->weak_from_this(),
                   &Asker::OnAnswer);
  }

  sim::SimScheduler scheduler{1};
  std::shared_ptr<runtime::Strand> strand = std::make_shared<runtime::Strand>(scheduler);
  std::shared_ptr<Asker> asker = std::make_shared<Asker>();
  HeldCall channel;
};

}  // namespace

TEST_CASE("an answer comes on the strand, errors too", "[rpc]") {
  World world;
  world.channel.Fail(Error(ErrorCode::kNetwork, "gone"));
  CHECK(world.asker->answers.empty());  // Not in the transport's stack.
  world.scheduler.RunReady();
  CHECK(world.asker->answers == std::vector{ErrorCode::kNetwork});
}

TEST_CASE("an answer to somebody who is gone is dropped", "[rpc]") {
  World world;
  SECTION("before it came") {
    world.asker.reset();
    world.channel.Fail(Error(ErrorCode::kNetwork, "gone"));
  }
  SECTION("before its turn") {
    world.channel.Fail(Error(ErrorCode::kNetwork, "gone"));
    world.asker.reset();
  }
  world.scheduler.RunReady();
  CHECK(world.strand.use_count() == 1);  // Nothing keeps what belonged to it.
}

}  // namespace strom::rpc

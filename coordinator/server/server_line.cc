#include "coordinator/server/server_line.h"

#include <algorithm>
#include <utility>

#include "common/rpc/greeting.h"
#include "common/rpc/methods.h"
#include "common/rpc/strand_call.h"

namespace strom::coordinator {

ServerLine::ServerLine(World world, rpc::Endpoint endpoint, Timing timing,
                       absl::AnyInvocable<void(News)> on_news)
    : world_(std::move(world)),
      endpoint_(std::move(endpoint)),
      timing_(timing),
      on_news_(std::move(on_news)),
      pause_(timing.pause_min) {}

ServerLine::~ServerLine() { StopWaiting(); }

uint64_t ServerLine::Ready() {
  if (channel_->broken()) Connect();
  return connection_;
}

void ServerLine::Connect() {
  StopWaiting();
  channel_ = world_.network.Connect(endpoint_);
  answered_ = false;
  const uint64_t connection = ++connection_;
  channel_->WhenBroken(
      [weak = weak_from_this(), strand = world_.strand, connection](rpc::Break cause) {
        strand->Post([weak, connection, cause] {
          if (const auto self = weak.lock()) self->OnBroken(connection, cause);
        });
      });
  rpc::CallFromStrand(*channel_, rpc::kApiVersions, rpc::Greeting(),
                      world_.clock.Now() + timing_.answer_timeout, world_.strand, weak_from_this(),
                      [connection](ServerLine& self, const auto& answer) {
                        self.OnAnswer(connection, answer.status());
                      });
}

void ServerLine::OnAnswer(uint64_t connection, const Status& status) {
  if (connection != connection_) return;
  if (status.code() == ErrorCode::kNetwork) return;  // OnBroken tells more.
  if (status.code() == ErrorCode::kRequestTimeOut) return Connect();
  answered_ = true;
  refusals_ = 0;
  pause_ = timing_.pause_min;
  if (std::exchange(refused_, false)) on_news_(News::kReached);
}

void ServerLine::OnBroken(uint64_t connection, rpc::Break cause) {
  if (connection != connection_) return;
  refusals_ = cause == rpc::Break::kRefused ? refusals_ + 1 : 0;
  if (answered_) {
    ConnectLater(MonoDuration());
  } else {
    ConnectLater(pause_);
    pause_ = std::min(pause_ * 2, timing_.pause_max);
  }
  if (refusals_ < timing_.refusals || std::exchange(refused_, true)) return;
  on_news_(News::kRefused);
}

void ServerLine::ConnectLater(MonoDuration pause) {
  StopWaiting();
  timer_ = world_.strand->PostAt(world_.clock.Now() + pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->timer_ = runtime::kNoTimer;
    self->Connect();
  });
}

void ServerLine::StopWaiting() {
  if (timer_ != runtime::kNoTimer) world_.strand->Cancel(timer_);
  timer_ = runtime::kNoTimer;
}

}  // namespace strom::coordinator

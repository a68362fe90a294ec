// What tablet servers ask for: another ISR, to be done without, and that some replicas are.
#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "common/base/logging.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {

void Term::AdjustIsr(std::vector<IsrProposal> proposals, std::shared_ptr<IsrAnswers> answers,
                     MonoTime deadline, Answer answer) {
  STROM_ASSERT_ON(*world_.strand);
  STROM_CHECK(leading_) << "a proposal before the term leads";
  if (isr_requests_.size() >= options_.commands_max) {
    return std::move(answer)(Error(ErrorCode::kOperationNotAttempted,
                                   "{} requests for other ISRs are waiting for the coordinator",
                                   isr_requests_.size()));
  }
  isr_requests_.push_back({std::move(proposals), std::move(answers), deadline, std::move(answer)});
  if (isr_requests_.size() > 1) return;
  AddEvent([this](runtime::Task finished) { DecideIsrs(std::move(finished)); });
}

void Term::DecideIsrs(runtime::Task finished) {
  std::vector<IsrRequest> requests;
  Effects effects;
  for (IsrRequest& request : std::exchange(isr_requests_, {})) {
    if (world_.clock.Now() >= request.deadline) {
      std::move(request.answer)(Error(ErrorCode::kRequestTimeOut,
                                      "not attempted: the request's deadline passed in the queue"));
      continue;
    }
    for (const IsrProposal& proposal : request.proposals) {
      request.answers->push_back(state_.AdjustIsr(proposal, epoch_, effects));
    }
    requests.push_back(std::move(request));
  }
  // No view is made of it: clients and followers need not know of ISRs.
  auto shared = std::make_shared<const Effects>(std::move(effects));
  Store(*shared,
        [this, shared, requests = std::move(requests), finished = std::move(finished)]() mutable {
          Tell(*shared);
          for (IsrRequest& request : requests) std::move(request.answer)(Status::Ok());
          finished();
        });
}

Status Term::CheckLife(ServerId server, std::optional<int64_t> start_epoch) const {
  const auto it = servers_.find(server);
  if (it != servers_.end() && (!start_epoch || *start_epoch == it->second.life.start_epoch)) {
    return Status::Ok();
  }
  return Error(ErrorCode::kServerNotExist,
               "tablet server {}, start epoch {}, is not in the cluster", server,
               start_epoch.value_or(0));
}

void Term::FailReplicas(ServerId server, int64_t start_epoch, std::vector<TableBucket> buckets,
                        MonoTime deadline, Answer answer) {
  Enqueue(
      [this, server, start_epoch, buckets = std::move(buckets)](Answer answer,
                                                                runtime::Task finished) mutable {
        if (Status s = CheckLife(server, start_epoch); !s.ok()) {
          std::move(answer)(std::move(s));
          return finished();
        }
        Effects effects = state_.OnReplicasFailed(server, buckets);
        for (const auto& [bucket, leadership] : effects.write) {
          STROM_LOG(kError,
                    "{}: the replica of tablet server {} is out of service until it starts anew; "
                    "server {} leads, the ISR is {}",
                    bucket, server, leadership.leader, fmt::join(leadership.isr, " "));
        }
        auto answered = [this, answer = std::move(answer),
                         finished = std::move(finished)]() mutable {
          waits_.Check();
          std::move(answer)(Status::Ok());
          finished();
        };
        // It says so again and again while it is told of the bucket.
        if (effects.empty()) return answered();
        Apply(std::move(effects), std::move(answered));
      },
      deadline, std::move(answer));
}

void Term::StopServer(ServerId server, std::optional<int64_t> start_epoch,
                      std::shared_ptr<std::vector<TableBucket>> led, MonoTime deadline,
                      Answer answer) {
  Enqueue(
      [this, server, start_epoch, led = std::move(led), deadline](Answer answer,
                                                                  runtime::Task finished) mutable {
        if (Status s = CheckLife(server, start_epoch); !s.ok()) {
          std::move(answer)(std::move(s));
          return finished();
        }
        const std::vector<TableBucket> before = state_.LedBy(server);
        Effects effects = state_.OnStopping(server);
        std::vector<TableBucket> moved;
        std::ranges::copy_if(before, std::back_inserter(moved), [&](const TableBucket& bucket) {
          return state_.Find(bucket)->leadership->leader != server;
        });
        STROM_LOG(kInfo, "tablet server {} wants to stop: {} of the {} buckets it leads move away",
                  server, moved.size(), before.size());
        Apply(std::move(effects), [this, server, moved = std::move(moved), led = std::move(led),
                                   deadline, answer = std::move(answer),
                                   finished = std::move(finished)]() mutable {
          AnswerStopping(server, std::move(moved), std::move(led), deadline, std::move(answer));
          finished();
        });
      },
      deadline, std::move(answer));
}

void Term::AnswerStopping(ServerId server, std::vector<TableBucket> moved,
                          std::shared_ptr<std::vector<TableBucket>> led, MonoTime deadline,
                          Answer answer) {
  waits_.Add(
      [this, version = view_version_, moved = std::move(moved)] {
        return AllKnow(version) && std::ranges::all_of(moved, [this](const TableBucket& bucket) {
                 const BucketState* const state = state_.Find(bucket);
                 return !state || state->serves() || state->leadership->leader == kNoServer;
               });
      },
      WaitUntil(deadline),
      [this, server, led = std::move(led), answer = std::move(answer)](bool /*in_time*/) mutable {
        *led = state_.LedBy(server);
        std::move(answer)(Status::Ok());
      });
}

}  // namespace strom::coordinator

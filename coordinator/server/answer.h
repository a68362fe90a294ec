#pragma once

#include <utility>

#include <absl/functional/any_invocable.h>

#include "common/base/status.h"

namespace strom::coordinator {

// The duty to answer one command, once. Dropped, because the term that worked on it is over, it
// answers kNotCoordinatorLeader. Move-only.
class Answer {
 public:
  explicit Answer(absl::AnyInvocable<void(Status)> answer) : answer_(std::move(answer)) {}
  Answer(Answer&& other) noexcept : answer_(std::exchange(other.answer_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (answer_) {
      answer_(Error(ErrorCode::kNotCoordinatorLeader,
                    "this coordinator stopped leading; the change may have been made or not"));
    }
  }

  void operator()(Status status) && { std::exchange(answer_, nullptr)(std::move(status)); }

 private:
  absl::AnyInvocable<void(Status)> answer_;
};

}  // namespace strom::coordinator

#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "common/rpc/channel.h"
#include "common/runtime/strand.h"

namespace strom::rpc {

// A typed call (channel.h) of an object that lives on a strand: `on_answer(self, answer)`, often a
// member function, runs there, unless `self` is gone by then.
template <class Req, class Resp, class Self, class OnAnswer>
void CallFromStrand(Channel& channel, const Method<Req, Resp>& method, const Req& request,
                    MonoTime deadline, std::shared_ptr<runtime::Strand> strand,
                    std::weak_ptr<Self> self, OnAnswer on_answer) {
  Call(channel, method, request, deadline,
       absl::AnyInvocable<void(Result<Resp>)>(
           [strand = std::move(strand), self = std::move(self),
            on_answer = std::move(on_answer)](Result<Resp> answer) mutable {
             runtime::Strand& on = *strand;
             on.Post([self = std::move(self), on_answer = std::move(on_answer),
                      answer = std::move(answer)]() mutable {
               if (const auto there = self.lock()) {
                 std::invoke(on_answer, *there, std::move(answer));
               }
             });
           }));
}

}  // namespace strom::rpc

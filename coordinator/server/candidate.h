#pragma once

#include <memory>

#include "coordinator/server/term.h"

namespace strom::coordinator {

// A coordinator that wants to lead: opens a session, waits for its turn, leads for a term, and
// begins anew a while after the term is lost. On one strand.
class Candidate : public std::enable_shared_from_this<Candidate> {
 public:
  // `sessions` outlives it.
  Candidate(Term::World world, TermOptions options, metadata::MetaStoreFactory& sessions);

  // `listeners`: where this coordinator is reached. `first` is called once: when it leads for the
  // first time, or with what went wrong before that and will not pass; it does not try again then.
  void Run(Listeners listeners, absl::AnyInvocable<void(Status)> first);

  // Ends the term and its session. `first`, if it is still due, gets kNotCoordinatorLeader.
  void Stop();

  // nullptr unless this coordinator leads now. Not to be kept.
  Term* leading_term() { return term_ && term_->leading() ? term_.get() : nullptr; }

 private:
  void Begin();
  void OnTermLost(Status why);

  const Term::World world_;
  const TermOptions options_;
  metadata::MetaStoreFactory& sessions_;
  Listeners listeners_;
  absl::AnyInvocable<void(Status)> first_;
  std::unique_ptr<Term> term_;
  bool stopped_ = false;
};

}  // namespace strom::coordinator

#include "tests/prove/workload/controller.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/base/check.h"

namespace strom::prove {
namespace {

using Json = nlohmann::json;

constexpr const char* kDone = "{}";
constexpr size_t kViolationsTold = 20;
constexpr const char* kKinds[kWishes] = {"log", "keyed", "lookup"};

Json Ms(MonoDuration duration) { return duration.millis(); }

}  // namespace

Controller::Controller(ProveOptions options)
    : options_(std::move(options)),
      world_(std::make_unique<ProveWorld>()),
      recorder_(world_->clock, options_.buckets, options_.operations_max) {}

Result<std::unique_ptr<Controller>> Controller::Open(ProveOptions options) {
  std::unique_ptr<Controller> controller(new Controller(std::move(options)));
  STROM_ASSIGN_OR_RETURN(
      controller->leaders_,
      LeaderWatch::Open(*controller->world_, controller->options_.zookeeper,
                        [recorder = &controller->recorder_](sim::LeadershipWrite write) {
                          recorder->Saw(std::move(write));
                        }));
  return controller;
}

Controller::~Controller() {
  round_.reset();
  world_->pool.Shutdown();
  leaders_.reset();
  world_.reset();
}

void Controller::Run(std::istream& in, std::ostream& out) {
  for (std::string line; std::getline(in, line);) {
    const Result<ProveCommand> command = ParseCommand(line);
    const Result<std::string> answer =
        command.ok() ? Do(*command) : Result<std::string>(command.status());
    out << (answer.ok() ? *answer : Json{{"error", answer.status().ToString()}}.dump())
        << std::endl;
  }
}

Result<std::string> Controller::Do(const ProveCommand& command) {
  using Verb = ProveCommand::Verb;
  const bool needs_round = command.verb != Verb::kBegin && command.verb != Verb::kProcess &&
                           command.verb != Verb::kSummary;
  if (needs_round && !round_) return Error(ErrorCode::kInvalidConfig, "no round has begun");
  switch (command.verb) {
    case Verb::kBegin:
      return BeginRound();
    case Verb::kLeaders:
      return Leaders();
    case Verb::kWatch:
      watched_ = leaders_->current();
      recorder_.OpenWatch();
      return std::string(kDone);
    case Verb::kUnwatch:
      return Unwatch(command.name, command.server);
    case Verb::kServed:
      return Served(command.within);
    case Verb::kFull:
      return Full(command.within);
    case Verb::kProcess:
      processes_.Next(*command.server);
      return std::string(kDone);
    case Verb::kJudge:
      return JudgeRound();
    case Verb::kSummary:
      return Summary();
  }
  STROM_UNREACHABLE();
}

Result<std::string> Controller::BeginRound() {
  if (round_) return Error(ErrorCode::kInvalidConfig, "round {} has not ended", rounds_);
  STROM_ASSIGN_OR_RETURN(round_,
                         Round::Begin(*world_, options_, ++rounds_, recorder_, *leaders_,
                                      [this](ServerId server) { return processes_.Of(server); }));
  return Json{{"round", rounds_}}.dump();
}

std::string Controller::Leaders() const {
  Json leaders = Json::object();
  for (const auto& [server, directory] : options_.data) {
    leaders[std::to_string(server.value())] = {{"log", 0}, {"keyed", 0}};
  }
  for (const auto& [bucket, now] : leaders_->current()) {
    if (now.leader == kNoServer) continue;
    const bool keyed = bucket.table == round_->tables().keyed.info.id;
    auto& count = leaders[std::to_string(now.leader.value())][keyed ? "keyed" : "log"];
    count = count.get<int>() + 1;
  }
  return Json{{"leaders", leaders}, {"operations", recorder_.operations()}}.dump();
}

std::string Controller::Unwatch(const std::string& name, std::optional<ServerId> server) {
  const std::vector<MonoDuration> windows = recorder_.CloseWatch();
  std::map<std::string, std::vector<MonoDuration>> by_kind;
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto wish = static_cast<Wish>(i / static_cast<size_t>(options_.buckets));
    const RoundTables& tables = round_->tables();
    const RoundTable& table = wish == Wish::kAppend ? tables.log : tables.keyed;
    const auto led = watched_.find(table.bucket(static_cast<int>(i) % options_.buckets));
    const bool elsewhere = server && (led == watched_.end() || led->second.leader != *server);
    by_kind[std::string(kKinds[static_cast<size_t>(wish)]) + (elsewhere ? " elsewhere" : "")]
        .push_back(windows[i]);
  }
  Json longest = Json::object();
  for (auto& [kind, of_kind] : by_kind) {
    longest[kind] = Ms(*std::max_element(of_kind.begin(), of_kind.end()));
    auto& all = windows_[name][kind];
    all.insert(all.end(), of_kind.begin(), of_kind.end());
  }
  return Json{{"longest_ms", longest}}.dump();
}

std::string Controller::Served(MonoDuration within) {
  const MonoTime since = world_->clock.Now();
  std::string missing;
  const bool served = Await(*world_, since + within, [&] {
    missing = recorder_.NotServedSince(since);
    return missing.empty();
  });
  return Json{{"ok", served}, {"missing", missing}, {"ms", Ms(world_->clock.Now() - since)}}.dump();
}

std::string Controller::Full(MonoDuration within) {
  const MonoTime since = world_->clock.Now();
  std::string missing;
  const bool full = Await(*world_, since + within, [&] {
    missing = leaders_->NotFull(options_.data.size(), since);
    return missing.empty();
  });
  return Json{{"ok", full}, {"missing", missing}, {"ms", Ms(world_->clock.Now() - since)}}.dump();
}

Result<std::string> Controller::JudgeRound() {
  const RoundReport report = round_->Finish();
  round_.reset();
  const Verdict& verdict = report.verdict;
  const size_t told = std::min(kViolationsTold, verdict.violations.size());
  return Json{{"operations", report.operations},
              {"acknowledged", report.acknowledged},
              {"unknown", report.unknown},
              {"refused", report.counts.refused},
              {"lookups", report.lookups},
              {"lookups_failed", report.counts.lookups_failed},
              {"records_read", report.records_read},
              {"lost", verdict.lost},
              {"duplicated", verdict.duplicated},
              {"changed", verdict.changed},
              {"stale", verdict.stale},
              {"other", verdict.other},
              {"errors", report.counts.errors},
              {"violations", std::vector<std::string>(
                                 verdict.violations.begin(),
                                 verdict.violations.begin() + static_cast<std::ptrdiff_t>(told))}}
      .dump();
}

std::string Controller::Summary() const {
  Json summary = Json::object();
  for (const auto& [name, kinds] : windows_) {
    for (const auto& [kind, windows] : kinds) {
      const WindowFigures figures = FiguresOf(windows);
      summary[name][kind] = {{"p50", Ms(figures.p50)},
                             {"p99", Ms(figures.p99)},
                             {"max", Ms(figures.max)},
                             {"count", figures.count}};
    }
  }
  return Json{{"windows", summary}}.dump();
}

}  // namespace strom::prove

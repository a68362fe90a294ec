#include "tests/sim/cluster/sim_admin.h"

#include <utility>

#include <fmt/format.h>

namespace strom::sim {
namespace {

constexpr uint64_t kNames = 2;
constexpr uint64_t kPauseMaxMs = 600;

}  // namespace

SimAdmin::SimAdmin(SimWorld& world, const SimConfig& config,
                   const std::vector<std::string>& addresses, std::string database,
                   std::function<TableDescriptor(bool keyed)> make)
    : database_(std::move(database)),
      make_(std::move(make)),
      host_(world, "admin-1", config.seed * 5 + 3) {
  host_.Boot();
  connection_ =
      client::Connection::Create(
          {.bootstrap_servers = addresses, .request_timeout = config.request_timeout},
          {host_.executor(), host_.clock(), host_.random(), host_.network()})
          .value();
}

SimAdmin::~SimAdmin() {
  finished_ = true;
  connection_.reset();
  host_.Kill();
  host_.AfterKill(/*power_failed=*/false);
}

void SimAdmin::GoOnLater() {
  const auto pause = Millis(static_cast<int64_t>(host_.random().Uniform(kPauseMaxMs)));
  host_.executor().PostAt(host_.clock().Now() + pause, [this] {
    if (!finished_) GoOn();
  });
}

void SimAdmin::GoOn() {
  busy_ = true;
  const bool create = host_.random().Chance(0.5);
  operations_.push_back({.kind = create ? AdminOp::Kind::kCreate : AdminOp::Kind::kDrop,
                         .table = fmt::format("a{}", host_.random().Uniform(kNames)),
                         .answer = AdminOp::Answer::kUnknown,
                         .time = {.invoked = host_.clock().Now()}});
  const TablePath path{database_, operations_.back().table};
  client::Admin& admin = connection_->admin();
  const auto answered = [this](const Status& status) { OnAnswer(status); };
  if (create) {
    admin.CreateTable(path, make_(host_.random().Chance(0.5))).Then(answered);
  } else {
    admin.DropTable(path).Then(answered);
  }
}

void SimAdmin::OnAnswer(const Status& status) {
  AdminOp& op = operations_.back();
  const ErrorCode refusal = op.kind == AdminOp::Kind::kCreate ? ErrorCode::kTableAlreadyExist
                                                              : ErrorCode::kTableNotExist;
  if (status.ok()) op.answer = AdminOp::Answer::kDone;
  if (status.code() == refusal) op.answer = AdminOp::Answer::kRefused;
  if (op.answer != AdminOp::Answer::kUnknown) op.time.completed = host_.clock().Now();
  busy_ = false;
  GoOnLater();
}

void SimAdmin::List(std::optional<std::vector<std::string>>* tables) {
  connection_->admin().ListTables(database_).Then(
      [this, tables](const Result<std::vector<std::string>>& listed) {
        if (listed.ok()) return void(*tables = *listed);
        host_.executor().PostAt(host_.clock().Now() + Millis(100),
                                [this, tables] { List(tables); });
      });
}

}  // namespace strom::sim

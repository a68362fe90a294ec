#include "common/service/cluster_view.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/world/sim_scheduler.h"
#include "tests/unit/common/service/service_testing.h"

namespace strom::service {

TEST_CASE("a view finds its tables by path and by id", "[service]") {
  ClusterView view;
  const TablePath orders{"db", "orders"};
  view.tables[orders] = LogTableView(orders, 7, {1});
  view.tables[{"db", "items"}] = LogTableView({"db", "items"}, 8, {1});
  CHECK(view.Find(orders)->info.id == TableId(7));
  CHECK(view.Find(TableId(7)) == view.Find(orders));
  CHECK(view.Find(TablePath{"db", "gone"}) == nullptr);
  CHECK(view.Find(TableId(9)) == nullptr);
}

TEST_CASE("a holder starts with an empty view and keeps old ones for who reads them", "[service]") {
  ClusterViewHolder holder;
  const auto first = holder.Get();
  REQUIRE(first);
  CHECK(first->tables.empty());
  auto view = std::make_shared<ClusterView>();
  view->tablet_servers[ServerId(1)] = ServerAt(1, 1000);
  holder.Set(view);
  CHECK(holder.Get() == view);
  CHECK(first->tablet_servers.empty());
}

TEST_CASE("a holder that forgets knows nothing, and who asks waits for the next view", "[service]") {
  sim::SimScheduler scheduler(1);
  sim::SimExecutor executor(scheduler);
  ClusterViewHolder holder;
  auto view = std::make_shared<ClusterView>();
  view->tablet_servers[ServerId(1)] = ServerAt(1, 1000);
  holder.Set(view);
  holder.Forget();
  CHECK(holder.Get()->tablet_servers.empty());
  std::shared_ptr<const ClusterView> told;
  holder.WhenKnown(executor, scheduler.now() + Seconds(10),
                   [&](std::shared_ptr<const ClusterView> known) { told = std::move(known); });
  CHECK(told == nullptr);
  holder.Set(view);
  CHECK(told == view);
}

TEST_CASE("who waits for the first view is told once, later ones at once", "[service]") {
  sim::SimScheduler scheduler(1);
  const MonoTime until = scheduler.now() + Seconds(10);
  ClusterViewHolder holder;
  std::vector<std::shared_ptr<const ClusterView>> told;
  const auto tell = [&told](std::shared_ptr<const ClusterView> view) { told.push_back(view); };
  holder.WhenKnown(scheduler, until, tell);
  holder.WhenKnown(scheduler, until, tell);
  CHECK(told.empty());
  const auto first = std::make_shared<const ClusterView>();
  holder.Set(first);
  CHECK(told == std::vector{first, first});
  const auto second = std::make_shared<const ClusterView>();
  holder.Set(second);
  CHECK(told.size() == 2);
  holder.WhenKnown(scheduler, until, tell);
  CHECK(told.back() == second);
}

TEST_CASE("a holder that closes without a view lets nobody wait on", "[service]") {
  sim::SimScheduler scheduler(1);
  const MonoTime until = scheduler.now() + Seconds(10);
  ClusterViewHolder holder;
  std::vector<std::shared_ptr<const ClusterView>> told;
  const auto tell = [&told](std::shared_ptr<const ClusterView> view) { told.push_back(view); };
  holder.WhenKnown(scheduler, until, tell);
  holder.Close();
  holder.WhenKnown(scheduler, until, tell);
  CHECK(told == std::vector<std::shared_ptr<const ClusterView>>{nullptr, nullptr});
  holder.Set(std::make_shared<const ClusterView>());
  holder.WhenKnown(scheduler, until, tell);
  CHECK(told.back() != nullptr);
}

TEST_CASE("while somebody else knows, nobody waits here", "[service]") {
  sim::SimScheduler scheduler(1);
  const MonoTime until = scheduler.now() + Seconds(10);
  ClusterViewHolder holder;
  std::vector<std::shared_ptr<const ClusterView>> told;
  const auto tell = [&told](std::shared_ptr<const ClusterView> view) { told.push_back(view); };
  holder.WhenKnown(scheduler, until, tell);
  holder.StandBy();
  holder.WhenKnown(scheduler, until, tell);
  CHECK(told == std::vector<std::shared_ptr<const ClusterView>>{nullptr, nullptr});
  holder.Forget();
  holder.WhenKnown(scheduler, until, tell);
  CHECK(told.size() == 2);
  const auto view = std::make_shared<const ClusterView>();
  holder.Set(view);
  CHECK(told.back() == view);
}

TEST_CASE("who waits for a first view waits no longer than asked", "[service]") {
  sim::SimScheduler scheduler(1);
  std::vector<std::shared_ptr<const ClusterView>> told;
  const auto tell = [&told](std::shared_ptr<const ClusterView> view) { told.push_back(view); };
  auto holder = std::make_unique<ClusterViewHolder>();
  holder->WhenKnown(scheduler, scheduler.now() + Seconds(2), tell);
  holder->WhenKnown(scheduler, scheduler.now() + Seconds(4), tell);
  scheduler.RunFor(Seconds(3));
  CHECK(told == std::vector<std::shared_ptr<const ClusterView>>{nullptr});
  const auto view = std::make_shared<const ClusterView>();
  holder->Set(view);
  CHECK(told == std::vector<std::shared_ptr<const ClusterView>>{nullptr, view});
  scheduler.RunFor(Seconds(3));  // Its time passes, and it is not told again.
  CHECK(told.size() == 2);

  holder = std::make_unique<ClusterViewHolder>();
  holder->WhenKnown(scheduler, scheduler.now() + Seconds(2), tell);
  holder.reset();
  scheduler.RunFor(Seconds(3));  // The timer outlives the holder.
  CHECK(told.size() == 2);
}

}  // namespace strom::service

#include "common/service/cluster_view.h"

#include <catch2/catch_test_macros.hpp>

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

}  // namespace strom::service

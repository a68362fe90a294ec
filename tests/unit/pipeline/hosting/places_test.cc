#include "pipeline/hosting/places.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::hosting {
namespace {

JobDefinition Job(std::string group, std::string target, std::vector<std::string> sources) {
  return {.name = group + target,
          .kind = JobKind::kLayer,
          .group = std::move(group),
          .target = std::move(target),
          .sources = std::move(sources),
          .script = {},
          .settings = {}};
}

}  // namespace

TEST_CASE("a job stands behind the longest way to it", "[hosting]") {
  const auto places =
      PlacesOf({Job("sink", "pg.t", {"dws"}), Job("dws", "dws", {"dwd", "ods_a"}),
                Job("dwd", "dwd", {"ods_a", "ods_b"}), Job("cdc", "ods_a", {"public.a"}),
                Job("cdc", "ods_b", {"public.b"}), Job("lone", "x", {"of another worker"})});
  CHECK(places.at("cdc").depth == 0);
  CHECK(places.at("dwd").depth == 1);
  CHECK(places.at("dws").depth == 2);
  CHECK(places.at("sink").depth == 3);
  CHECK(places.at("lone").depth == 0);
  CHECK(places.at("dws").upstream == std::set<std::string>{"cdc", "dwd"});
  CHECK(places.at("cdc").upstream.empty());
}

TEST_CASE("a circle of jobs has an end, and so has a job that reads what it writes", "[hosting]") {
  const auto places = PlacesOf({Job("a", "a", {"c"}), Job("b", "b", {"a"}), Job("c", "c", {"b"}),
                                Job("self", "self", {"self"})});
  for (const auto& [group, place] : places) {
    INFO(group);
    CHECK(place.depth <= 3);
  }
  CHECK(places.at("self").upstream.empty());
}

}  // namespace strom::hosting

#include "pipeline/hosting/places.h"

#include <algorithm>
#include <set>

namespace strom::hosting {
namespace {

using Places = std::map<std::string, pipeline::Turns::Place>;

void SetDepth(const std::string& group, std::set<std::string>& under_way, Places& places) {
  if (!under_way.insert(group).second) return;  // Known, or a circle.
  pipeline::Turns::Place& place = places.at(group);
  for (const std::string& upstream : place.upstream) {
    SetDepth(upstream, under_way, places);
    place.depth = std::max(place.depth, places.at(upstream).depth + 1);
  }
}

}  // namespace

Places PlacesOf(const std::vector<JobDefinition>& jobs) {
  std::map<std::string, std::string> writers;  // Target to group.
  for (const JobDefinition& job : jobs) writers[job.target] = job.group;
  Places places;
  for (const JobDefinition& job : jobs) {
    pipeline::Turns::Place& place = places[job.group];
    for (const std::string& source : job.sources) {
      const auto writer = writers.find(source);
      if (writer != writers.end() && writer->second != job.group) {
        place.upstream.insert(writer->second);
      }
    }
  }
  std::set<std::string> under_way;
  for (const auto& [group, place] : places) SetDepth(group, under_way, places);
  return places;
}

}  // namespace strom::hosting

#include "common/base/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace strom {
namespace {

constexpr size_t kLengthMax = 100;

// Number of single-character edits between two texts.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row.back();
}

}  // namespace

std::string_view NearestName(std::string_view name, std::span<const std::string_view> names) {
  std::string_view best;
  if (name.size() > kLengthMax) return best;
  size_t best_distance = std::max<size_t>(3, name.size() / 3);
  for (const std::string_view candidate : names) {
    if (candidate.size() > kLengthMax) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace strom

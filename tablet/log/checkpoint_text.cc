#include "tablet/log/checkpoint_text.h"

#include <charconv>
#include <optional>

#include <fmt/ranges.h>

namespace strom::tablet {
namespace {

constexpr size_t kLinesBefore = 2;

// The whole numbers of a line, or nothing if it holds anything else.
std::optional<std::vector<int64_t>> Numbers(std::string_view line) {
  std::vector<int64_t> numbers;
  while (!line.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    line.remove_prefix(static_cast<size_t>(end - line.data()));
    if (line.empty()) break;
    if (line.front() != ' ') return std::nullopt;
    line.remove_prefix(1);
  }
  return numbers;
}

}  // namespace

Result<std::vector<std::vector<int64_t>>> ParseCheckpointText(std::string_view text) {
  std::vector<std::vector<int64_t>> lines;
  size_t line_number = 0;
  int64_t announced = 0;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    start = end + 1;
    ++line_number;
    auto numbers = Numbers(line);
    const bool fits = numbers && (line_number > kLinesBefore ||
                                  (numbers->size() == 1 &&
                                   (line_number == 1 ? (*numbers)[0] == 0 : (*numbers)[0] >= 0)));
    if (!fits) return Error(ErrorCode::kCorruptRecord, "line {}: '{}'", line_number, line);
    if (line_number == kLinesBefore) announced = (*numbers)[0];
    if (line_number > kLinesBefore) lines.push_back(*std::move(numbers));
  }
  if (line_number < kLinesBefore || static_cast<int64_t>(lines.size()) != announced) {
    return Error(ErrorCode::kCorruptRecord, "{} entries in {} lines, announced {}", lines.size(),
                 line_number, announced);
  }
  return lines;
}

Status BadCheckpointLine(size_t index, const std::vector<int64_t>& numbers) {
  return Error(ErrorCode::kCorruptRecord, "line {}: '{}'", index + kLinesBefore + 1,
               fmt::join(numbers, " "));
}

}  // namespace strom::tablet

#include <algorithm>
#include <array>
#include <map>

#include "pipeline/sql/dialect_writer.h"

namespace strom::sql {
namespace {

constexpr std::string_view kEpoch = "TIMESTAMP '1970-01-01 00:00:00'";

struct WindowShape {
  std::string_view name;
  std::vector<std::string_view> intervals;  // By name, in the order of the arguments.
  size_t required;
};

const std::array<WindowShape, 4>& Shapes() {
  static const std::array<WindowShape, 4> kShapes = {{
      {"TUMBLE", {"SIZE", "OFFSET"}, 1},
      {"HOP", {"SLIDE", "SIZE"}, 2},
      {"CUMULATE", {"STEP", "SIZE"}, 2},
      {"SESSION", {"GAP"}, 1},
  }};
  return kShapes;
}

}  // namespace

Result<DialectWriter::Window> DialectWriter::WindowArguments(size_t name) const {
  const WindowShape& shape = *std::ranges::find(Shapes(), At(name).upper, &WindowShape::name);
  STROM_ASSIGN_OR_RETURN(const std::vector<TokenRange> arguments, Arguments(name + 1));
  std::map<std::string_view, TokenRange> named;
  size_t position = 0;
  for (TokenRange range : arguments) {
    std::string_view key;
    if (range.second - range.first > 2 && At(range.first + 1).Is("=>")) {
      key = At(range.first).upper;
      range.first += 2;
    } else {
      key = position == 0                           ? "DATA"
            : position == 1                         ? "TIMECOL"
            : position - 2 < shape.intervals.size() ? shape.intervals[position - 2]
                                                    : std::string_view("");
    }
    ++position;
    const bool known =
        key == "DATA" || key == "TIMECOL" || std::ranges::count(shape.intervals, key);
    if (!known || range.first >= range.second) {
      return ErrorAt(At(range.first).at, fmt::format("{} has no such argument", shape.name));
    }
    named[key] = range;
  }
  if (!named.contains("DATA") || !named.contains("TIMECOL")) {
    return ErrorAt(At(name).at, fmt::format("{} needs TABLE t and DESCRIPTOR(column)", shape.name));
  }

  Window window{
      .table = named["DATA"], .column = named["TIMECOL"], .partition = {0, 0}, .intervals = {}};
  if (!At(window.table.first).IsWord("TABLE")) {
    return ErrorAt(At(window.table.first).at, "expected TABLE and a table's name");
  }
  ++window.table.first;
  const size_t partition = FindWord(window.table, "PARTITION");
  if (partition < window.table.second) {
    if (shape.name != "SESSION") {
      return ErrorAt(At(partition).at, "PARTITION BY is possible with SESSION only");
    }
    window.partition = {partition + 2, window.table.second};  // PARTITION BY a, b.
    window.table.second = partition;
  }
  if (!At(window.column.first).IsWord("DESCRIPTOR") || !At(window.column.first + 1).Is("(")) {
    return ErrorAt(At(window.column.first).at, "expected DESCRIPTOR(column)");
  }
  window.column = {window.column.first + 2, window.column.second - 1};
  for (size_t i = 0; i < shape.intervals.size(); ++i) {
    const auto it = named.find(shape.intervals[i]);
    if (it != named.end()) {
      window.intervals.push_back(it->second);
    } else if (i < shape.required) {
      return ErrorAt(At(name).at, fmt::format("{} needs {}", shape.name, shape.intervals[i]));
    }
  }
  return window;
}

Status DialectWriter::Template(const Window& window, std::string_view text) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') continue;
    Raw(text.substr(begin, i - begin));
    const char what = text[++i];
    TokenRange range = window.table;
    if (what == 'C') range = window.column;
    if (what == 'P') range = window.partition;
    if (what >= '0' && what <= '9') range = window.intervals[static_cast<size_t>(what - '0')];
    if (what == 'E') {
      Raw(kEpoch);
    } else {
      STROM_RETURN_IF_ERROR(Range(range));
    }
    begin = i + 1;
  }
  Raw(text.substr(begin));
  return Status::Ok();
}

Status DialectWriter::WindowFunction(size_t name) {
  STROM_ASSIGN_OR_RETURN(const Window window, WindowArguments(name));
  const std::string& function = At(name).upper;
  if (function == "TUMBLE") return Tumble(window);
  if (function == "HOP") return Hop(window);
  if (function == "CUMULATE") return Cumulate(window);
  return Session(window);
}

Status DialectWriter::Tumble(const Window& window) {
  if (window.intervals.size() > 1) {
    return Template(window,
                    "(SELECT *, window_start + $0 AS window_end, "
                    "window_start + $0 - to_milliseconds(1) AS window_time FROM (SELECT *, "
                    "time_bucket($0, $C, $E + $1) AS window_start FROM $T))");
  }
  return Template(window,
                  "(SELECT *, time_bucket($0, $C, $E) AS window_start, "
                  "time_bucket($0, $C, $E) + $0 AS window_end, "
                  "time_bucket($0, $C, $E) + $0 - to_milliseconds(1) AS window_time FROM $T)");
}

Status DialectWriter::Hop(const Window& window) {
  return Template(window,
                  "(SELECT *, window_start + $1 AS window_end, "
                  "window_start + $1 - to_milliseconds(1) AS window_time FROM (SELECT *, "
                  "unnest(generate_series(time_bucket($0, $C, $E) - $1 + $0, "
                  "time_bucket($0, $C, $E), $0)) AS window_start FROM $T) "
                  "WHERE $C >= window_start AND $C < window_start + $1)");
}

Status DialectWriter::Cumulate(const Window& window) {
  return Template(window,
                  "(SELECT *, window_end - to_milliseconds(1) AS window_time FROM (SELECT *, "
                  "time_bucket($1, $C, $E) AS window_start, "
                  "unnest(generate_series(time_bucket($0, $C, $E) + $0, "
                  "time_bucket($1, $C, $E) + $1, $0)) AS window_end FROM $T))");
}

// Gaps and islands: a row opens a session if the one before it is more than the gap away.
Status DialectWriter::Session(const Window& window) {
  const bool keys = window.partition.first < window.partition.second;
  const std::string_view per_key = keys ? "PARTITION BY $P ORDER BY $C" : "ORDER BY $C";
  const std::string_view per_session =
      keys ? "PARTITION BY $P, strom_session" : "PARTITION BY strom_session";
  return Template(
      window,
      fmt::format("(SELECT * EXCLUDE (strom_session), min($C) OVER ({1}) AS window_start, "
                  "max($C) OVER ({1}) + $0 AS window_end, "
                  "max($C) OVER ({1}) + $0 - to_milliseconds(1) AS window_time FROM "
                  "(SELECT * EXCLUDE (strom_new), sum(strom_new) OVER ({0}) AS strom_session FROM "
                  "(SELECT *, CASE WHEN $C < lag($C) OVER ({0}) + $0 THEN 0 ELSE 1 END "
                  "AS strom_new FROM $T)))",
                  per_key, per_session));
}

}  // namespace strom::sql

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/job.h"
#include "common/types/schema.h"
#include "pipeline/core/keyed_output.h"

namespace strom::sink {

// Up to where a job has read each source: source ("db.table", with its table id so that a table
// made anew is not taken for the old one) to the next offset of each bucket.
struct SinkPosition {
  struct Source {
    int64_t table_id = 0;
    std::map<int32_t, int64_t> next;
    // Of a query whose result depends on the clock: as of when it was, milliseconds.
    std::optional<int64_t> clock_ms = std::nullopt;

    friend bool operator==(const Source&, const Source&) = default;
  };
  std::map<std::string, Source> sources;

  // As JSON, and back. Errors: kCorruptRecord saying what is wrong with the text.
  std::string ToText() const;
  static Result<SinkPosition> FromText(const std::string& text);

  friend bool operator==(const SinkPosition&, const SinkPosition&) = default;
};

// A table of another database that a job writes.
struct SinkTable {
  std::string schema_name;
  std::string name;
  std::vector<Column> columns;      // That are written, as the script declares them.
  std::vector<size_t> primary_key;  // Positions in columns.
};

// A keyed target outside the cluster. Position and rows are written in one transaction, so each
// change is there exactly once. One thread at a time; calls wait.
class Sink {
 public:
  virtual ~Sink() = default;

  // Takes the target over for this job and epoch, and says where the run before it stopped; none:
  // there was none. Nobody with an older epoch can write afterwards.
  // Errors: kFencedJobEpoch if somebody has it under a newer one.
  virtual Result<std::optional<SinkPosition>> Begin() = 0;

  // Writes `changes`, at most one a key, and `position`. After an error nobody knows whether they
  // were written: Begin says. Errors: kFencedJobEpoch; kExternalSystem with the database's words;
  // kExternalSystemUnavailable, after which the sink is to be opened anew.
  virtual Status Write(const std::vector<pipeline::KeyedChange>& changes,
                       const SinkPosition& position) = 0;

  // Forgets the position: the job is dropped.
  virtual Status Forget() = 0;
};

}  // namespace strom::sink

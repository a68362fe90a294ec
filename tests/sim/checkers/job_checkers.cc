#include "tests/sim/checkers/job_checkers.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace strom::sim {
namespace {

using record::ChangeType;

// A state of a key as it came about; none: its row went.
using Version = std::optional<int64_t>;

std::string Text(const Version& version) {
  return version ? fmt::format("version {}", *version) : "a delete";
}

std::string Text(const std::vector<Version>& versions) {
  std::string text;
  for (const Version& version : versions) {
    text += (text.empty() ? "" : " ") + (version ? std::to_string(*version) : "-");
  }
  return text.empty() ? "nothing" : text;
}

// The version of the row that the first `count` of `versions` leave; 0: there is none.
int64_t RowBehind(const std::vector<Version>& versions, size_t count) {
  return count == 0 ? 0 : versions[count - 1].value_or(0);
}

struct LoggedVersion {
  Version version;
  TableBucket bucket;
  LogOffset offset;
};

using Key = std::pair<TableId, int64_t>;

std::map<Key, std::vector<LoggedVersion>> VersionsOf(const FinalState& end) {
  std::map<Key, std::vector<LoggedVersion>> versions;
  for (const FinalBucket& bucket : end.buckets) {
    for (const LoggedRecord& record : bucket.replicas.at(bucket.leader).records) {
      if (record.offset >= bucket.high_watermark) break;
      if (record.type == ChangeType::kUpdateBefore) continue;
      const bool gone = record.type == ChangeType::kDelete;
      versions[{bucket.bucket.table, record.key}].push_back(
          {gone ? Version() : Version(record.value), bucket.bucket, record.offset});
    }
  }
  return versions;
}

// What the source did to each key, of the tables that were copied.
std::map<Key, std::vector<const SourceChange*>> ChangesOf(const JobHistory& jobs) {
  std::map<Key, std::vector<const SourceChange*>> changes;
  for (const SourceChange& change : jobs.changes) {
    if (jobs.copied_at.contains(change.table)) {
      changes[{change.table, change.key}].push_back(&change);
    }
  }
  return changes;
}

Version VersionOf(const SourceChange& change) {
  return change.row ? Version(change.row->version) : Version();
}

}  // namespace

Violations CheckOnceIntoOds(const JobHistory& jobs, const FinalState& end) {
  Violations found;
  auto logged = VersionsOf(end);
  for (const auto& [key, changes] : ChangesOf(jobs)) {
    const uint64_t copied_at = jobs.copied_at.at(key.first);
    std::vector<Version> copied;  // What the source did before the copy,
    std::vector<Version> wanted;  // and from there on.
    for (const SourceChange* change : changes) {
      (change->commit_lsn < copied_at ? copied : wanted).push_back(VersionOf(*change));
    }
    std::vector<Version> got;
    for (const LoggedVersion& one : logged[key]) got.push_back(one.version);
    const auto complain = [&](std::string_view what) {
      found.push_back(fmt::format("S20 {}: table {} key {}: {} copied, then {}; the log: {}",
                                  what, key.first, key.second, Text(copied), Text(wanted),
                                  Text(got)));
    };
    const size_t behind = got.size() < wanted.size() ? 0 : got.size() - wanted.size();
    if (got.size() < wanted.size() || !std::equal(wanted.begin(), wanted.end(),
                                                  got.begin() + static_cast<ptrdiff_t>(behind))) {
      complain("changes");
      continue;
    }
    // In front of it: what the copy wrote, the last of it the row as it was then.
    if (RowBehind(got, behind) != RowBehind(copied, copied.size())) complain("copy");
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < behind; ++i) {
      if (!got[i]) continue;
      if (*got[i] <= last || std::find(copied.begin(), copied.end(), got[i]) == copied.end()) {
        complain("copied");
        break;
      }
      last = *got[i];
    }
  }
  return found;
}

Violations CheckConfirms(const JobHistory& jobs, const FinalState& end) {
  Violations found;
  auto logged = VersionsOf(end);
  // Where each change that came through the log is in it.
  struct Place {
    uint64_t commit_lsn;
    const SourceChange* change;
    const LoggedVersion* logged;
  };
  std::vector<Place> places;
  const auto all = ChangesOf(jobs);
  for (const auto& [key, changes] : all) {
    std::vector<const SourceChange*> streamed;
    for (const SourceChange* change : changes) {
      if (change->commit_lsn >= jobs.copied_at.at(key.first)) streamed.push_back(change);
    }
    const std::vector<LoggedVersion>& got = logged[key];
    if (got.size() < streamed.size()) continue;  // S20.
    for (size_t i = 0; i < streamed.size(); ++i) {
      places.push_back({streamed[i]->commit_lsn, streamed[i],
                        &got[got.size() - streamed.size() + i]});
    }
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.commit_lsn < b.commit_lsn; });
  // What a confirmation is the first to cover had to be there by then.
  size_t next = 0;
  for (const ConfirmSeen& confirm : jobs.confirms) {
    for (; next < places.size() && places[next].commit_lsn < confirm.lsn; ++next) {
      const LoggedVersion& place = *places[next].logged;
      const auto at = confirm.ends.find(place.bucket);
      if (at != confirm.ends.end() && place.offset < at->second) continue;
      found.push_back(fmt::format(
          "S23 confirmed: at {} ms everything below {:x}, with it {} of key {} of table {} from "
          "{:x}, which came into {} at {} only later",
          confirm.at.nanos() / 1'000'000, confirm.lsn, Text(place.version),
          places[next].change->key, places[next].change->table, places[next].commit_lsn,
          place.bucket, place.offset));
    }
  }
  return found;
}

Violations CheckLayers(const JobHistory& jobs, const FinalState& end) {
  Violations found;
  auto logged = VersionsOf(end);
  for (const auto& [layer, ods] : jobs.layers) {
    std::map<int64_t, std::vector<Version>> wanted;
    for (const SourceChange& change : jobs.changes) {
      if (change.table == ods) wanted[change.key].push_back(VersionOf(change));
    }
    for (const auto& [key, changes] : wanted) {
      std::vector<Version> got;
      for (const LoggedVersion& one : logged[{layer, key}]) got.push_back(one.version);
      auto from = changes.begin();
      bool in_order = true;
      for (const Version& version : got) {
        from = std::find(from, changes.end(), version);
        in_order &= from != changes.end();
        if (!in_order) break;
        ++from;
      }
      if (!in_order || RowBehind(got, got.size()) != RowBehind(changes, changes.size())) {
        found.push_back(fmt::format("S24 layer: table {} key {}: {} in the source, the log: {}",
                                    layer, key, Text(changes), Text(got)));
      }
    }
  }
  return found;
}

Violations CheckSinkRows(const JobHistory& jobs) {
  Violations found;
  for (const auto& [job, sink] : jobs.sinks) {
    std::map<int64_t, std::vector<std::optional<JobRow>>> wanted;
    for (const SourceChange& change : jobs.changes) {
      if (change.table == sink.ods) wanted[change.key].push_back(change.row);
    }
    std::map<int64_t, size_t> next;  // What a key may become: its changes from here on.
    for (const SinkCommit& commit : sink.commits) {
      for (const auto& [key, row] : commit.rows) {
        const std::vector<std::optional<JobRow>>& changes = wanted[key];
        size_t& from = next[key];
        const auto at =
            std::find(changes.begin() + static_cast<ptrdiff_t>(from), changes.end(), row);
        if (at != changes.end()) {
          from = static_cast<size_t>(at - changes.begin()) + 1;
          continue;
        }
        found.push_back(fmt::format(
            "S25 stale: sink {} at {} ms: key {} becomes {}, after it had change {} of {}", job,
            commit.at.nanos() / 1'000'000, key, Text(row ? Version(row->version) : Version()),
            from, changes.size()));
      }
    }
    const auto source = jobs.source_rows.find(sink.ods);
    const std::map<int64_t, JobRow> none;
    const auto& rows = source == jobs.source_rows.end() ? none : source->second;
    if (sink.rows == rows) continue;
    std::set<int64_t> different;
    for (const auto& [key, row] : rows) {
      const auto at = sink.rows.find(key);
      if (at == sink.rows.end() || at->second != row) different.insert(key);
    }
    for (const auto& [key, row] : sink.rows) {
      if (!rows.contains(key)) different.insert(key);
    }
    found.push_back(fmt::format("S25 end: sink {} has {} rows, its source {}; different: {} rows, "
                                "with key {} among them",
                                job, sink.rows.size(), rows.size(), different.size(),
                                *different.begin()));
  }
  return found;
}

Violations CheckSinkTransactions(const JobHistory& jobs, const FinalState& end) {
  Violations found;
  for (const auto& [job, sink] : jobs.sinks) {
    // The rows of the source as its changelog makes them, up to the sink's position.
    std::map<int64_t, int64_t> rows;
    struct Reading {
      const FinalBucket* bucket;
      size_t record = 0;
    };
    std::vector<Reading> readings;
    for (const FinalBucket& bucket : end.buckets) {
      if (bucket.bucket.table == sink.source) readings.push_back({&bucket});
    }
    for (const SinkCommit& commit : sink.commits) {
      std::map<int64_t, Version> before;  // Of the keys that change.
      for (Reading& reading : readings) {
        const auto next = commit.next.find(reading.bucket->bucket.bucket.value());
        const LogOffset to = next == commit.next.end() ? LogOffset(0) : next->second;
        const std::vector<LoggedRecord>& records =
            reading.bucket->replicas.at(reading.bucket->leader).records;
        if (reading.record > 0 && records[reading.record - 1].offset >= to) {
          found.push_back(fmt::format("S26 back: sink {} at {} ms: {} is read on at {}, behind {}",
                                      job, commit.at.nanos() / 1'000'000, reading.bucket->bucket,
                                      to, records[reading.record - 1].offset));
        }
        for (; reading.record < records.size() && records[reading.record].offset < to;
             ++reading.record) {
          const LoggedRecord& record = records[reading.record];
          const auto row = rows.find(record.key);
          before.try_emplace(record.key, row == rows.end() ? Version() : Version(row->second));
          if (record.type == ChangeType::kDelete || record.type == ChangeType::kUpdateBefore) {
            rows.erase(record.key);
          } else {
            rows[record.key] = record.value;
          }
        }
      }
      std::map<int64_t, Version> wanted;
      for (const auto& [key, version] : before) {
        const auto row = rows.find(key);
        const Version now = row == rows.end() ? Version() : Version(row->second);
        if (now != version) wanted[key] = now;
      }
      std::map<int64_t, Version> done;
      for (const auto& [key, row] : commit.rows) {
        done[key] = row ? Version(row->version) : Version();
      }
      if (done == wanted) continue;
      const auto differs = std::mismatch(done.begin(), done.end(), wanted.begin(), wanted.end());
      const int64_t key =
          differs.first != done.end() ? differs.first->first : differs.second->first;
      found.push_back(fmt::format(
          "S26 transaction: sink {} at {} ms changes {} rows, the changelog up to its position {}; "
          "key {} is the first that differs",
          job, commit.at.nanos() / 1'000'000, done.size(), wanted.size(), key));
    }
  }
  return found;
}

}  // namespace strom::sim

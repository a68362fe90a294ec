#include "tests/sim/checkers/log_checkers.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "tests/sim/checkers/whole_log.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const ReplicaLog& LogOf(const FinalBucket& bucket) { return bucket.replicas.at(bucket.leader); }

// Records below the high watermark by offset.
using Records = std::map<LogOffset, LoggedRecord>;
std::map<TableBucket, Records> Committed(const FinalState& end) {
  std::map<TableBucket, Records> all;
  for (const FinalBucket& bucket : end.buckets) {
    Records& records = all[bucket.bucket];
    for (const LoggedRecord& record : WholeLog(bucket)) {
      if (record.offset < bucket.high_watermark) records[record.offset] = record;
    }
  }
  return all;
}

// Retention took what is below.
LogOffset GoneOf(const FinalBucket& bucket) {
  const auto& batches = bucket.trimmed.batches;
  return batches.empty() ? LogOffset(0) : batches.back().next_offset;
}

std::string Text(const LoggedRecord& record) {
  return fmt::format("{} ({}, {}) at {}", record::ChangeTypeSymbol(record.type), record.key,
                     record.value, record.offset);
}

bool SetsValue(ChangeType type) {
  return type == ChangeType::kAppendOnly || type == ChangeType::kInsert ||
         type == ChangeType::kUpdateAfter;
}

}  // namespace

Violations CheckNothingLost(const History& history, const FinalState& end) {
  Violations found;
  std::set<std::tuple<bool, TableId, int64_t, int64_t>> there;  // Keyed, table, key, value.
  // Of tables whose merge engine may refuse a write because of a row.
  std::map<std::pair<TableId, int64_t>, std::vector<LoggedRecord>> refusing;
  for (const FinalBucket& bucket : end.buckets) {
    const TableId table = bucket.bucket.table;
    const bool refuses = end.RulesOf(table).engine != MergeEngine::kLastRow;
    for (const LoggedRecord& record : WholeLog(bucket)) {
      if (record.offset < bucket.high_watermark && SetsValue(record.type)) {
        there.insert({bucket.keyed, bucket.keyed ? table : TableId(), record.key, record.value});
        if (refuses) refusing[{table, record.key}].push_back(record);
      }
    }
  }
  const auto is_refused = [&](const UpsertOp& op) {
    const auto rows = refusing.find({op.table, op.key});
    if (rows == refusing.end()) return false;
    const TableRules rules = end.RulesOf(op.table);
    return std::ranges::any_of(rows->second, [&](const LoggedRecord& record) {
      return rules.Refuses(op, record.more);
    });
  };
  for (const AppendOp& op : history.appends) {
    if (op.outcome != Outcome::kOk || there.contains({false, TableId(), op.writer, op.number})) {
      continue;
    }
    found.push_back(fmt::format("S1 lost: append ({}, {}), acknowledged at {} ms with {} offset {}",
                                op.writer, op.number, op.time.completed.nanos() / 1'000'000,
                                op.bucket ? op.bucket->ToString() : "?",
                                op.offset ? op.offset->value() : -1));
  }
  for (const UpsertOp& op : history.upserts) {
    if (op.outcome != Outcome::kOk || !op.value ||
        there.contains({true, op.table, op.key, *op.value}) || is_refused(op)) {
      continue;
    }
    found.push_back(
        fmt::format("S1 lost: upsert ({}, {}) of table {}, acknowledged at {} ms with {} below {}",
                    op.key, *op.value, op.table, op.time.completed.nanos() / 1'000'000,
                    op.bucket ? op.bucket->ToString() : "?",
                    op.log_end_offset ? op.log_end_offset->value() : -1));
  }
  return found;
}

Violations CheckCopies(const History& history) {
  Violations found;
  for (const CopiesSeen& seen : history.copies) {
    const auto holds = [&](const auto& entry) { return entry.second >= seen.acknowledged; };
    const auto count =
        static_cast<size_t>(std::count_if(seen.ends.begin(), seen.ends.end(), holds));
    if (count >= seen.copies_min) continue;
    std::string ends;
    for (const auto& [server, end] : seen.ends) ends += fmt::format(" {}: {}", server, end);
    found.push_back(fmt::format(
        "S1 copies: {} at {} ms: {} of at least {} replicas hold what is acknowledged below {}; "
        "logs end at{}",
        seen.bucket, seen.at.nanos() / 1'000'000, count, seen.copies_min, seen.acknowledged, ends));
  }
  return found;
}

Violations CheckNoneGivenUp(const History& history) {
  Violations found;
  for (const AppendOp& op : history.appends) {
    if (op.error.empty()) continue;
    found.push_back(
        fmt::format("S2 given up: append ({}, {}): {}", op.writer, op.number, op.error));
  }
  for (const UpsertOp& op : history.upserts) {
    if (op.error.empty()) continue;
    found.push_back(
        fmt::format("S2 given up: change of key {} of table {}: {}", op.key, op.table, op.error));
  }
  return found;
}

Violations CheckNoDuplicates(const FinalState& end) {
  Violations found;
  std::map<std::tuple<TableId, int64_t, int64_t>, std::pair<TableBucket, LogOffset>> first;
  for (const FinalBucket& bucket : end.buckets) {
    for (const LoggedRecord& record : WholeLog(bucket)) {
      if (!SetsValue(record.type) || record.value == kNull) continue;
      const auto [at, is_new] = first.insert(
          {{bucket.bucket.table, record.key, record.value}, {bucket.bucket, record.offset}});
      if (is_new) continue;
      found.push_back(fmt::format("S2 twice: {} {}, first in {} at {}", bucket.bucket, Text(record),
                                  at->second.first, at->second.second));
    }
  }
  return found;
}

Violations CheckOneValuePerOffset(const History& history, const FinalState& end) {
  Violations found;
  auto known = Committed(end);
  const auto see = [&](const TableBucket& bucket, const LoggedRecord& record, const char* who) {
    const auto [at, is_new] = known[bucket].insert({record.offset, record});
    if (is_new || at->second == record) return;
    found.push_back(fmt::format("S3 two values: {}: {} saw {}, elsewhere it is {}", bucket, who,
                                Text(record), Text(at->second)));
  };
  for (const FetchSeen& fetch : history.fetches) {
    for (const LoggedRecord& record : fetch.records) see(fetch.bucket, record, "a fetch");
  }
  for (const AppendOp& op : history.appends) {
    if (op.outcome != Outcome::kOk || !op.bucket || !op.offset) continue;
    see(*op.bucket, {*op.offset, ChangeType::kAppendOnly, op.writer, op.number}, "an append");
  }
  return found;
}

Violations CheckWriterOrder(const FinalState& end) {
  Violations found;
  for (const FinalBucket& bucket : end.buckets) {
    if (bucket.keyed) continue;
    std::map<int64_t, LoggedRecord> last;
    for (const LoggedRecord& record : WholeLog(bucket)) {
      const auto [before, is_new] = last.insert({record.key, record});
      if (!is_new && record.value < before->second.value) {
        found.push_back(fmt::format("S4 order: {}: {} behind {}", bucket.bucket, Text(record),
                                    Text(before->second)));
      }
      before->second = record;
    }
  }
  return found;
}

Violations CheckCommittedStays(const History& history, const FinalState& end) {
  Violations found;
  const auto committed = Committed(end);
  for (const FetchSeen& fetch : history.fetches) {
    const auto bucket = committed.find(fetch.bucket);
    for (const LoggedRecord& record : fetch.records) {
      if (bucket != committed.end() && bucket->second.contains(record.offset)) continue;
      found.push_back(fmt::format("S5 vanished: {}: {}, read from server {} at {} ms", fetch.bucket,
                                  Text(record), fetch.server,
                                  fetch.time.completed.nanos() / 1'000'000));
    }
  }
  return found;
}

Violations CheckContiguity(const History& history, const FinalState& end) {
  Violations found;
  for (const FinalBucket& bucket : end.buckets) {
    const auto check = [&](const std::string& whose, const ReplicaLog& log) {
      if (!log.damage.empty()) {
        found.push_back(fmt::format("S6 damage: {} {}: {}", bucket.bucket, whose, log.damage));
      }
      for (size_t i = 1; i < log.batches.size(); ++i) {
        if (log.batches[i].base_offset == log.batches[i - 1].next_offset) continue;
        found.push_back(fmt::format("S6 hole: {} {}: a batch at {} follows one up to {}",
                                    bucket.bucket, whose, log.batches[i].base_offset,
                                    log.batches[i - 1].next_offset));
      }
    };
    for (const auto& [server, log] : bucket.replicas) {
      check(fmt::format("on server {}", server), log);
      const LogOffset start = StartOf(log, bucket.trimmed);
      const LogOffset gone = GoneOf(bucket);
      if (start <= gone) continue;
      found.push_back(fmt::format("S6 hole: {} on server {}: the log begins at {}, what is below "
                                  "{} was removed",
                                  bucket.bucket, server, start, gone));
    }
    check("as it was removed", bucket.trimmed);
    if (bucket.trimmed.batches.empty()) continue;
    if (const LogOffset first = bucket.trimmed.batches.front().base_offset; first > LogOffset(0)) {
      found.push_back(fmt::format("S6 hole: {}: nobody removed what was below {}", bucket.bucket,
                                  first));
    }
  }
  // Readers: where records lie, and no hole that the log does not have.
  const auto committed = Committed(end);
  for (const FetchSeen& fetch : history.fetches) {
    const auto bucket = committed.find(fetch.bucket);
    if (bucket == committed.end() || fetch.records.empty()) continue;
    LogOffset at = fetch.asked;
    for (const LoggedRecord& record : fetch.records) {
      const auto next = bucket->second.lower_bound(at);
      if (next != bucket->second.end() && next->first < record.offset) {
        found.push_back(fmt::format("S6 skipped: {}: a fetch from {} passed over {}", fetch.bucket,
                                    fetch.asked, Text(next->second)));
        break;
      }
      at = record.offset.Next();
    }
  }
  return found;
}

Violations CheckHighWatermarks(const History& history) {
  Violations found;
  // Of each process: what was seen, by when it was seen.
  std::map<std::tuple<TableBucket, ServerId, int>, std::vector<const FetchSeen*>> seen;
  for (const FetchSeen& fetch : history.fetches) {
    if (!fetch.records.empty() && fetch.records.back().offset >= fetch.high_watermark) {
      found.push_back(fmt::format("S7 uncommitted: {}: server {} gave {} with high watermark {}",
                                  fetch.bucket, fetch.server, Text(fetch.records.back()),
                                  fetch.high_watermark));
    }
    seen[{fetch.bucket, fetch.server, fetch.process}].push_back(&fetch);
  }
  for (auto& [where, fetches] : seen) {
    std::vector<const FetchSeen*> by_end = fetches;
    const auto ends = [](const FetchSeen* a, const FetchSeen* b) {
      return a->time.completed < b->time.completed;
    };
    const auto begins = [](const FetchSeen* a, const FetchSeen* b) {
      return a->time.invoked < b->time.invoked;
    };
    std::stable_sort(by_end.begin(), by_end.end(), ends);
    std::stable_sort(fetches.begin(), fetches.end(), begins);
    LogOffset highest(0);
    size_t ended = 0;
    for (const FetchSeen* fetch : fetches) {
      while (ended < by_end.size() && by_end[ended]->time.completed < fetch->time.invoked) {
        highest = std::max(highest, by_end[ended++]->high_watermark);
      }
      if (fetch->high_watermark < highest) {
        found.push_back(
            fmt::format("S7 back: {}: server {} told high watermark {}, then {} at {} "
                        "ms",
                        fetch->bucket, fetch->server, highest, fetch->high_watermark,
                        fetch->time.completed.nanos() / 1'000'000));
      }
    }
  }
  return found;
}

Violations CheckReplicasIdentical(const FinalState& end) {
  Violations found;
  for (const FinalBucket& bucket : end.buckets) {
    std::map<LogOffset, uint64_t> committed;  // The hashes of batches.
    for (const ReplicaLog* const log : {&bucket.trimmed, &LogOf(bucket)}) {
      for (const LoggedBatch& batch : log->batches) {
        if (batch.next_offset > bucket.high_watermark) break;
        const auto [at, is_new] = committed.insert({batch.base_offset, batch.hash});
        if (is_new || at->second == batch.hash) continue;
        found.push_back(fmt::format("S9 differs: {}: leader {} has another batch at {} than was "
                                    "removed elsewhere",
                                    bucket.bucket, bucket.leader, batch.base_offset));
      }
    }
    const LogOffset gone = GoneOf(bucket);
    for (const auto& [server, log] : bucket.replicas) {
      std::map<LogOffset, uint64_t> own;
      for (const LoggedBatch& batch : log.batches) own.insert({batch.base_offset, batch.hash});
      // What was removed elsewhere it may have removed, too: all below where its log begins.
      const LogOffset start = std::min(gone, StartOf(log, bucket.trimmed));
      for (auto batch = committed.lower_bound(start); batch != committed.end(); ++batch) {
        const auto at = own.find(batch->first);
        if (at != own.end() && at->second == batch->second) continue;
        found.push_back(fmt::format(
            "S9 differs: {}: server {} has {} at {}, where leader {} has a committed batch",
            bucket.bucket, server, at != own.end() ? "another batch" : "nothing", batch->first,
            bucket.leader));
        break;
      }
    }
  }
  return found;
}

Violations CheckIsrHonesty(const History& history) {
  Violations found;
  for (const MembersSeen& seen : history.members) {
    for (const ServerId member : seen.isr) {
      const auto end = seen.ends.find(member);
      const LogOffset has = end == seen.ends.end() ? LogOffset(0) : end->second;
      if (has >= seen.told) continue;
      found.push_back(fmt::format(
          "S9b member: {} at {} ms: server {} is in the ISR and keeps the log up to {}, clients "
          "were told that it is committed up to {}",
          seen.bucket, seen.at.nanos() / 1'000'000, member, has, seen.told));
    }
  }
  return found;
}

Violations CheckLeaderships(const History& history) {
  Violations found;
  std::map<TableBucket, const LeadershipWrite*> last;
  std::map<std::pair<TableBucket, LeaderEpoch>, ServerId> leaders;
  for (const LeadershipWrite& write : history.leaderships) {
    const metadata::LeaderAndIsr& now = write.leadership;
    const int64_t ms = write.at.nanos() / 1'000'000;
    if (now.leader != kNoServer) {
      const auto [leader, is_new] = leaders.insert({{write.bucket, now.leader_epoch}, now.leader});
      if (!is_new && leader->second != now.leader) {
        found.push_back(fmt::format("S8 two leaders: {} epoch {}: {} and, at {} ms, {}",
                                    write.bucket, now.leader_epoch, leader->second, ms,
                                    now.leader));
      }
      if (std::find(now.isr.begin(), now.isr.end(), now.leader) == now.isr.end()) {
        found.push_back(fmt::format("S8 outside: {} epoch {}: leader {} is not in the ISR",
                                    write.bucket, now.leader_epoch, now.leader));
      }
    }
    if (const LeadershipWrite* before = last[write.bucket]; before != nullptr) {
      const metadata::LeaderAndIsr& was = before->leadership;
      if (now.leader_epoch < was.leader_epoch || now.bucket_epoch <= was.bucket_epoch ||
          now.coordinator_epoch < was.coordinator_epoch) {
        found.push_back(fmt::format(
            "S8 epochs: {} at {} ms: leader, bucket, coordinator epoch {}, {}, {} after {}, {}, {}",
            write.bucket, ms, now.leader_epoch, now.bucket_epoch, now.coordinator_epoch,
            was.leader_epoch, was.bucket_epoch, was.coordinator_epoch));
      }
    }
    last[write.bucket] = &write;
  }
  return found;
}

}  // namespace strom::sim

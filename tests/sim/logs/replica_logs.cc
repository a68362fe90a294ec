#include "tests/sim/logs/replica_logs.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/crc32c.h"
#include "common/record/log_batch.h"
#include "tablet/log/log_files.h"
#include "tests/sim/logs/log_reader.h"

namespace strom::sim {
namespace {

// So many are written at the same time at most, one hopes: those before them are whole.
constexpr size_t kNewestSegments = 4;

// Nothing if there is no such directory.
std::vector<io::DirectoryEntry> List(io::FileSystem& files, const std::string& path) {
  auto entries = files.List(path);
  if (!entries.ok()) return {};
  return *std::move(entries);
}

std::optional<std::string> FindLog(io::FileSystem& files, const std::string& data_directory,
                                   const TableBucket& bucket) {
  const std::string table = fmt::format("-{}", bucket.table);
  for (const io::DirectoryEntry& database : List(files, data_directory)) {
    if (database.kind != io::EntryKind::kDirectory) continue;
    const std::string path = fmt::format("{}/{}", data_directory, database.name);
    for (const io::DirectoryEntry& entry : List(files, path)) {
      if (!entry.name.ends_with(table)) continue;
      const std::string log = fmt::format("{}/{}/log-{}", path, entry.name, bucket.bucket);
      if (files.Exists(log).value()) return log;
    }
  }
  return std::nullopt;
}

// Base offsets of the segments, ascending.
std::vector<LogOffset> SegmentsOf(io::FileSystem& files, const std::string& log) {
  std::vector<LogOffset> segments;
  for (const io::DirectoryEntry& entry : List(files, log)) {
    if (const auto base = tablet::ParseLogFileName(entry.name, tablet::kLogSuffix)) {
      segments.push_back(*base);
    }
  }
  std::sort(segments.begin(), segments.end());
  return segments;
}

Bytes ReadFile(io::FileSystem& files, const std::string& path) {
  const auto file = files.OpenForRead(path);
  if (!file.ok()) return {};
  Bytes bytes((*file)->Size().value(), '\0');
  bytes.resize((*file)->ReadAt(0, bytes).value());
  return bytes;
}

// Where its batches end.
LogOffset EndOfSegment(io::FileSystem& files, const std::string& log, LogOffset base) {
  const Bytes bytes = ReadFile(files, tablet::LogFilePath(log, base, tablet::kLogSuffix));
  record::LogBatchIterator batches(bytes);
  LogOffset end = base;
  for (auto batch = batches.Next(); batch.ok() && *batch; batch = batches.Next()) {
    if ((*batch)->base_offset() != end) break;  // What the power failure left of one.
    end = (*batch)->next_offset();
  }
  return end;
}

std::optional<LogOffset> EndOfLog(io::FileSystem& files, const std::string& directory) {
  const std::vector<LogOffset> segments = SegmentsOf(files, directory);
  if (segments.empty()) return std::nullopt;
  // A power failure may leave a segment and take the end of the one before it.
  const size_t newest = segments.size() - 1;
  LogOffset end = EndOfSegment(files, directory, segments[newest]);
  for (size_t i = newest; i > 0 && i + kNewestSegments > newest; --i) {
    const LogOffset before = EndOfSegment(files, directory, segments[i - 1]);
    if (before != segments[i]) end = before;
  }
  return end;
}

}  // namespace

void DecodeSegment(BytesView bytes, const record::RecordSchema& schema, ReplicaLog& log) {
  record::LogBatchIterator batches(bytes);
  while (true) {
    const auto batch = batches.Next();
    if (!batch.ok()) log.damage = batch.status().ToString();
    if (!batch.ok() || !*batch) break;
    log.batches.push_back(
        {.base_offset = (*batch)->base_offset(),
         .next_offset = (*batch)->next_offset(),
         .hash = (uint64_t{(*batch)->size()} << 32) ^ Crc32c((*batch)->bytes()),
         .commit_timestamp_ms = (*batch)->header().commit_timestamp_ms});
    auto records = DecodeRecords((*batch)->bytes(), schema, LogOffset(0));
    if (!records.ok()) {
      log.damage = records.status().ToString();
      continue;
    }
    log.records.insert(log.records.end(), records->begin(), records->end());
  }
  if (batches.position() != bytes.size() && log.damage.empty()) {
    log.damage = fmt::format("{} bytes at {} are no batch", bytes.size() - batches.position(),
                             batches.position());
  }
}

std::optional<ReplicaLog> ReadReplicaLog(io::FileSystem& files, const std::string& data_directory,
                                         const TableBucket& bucket,
                                         const record::RecordSchema& schema) {
  const auto directory = FindLog(files, data_directory, bucket);
  if (!directory) return std::nullopt;
  ReplicaLog log;
  for (const LogOffset base : SegmentsOf(files, *directory)) {
    const std::string path = tablet::LogFilePath(*directory, base, tablet::kLogSuffix);
    const bool sound = log.damage.empty();
    DecodeSegment(ReadFile(files, path), schema, log);
    if (sound && !log.damage.empty()) log.damage = fmt::format("{}: {}", path, log.damage);
  }
  return log;
}

std::optional<LogOffset> ReadLogEnd(io::FileSystem& files, const std::string& data_directory,
                                    const TableBucket& bucket) {
  const auto directory = FindLog(files, data_directory, bucket);
  return directory ? EndOfLog(files, *directory) : std::nullopt;
}

}  // namespace strom::sim

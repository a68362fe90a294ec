#include "tablet/log/writer_state.h"

#include <nlohmann/json.hpp>

#include "common/base/mutation.h"

namespace strom::tablet {
namespace {

// The sequence after `sequence`; it wraps to 0.
BatchSequence Following(BatchSequence sequence) {
  return sequence.value() == INT32_MAX ? BatchSequence(0) : sequence.Next();
}

}  // namespace

Result<std::optional<WrittenBatch>> WriterState::Check(const record::LogBatchHeader& header,
                                                       int64_t expired_before_ms) const {
  if (Mutated(Mutant::kNoDuplicateCheck)) return std::optional<WrittenBatch>();
  if (header.writer_id == kNoWriter) return std::optional<WrittenBatch>();
  auto it = writers_.find(header.writer_id);
  if (it != writers_.end() && it->second.back().timestamp_ms < expired_before_ms) {
    it = writers_.end();
  }
  BatchSequence expected(0);
  if (it != writers_.end()) {
    for (const WrittenBatch& batch : it->second) {
      if (batch.sequence == header.batch_sequence) return std::optional<WrittenBatch>(batch);
    }
    expected = Following(it->second.back().sequence);
  }
  if (header.batch_sequence == expected) return std::optional<WrittenBatch>();
  return Error(ErrorCode::kOutOfOrderSequence, "writer {}: batch sequence {}, expected {}{}",
               header.writer_id, header.batch_sequence, expected,
               it == writers_.end() ? " (unknown writer)" : "");
}

void WriterState::Note(const record::LogBatchHeader& header) {
  if (header.writer_id == kNoWriter) return;
  std::deque<WrittenBatch>& batches = writers_[header.writer_id];
  if (!batches.empty() && header.batch_sequence != Following(batches.back().sequence)) {
    batches.clear();
  }
  batches.push_back({.sequence = header.batch_sequence,
                     .last_offset = header.last_offset(),
                     .offset_delta = header.last_offset_delta(),
                     .timestamp_ms = header.commit_timestamp_ms});
  if (batches.size() > kBatchesKept) batches.pop_front();
}

void WriterState::Expire(int64_t before_ms) {
  std::erase_if(writers_,
                [&](const auto& entry) { return entry.second.back().timestamp_ms < before_ms; });
}

std::string WriterState::ToJson() const {
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (const auto& [writer, batches] : writers_) {
    const WrittenBatch& last = batches.back();
    nlohmann::ordered_json entry = {{"writer_id", writer.value()},
                                    {"last_batch_sequence", last.sequence.value()},
                                    {"last_batch_base_offset", last.last_offset.value()},
                                    {"offset_delta", last.offset_delta},
                                    {"last_batch_timestamp", last.timestamp_ms}};
    for (const WrittenBatch& batch : batches) {
      entry["recent_batches"].push_back({batch.sequence.value(), batch.last_offset.value(),
                                         batch.offset_delta, batch.timestamp_ms});
    }
    entries.push_back(std::move(entry));
  }
  return nlohmann::ordered_json{{"version", 1}, {"writer_id_entries", std::move(entries)}}.dump();
}

Result<WriterState> WriterState::FromJson(std::string_view json) {
  WriterState state;
  try {
    const nlohmann::json document = nlohmann::json::parse(json);
    if (document.at("version").get<int>() != 1) {
      return Error(ErrorCode::kCorruptRecord, "writer snapshot: unknown version");
    }
    for (const nlohmann::json& entry : document.at("writer_id_entries")) {
      std::deque<WrittenBatch>& batches = state.writers_[WriterId(entry.at("writer_id"))];
      for (const nlohmann::json& b : entry.value("recent_batches", nlohmann::json::array())) {
        batches.push_back({BatchSequence(b.at(0)), LogOffset(b.at(1)), b.at(2), b.at(3)});
      }
      if (batches.empty()) {
        batches.push_back({BatchSequence(entry.at("last_batch_sequence")),
                           LogOffset(entry.at("last_batch_base_offset")), entry.at("offset_delta"),
                           entry.at("last_batch_timestamp")});
      }
      while (batches.size() > kBatchesKept) batches.pop_front();
    }
  } catch (const nlohmann::json::exception& e) {
    return Error(ErrorCode::kCorruptRecord, "writer snapshot: {}", e.what());
  }
  return state;
}

}  // namespace strom::tablet

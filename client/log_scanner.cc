#include "client/include/strom/log_scanner.h"

#include <utility>

#include "client/include/strom/connection.h"
#include "client/scan_reader.h"
#include "common/record/change_type.h"

namespace strom::client {
namespace {

template <ChangeType kOurs, record::ChangeType kTheirs>
constexpr bool kSame = static_cast<int8_t>(kOurs) == static_cast<int8_t>(kTheirs);
static_assert(kSame<ChangeType::kAppendOnly, record::ChangeType::kAppendOnly>);
static_assert(kSame<ChangeType::kInsert, record::ChangeType::kInsert>);
static_assert(kSame<ChangeType::kUpdateBefore, record::ChangeType::kUpdateBefore>);
static_assert(kSame<ChangeType::kUpdateAfter, record::ChangeType::kUpdateAfter>);
static_assert(kSame<ChangeType::kDelete, record::ChangeType::kDelete>);

}  // namespace

std::string_view ToSymbol(ChangeType type) {
  return record::ChangeTypeSymbol(static_cast<record::ChangeType>(type));
}

LogScanner::LogScanner(std::shared_ptr<ScanReader> reader) : reader_(std::move(reader)) {
  ++reader_->fetcher()->cluster()->open_handles();
}

LogScanner::~LogScanner() {
  reader_->fetcher()->Close();
  --reader_->fetcher()->cluster()->open_handles();
}

const std::vector<Column>& LogScanner::columns() const { return reader_->projection().columns(); }

Status LogScanner::Subscribe(BucketId bucket, OffsetSpec start, std::optional<LogOffset> stop) {
  return reader_->Subscribe(bucket, start, stop);
}

Status LogScanner::SubscribeAll(OffsetSpec start) {
  for (int32_t i = 0; i < reader_->bucket_count(); ++i) {
    STROM_RETURN_IF_ERROR(reader_->Subscribe(BucketId(i), start, std::nullopt));
  }
  return Status::Ok();
}

void LogScanner::Unsubscribe(BucketId bucket) { reader_->Unsubscribe(bucket); }

Result<std::vector<LogRecord>> LogScanner::Poll(MonoDuration timeout) {
  return reader_->Poll(timeout);
}

Future<std::vector<LogRecord>> LogScanner::PollAsync(MonoDuration timeout) {
  return reader_->PollAsync(timeout);
}

Future<std::vector<RecordRows>> LogScanner::PollRowsAsync(MonoDuration timeout) {
  return reader_->PollRowsAsync(timeout);
}

std::optional<LogOffset> LogScanner::Position(BucketId bucket) const {
  return reader_->Position(bucket);
}

bool LogScanner::finished() const { return reader_->finished(); }

Status ScanToEnd(Connection& connection, const TablePath& path, const LogScannerOptions& options,
                 absl::FunctionRef<Status(LogRecord)> visit, MonoDuration stall_timeout) {
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<LogScanner> scanner,
                         connection.NewLogScanner(path, options));
  using Offsets = std::map<BucketId, LogOffset>;
  STROM_ASSIGN_OR_RETURN(const Offsets ends,
                         connection.admin().ListOffsets(path, OffsetSpec::Latest()).Get());
  for (const auto& [bucket, end] : ends) {
    STROM_RETURN_IF_ERROR(scanner->Subscribe(bucket, OffsetSpec::Earliest(), end));
  }
  while (!scanner->finished()) {
    STROM_ASSIGN_OR_RETURN(std::vector<LogRecord> records, scanner->Poll(stall_timeout));
    if (records.empty() && !scanner->finished()) {
      return Error(ErrorCode::kRequestTimeOut, "table {}: no records for {} ms before the end",
                   path, stall_timeout.millis());
    }
    for (LogRecord& record : records) STROM_RETURN_IF_ERROR(visit(std::move(record)));
  }
  return Status::Ok();
}

}  // namespace strom::client

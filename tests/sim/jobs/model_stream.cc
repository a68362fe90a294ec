#include "tests/sim/jobs/model_stream.h"

#include <algorithm>
#include <utility>

#include "common/base/byte_reader.h"
#include "common/runtime/thread_waits.h"
#include "tests/unit/pipeline/cdc/wire_bytes.h"

namespace strom::sim {
namespace {

using cdc::WireBytes;

constexpr uint32_t kFirstOid = 100;
constexpr uint32_t kInt8Oid = 20;

Status Broken(const std::string& name) {
  return Error(ErrorCode::kExternalSystemUnavailable, "the session with {} is broken [injected]",
               name);
}

}  // namespace

ModelStream::ModelStream(ModelSource& source, std::string host)
    : source_(source),
      host_(std::move(host)),
      session_(++source.sessions_),
      generation_(source.generation()),
      start_(source.slot_->confirmed),
      server_end_(source.end_),
      told_(start_) {
  source_.slot_->session = session_;
  // What committed below was taken over: it does not come again.
  while (next_ < source_.log_.size() && source_.log_[next_].commit < start_) ++next_;
}

ModelStream::~ModelStream() {
  source_.waiting_.erase(session_);
  if (source_.slot_ && source_.slot_->session == session_) source_.slot_->session = 0;
}

Status ModelStream::CheckAlive() const {
  const bool mine = source_.slot_ && source_.slot_->session == session_;
  return mine && generation_ == source_.generation() ? Status::Ok() : Broken(source_.name());
}

void ModelStream::Frame(const std::string& payload) {
  messages_.push_back(WireBytes('w').I64(0).I64(0).I64(0).Raw(payload));
}

void ModelStream::SendChange(const ModelChange& change) {
  const auto oid = static_cast<uint32_t>(kFirstOid + change.table);
  const bool full = source_.shape_.full_identity;
  if (described_.insert(change.table).second) {
    WireBytes relation = WireBytes('R').I32(oid).Str("public").Str(
        ModelSource::TableName(change.table));
    relation.Tag(full ? 'f' : 'd').I16(3);
    for (const char* const column : {"k", "v", "more"}) {
      const bool key = full || std::string_view(column) == "k";
      relation.I8(key ? 1 : 0).Str(column).I32(kInt8Oid).I32(0xffffffff);
    }
    Frame(relation);
  }
  const std::string key = std::to_string(change.key);
  const std::string version = std::to_string(change.row.version);
  const std::string more = std::to_string(change.row.more);
  const std::string old_key = std::to_string(change.old_key.value_or(change.key));
  const std::string old_version = std::to_string(change.old_row.version);
  const std::string old_more = std::to_string(change.old_row.more);
  const auto add_old = [&](WireBytes& message) {
    if (full) {
      message.Tag('O').Tuple({old_key, old_version, old_more});
    } else {
      message.Tag('K').Tuple({old_key, cdc::kNullField, cdc::kNullField});
    }
  };
  switch (change.kind) {
    case ModelChange::Kind::kInsert:
      return Frame(WireBytes('I').I32(oid).Tag('N').Tuple({key, version, more}));
    case ModelChange::Kind::kUpdate: {
      WireBytes message = WireBytes('U').I32(oid);
      if (full || change.old_key) add_old(message);
      const bool unchanged = change.row.more == change.old_row.more;
      message.Tag('N').Tuple(
          {key, version, unchanged ? cdc::kUnchangedField : std::string_view(more)});
      return Frame(message);
    }
    case ModelChange::Kind::kDelete: {
      WireBytes message = WireBytes('D').I32(oid);
      add_old(message);
      return Frame(message);
    }
    case ModelChange::Kind::kTruncate:
      return Frame(WireBytes('T').I32(1).I8(0).I32(oid));
  }
}

void ModelStream::Produce() {
  while (next_ < source_.log_.size()) {
    const ModelTransaction& transaction = source_.log_[next_++];
    const auto is_published = [&](const ModelChange& change) {
      return source_.IsPublished(change.table, transaction.commit);
    };
    if (std::ranges::none_of(transaction.changes, is_published)) continue;
    const auto micros = static_cast<uint64_t>(transaction.micros);
    Frame(WireBytes('B').I64(transaction.commit.value).I64(micros).I32(transaction.xid));
    for (const ModelChange& change : transaction.changes) {
      if (is_published(change)) SendChange(change);
    }
    Frame(WireBytes('C').I8(0).I64(transaction.commit.value).I64(transaction.end.value).I64(
        micros));
    told_ = transaction.end;
    return;
  }
  if (told_ >= source_.end_) return;
  told_ = source_.end_;
  messages_.push_back(
      WireBytes('k').I64(told_.value).I64(0).I8(source_.random().Chance(0.3) ? 1 : 0));
}

Result<bool> ModelStream::TryRead(absl::FunctionRef<Status(BytesView)> take) {
  STROM_RETURN_IF_ERROR(CheckAlive());
  if (!source_.Reaches(host_)) return false;
  // A transaction comes in pieces, too.
  if (source_.random().Chance(0.05)) return false;
  if (messages_.empty()) Produce();
  if (messages_.empty()) return false;
  const std::string message = std::move(messages_.front());
  messages_.pop_front();
  STROM_RETURN_IF_ERROR(take(message));
  return true;
}

Status ModelStream::WaitFor(MonoTime deadline) {
  STROM_RETURN_IF_ERROR(CheckAlive());
  const bool more = !messages_.empty() || told_ < source_.end_;
  runtime::Notification news;
  struct Waiting {
    ~Waiting() { source.waiting_.erase(session); }
    ModelSource& source;
    const uint64_t session;
  };
  const Waiting waiting{source_, session_};
  source_.waiting_[session_] = &news;
  const MonoTime now = runtime::WaitNow();
  // What is there is on its way; what is not comes some time.
  if (more && source_.Reaches(host_)) deadline = std::min(deadline, now + Millis(1));
  (void)news.WaitUntil(deadline);
  return CheckAlive();
}

Status ModelStream::Send(BytesView message) {
  STROM_RETURN_IF_ERROR(CheckAlive());
  ByteReader reader(message, "status update");
  STROM_RETURN_IF_ERROR(reader.Skip(1 + 8));
  STROM_ASSIGN_OR_RETURN(const uint64_t flushed, reader.ReadBig<uint64_t>());
  if (source_.on_confirm_) source_.on_confirm_(cdc::Lsn{flushed});
  // It goes out with nobody waiting for it; cut off, it is lost with the connection.
  if (!source_.Reaches(host_)) return Status::Ok();
  ModelSource::SlotState& slot = *source_.slot_;
  slot.confirmed = std::max(slot.confirmed, cdc::Lsn{flushed});
  if (source_.random().Chance(0.2)) slot.on_disk = slot.confirmed;
  return Status::Ok();
}

// A session that looks at the database and prepares it.
class ModelSession final : public cdc::SourceSession {
 public:
  ModelSession(ModelSource& source, std::string host) : source_(source), host_(std::move(host)) {}

  Status CheckServer() override { return Call([] { return Status::Ok(); }); }
  Status CheckTable(const cdc::SourceTable& /*table*/) override {
    return Call([] { return Status::Ok(); });
  }
  Status EnsurePublication(
      const std::vector<std::shared_ptr<const cdc::SourceTable>>& tables) override {
    return Call([&] {
      for (const auto& table : tables) {
        source_.published_.try_emplace(std::stoul(table->name.substr(1)), source_.end_);
      }
      return Status::Ok();
    });
  }
  Result<cdc::EnsuredSlot> EnsureSlot() override {
    cdc::EnsuredSlot ensured;
    STROM_RETURN_IF_ERROR(Call([&] {
      ensured.created = !source_.slot_;
      if (ensured.created) source_.slot_ = {.confirmed = source_.end_, .on_disk = source_.end_};
      ensured.confirmed_flush_lsn = source_.slot_->confirmed;
      return Status::Ok();
    }));
    return ensured;
  }
  Status DropSlot() override {
    return Call([&] {
      source_.slot_.reset();
      return Status::Ok();
    });
  }
  Status DropPublication() override {
    return Call([&] {
      source_.published_.clear();
      return Status::Ok();
    });
  }

 private:
  Status Call(absl::FunctionRef<Status()> work) { return source_.Call(host_, work); }

  ModelSource& source_;
  const std::string host_;
};

// The rows of a table as they were when it was opened.
class ModelRows final : public cdc::TableRows {
 public:
  ModelRows(ModelSource& source, std::string host) : source_(source), host_(std::move(host)) {}

  void Open(cdc::Lsn at, const std::map<int64_t, JobRow>& rows) {
    at_ = at;
    generation_ = source_.generation();
    for (const auto& [key, row] : rows) {
      rows_.push_back({Value::Int(key), Value::Int(row.version), Value::Int(row.more)});
    }
  }

  cdc::Lsn consistent_point() const override { return at_; }
  int64_t estimated_rows() const override { return static_cast<int64_t>(rows_.size()); }
  Result<std::vector<Row>> Next(size_t /*max_rows*/) override {
    std::vector<Row> rows;
    STROM_RETURN_IF_ERROR(source_.Call(host_, [&]() -> Status {
      if (generation_ != source_.generation()) return Broken(source_.name());
      for (int i = 0; i < 3 && !rows_.empty(); ++i) {
        rows.push_back(std::move(rows_.front()));
        rows_.pop_front();
      }
      return Status::Ok();
    }));
    return rows;
  }

 private:
  ModelSource& source_;
  const std::string host_;
  cdc::Lsn at_;
  uint64_t generation_ = 0;
  std::deque<Row> rows_;
};

Result<std::unique_ptr<cdc::SourceSession>> ModelView::Connect(const runtime::Clock& /*clock*/) {
  STROM_RETURN_IF_ERROR(source_.Call(host_, [] { return Status::Ok(); }));
  return std::unique_ptr<cdc::SourceSession>(std::make_unique<ModelSession>(source_, host_));
}

Result<std::unique_ptr<cdc::TableRows>> ModelView::ReadTable(
    std::shared_ptr<const cdc::SourceTable> table, const runtime::Clock& /*clock*/) {
  auto rows = std::make_unique<ModelRows>(source_, host_);
  STROM_RETURN_IF_ERROR(source_.Call(host_, [&] {
    rows->Open(source_.end_, source_.rows(std::stoul(table->name.substr(1))));
    return Status::Ok();
  }));
  return std::unique_ptr<cdc::TableRows>(std::move(rows));
}

Result<std::unique_ptr<cdc::ReplicationSession>> ModelView::Stream(
    const runtime::Clock& /*clock*/) {
  std::unique_ptr<ModelStream> stream;
  STROM_RETURN_IF_ERROR(source_.Call(host_, [&]() -> Status {
    if (!source_.slot_) return Error(ErrorCode::kExternalSystem, "the slot is gone");
    stream = std::make_unique<ModelStream>(source_, host_);
    return Status::Ok();
  }));
  return std::unique_ptr<cdc::ReplicationSession>(std::move(stream));
}

}  // namespace strom::sim

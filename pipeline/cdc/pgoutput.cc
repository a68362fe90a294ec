#include "pipeline/cdc/pgoutput.h"

#include <utility>

#include "common/base/byte_reader.h"
#include "pipeline/cdc/replication_frame.h"

namespace strom::cdc {
namespace {

class Decoder {
 public:
  explicit Decoder(BytesView bytes) : bytes_(bytes), reader_(bytes, "pgoutput message") {}

  Result<PgOutputMessage> Decode() {
    STROM_ASSIGN_OR_RETURN(const uint8_t tag, reader_.ReadBig<uint8_t>());
    Result<PgOutputMessage> message = DecodeBody(static_cast<char>(tag));
    if (message.ok() && !reader_.done()) {
      return Error(ErrorCode::kCorruptMessage, "pgoutput message '{}': {} bytes follow its end",
                   static_cast<char>(tag), reader_.remaining());
    }
    return message;
  }

 private:
  Result<PgOutputMessage> DecodeBody(char tag) {
    switch (tag) {
      case 'B':
        return Begin();
      case 'C':
        return Commit();
      case 'O':
        return Origin();
      case 'R':
        return Relation();
      case 'Y':
        return Type();
      case 'I':
        return Insert();
      case 'U':
        return Update();
      case 'D':
        return Delete();
      case 'T':
        return Truncate();
      case 'M':
        return Message();
      default:
        return Error(ErrorCode::kCorruptMessage,
                     "pgoutput message of {} bytes: tag {:#04x} is none of protocol version 1",
                     bytes_.size(), static_cast<uint8_t>(tag));
    }
  }

  Result<PgOutputMessage> Begin() {
    BeginMessage begin;
    STROM_RETURN_IF_ERROR(ReadLsn(begin.commit_lsn));
    STROM_RETURN_IF_ERROR(ReadTime(begin.commit_micros));
    STROM_RETURN_IF_ERROR(Read(begin.xid));
    return PgOutputMessage(begin);
  }

  Result<PgOutputMessage> Commit() {
    CommitMessage commit;
    STROM_RETURN_IF_ERROR(reader_.Skip(1));
    STROM_RETURN_IF_ERROR(ReadLsn(commit.commit_lsn));
    STROM_RETURN_IF_ERROR(ReadLsn(commit.end_lsn));
    STROM_RETURN_IF_ERROR(ReadTime(commit.commit_micros));
    return PgOutputMessage(commit);
  }

  Result<PgOutputMessage> Origin() {
    OriginMessage origin;
    STROM_RETURN_IF_ERROR(ReadLsn(origin.origin_lsn));
    STROM_RETURN_IF_ERROR(ReadString(origin.name));
    return PgOutputMessage(std::move(origin));
  }

  Result<PgOutputMessage> Relation() {
    RelationMessage relation;
    STROM_RETURN_IF_ERROR(Read(relation.oid));
    STROM_RETURN_IF_ERROR(ReadString(relation.schema));
    STROM_RETURN_IF_ERROR(ReadString(relation.name));
    STROM_ASSIGN_OR_RETURN(const uint8_t identity, reader_.ReadBig<uint8_t>());
    relation.identity = static_cast<char>(identity);
    if (std::string_view("dnfi").find(relation.identity) == std::string_view::npos) {
      return Error(ErrorCode::kCorruptMessage, "relation {}.{}: replica identity {:#04x} is none",
                   relation.schema, relation.name, identity);
    }
    // A column takes 10 bytes or more: a count that cannot be true allocates nothing.
    STROM_ASSIGN_OR_RETURN(const size_t columns, ReadCount<uint16_t>(10));
    relation.columns.reserve(columns);
    for (size_t i = 0; i < columns; ++i) {
      RelationColumn& column = relation.columns.emplace_back();
      STROM_ASSIGN_OR_RETURN(const uint8_t flags, reader_.ReadBig<uint8_t>());
      column.key = (flags & 1) != 0;
      STROM_RETURN_IF_ERROR(ReadString(column.name));
      STROM_RETURN_IF_ERROR(Read(column.type_oid));
      STROM_RETURN_IF_ERROR(Read(column.type_modifier));
    }
    return PgOutputMessage(std::move(relation));
  }

  Result<PgOutputMessage> Type() {
    TypeMessage type;
    STROM_RETURN_IF_ERROR(Read(type.oid));
    STROM_RETURN_IF_ERROR(ReadString(type.schema));
    STROM_RETURN_IF_ERROR(ReadString(type.name));
    return PgOutputMessage(std::move(type));
  }

  Result<PgOutputMessage> Insert() {
    InsertMessage insert;
    STROM_RETURN_IF_ERROR(Read(insert.relation));
    STROM_ASSIGN_OR_RETURN(const uint8_t part, reader_.ReadBig<uint8_t>());
    if (part != 'N') return UnknownPart("insert", part);
    STROM_RETURN_IF_ERROR(ReadTuple(insert.row));
    return PgOutputMessage(std::move(insert));
  }

  Result<PgOutputMessage> Update() {
    UpdateMessage update;
    STROM_RETURN_IF_ERROR(Read(update.relation));
    STROM_ASSIGN_OR_RETURN(uint8_t part, reader_.ReadBig<uint8_t>());
    if (part == 'K' || part == 'O') {
      update.old_kind = part == 'K' ? OldTuple::kKey : OldTuple::kFull;
      STROM_RETURN_IF_ERROR(ReadTuple(update.old_row));
      STROM_RETURN_IF_ERROR(Read(part));
    }
    if (part != 'N') return UnknownPart("update", part);
    STROM_RETURN_IF_ERROR(ReadTuple(update.row));
    return PgOutputMessage(std::move(update));
  }

  Result<PgOutputMessage> Delete() {
    DeleteMessage deletion;
    STROM_RETURN_IF_ERROR(Read(deletion.relation));
    STROM_ASSIGN_OR_RETURN(const uint8_t part, reader_.ReadBig<uint8_t>());
    if (part != 'K' && part != 'O') return UnknownPart("delete", part);
    deletion.old_kind = part == 'K' ? OldTuple::kKey : OldTuple::kFull;
    STROM_RETURN_IF_ERROR(ReadTuple(deletion.old_row));
    return PgOutputMessage(std::move(deletion));
  }

  Result<PgOutputMessage> Truncate() {
    TruncateMessage truncate;
    uint32_t count = 0;
    STROM_RETURN_IF_ERROR(Read(count));
    STROM_ASSIGN_OR_RETURN(const uint8_t options, reader_.ReadBig<uint8_t>());
    truncate.cascade = (options & 1) != 0;
    truncate.restart_identity = (options & 2) != 0;
    STROM_RETURN_IF_ERROR(CheckCount(count, sizeof(uint32_t)));
    truncate.relations.resize(count);
    for (uint32_t& relation : truncate.relations) STROM_RETURN_IF_ERROR(Read(relation));
    return PgOutputMessage(std::move(truncate));
  }

  Result<PgOutputMessage> Message() {
    LogicalMessage message;
    STROM_ASSIGN_OR_RETURN(const uint8_t flags, reader_.ReadBig<uint8_t>());
    message.transactional = (flags & 1) != 0;
    STROM_RETURN_IF_ERROR(ReadLsn(message.lsn));
    STROM_RETURN_IF_ERROR(ReadString(message.prefix));
    STROM_ASSIGN_OR_RETURN(const uint32_t size, reader_.ReadBig<uint32_t>());
    STROM_ASSIGN_OR_RETURN(message.content, reader_.ReadBytes(size));
    return PgOutputMessage(std::move(message));
  }

  Status ReadTuple(Tuple& tuple) {
    STROM_ASSIGN_OR_RETURN(const size_t columns, ReadCount<uint16_t>(1));
    tuple.reserve(columns);
    for (size_t i = 0; i < columns; ++i) {
      TupleField& field = tuple.emplace_back();
      STROM_ASSIGN_OR_RETURN(const uint8_t kind, reader_.ReadBig<uint8_t>());
      switch (kind) {
        case 'n':
          break;
        case 'u':
          field.kind = TupleField::Kind::kUnchanged;
          break;
        case 't': {
          field.kind = TupleField::Kind::kText;
          STROM_ASSIGN_OR_RETURN(const uint32_t size, reader_.ReadBig<uint32_t>());
          STROM_ASSIGN_OR_RETURN(field.text, reader_.ReadBytes(size));
          break;
        }
        default:
          return Error(ErrorCode::kCorruptMessage,
                       "pgoutput tuple: column {} has kind {:#04x}, expected n, u or t", i, kind);
      }
    }
    return Status::Ok();
  }

  template <class T>
  Status Read(T& value) {
    STROM_ASSIGN_OR_RETURN(value, reader_.ReadBig<T>());
    return Status::Ok();
  }

  Status ReadLsn(Lsn& lsn) { return Read(lsn.value); }

  Status ReadTime(int64_t& micros) {
    STROM_ASSIGN_OR_RETURN(const uint64_t pg_micros, reader_.ReadBig<uint64_t>());
    micros = UnixMicrosFromPg(pg_micros);
    return Status::Ok();
  }

  Status ReadString(std::string& text) {
    const size_t end = bytes_.find('\0', reader_.position());
    if (end == BytesView::npos) {
      return Error(ErrorCode::kCorruptMessage,
                   "pgoutput message: the string at byte {} has no end in {} bytes",
                   reader_.position(), bytes_.size());
    }
    STROM_ASSIGN_OR_RETURN(const BytesView view, reader_.ReadBytes(end - reader_.position()));
    text = view;
    return reader_.Skip(1);
  }

  template <class T>
  Result<size_t> ReadCount(size_t size_min) {
    STROM_ASSIGN_OR_RETURN(const T count, reader_.ReadBig<T>());
    STROM_RETURN_IF_ERROR(CheckCount(count, size_min));
    return static_cast<size_t>(count);
  }

  Status CheckCount(size_t count, size_t size_min) const {
    if (count <= reader_.remaining() / size_min) return Status::Ok();
    return Error(ErrorCode::kCorruptMessage,
                 "pgoutput message: {} things of {} bytes or more do not fit in the {} bytes left",
                 count, size_min, reader_.remaining());
  }

  static Status UnknownPart(std::string_view what, uint8_t part) {
    return Error(ErrorCode::kCorruptMessage, "pgoutput {}: unknown part {:#04x}", what, part);
  }

  BytesView bytes_;
  ByteReader reader_;
};

}  // namespace

Result<PgOutputMessage> DecodePgOutput(BytesView bytes) { return Decoder(bytes).Decode(); }

}  // namespace strom::cdc

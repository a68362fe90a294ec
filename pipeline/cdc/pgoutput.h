#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "pipeline/cdc/lsn.h"

namespace strom::cdc {

// The messages of PostgreSQL's output plugin `pgoutput` in protocol version 1 with text values, as
// they stand in XLogData. Integers are big-endian, strings end in NUL, times are here in
// microseconds since 1970. Same layout as PostgreSQL 15, "Logical Replication Message Formats":
//
//   Begin     'B'  commit LSN 8  commit time 8  xid 4
//   Commit    'C'  flags 1  commit LSN 8  end LSN 8  commit time 8
//   Origin    'O'  origin LSN 8  name str
//   Relation  'R'  oid 4  schema str  name str  replica identity 1  columns 2 x
//                  (flags 1  name str  type oid 4  type modifier 4)
//   Type      'Y'  oid 4  schema str  name str
//   Insert    'I'  relation 4  'N' tuple
//   Update    'U'  relation 4  ['K' tuple | 'O' tuple]  'N' tuple
//   Delete    'D'  relation 4  'K' tuple | 'O' tuple
//   Truncate  'T'  relations n 4  options 1  n x oid 4
//   Message   'M'  flags 1  LSN 8  prefix str  length 4  bytes
//
//   tuple: columns 2 x ('n' NULL | 'u' unchanged | 't' length 4 bytes)

// One column of a tuple. kUnchanged: the value is stored out of line (TOAST), was not changed by
// the update, and is therefore not sent. In a key tuple every column outside the key is kNull.
struct TupleField {
  enum class Kind : uint8_t { kNull, kUnchanged, kText };
  Kind kind = Kind::kNull;
  BytesView text;  // Of kText: into the message.
};
using Tuple = std::vector<TupleField>;  // By position, as the newest Relation message says.

struct BeginMessage {
  Lsn commit_lsn;  // Of this transaction: where its commit record begins.
  int64_t commit_micros = 0;
  uint32_t xid = 0;
};

struct CommitMessage {
  Lsn commit_lsn;
  Lsn end_lsn;  // Where the commit record ends.
  int64_t commit_micros = 0;
};

struct OriginMessage {
  Lsn origin_lsn;
  std::string name;
};

struct RelationColumn {
  bool key = false;  // Part of the replica identity; all are if that is full.
  std::string name;
  uint32_t type_oid = 0;
  int32_t type_modifier = -1;
};

struct RelationMessage {
  uint32_t oid = 0;
  std::string schema;  // Empty: pg_catalog.
  std::string name;
  char identity = 'd';  // d default, n nothing, f full, i index.
  std::vector<RelationColumn> columns;
};

struct TypeMessage {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
};

// What is known of a row before the change.
enum class OldTuple : uint8_t { kNone, kKey, kFull };

struct InsertMessage {
  uint32_t relation = 0;
  Tuple row;
};

struct UpdateMessage {
  uint32_t relation = 0;
  OldTuple old_kind = OldTuple::kNone;
  Tuple old_row;  // Empty: kNone.
  Tuple row;
};

struct DeleteMessage {
  uint32_t relation = 0;
  OldTuple old_kind = OldTuple::kKey;
  Tuple old_row;
};

struct TruncateMessage {
  std::vector<uint32_t> relations;
  bool cascade = false;
  bool restart_identity = false;
};

// Of pg_logical_emit_message.
struct LogicalMessage {
  bool transactional = false;
  Lsn lsn;
  std::string prefix;
  BytesView content;
};

using PgOutputMessage =
    std::variant<BeginMessage, CommitMessage, OriginMessage, RelationMessage, TypeMessage,
                 InsertMessage, UpdateMessage, DeleteMessage, TruncateMessage, LogicalMessage>;

// Pure. The message refers to `bytes`. Errors: kCorruptMessage for bytes that are no such message:
// too short, too long, an unknown tag, binary values, and what was not asked for (streamed and
// prepared transactions).
Result<PgOutputMessage> DecodePgOutput(BytesView bytes);

}  // namespace strom::cdc

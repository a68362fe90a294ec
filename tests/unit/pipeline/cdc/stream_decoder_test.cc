#include "pipeline/cdc/stream_decoder.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/cdc/wire_bytes.h"

namespace strom::cdc {
namespace {

constexpr uint32_t kOrders = 16384;
constexpr uint32_t kOther = 16390;

std::shared_ptr<const SourceTable> Table(std::vector<std::string> columns,
                                         std::string name = "orders") {
  SchemaSpec spec{.primary_key = {"id"}};
  for (std::string& column : columns) {
    spec.columns.push_back({column, column == "id" ? DataType::Int() : DataType::String()});
  }
  return std::make_shared<const SourceTable>(
      SourceTable{"public", std::move(name), Schema::Make(std::move(spec)).value()});
}

// A decoder that knows table orders(id, note, body), and what came out of it.
struct Stream {
  explicit Stream(Lsn start = Lsn(), char identity = 'd',
                  std::vector<std::shared_ptr<const SourceTable>> tables = {Table({"id", "note",
                                                                                   "body"})})
      : decoder(std::move(tables), start) {
    REQUIRE(Send(RelationBytes(kOrders, "orders", identity, {"body", "id", "note"}, {"id"})).ok());
    REQUIRE(Send(RelationBytes(kOther, "other", 'd', {"id"}, {"id"})).ok());
  }

  Status Send(const std::string& message) { return decoder.Decode(message, &events); }
  void MustSend(const std::string& message) {
    const Status status = Send(message);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  StreamDecoder decoder;
  std::vector<SourceEvent> events;
};

std::string Insert(uint32_t oid, const std::vector<std::string_view>& row) {
  return WireBytes('I').I32(oid).Tag('N').Tuple(row);
}

Row MakeRow(int id, const char* note, const char* body) {
  return {Value::Int(id), Value::String(note), Value::String(body)};
}

}  // namespace

TEST_CASE("changes are numbered inside their transaction, undeclared tables too", "[cdc]") {
  Stream stream;
  stream.MustSend(BeginBytes(0x100, 42));
  CHECK(stream.decoder.in_transaction());
  stream.MustSend(Insert(kOrders, {"body", "1", "note"}));
  stream.MustSend(Insert(kOther, {"5"}));
  stream.MustSend(WireBytes('D').I32(kOrders).Tag('K').Tuple({kNullField, "1", kNullField}));
  stream.MustSend(CommitBytes(0x100, 0x130));
  REQUIRE(stream.events.size() == 3);
  const SourceEvent& insert = stream.events[0];
  CHECK(insert.kind == EventKind::kInsert);
  CHECK(insert.position == EventPosition{Lsn{0x100}, 0});
  CHECK(insert.table->name == "orders");
  CHECK(insert.relation_oid == kOrders);
  CHECK(insert.xid == 42);
  CHECK(insert.row == MakeRow(1, "note", "body"));  // In the declared order.
  CHECK(insert.unchanged.empty());
  const SourceEvent& deletion = stream.events[1];
  CHECK(deletion.kind == EventKind::kDelete);
  CHECK(deletion.position == EventPosition{Lsn{0x100}, 2});
  CHECK(deletion.old_row == Row{Value::Int(1), Value::Null(), Value::Null()});
  CHECK_FALSE(deletion.old_row_full);
  const SourceEvent& commit = stream.events[2];
  CHECK(commit.kind == EventKind::kCommit);
  CHECK(commit.position == EventPosition{Lsn{0x100}, 3});
  CHECK(commit.end_lsn == Lsn{0x130});
  CHECK_FALSE(stream.decoder.in_transaction());
  CHECK(stream.decoder.end_lsn() == Lsn{0x130});
}

TEST_CASE("an unchanged value is marked, or taken from the old row", "[cdc]") {
  SECTION("nothing is known of the old row") {
    Stream stream;
    stream.MustSend(BeginBytes(1));
    stream.MustSend(WireBytes('U').I32(kOrders).Tag('N').Tuple({kUnchangedField, "1", "new"}));
    REQUIRE(stream.events.size() == 1);
    CHECK(stream.events[0].unchanged == std::vector<bool>{false, false, true});
    CHECK(stream.events[0].row == Row{Value::Int(1), Value::String("new"), Value::Null()});
    CHECK_FALSE(stream.events[0].old_row.has_value());
  }
  SECTION("the old row is full") {
    Stream stream(Lsn(), 'f');
    stream.MustSend(BeginBytes(1));
    stream.MustSend(WireBytes('U')
                        .I32(kOrders)
                        .Tag('O')
                        .Tuple({"long", "1", "old"})
                        .Tag('N')
                        .Tuple({kUnchangedField, "1", "new"}));
    REQUIRE(stream.events.size() == 1);
    CHECK(stream.events[0].unchanged.empty());
    CHECK(stream.events[0].row == MakeRow(1, "new", "long"));
    CHECK(stream.events[0].old_row == MakeRow(1, "old", "long"));
    CHECK(stream.events[0].old_row_full);
  }
  SECTION("the key changed, and is known") {
    Stream stream;
    stream.MustSend(BeginBytes(1));
    stream.MustSend(WireBytes('U')
                        .I32(kOrders)
                        .Tag('K')
                        .Tuple({kNullField, "1", kNullField})
                        .Tag('N')
                        .Tuple({kUnchangedField, "2", "n"}));
    CHECK(stream.events.at(0).old_row == Row{Value::Int(1), Value::Null(), Value::Null()});
    CHECK(stream.events.at(0).row[0] == Value::Int(2));
    CHECK(stream.events.at(0).unchanged == std::vector<bool>{false, false, true});
  }
}

TEST_CASE("a truncate is one event for each declared table", "[cdc]") {
  Stream stream;
  stream.MustSend(BeginBytes(1));
  stream.MustSend(WireBytes('T').I32(2).I8(0).I32(kOther).I32(kOrders));
  stream.MustSend(CommitBytes(1, 2));
  REQUIRE(stream.events.size() == 2);
  CHECK(stream.events[0].kind == EventKind::kTruncate);
  CHECK(stream.events[0].position.ordinal == 1);
  CHECK(stream.events[1].position.ordinal == 2);
}

TEST_CASE("a table that is declared twice has each event twice, at one position", "[cdc]") {
  Stream stream(Lsn(), 'd', {Table({"id", "note"}), Table({"body", "id"})});
  stream.MustSend(BeginBytes(1));
  stream.MustSend(Insert(kOrders, {"b", "1", "n"}));
  REQUIRE(stream.events.size() == 2);
  CHECK(stream.events[0].position == stream.events[1].position);
  CHECK(stream.events[0].row == Row{Value::Int(1), Value::String("n")});
  CHECK(stream.events[1].row == Row{Value::String("b"), Value::Int(1)});
}

TEST_CASE("transactions below the start give no events", "[cdc]") {
  Stream stream(Lsn{0x130});
  stream.MustSend(BeginBytes(0x100));
  stream.MustSend(Insert(kOrders, {"b", "1", "n"}));
  stream.MustSend(CommitBytes(0x100, 0x130));
  CHECK(stream.events.empty());
  stream.MustSend(BeginBytes(0x130));
  stream.MustSend(Insert(kOrders, {"b", "1", "n"}));
  stream.MustSend(CommitBytes(0x130, 0x160));
  CHECK(stream.events.size() == 2);
}

TEST_CASE("a relation may change between two rows", "[cdc]") {
  Stream stream;
  stream.MustSend(BeginBytes(1));
  stream.MustSend(Insert(kOrders, {"b", "1", "n"}));
  stream.MustSend(RelationBytes(kOrders, "orders", 'd', {"id", "note", "more", "body"}, {"id"}));
  stream.MustSend(Insert(kOrders, {"2", "n2", "x", "b2"}));
  REQUIRE(stream.events.size() == 2);
  CHECK(stream.events[1].row == MakeRow(2, "n2", "b2"));
}

TEST_CASE("tables that are no longer as declared end the stream", "[cdc]") {
  Stream stream;
  const auto refused = [&](const std::string& message, std::string_view part) {
    const Status status = stream.Send(message);
    INFO(status.ToString());
    CHECK(status.code() == ErrorCode::kExternalSystem);
    CHECK(status.message().find(part) != std::string_view::npos);
  };
  refused(RelationBytes(kOrders, "orders", 'd', {"id", "note"}, {"id"}), "no column body");
  refused(RelationBytes(kOrders, "purchases", 'd', {"id"}, {"id"}), "renamed to public.purchases");
  refused(RelationBytes(kOrders, "orders", 'n', {"id", "note", "body"}, {}), "replica identity");
  stream.MustSend(BeginBytes(1));
  refused(Insert(kOrders, {"b", "x", "n"}), "'x' is no value of INT");
  refused(Insert(kOrders, {"b", kNullField, "n"}), "column id");
}

TEST_CASE("an order of messages that pgoutput does not produce is refused", "[cdc]") {
  const auto refused = [](Stream& stream, const std::string& message) {
    const Status status = stream.Send(message);
    INFO(status.ToString());
    CHECK(status.code() == ErrorCode::kCorruptMessage);
  };
  Stream stream;
  refused(stream, Insert(kOrders, {"b", "1", "n"}));  // Outside a transaction.
  refused(stream, CommitBytes(1, 2));
  stream.MustSend(BeginBytes(0x10));
  refused(stream, BeginBytes(0x20));
  refused(stream, CommitBytes(0x11, 0x20));  // Of another transaction.
  refused(stream, CommitBytes(0x10, 0x10));  // Ends where it begins.
  refused(stream, Insert(99, {"1"}));        // Never described.
  refused(stream, Insert(kOrders, {"1"}));   // Too few columns.
  refused(stream, WireBytes('D').I32(kOrders).Tag('O').Tuple({kUnchangedField, "1", "n"}));
  stream.MustSend(CommitBytes(0x10, 0x20));
  CHECK(stream.events.size() == 1);
}

// Written by PostgreSQL 15.20 (pg_logical_slot_peek_binary_changes) for: CREATE TABLE orders (id
// int PRIMARY KEY, note text, m mood, big text STORAGE EXTERNAL); BEGIN; INSERT (1, 'first', NULL,
// 'z' 3000 times); UPDATE note = 'second', m = 'fine'; UPDATE id = 2; DELETE; TRUNCATE; COMMIT.
TEST_CASE("a transaction recorded from PostgreSQL decodes to its changes", "[cdc]") {
  constexpr std::string_view kType = "59000040017075626c6963006d6f6f6400";
  constexpr std::string_view kRelation =
      "52000040037075626c6963006f7264657273006400040169640000000017ffffffff006e6f746500000000"
      "19ffffffff006d0000004001ffffffff006269670000000019ffffffff";
  const std::string large(3000, 'z');
  const std::vector<std::string> recorded = {
      "42000000000063ea480003040e4dae3338000002d8",
      std::string(kType),
      std::string(kRelation),
      "49000040034e0004740000000131740000000566697273746e7400000bb8" + ToHex(large),
      "55000040034e000474000000013174000000067365636f6e64740000000466696e6575",
      "55000040034b00047400000001316e6e6e4e000474000000013274000000067365636f6e64740000000466696e65"
      "75",
      "44000040034b00047400000001326e6e6e",
      std::string(kType),
      std::string(kRelation),
      "54000000010000004003",
      "4300000000000063ea48000000000063ebb80003040e4dae3338"};
  SchemaSpec spec{.columns = {{"id", DataType::Int()},
                              {"note", DataType::String()},
                              {"m", DataType::String()},
                              {"big", DataType::String()}},
                  .primary_key = {"id"}};
  StreamDecoder decoder({std::make_shared<const SourceTable>(SourceTable{
                            "public", "orders", Schema::Make(std::move(spec)).value()})},
                        Lsn());
  std::vector<SourceEvent> events;
  for (const std::string& hex : recorded) {
    const Status status = decoder.Decode(FromHex(hex).value(), &events);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  REQUIRE(events.size() == 6);
  CHECK(events[0].kind == EventKind::kInsert);
  CHECK(events[0].xid == 728);
  CHECK(events[0].row ==
        Row{Value::Int(1), Value::String("first"), Value::Null(), Value::String(large)});
  CHECK(events[1].row ==
        Row{Value::Int(1), Value::String("second"), Value::String("fine"), Value::Null()});
  CHECK(events[1].unchanged == std::vector<bool>{false, false, false, true});
  CHECK(events[2].old_row == Row{Value::Int(1), Value::Null(), Value::Null(), Value::Null()});
  CHECK(events[2].row[0] == Value::Int(2));
  CHECK(events[3].old_row->at(0) == Value::Int(2));
  CHECK(events[4].kind == EventKind::kTruncate);
  CHECK(events[5].position == EventPosition{Lsn{0x63ea48}, 5});
  CHECK(events[5].end_lsn == Lsn{0x63ebb8});
  CHECK(events[5].commit_micros / 1000000 / 86400 == 20782);  // 2026-11-25.
}

TEST_CASE("types, origins and messages are passed over", "[cdc]") {
  Stream stream;
  stream.MustSend(WireBytes('M').I8(0).I64(9).Str("heartbeat").I32(0));
  stream.MustSend(BeginBytes(1));
  stream.MustSend(WireBytes('O').I64(5).Str("elsewhere"));
  stream.MustSend(WireBytes('Y').I32(16400).Str("public").Str("mood"));
  stream.MustSend(CommitBytes(1, 2));
  REQUIRE(stream.events.size() == 1);
  CHECK(stream.events[0].position.ordinal == 0);
}

}  // namespace strom::cdc

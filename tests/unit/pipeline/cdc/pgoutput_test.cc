#include "pipeline/cdc/pgoutput.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/cdc/wire_bytes.h"

namespace strom::cdc {
namespace {

template <class T>
T Decoded(const std::string& bytes) {
  const auto message = DecodePgOutput(bytes);
  INFO(message.status().ToString());
  REQUIRE(message.ok());
  REQUIRE(std::holds_alternative<T>(*message));
  return std::get<T>(*message);
}

std::vector<std::string> AllMessages() {
  return {BeginBytes(0x100),
          CommitBytes(0x100, 0x130),
          WireBytes('O').I64(5).Str("elsewhere"),
          RelationBytes(16384, "orders", 'd', {"id", "name"}, {"id"}),
          WireBytes('Y').I32(16400).Str("public").Str("mood"),
          WireBytes('I').I32(16384).Tag('N').Tuple({"1", kNullField}),
          WireBytes('U').I32(16384).Tag('K').Tuple({"1", kNullField}).Tag('N').Tuple({"2", "b"}),
          WireBytes('D').I32(16384).Tag('O').Tuple({"2", "b"}),
          WireBytes('T').I32(2).I8(3).I32(16384).I32(16390),
          WireBytes('M').I8(1).I64(9).Str("prefix").I32(5).Raw("hello")};
}

}  // namespace

TEST_CASE("transactions are framed by begin and commit", "[cdc]") {
  const auto begin = Decoded<BeginMessage>(BeginBytes(0x1600000028, 735));
  CHECK(begin.commit_lsn == Lsn{0x1600000028});
  CHECK(begin.xid == 735);
  CHECK(begin.commit_micros == 946684800000000 + 1000000);  // One second into the year 2000.
  const auto commit = Decoded<CommitMessage>(CommitBytes(0x100, 0x130));
  CHECK(commit.commit_lsn == Lsn{0x100});
  CHECK(commit.end_lsn == Lsn{0x130});
}

TEST_CASE("a relation names its columns and their keys", "[cdc]") {
  const auto relation =
      Decoded<RelationMessage>(RelationBytes(16384, "orders", 'd', {"id", "name"}, {"id"}));
  CHECK(relation.oid == 16384);
  CHECK(relation.schema == "public");
  CHECK(relation.name == "orders");
  CHECK(relation.identity == 'd');
  REQUIRE(relation.columns.size() == 2);
  CHECK(relation.columns[0].key);
  CHECK(relation.columns[1].name == "name");
  CHECK_FALSE(relation.columns[1].key);
  CHECK(relation.columns[1].type_oid == 25);
  CHECK(relation.columns[1].type_modifier == -1);
}

TEST_CASE("tuples hold texts, NULLs and unchanged values", "[cdc]") {
  const std::string bytes = WireBytes('I').I32(1).Tag('N').Tuple({"", kNullField, kUnchangedField});
  const auto insert = Decoded<InsertMessage>(bytes);
  REQUIRE(insert.row.size() == 3);
  CHECK(insert.row[0].kind == TupleField::Kind::kText);
  CHECK(insert.row[0].text.empty());
  CHECK(insert.row[1].kind == TupleField::Kind::kNull);
  CHECK(insert.row[2].kind == TupleField::Kind::kUnchanged);
}

TEST_CASE("updates and deletes may tell the old key or the old row", "[cdc]") {
  const std::string plain = WireBytes('U').I32(1).Tag('N').Tuple({"a"});
  CHECK(Decoded<UpdateMessage>(plain).old_kind == OldTuple::kNone);
  const std::string keyed = WireBytes('U').I32(1).Tag('K').Tuple({"a"}).Tag('N').Tuple({"b"});
  const auto update = Decoded<UpdateMessage>(keyed);
  CHECK(update.old_kind == OldTuple::kKey);
  CHECK(update.old_row.at(0).text == "a");
  CHECK(update.row.at(0).text == "b");
  const std::string full = WireBytes('D').I32(1).Tag('O').Tuple({"a"});
  CHECK(Decoded<DeleteMessage>(full).old_kind == OldTuple::kFull);
}

TEST_CASE("truncate, origin, type and message are understood", "[cdc]") {
  const auto truncate = Decoded<TruncateMessage>(WireBytes('T').I32(2).I8(1).I32(5).I32(6));
  CHECK(truncate.relations == std::vector<uint32_t>{5, 6});
  CHECK(truncate.cascade);
  CHECK_FALSE(truncate.restart_identity);
  CHECK(Decoded<OriginMessage>(WireBytes('O').I64(5).Str("there")).name == "there");
  CHECK(Decoded<TypeMessage>(WireBytes('Y').I32(9).Str("").Str("int4")).name == "int4");
  const std::string bytes = WireBytes('M').I8(1).I64(9).Str("p").I32(2).Raw("hi");
  CHECK(Decoded<LogicalMessage>(bytes).content == "hi");
}

TEST_CASE("a message that is cut anywhere is an error", "[cdc]") {
  for (const std::string& message : AllMessages()) {
    REQUIRE(DecodePgOutput(message).ok());
    for (size_t size = 0; size < message.size(); ++size) {
      INFO(message[0] << " cut at " << size);
      CHECK(DecodePgOutput(message.substr(0, size)).status().code() == ErrorCode::kCorruptMessage);
    }
    CHECK(DecodePgOutput(message + "x").status().code() == ErrorCode::kCorruptMessage);
  }
}

TEST_CASE("any changed byte gives a message or an error", "[cdc]") {
  int refused = 0;
  for (const std::string& message : AllMessages()) {
    for (size_t at = 0; at < message.size(); ++at) {
      for (const int value : {0x00, 0x7f, 0xff}) {
        std::string changed = message;
        changed[at] = static_cast<char>(value);
        const auto decoded = DecodePgOutput(changed);
        if (decoded.ok()) continue;
        CHECK(decoded.status().code() == ErrorCode::kCorruptMessage);
        ++refused;
      }
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("counts that cannot be true allocate nothing", "[cdc]") {
  CHECK_FALSE(DecodePgOutput(WireBytes('T').I32(0xffffffff).I8(0).I32(1).bytes()).ok());
  CHECK_FALSE(DecodePgOutput(WireBytes('I').I32(1).Tag('N').I16(0xffff).Tag('n').bytes()).ok());
  const std::string huge_text =
      WireBytes('I').I32(1).Tag('N').I16(1).Tag('t').I32(0xffffffff).Raw("abc");
  CHECK_FALSE(DecodePgOutput(huge_text).ok());
}

TEST_CASE("what was not asked for is refused", "[cdc]") {
  const std::string binary = WireBytes('I').I32(1).Tag('N').I16(1).Tag('b').I32(1).Raw("x");
  CHECK(DecodePgOutput(binary).status().ToString().find("0x62") != std::string::npos);
  for (const char tag : {'S', 'E', 'c', 'A', 'b', 'P', 'K', 'r', 'p'}) {
    const auto streamed = DecodePgOutput(WireBytes(tag).I32(1).bytes());
    CHECK(streamed.status().ToString().find("protocol version 1") != std::string::npos);
  }
}

}  // namespace strom::cdc

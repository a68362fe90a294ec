#include "tablet/server/put_kv_service.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/convert/bucket.h"
#include "common/record/log_record_reader.h"
#include "proto/cluster.pb.h"
#include "tests/unit/tablet/server/kv_fixture.h"

namespace strom::tablet {
namespace {

using Texts = std::vector<std::string>;

constexpr auto kClients = rpc::Audience::kFlussClients;

template <class Entry>
ErrorCode CodeOf(const Entry& entry) {
  return KvServerFixture::CodeOf(entry);
}

uint64_t Seed() { return static_cast<uint64_t>(GENERATE(range(1, 6))); }

}  // namespace

TEST_CASE("upserts and deletes are answered with the end of the changelog", "[tablet]") {
  KvServerFixture f(Seed());
  for (const int acks : {-1, 0, 1}) {
    const auto request = KvServerFixture::PutRequest(
        f.table, {{1, KvBatch({Put(1, "a")})}, {0, KvBatch({Put(2, "b"), Put(3, "c")})}}, acks);
    const auto response = f.Call(rpc::kPutKv, request, kClients).value();
    REQUIRE(response.buckets_resp_size() == 2);
    for (const auto& entry : response.buckets_resp()) {
      CHECK_FALSE(entry.has_error_code());  // Java fails on a present 0.
      CHECK_FALSE(entry.has_error_message());
      CHECK_FALSE(entry.has_partition_id());
      CHECK_FALSE(entry.has_pressure());
    }
    CHECK(response.buckets_resp(0).bucket_id() == 1);
    CHECK(response.buckets_resp(1).bucket_id() == 0);
    CHECK(response.buckets_resp(1).log_end_offset() == (acks < 0 ? 2 : 6 + 4 * acks));
    CHECK(f.Lookup({2, 3}) == Texts{"2/0 b", "3/0 c"});  // Acknowledged is visible.
  }
  CHECK(f.Put(KvBatch({Del(2), Del(9)})).log_end_offset() == 11);
  CHECK(f.Lookup({2, 3}) == Texts{"", "3/0 c"});
}

TEST_CASE("the changelog says what each upsert did", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a"), Put(2, "b")}));
  f.Put(KvBatch({Put(1, "c"), Del(2), Put(1, "d")}));
  CHECK(f.Put(KvBatch({Del(7)})).log_end_offset() == 8);  // No change, but one offset.
  CHECK(f.AllChanges() ==
        Texts{"+I 1/0 a", "+I 2/0 b", "-U 1/0 a", "+U 1/0 c", "-D 2/0 b", "-U 1/0 c", "+U 1/0 d"});
}

TEST_CASE("changelogs are read by columns too, with their change types", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a")}));
  f.Put(KvBatch({Put(1, "b")}));
  auto request = f.FetchOf(f.table, {{0, 0}});
  request.mutable_tables_req(0)->set_projection_pushdown_enabled(true);
  request.mutable_tables_req(0)->add_projected_fields(2);
  const auto response = f.Call(rpc::kFetchLog, request, kClients).value();
  const auto& entry = response.tables_resp(0).buckets_resp(0);
  const record::RecordSchema names(LogFormat::kArrow, {DataType::String()});
  Texts changes;
  for (const auto& batch : record::SplitBatches(entry.records()).value()) {
    for (const auto& record : record::ReadLogRecords(batch, names).value()) {
      changes.push_back(fmt::format("{} {}", record::ChangeTypeSymbol(record.change_type),
                                    *record.row[0].get_if<std::string>()));
    }
  }
  CHECK(changes == Texts{"+I a", "-U a", "+U b"});
}

TEST_CASE("a retried KV batch is answered like the first attempt", "[tablet]") {
  KvServerFixture f;
  const auto put = [&](int sequence) {
    return f.Put(KvBatch({Put(1, std::to_string(sequence))}, WriterId(5), BatchSequence(sequence)));
  };
  CHECK(put(0).log_end_offset() == 1);
  CHECK(put(1).log_end_offset() == 3);
  CHECK(put(0).log_end_offset() == 1);
  CHECK(CodeOf(put(0)) == ErrorCode::kOk);
  CHECK(f.Lookup({1}) == Texts{"1/0 1"});
  CHECK(CodeOf(put(3)) == ErrorCode::kOutOfOrderSequence);
}

TEST_CASE("the rows are the same after a crash and after an orderly restart", "[tablet]") {
  KvServerFixture f(Seed());
  const bool orderly = GENERATE(true, false);
  f.Put(KvBatch({Put(1, "a"), Put(2, {}), Put(3, "c")}));
  f.Put(KvBatch({Put(1, "b"), Del(3)}));
  const Texts changes = f.AllChanges();
  if (orderly) {
    REQUIRE(f.Stop().ok());
    f.Make(f.DefaultOptions());
  } else {
    f.Crash();
  }
  REQUIRE(f.Start().ok());
  f.LeadAgain();
  CHECK(f.AllRows() == Texts{"1/0 b", "2/0 NULL"});
  CHECK(f.AllChanges() == changes);
  CHECK(f.Put(KvBatch({Put(1, "z")})).log_end_offset() == 8);
}

TEST_CASE("some columns of a row can be put alone", "[tablet]") {
  KvServerFixture f;
  f.Put(KvBatch({Put(1, "a")}));
  auto request = KvServerFixture::PutRequest(f.table, {{0, KvBatch({Put(1, "b"), Put(2, "b")})}});
  request.add_target_columns(0);
  request.add_target_columns(1);  // The key alone: keeps the names there are.
  CHECK(CodeOf(f.Call(rpc::kPutKv, request, kClients).value().buckets_resp(0)) == ErrorCode::kOk);
  CHECK(f.Lookup({1, 2}) == Texts{"1/0 a", "2/0 NULL"});
  request.clear_target_columns();
  request.add_target_columns(0);
  CHECK(CodeOf(f.Call(rpc::kPutKv, request, kClients).value().buckets_resp(0)) ==
        ErrorCode::kInvalidTargetColumn);
}

TEST_CASE("overwriting goes past the merge engine, other modes do not", "[tablet]") {
  KvServerFixture f(1, {{"table.merge-engine", "first_row"}});
  const auto put = [&](std::string name, std::optional<int> mode) {
    auto request = KvServerFixture::PutRequest(f.table, {{0, KvBatch({Put(1, std::move(name))})}});
    if (mode) request.set_agg_mode(*mode);
    REQUIRE(CodeOf(f.Call(rpc::kPutKv, request, kClients).value().buckets_resp(0)) ==
            ErrorCode::kOk);
    return f.Lookup({1});
  };
  CHECK(put("a", {}) == Texts{"1/0 a"});
  CHECK(put("b", 0) == Texts{"1/0 a"});
  CHECK(put("c", 7) == Texts{"1/0 a"});
  CHECK(put("d", 1) == Texts{"1/0 d"});
}

TEST_CASE("one bucket's bad batch is its own error, and leaves no trace", "[tablet]") {
  KvServerFixture f(1, {{"table.delete.behavior", "disable"}}, false);
  Bytes bad_crc = KvBatch({Put(1, "a")});
  bad_crc.back() = static_cast<char>(bad_crc.back() ^ 1);
  const auto response =
      f.Call(rpc::kPutKv,
             KvServerFixture::PutRequest(
                 f.table, {{0, bad_crc}, {1, KvBatch({Put(1, "a")})}, {7, KvBatch({Put(1, "a")})}}),
             kClients)
          .value();
  REQUIRE(response.buckets_resp_size() == 3);
  CHECK(CodeOf(response.buckets_resp(0)) == ErrorCode::kCorruptMessage);
  CHECK_FALSE(response.buckets_resp(0).has_log_end_offset());
  CHECK(CodeOf(response.buckets_resp(1)) == ErrorCode::kOk);
  CHECK(CodeOf(response.buckets_resp(2)) == ErrorCode::kUnknownTableOrBucket);

  CHECK(CodeOf(f.Put("")) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(f.Put(KvBatch({Put(1, "a")}) + KvBatch({Put(2, "b")}))) ==
        ErrorCode::kCorruptMessage);
  CHECK(CodeOf(f.Put(KvBatch({Put(1, "a"), Put(2, {})}))) == ErrorCode::kCorruptRecord);
  CHECK(CodeOf(f.Put(KvBatch({Put(1, "a"), Del(1)}))) == ErrorCode::kDeletionDisabled);
  for (const int16_t schema : {int16_t{-1}, int16_t{0}, int16_t{2}}) {
    CHECK(CodeOf(f.Put(KvBatch({Put(1, "a")}, kNoWriter, kNoSequence, SchemaId(schema)))) ==
          ErrorCode::kSchemaNotExist);
  }
  CHECK(f.AllRows().empty());
  CHECK(f.AllChanges().empty());
}

TEST_CASE("each kind of table refuses the other kind's writes", "[tablet]") {
  KvServerFixture f;
  const TableId log_table = f.CreateTable("logs");
  const auto put = f.Call(
      rpc::kPutKv, KvServerFixture::PutRequest(log_table, {{0, KvBatch({Put(1, "a")})}}), kClients);
  CHECK(CodeOf(put.value().buckets_resp(0)) == ErrorCode::kNonPrimaryKeyTable);
  const auto produced = f.Produce(f.table, {{0, Batch({1})}});
  CHECK(CodeOf(produced.buckets_resp(0)) == ErrorCode::kInvalidTable);
  CHECK(f.AllChanges().empty());
}

TEST_CASE("what holds for a whole PutKv refuses all of it", "[tablet]") {
  KvServerFixture f;
  for (const int acks : {-2, 2}) {
    const auto answer =
        f.Call(rpc::kPutKv,
               KvServerFixture::PutRequest(f.table, {{0, KvBatch({Put(1, "a")})}}, acks), kClients);
    CHECK(answer.status().code() == ErrorCode::kInvalidRequiredAcks);
  }
  f.authorizer().refused = {rpc::Operation::kWrite};
  CHECK(f.Call(rpc::kPutKv, KvServerFixture::PutRequest(f.table, {}), kClients).status().code() ==
        ErrorCode::kAuthorization);
  f.authorizer().refused = {};
  CHECK(f.AllRows().empty());
}

TEST_CASE("clients that encode keys in another way are refused", "[tablet]") {
  const PropertyMap lake = {{"table.datalake.format", "paimon"}, {"table.kv.format-version", "2"}};
  KvServerFixture f(1, lake);
  const auto old = f.PutAtVersion(0, KvBatch({Put(1, "a")}));
  CHECK(CodeOf(old) == ErrorCode::kUnsupportedVersion);
  CHECK(old.error_message().find("table.kv.format-version") != std::string::npos);
  CHECK(CodeOf(f.PutAtVersion(1, KvBatch({Put(1, "a")}))) == ErrorCode::kOk);
  // Lookups are told the same.
  const auto found =
      f.Call(rpc::kLookup, KvServerFixture::LookupRequest(f.table, {{0, 1}}), kClients).value();
  CHECK(CodeOf(found.buckets_resp(0)) == ErrorCode::kUnsupportedVersion);
  KvServerFixture plain(1, {{"table.kv.format-version", "2"}});
  CHECK(CodeOf(plain.PutAtVersion(0, KvBatch({Put(1, "a")}))) == ErrorCode::kOk);
}

TEST_CASE("a full buffer is back-pressure for those who know what that is", "[tablet]") {
  KvServerFixture f;
  // With a replica that is not in sync, so that nothing is committed.
  auto leadership = f.Notification(KeyedTable({}, f.table), 2, 1, 1);
  for (auto& bucket : *leadership.mutable_notify_buckets_leader_req()) bucket.add_replicas(9);
  REQUIRE(f.Call(rpc::kNotifyLeaderAndIsr, leadership).ok());
  const auto fill = [&](int16_t version, int i) {
    auto request = KvServerFixture::PutRequest(
        f.table, {{0, KvBatch({Put(i, std::string(size_t{15} << 20, 'x'))})}}, 1);
    const auto pending = f.Send(rpc::kPutKv, request, kClients, version);
    REQUIRE(f.scheduler().RunUntil([&] { return pending->has_value(); }, Seconds(10)));
    return CodeOf(ServerFixture::Parsed<pb::PutKvResponse>(**pending).value().buckets_resp(0));
  };
  int puts = 0;
  while (puts < 100 && fill(2, puts) == ErrorCode::kOk) ++puts;
  CHECK(puts == 4);
  CHECK(fill(2, puts) == ErrorCode::kStorageBackpressure);
  CHECK(fill(1, puts) == ErrorCode::kKvStorage);
  CHECK(fill(0, puts) == ErrorCode::kKvStorage);
}

TEST_CASE("trouble with the disk is an error that every client tries again with", "[tablet]") {
  KvServerFixture f;
  for (const int error : {ENOSPC, EIO}) {
    f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", error);
    CHECK(CodeOf(f.Put(KvBatch({Put(1, "a")}))) == ErrorCode::kLogStorage);
  }
  CHECK(f.AllRows().empty());
  CHECK(f.Put(KvBatch({Put(1, "a")})).log_end_offset() == 1);
}

}  // namespace strom::tablet

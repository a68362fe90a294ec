#include "common/rpc/dispatcher.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/common/rpc/rpc_testing.h"

namespace strom::rpc {
namespace {

// What came back from a Dispatch, and how often.
struct Outcome {
  int replies = 0;
  std::optional<Result<Bytes>> result;

  ReplyFn Take() {
    return [this](Result<Bytes> r) {
      ++replies;
      result = std::move(r);
    };
  }
};

ErrorCode CodeOf(const Outcome& outcome) {
  REQUIRE(outcome.replies == 1);
  return outcome.result->status().code();
}

Bytes Message(std::string_view name) { return Serialize(ExistsRequest(std::string(name))); }

void ServeDatabaseExists(Dispatcher& dispatcher) {
  dispatcher.Handle(kDatabaseExists, [](const RequestContext&, const auto& request,
                                        Responder<pb::DatabaseExistsResponse> respond) {
    if (request->database_name().empty()) {
      return std::move(respond).Fail(Error(ErrorCode::kInvalidDatabase, "no name"));
    }
    pb::DatabaseExistsResponse response;
    response.set_exists(request->database_name() == "db");
    std::move(respond).Ok(response);
  });
}

class Service {
 public:
  void PutKv(const RequestContext& ctx, Ref<pb::PutKvRequest> /*request*/,
             Responder<pb::PutKvResponse> respond) {
    version_seen = ctx.api_version;
    std::move(respond).Ok({});
  }
  int16_t version_seen = -1;
};

class Recorder final : public DispatchObserver {
 public:
  void OnRequest(const MethodInfo& method, const RequestContext&) override {
    events.push_back("request " + std::string(method.name));
  }
  void OnReply(const MethodInfo& method, const RequestContext& ctx, ErrorCode code,
               size_t reply_bytes) override {
    events.push_back("reply " + std::string(method.name) + " " + std::to_string(ctx.api_version) +
                     " " + std::string(ErrorCodeName(code)) + " " + std::to_string(reply_bytes));
  }
  std::vector<std::string> events;
};

}  // namespace

TEST_CASE("a dispatcher takes a message to its handler and the answer back", "[rpc]") {
  Dispatcher dispatcher;
  ServeDatabaseExists(dispatcher);
  const RequestContext ctx = ContextFor(MethodInfo::Of(kDatabaseExists), Audience::kFlussClients);
  Outcome found, failed;
  dispatcher.Dispatch(ctx, Message("db"), found.Take());
  dispatcher.Dispatch(ctx, Message(""), failed.Take());

  REQUIRE(CodeOf(found) == ErrorCode::kOk);
  pb::DatabaseExistsResponse response;
  REQUIRE(Parse(**found.result, "answer", &response).ok());
  CHECK(response.exists());
  CHECK(CodeOf(failed) == ErrorCode::kInvalidDatabase);
  CHECK(failed.result->status().message() == "no name");
}

TEST_CASE("a dispatcher refuses keys and versions it does not serve", "[rpc]") {
  Dispatcher dispatcher;
  ServeDatabaseExists(dispatcher);
  RequestContext ctx = ContextFor(MethodInfo::Of(kDatabaseExists), Audience::kServers);
  SECTION("unknown key") {
    ctx.api_key = 999;
    Outcome outcome;
    dispatcher.Dispatch(ctx, "", outcome.Take());
    CHECK(CodeOf(outcome) == ErrorCode::kUnsupportedVersion);
    CHECK(outcome.result->status().message() == "api key 999 is not served on listener TEST");
  }
  SECTION("version too high or negative") {
    for (const int16_t version : {1, -1}) {
      ctx.api_version = version;
      Outcome outcome;
      dispatcher.Dispatch(ctx, Message("db"), outcome.Take());
      CHECK(CodeOf(outcome) == ErrorCode::kUnsupportedVersion);
    }
  }
}

TEST_CASE("a body that is no such message is refused by name", "[rpc]") {
  Dispatcher dispatcher;
  ServeDatabaseExists(dispatcher);
  const RequestContext ctx = ContextFor(MethodInfo::Of(kDatabaseExists), Audience::kServers);
  Outcome torn, empty;
  dispatcher.Dispatch(ctx, Message("db").substr(0, 3), torn.Take());
  dispatcher.Dispatch(ctx, "", empty.Take());  // The required field is missing.
  CHECK(CodeOf(torn) == ErrorCode::kCorruptMessage);
  CHECK(torn.result->status().message().starts_with("DatabaseExists: 3 bytes"));
  CHECK(CodeOf(empty) == ErrorCode::kCorruptMessage);
  CHECK(empty.result->status().message() ==
        "DatabaseExists: required fields are missing: database_name");
}

TEST_CASE("internal methods are served to servers only", "[rpc]") {
  Dispatcher dispatcher;
  dispatcher.Handle(kStopReplica, [](const RequestContext&, const auto&, auto respond) {
    std::move(respond).Ok({});
  });
  pb::StopReplicaRequest request;
  request.set_coordinator_epoch(1);
  const auto dispatch = [&](Audience audience) {
    Outcome outcome;
    dispatcher.Dispatch(ContextFor(MethodInfo::Of(kStopReplica), audience), Serialize(request),
                        outcome.Take());
    return CodeOf(outcome);
  };
  CHECK(dispatch(Audience::kServers) == ErrorCode::kOk);
  CHECK(dispatch(Audience::kStromClients) == ErrorCode::kUnsupportedVersion);
  CHECK(dispatch(Audience::kFlussClients) == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("our own methods are hidden from official clients", "[rpc]") {
  constexpr Method<pb::DatabaseExistsRequest, pb::DatabaseExistsResponse> kOwn{
      kFirstOwnApiKey, 0, 0, Visibility::kPublic, Role::kCoordinator, "StromService", "Own"};
  Dispatcher dispatcher;
  dispatcher.Handle(kOwn, [](const RequestContext&, const auto&, auto respond) {
    std::move(respond).Fail(Error(ErrorCode::kConfig, "ran"));
  });
  const auto dispatch = [&](Audience audience) {
    Outcome outcome;
    dispatcher.Dispatch(ContextFor(MethodInfo::Of(kOwn), audience), Message("db"), outcome.Take());
    return CodeOf(outcome);
  };
  CHECK(dispatch(Audience::kStromClients) == ErrorCode::kConfig);
  CHECK(dispatch(Audience::kFlussClients) == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("a member function can be the handler and sees the version", "[rpc]") {
  Dispatcher dispatcher;
  Service service;
  dispatcher.Handle(kPutKv, service, &Service::PutKv);
  pb::PutKvRequest request;
  request.set_acks(1);
  request.set_table_id(7);
  request.set_timeout_ms(10);
  RequestContext ctx = ContextFor(MethodInfo::Of(kPutKv), Audience::kFlussClients);
  ctx.api_version = 1;
  Outcome outcome;
  dispatcher.Dispatch(ctx, Serialize(request), outcome.Take());
  CHECK(CodeOf(outcome) == ErrorCode::kOk);
  CHECK(service.version_seen == 1);
}

TEST_CASE("a responder dropped by its handler answers with an error", "[rpc]") {
  Dispatcher dispatcher;
  std::optional<Responder<pb::DatabaseExistsResponse>> kept;
  dispatcher.Handle(kDatabaseExists, [&](const RequestContext&, const auto&, auto respond) {
    kept.emplace(std::move(respond));
  });
  Outcome outcome;
  dispatcher.Dispatch(ContextFor(MethodInfo::Of(kDatabaseExists), Audience::kServers),
                      Message("db"), outcome.Take());
  CHECK(outcome.replies == 0);
  kept.reset();
  CHECK(CodeOf(outcome) == ErrorCode::kUnknownServerError);
}

TEST_CASE("a moved-from responder does not answer", "[rpc]") {
  Outcome outcome;
  {
    Responder<pb::DatabaseExistsResponse> first("DatabaseExists", outcome.Take());
    Responder<pb::DatabaseExistsResponse> second(std::move(first));
    std::move(second).Fail(Error(ErrorCode::kNetwork, "once"));
  }
  CHECK(outcome.replies == 1);
}

TEST_CASE("an observer sees requests, answers and refusals", "[rpc]") {
  Recorder recorder;
  Dispatcher dispatcher({.observer = &recorder});
  ServeDatabaseExists(dispatcher);
  RequestContext ctx = ContextFor(MethodInfo::Of(kDatabaseExists), Audience::kServers);
  Outcome ok, wrong_version, unknown;
  dispatcher.Dispatch(ctx, Message("db"), ok.Take());
  ctx.api_version = 9;
  dispatcher.Dispatch(ctx, Message("db"), wrong_version.Take());
  ctx.api_key = 999;
  dispatcher.Dispatch(ctx, Message("db"), unknown.Take());
  CHECK(recorder.events ==
        std::vector<std::string>{"request DatabaseExists", "reply DatabaseExists 0 kOk 2",
                                 "request DatabaseExists",
                                 "reply DatabaseExists 9 kUnsupportedVersion 0"});
}

TEST_CASE("the ApiVersions answer lists what a listener serves, and Authenticate", "[rpc]") {
  Dispatcher dispatcher;
  Service service;
  ServeDatabaseExists(dispatcher);
  dispatcher.Handle(kPutKv, service, &Service::PutKv);
  dispatcher.Handle(kStopReplica, [](const RequestContext&, const auto&, auto) {});
  const auto keys = [&](Audience audience) {
    pb::ApiVersionsResponse response;
    FillApiVersions(dispatcher, audience, &response);
    std::vector<int> keys;
    for (const auto& api : response.api_versions()) keys.push_back(api.api_key());
    return keys;
  };
  CHECK(keys(Audience::kFlussClients) == std::vector<int>{1004, 1016, 1038});
  CHECK(keys(Audience::kServers) == std::vector<int>{1004, 1016, 1019, 1038});

  pb::ApiVersionsResponse response;
  FillApiVersions(dispatcher, Audience::kFlussClients, &response);
  CHECK(response.api_versions(1).min_version() == 0);
  CHECK(response.api_versions(1).max_version() == 2);
}

TEST_CASE("methods are found by key and by gRPC name", "[rpc]") {
  Dispatcher dispatcher;
  ServeDatabaseExists(dispatcher);
  REQUIRE(dispatcher.Find(1004) != nullptr);
  CHECK(dispatcher.Find("CommonService", "DatabaseExists") == dispatcher.Find(1004));
  CHECK(dispatcher.Find("TabletService", "DatabaseExists") == nullptr);
  CHECK(dispatcher.Find(1014) == nullptr);
}

TEST_CASE("error answers keep code and message, and default texts stay home", "[rpc]") {
  const Status status = Error(ErrorCode::kTableNotExist, "table db.t does not exist");
  const Status back = ParseError(SerializeError(status));
  CHECK(back.code() == status.code());
  CHECK(back.message() == status.message());

  const Status plain(ErrorCode::kTableNotExist,
                     std::string(ErrorCodeText(ErrorCode::kTableNotExist)));
  CHECK(SerializeError(plain) == Bytes("\x08\x07", 2));
  CHECK(ParseError(SerializeError(plain)).message() == plain.message());

  CHECK(ParseError("\x08").code() == ErrorCode::kCorruptMessage);
  CHECK(ParseError(Bytes("\x08\xe7\x07", 3)).code() == ErrorCode::kUnknownServerError);  // 999.
  CHECK(ParseError(Bytes("\x08\x00", 2)).code() == ErrorCode::kUnknownServerError);
}

}  // namespace strom::rpc

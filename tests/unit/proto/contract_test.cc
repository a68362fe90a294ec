// The messages, the method table and services.proto against each other.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/rpc/own_fields.h"
#include "proto/log.pb.h"
#include "proto/strom.pb.h"
#include "proto/types.pb.h"
#include "tests/unit/proto/capture.h"
#include "tests/unit/proto/messages.h"

namespace strom {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

// services.proto and all it imports, as protoc read them when this test was built.
class ServicesFile {
 public:
  ServicesFile() {
    std::ifstream in(STROM_SERVICES_DESCRIPTORS, std::ios::binary);
    google::protobuf::FileDescriptorSet files;
    REQUIRE(files.ParseFromIstream(&in));
    for (const auto& file : files.file()) REQUIRE(pool_.BuildFile(file) != nullptr);
    file_ = pool_.FindFileByName("proto/services.proto");
    REQUIRE(file_ != nullptr);
  }
  const FileDescriptor& operator*() const { return *file_; }
  const FileDescriptor* operator->() const { return file_; }

 private:
  google::protobuf::DescriptorPool pool_;
  const FileDescriptor* file_;
};

TEST_CASE("services.proto offers exactly the methods of the table", "[proto]") {
  const ServicesFile services;
  CHECK(services->package() == "strom.v1");
  std::set<std::string> expected = {"StromService/Session"};
  for (const rpc::MethodInfo& method : rpc::AllMethods()) {
    INFO(method.service << "/" << method.name);
    expected.insert(std::string(method.service) + "/" + std::string(method.name));
    const ServiceDescriptor* service = services->FindServiceByName(std::string(method.service));
    REQUIRE(service != nullptr);
    const auto* rpc = service->FindMethodByName(std::string(method.name));
    REQUIRE(rpc != nullptr);
    const MethodMessages& messages = MessagesOf(method.api_key);
    CHECK(rpc->input_type()->full_name() == messages.request->GetTypeName());
    CHECK(rpc->output_type()->full_name() == messages.response->GetTypeName());
    CHECK_FALSE(rpc->client_streaming());
    CHECK_FALSE(rpc->server_streaming());
  }
  std::set<std::string> offered;
  for (int s = 0; s < services->service_count(); ++s) {
    const ServiceDescriptor& service = *services->service(s);
    for (int m = 0; m < service.method_count(); ++m) {
      offered.insert(service.name() + "/" + service.method(m)->name());
    }
  }
  CHECK(offered == expected);
}

TEST_CASE("the session is a stream of frames in both directions", "[proto]") {
  const ServicesFile services;
  const ServiceDescriptor* service = services->FindServiceByName("StromService");
  REQUIRE(service != nullptr);
  const auto* session = service->FindMethodByName("Session");
  REQUIRE(session != nullptr);
  CHECK(session->client_streaming());
  CHECK(session->server_streaming());
  CHECK(session->input_type()->full_name() == pb::Frame::descriptor()->full_name());
  CHECK(session->output_type()->full_name() == pb::Frame::descriptor()->full_name());
}

TEST_CASE("the method table holds each of Fluss's api keys once, ascending, then ours", "[proto]") {
  int16_t expected = 1000;
  int16_t expected_own = rpc::kFirstOwnApiKey;
  for (const rpc::MethodInfo& method : rpc::AllMethods()) {
    const bool own = method.api_key >= rpc::kFirstOwnApiKey;
    CHECK(method.api_key == (own ? expected_own++ : expected++));
    CHECK(method.version_min == 0);
  }
  CHECK(expected == 1065);
  CHECK(expected_own == 20009);
}

TEST_CASE("only the key-value calls have more than one version", "[proto]") {
  std::map<std::string_view, int16_t> newer;
  for (const rpc::MethodInfo& method : rpc::AllMethods()) {
    if (method.version_max > 0) newer[method.name] = method.version_max;
  }
  CHECK(newer ==
        std::map<std::string_view, int16_t>{{"PutKv", 2}, {"Lookup", 1}, {"PrefixLookup", 1}});
}

TEST_CASE("a constant and its entry in the table say the same", "[proto]") {
  const auto methods = rpc::AllMethods();
  const auto found =
      std::ranges::find(methods, rpc::kProduceLog.api_key, &rpc::MethodInfo::api_key);
  REQUIRE(found != methods.end());
  CHECK(found->name == "ProduceLog");
  CHECK(found->service == "TabletService");
  CHECK(found->visibility == rpc::Visibility::kPublic);
  CHECK(found->role == rpc::Role::kTablet);
  CHECK(rpc::kAdjustIsr.visibility == rpc::Visibility::kInternal);
  CHECK(rpc::kMetadata.service == "CommonService");
  static_assert(std::is_same_v<decltype(rpc::kProduceLog)::Response, pb::ProduceLogResponse>);
}

TEST_CASE("a role serves what it shares and what is its own", "[proto]") {
  using rpc::Role;
  CHECK(rpc::Serves(Role::kTablet, Role::kTablet));
  CHECK(rpc::Serves(Role::kTablet, Role::kBoth));
  CHECK_FALSE(rpc::Serves(Role::kTablet, Role::kCoordinator));
  CHECK(rpc::Serves(Role::kBoth, Role::kCoordinator));
}

TEST_CASE("roles and versions agree with what official servers advertise", "[proto]") {
  std::set<int> roles_seen;
  for (const Capture& capture : LoadCaptures()) {
    if (capture.api_key != rpc::kApiVersions.api_key) continue;
    INFO(capture.ToString());
    pb::ApiVersionsResponse response;
    REQUIRE(response.ParseFromString(capture.response));
    const auto role = static_cast<rpc::Role>(response.server_type());
    roles_seen.insert(response.server_type());

    std::set<int> advertised;
    for (const pb::PbApiVersion& api : response.api_versions()) {
      advertised.insert(api.api_key());
      const auto methods = rpc::AllMethods();
      const auto ours = std::ranges::find(methods, api.api_key(), &rpc::MethodInfo::api_key);
      REQUIRE(ours != methods.end());
      CHECK(ours->version_min <= api.min_version());
      CHECK(ours->version_max >= api.max_version());
    }
    std::set<int> served;
    for (const rpc::MethodInfo& method : rpc::AllMethods()) {
      const bool recorded_then =
          method.api_key <= 1059;  // Later keys came after that server, 0.9.1.
      if (recorded_then && rpc::Serves(role, method.role)) served.insert(method.api_key);
    }
    CHECK(served == advertised);
  }
  CHECK(roles_seen.count(1) == 1);
}

// Visits each message type of services.proto's imports, and of those files only.
template <class Visit>
void ForEachMessageType(const FileDescriptor& services, Visit visit) {
  for (int f = 0; f < services.dependency_count(); ++f) {
    const FileDescriptor& file = *services.dependency(f);
    for (int m = 0; m < file.message_type_count(); ++m) visit(*file.message_type(m));
  }
}

TEST_CASE("lists of numbers are packed, but for the one that Fluss left unpacked", "[proto]") {
  const ServicesFile services;
  int packed = 0;
  std::set<std::string> unpacked;
  ForEachMessageType(*services, [&](const Descriptor& type) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!field.is_packable()) continue;
      field.is_packed() ? void(++packed) : void(unpacked.insert(field.full_name()));
    }
  });
  CHECK(packed == 18 + 1);  // And the kinds of a worker.
  CHECK(unpacked ==
        std::set<std::string>{"strom.v1.LakeTieringHeartbeatRequest.force_finished_tables"});
}

TEST_CASE("the messages are proto2 with explicit presence and no features beyond Fluss's",
          "[proto]") {
  const ServicesFile services;
  int messages = 0;
  std::set<std::string> own_fields;
  ForEachMessageType(*services, [&](const Descriptor& type) {
    INFO(type.full_name());
    // Fluss's; what is ours alone is in strom.proto.
    messages += type.file()->name() == "proto/strom.proto" ? 0 : 1;
    CHECK(type.file()->syntax() == FileDescriptor::SYNTAX_PROTO2);
    CHECK(type.real_oneof_decl_count() == 0);
    CHECK(type.extension_range_count() == 0);
    CHECK(type.enum_type_count() == 0);
    for (int i = 0; i < type.field_count(); ++i) {
      CHECK_FALSE(type.field(i)->has_default_value());
      if (type.field(i)->number() >= rpc::kFirstOwnField) {
        own_fields.insert(type.field(i)->full_name());
        CHECK_FALSE(type.field(i)->is_required());  // Official clients leave it out.
      }
      // Presence of an error decides between success and failure, so it can never be implied.
      if (type.field(i)->name() == "error_code" && type.name() != "ErrorResponse") {
        CHECK(type.field(i)->is_optional());
      }
    }
  });
  CHECK(messages == 209);
  CHECK(own_fields ==
        std::set<std::string>{
            "strom.v1.ControlledShutdownRequest.start_epoch",
            "strom.v1.UpdateMetadataRequest.view_version",
            "strom.v1.PbNotifyLeaderAndIsrReqForBucket.withhold_ms",
            "strom.v1.PbNotifyLeaderAndIsrReqForBucket.ended_since",
            "strom.v1.ProduceLogRequest.job_group", "strom.v1.ProduceLogRequest.job_epoch",
            "strom.v1.PutKvRequest.job_group", "strom.v1.PutKvRequest.job_epoch",
            "strom.v1.PbFetchLogReqForBucket.leader_epoch",
            "strom.v1.PbFetchLogReqForBucket.last_epoch",
            "strom.v1.PbFetchLogReqForBucket.promised_at",
            "strom.v1.PbFetchLogRespForBucket.epochs", "strom.v1.PbFetchLogRespForBucket.sent_at",
            "strom.v1.PbFetchLogRespForBucket.diverging_epoch",
            "strom.v1.PbFetchLogRespForBucket.diverging_end_offset"});
}

TEST_CASE("a missing required field is noticed after parsing", "[proto]") {
  pb::ProduceLogRequest request;
  REQUIRE(request.ParsePartialFromString(FromHex("0801 1007").value()));  // acks, table_id.
  CHECK_FALSE(request.IsInitialized());
  CHECK(request.InitializationErrorString() == "timeout_ms");
  REQUIRE(request.ParsePartialFromString(FromHex("0801 1007 1864").value()));
  CHECK(request.IsInitialized());
}

TEST_CASE("packed and single elements are read alike", "[proto]") {
  pb::ListOffsetsRequest packed, single;
  REQUIRE(packed.ParseFromString(FromHex("08ffffffffffffffffff01 1001 1807 2a02 0002").value()));
  REQUIRE(single.ParseFromString(FromHex("08ffffffffffffffffff01 1001 1807 2800 2802").value()));
  CHECK(packed.follower_server_id() == -1);
  CHECK(packed.bucket_id_size() == 2);
  CHECK(packed.SerializeAsString() == single.SerializeAsString());
}

}  // namespace
}  // namespace strom

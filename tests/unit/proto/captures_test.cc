// The messages against recorded conversations of the official clients and servers.
#include <map>
#include <memory>

#include <catch2/catch_test_macros.hpp>

#include "common/base/error_code.h"
#include "proto/log.pb.h"
#include "proto/pb.h"
#include "proto/types.pb.h"
#include "tests/unit/proto/capture.h"
#include "tests/unit/proto/messages.h"

namespace strom {
namespace {

using google::protobuf::Message;

// How many bodies came out of parsing and serialising as they went in.
struct RoundTrips {
  int identical = 0;
  int without_empty_packed = 0;  // Identical but for packed fields without elements.
};

// Checks that `bytes` is a message of `prototype`'s type and nothing more.
void CheckBody(const Message& prototype, BytesView bytes, RoundTrips& round_trips) {
  INFO(prototype.GetTypeName() << " " << ToHex(bytes));
  const std::unique_ptr<Message> message(prototype.New());
  REQUIRE(message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  CHECK(message->IsInitialized());
  CHECK(UnknownFields(*message) == std::vector<std::string>{});

  const Bytes written = message->SerializeAsString();
  if (written == bytes) {
    ++round_trips.identical;
    return;
  }
  CHECK(ToHex(written) == ToHex(WithoutEmptyPackedFields(bytes, *prototype.GetDescriptor())));
  ++round_trips.without_empty_packed;
}

const Message& ResponseType(const Capture& capture) {
  if (capture.response_type != 0) return pb::ErrorResponse::default_instance();
  return *MessagesOf(capture.api_key).response;
}

TEST_CASE("recorded messages parse completely and are written back byte for byte", "[proto]") {
  RoundTrips java, rust;
  for (const Capture& capture : LoadCaptures()) {
    INFO(capture.ToString());
    // Servers answer in Java whoever asks; only the Rust client's requests are not written by Java.
    CheckBody(*MessagesOf(capture.api_key).request, capture.request,
              capture.client == "pyfluss" ? rust : java);
    CheckBody(ResponseType(capture), capture.response, java);
  }
  CHECK(rust.identical + rust.without_empty_packed + java.identical + java.without_empty_packed ==
        2 * 314);
  CHECK(rust.without_empty_packed == 0);  // Rust leaves empty lists out, as we do.
  CHECK(java.without_empty_packed > 0);
  CHECK(java.without_empty_packed < java.identical / 4);
}

TEST_CASE("recorded errors carry codes we know by number", "[proto]") {
  int errors = 0;
  for (const Capture& capture : LoadCaptures()) {
    if (capture.response_type == 0) continue;
    INFO(capture.ToString());
    pb::ErrorResponse error;
    REQUIRE(error.ParseFromString(capture.response));
    CHECK(ErrorCodeName(static_cast<ErrorCode>(error.error_code())) != "unknown");
    CHECK(error.error_code() != 0);
    ++errors;
  }
  CHECK(errors > 30);
}

TEST_CASE("the recordings cover the calls of writers, readers, admins and servers", "[proto]") {
  std::map<int16_t, int> calls;
  for (const Capture& capture : LoadCaptures()) ++calls[capture.api_key];
  CHECK(calls.size() >= 50);
  for (const int16_t key : {1000, 1012, 1014, 1015, 1016, 1017, 1018, 1021, 1026, 1034}) {
    INFO("api key " << key);
    CHECK(calls[key] > 0);
  }
}

TEST_CASE("a body cut short never parses as if it were whole", "[proto]") {
  for (const Capture& capture : LoadCaptures()) {
    if (capture.api_key != 1014 && capture.api_key != 1018) continue;
    INFO(capture.ToString());
    const std::unique_ptr<Message> whole(MessagesOf(capture.api_key).request->New());
    REQUIRE(whole->ParseFromString(capture.request));
    for (size_t size = 0; size < capture.request.size(); ++size) {
      const std::unique_ptr<Message> message(whole->New());
      // The partial parser, because the other one logs what is missing.
      const bool parsed =
          message->ParsePartialFromArray(capture.request.data(), static_cast<int>(size));
      if (!parsed || !message->IsInitialized()) continue;
      CHECK(message->SerializeAsString() != whole->SerializeAsString());
    }
  }
}

TEST_CASE("an unknown field is found at any depth", "[proto]") {
  // Field 17, a varint, in the answer itself and in its second bucket.
  const Bytes bytes = FromHex("0a02 1000 0a05 1001 880101 880102").value();
  pb::ProduceLogResponse response;
  REQUIRE(response.ParseFromString(bytes));
  CHECK(UnknownFields(response) ==
        std::vector<std::string>{"ProduceLogResponse 17", "ProduceLogResponse.buckets_resp 17"});
}

TEST_CASE("empty packed fields are taken out, and nothing else", "[proto]") {
  const auto& type = *pb::FetchLogRequest::descriptor();
  // tables_req {table_id: 7, projection: false, projected_fields: [] as 1a 00, one bucket}.
  const Bytes java = FromHex("0801 1064 1a10 0807 1000 1a00 2208 1000 1800 20808040 2801").value();
  const Bytes rust = FromHex("0801 1064 1a0e 0807 1000 2208 1000 1800 20808040 2801").value();
  CHECK(ToHex(WithoutEmptyPackedFields(java, type)) == ToHex(rust));
  CHECK(ToHex(WithoutEmptyPackedFields(rust, type)) == ToHex(rust));

  // An empty string or bytes field is a value and stays.
  const Bytes empty_records = FromHex("1000 1a00").value();
  CHECK(WithoutEmptyPackedFields(empty_records, *pb::PbProduceLogReqForBucket::descriptor()) ==
        empty_records);
}

}  // namespace
}  // namespace strom

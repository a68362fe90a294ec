#include "common/rpc/framed/frame_codec.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <nlohmann/json.hpp>

#include "tests/sim/world/sim_random.h"
#include "tests/testing/source_tree.h"

namespace strom::rpc::framed {
namespace {

struct Recorded {
  int line;
  int16_t api_key;
  int16_t api_version;
  int32_t request_id;
  int8_t response_type;
  Bytes request;
  Bytes response;
};

// Frames between official clients and servers, as they were on the wire.
const std::vector<Recorded>& Captures() {
  static const std::vector<Recorded> captures = [] {
    std::vector<Recorded> all;
    std::ifstream file(testing::SourcePath("tests/data/captures.jsonl"));
    for (std::string line; std::getline(file, line);) {
      const auto json = nlohmann::json::parse(line);
      all.push_back({static_cast<int>(all.size()) + 1, json.at("api_key"), json.at("api_version"),
                     json.at("request_id"), json.at("response_type"),
                     FromHex(json.at("request_hex").get<std::string>()).value(),
                     FromHex(json.at("response_hex").get<std::string>()).value()});
    }
    return all;
  }();
  REQUIRE(captures.size() > 300);
  return captures;
}

Bytes Stream(bool requests) {
  Bytes stream;
  for (const Recorded& r : Captures()) stream += requests ? r.request : r.response;
  return stream;
}

FrameDecoder RequestDecoder(size_t max = kFrameBytesMaxDefault) {
  return FrameDecoder(kRequestHeaderBytes, max);
}

}  // namespace

TEST_CASE("recorded request frames decode and encode to the same bytes", "[rpc]") {
  for (const Recorded& recorded : Captures()) {
    INFO("captures.jsonl:" << recorded.line);
    FrameDecoder decoder = RequestDecoder();
    decoder.Append(recorded.request);
    const auto payload = decoder.Next();
    REQUIRE(payload.ok());
    REQUIRE(payload->has_value());
    CHECK(decoder.buffered_bytes() == 0);
    const RequestFrame frame = ParseRequest(**payload).value();
    CHECK(frame.api_key == recorded.api_key);
    CHECK(frame.api_version == recorded.api_version);
    CHECK(frame.request_id == recorded.request_id);
    CHECK(EncodeHeader(frame) + Bytes(frame.body) == recorded.request);
  }
}

TEST_CASE("recorded response frames decode and encode to the same bytes", "[rpc]") {
  int errors = 0;
  for (const Recorded& recorded : Captures()) {
    INFO("captures.jsonl:" << recorded.line);
    FrameDecoder decoder(kResponsePayloadBytesMin, kFrameBytesMaxDefault);
    decoder.Append(recorded.response);
    const auto payload = decoder.Next();
    REQUIRE(payload.ok());
    REQUIRE(payload->has_value());
    const ResponseFrame frame = ParseResponse(**payload).value();
    CHECK(static_cast<int8_t>(frame.type) == recorded.response_type);
    CHECK(frame.request_id == recorded.request_id);
    CHECK(EncodeHeader(frame) + Bytes(frame.body) == recorded.response);
    errors += frame.type == ResponseType::kError;
  }
  CHECK(errors > 0);
}

TEST_CASE("a stream gives the same frames however it is cut", "[rpc]") {
  const uint64_t seed = GENERATE(range(1, 6));
  INFO("seed " << seed);
  sim::SimRandom random(seed);
  const Bytes stream = Stream(true);
  FrameDecoder decoder = RequestDecoder();
  size_t position = 0;
  size_t frames = 0;
  while (position < stream.size()) {
    const size_t longest = random.Chance(0.2) ? 20000 : 40;
    const size_t size = std::min<size_t>(stream.size() - position, 1 + random.Uniform(longest));
    decoder.Append(BytesView(stream).substr(position, size));
    position += size;
    for (auto payload = decoder.Next(); payload.value().has_value(); payload = decoder.Next()) {
      const Bytes& expected = Captures().at(frames++).request;
      REQUIRE(**payload == BytesView(expected).substr(kLengthBytes));
    }
  }
  CHECK(frames == Captures().size());
  CHECK(decoder.buffered_bytes() == 0);
}

TEST_CASE("a frame without its end is waited for", "[rpc]") {
  const Bytes& whole = Captures().front().request;
  for (size_t size = 0; size < whole.size(); ++size) {
    FrameDecoder decoder = RequestDecoder();
    decoder.Append(BytesView(whole).substr(0, size));
    const auto payload = decoder.Next();
    REQUIRE(payload.ok());
    CHECK_FALSE(payload->has_value());
    CHECK(decoder.buffered_bytes() == size);
  }
}

TEST_CASE("lengths out of bounds are refused before their bytes arrive", "[rpc]") {
  const auto refusal = [](std::string_view hex, size_t max) {
    FrameDecoder decoder = RequestDecoder(max);
    decoder.Append(FromHex(hex).value());
    const auto payload = decoder.Next();
    REQUIRE_FALSE(payload.ok());
    CHECK(payload.status().code() == ErrorCode::kCorruptMessage);
    return std::string(payload.status().message());
  };
  CHECK(refusal("ffffffff", 1000) == "frame of length -1, at least 8 are needed");
  CHECK(refusal("80000000", 1000) == "frame of length -2147483648, at least 8 are needed");
  CHECK(refusal("00000000", 1000) == "frame of length 0, at least 8 are needed");
  CHECK(refusal("00000007", 1000) == "frame of length 7, at least 8 are needed");
  CHECK(refusal("000003e5", 1000) == "frame of 1001 bytes, 1000 are allowed");
  CHECK(refusal("7fffffff", 1000) == "frame of 2147483651 bytes, 1000 are allowed");

  FrameDecoder decoder = RequestDecoder(1000);  // The limit counts the length itself.
  decoder.Append(FromHex("000003e4").value());
  CHECK(decoder.Next().ok());
}

TEST_CASE("payloads shorter than their header are refused", "[rpc]") {
  const Bytes request = FromHex("03e8 0000 00000000").value();
  for (size_t size = 0; size < request.size(); ++size) {
    CHECK_FALSE(ParseRequest(BytesView(request).substr(0, size)).ok());
  }
  CHECK(ParseRequest(request).value().body.empty());

  CHECK_FALSE(ParseResponse("").ok());
  CHECK_FALSE(ParseResponse(FromHex("00 000000").value()).ok());
  CHECK_FALSE(ParseResponse(FromHex("03 00000000").value()).ok());
  CHECK_FALSE(ParseResponse(FromHex("ff 00000000").value()).ok());
  CHECK(ParseResponse(FromHex("00 00000005").value()).value().request_id == 5);
  CHECK(ParseResponse(FromHex("02").value()).value().type == ResponseType::kServerFailure);
  CHECK(ParseResponse(FromHex("02 0801").value()).value().body == "\x08\x01");  // No request id.
}

TEST_CASE("damaged streams give errors or other frames, never more than was sent", "[rpc]") {
  const uint64_t seed = GENERATE(range(1, 21));
  INFO("seed " << seed);
  sim::SimRandom random(seed);
  Bytes stream = Stream(seed % 2 == 0);
  for (int i = 0; i < 50; ++i) {
    stream[random.Uniform(stream.size())] = static_cast<char>(random.Uniform(256));
  }
  stream.resize(random.Uniform(stream.size()));
  FrameDecoder decoder(seed % 2 == 0 ? kRequestHeaderBytes : kResponsePayloadBytesMin, 100000);
  decoder.Append(stream);
  size_t taken = 0;
  while (true) {
    const auto payload = decoder.Next();
    if (!payload.ok()) {
      CHECK_FALSE(decoder.Next().ok());  // It stays broken.
      break;
    }
    if (!payload->has_value()) break;
    taken += kLengthBytes + (*payload)->size();
    REQUIRE(taken <= stream.size());
    (void)ParseRequest(**payload);
    (void)ParseResponse(**payload);
  }
}

TEST_CASE("a decoder gives back the memory of a large frame", "[rpc]") {
  FrameDecoder decoder = RequestDecoder();
  const Bytes body(size_t{4} << 20, 'x');
  const RequestFrame large{1014, 0, 1, body};
  decoder.Append(EncodeHeader(large) + body);
  CHECK((*decoder.Next().value()).size() == kRequestHeaderBytes + body.size());
  decoder.Append(EncodeHeader(RequestFrame{1014, 0, 2, ""}));
  CHECK((*decoder.Next().value()).size() == kRequestHeaderBytes);
  CHECK(decoder.buffered_bytes() == 0);
}

}  // namespace strom::rpc::framed

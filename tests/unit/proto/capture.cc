#include "tests/unit/proto/capture.h"

#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "common/base/byte_reader.h"
#include "tests/testing/source_tree.h"

namespace strom {
namespace {

Result<Bytes> RequestBody(BytesView frame, int16_t api_key, int16_t api_version,
                          int32_t request_id) {
  ByteReader reader(frame, "recorded request");
  STROM_ASSIGN_OR_RETURN(const auto length, reader.ReadBig<int32_t>());
  STROM_ASSIGN_OR_RETURN(const auto key, reader.ReadBig<int16_t>());
  STROM_ASSIGN_OR_RETURN(const auto version, reader.ReadBig<int16_t>());
  STROM_ASSIGN_OR_RETURN(const auto id, reader.ReadBig<int32_t>());
  if (static_cast<size_t>(length) != frame.size() - 4 || key != api_key || version != api_version ||
      id != request_id) {
    return Error(ErrorCode::kCorruptMessage, "header {} {} {} {}", length, key, version, id);
  }
  STROM_ASSIGN_OR_RETURN(const BytesView body, reader.ReadBytes(reader.remaining()));
  return Bytes(body);
}

Result<Bytes> ResponseBody(BytesView frame, uint8_t response_type, int32_t request_id) {
  ByteReader reader(frame, "recorded response");
  STROM_ASSIGN_OR_RETURN(const auto length, reader.ReadBig<int32_t>());
  STROM_ASSIGN_OR_RETURN(const auto type, reader.ReadBig<uint8_t>());
  STROM_ASSIGN_OR_RETURN(const auto id, reader.ReadBig<int32_t>());
  if (static_cast<size_t>(length) != frame.size() - 4 || type != response_type ||
      id != request_id) {
    return Error(ErrorCode::kCorruptMessage, "header {} {} {}", length, type, id);
  }
  STROM_ASSIGN_OR_RETURN(const BytesView body, reader.ReadBytes(reader.remaining()));
  return Bytes(body);
}

}  // namespace

std::string Capture::ToString() const {
  return fmt::format("captures.jsonl:{}: {} version {} from {}, response type {}", line, name,
                     api_version, client, response_type);
}

std::vector<Capture> LoadCaptures() {
  std::ifstream file(testing::SourcePath("tests/data/captures.jsonl"));
  REQUIRE(file.is_open());
  std::vector<Capture> captures;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    Capture capture{.line = ++number,
                    .api_key = json.at("api_key"),
                    .api_version = json.at("api_version"),
                    .name = json.at("name"),
                    .client = json.at("client"),
                    .response_type = json.at("response_type"),
                    .request = {},
                    .response = {}};
    INFO(capture.ToString());
    const int32_t id = json.at("request_id");
    capture.request = RequestBody(FromHex(json.at("request_hex").get<std::string>()).value(),
                                  capture.api_key, capture.api_version, id)
                          .value();
    capture.response = ResponseBody(FromHex(json.at("response_hex").get<std::string>()).value(),
                                    capture.response_type, id)
                           .value();
    captures.push_back(std::move(capture));
  }
  return captures;
}

}  // namespace strom

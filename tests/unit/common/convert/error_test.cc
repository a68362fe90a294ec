#include "common/convert/error.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/kv.pb.h"
#include "proto/log.pb.h"

namespace strom::convert {
namespace {

TEST_CASE("success leaves both fields out", "[convert]") {
  pb::PbProduceLogRespForBucket entry;
  entry.set_bucket_id(0);
  SetError(Status::Ok(), &entry);
  CHECK_FALSE(entry.has_error_code());
  CHECK_FALSE(entry.has_error_message());
  CHECK(entry.SerializeAsString() == std::string("\x10\x00", 2));
  CHECK(ErrorOf(entry).ok());
}

TEST_CASE("an error survives the wire in an entry", "[convert]") {
  const Status status = Error(ErrorCode::kNotLeaderOrFollower, "bucket {}: leader is {}", 3, 1);
  pb::PbProduceLogRespForBucket entry;
  SetError(status, &entry);
  CHECK(entry.error_code() == 12);
  CHECK(entry.error_message() == "bucket 3: leader is 1");
  CHECK(ErrorOf(entry).code() == status.code());
  CHECK(ErrorOf(entry).message() == status.message());
}

TEST_CASE("success after an error leaves nothing of it", "[convert]") {
  pb::PbPutKvRespForBucket entry;
  SetError(Error(ErrorCode::kKvStorage, "disk"), &entry);
  SetError(Status::Ok(), &entry);
  CHECK(ErrorOf(entry).ok());
  CHECK_FALSE(entry.has_error_message());
}

TEST_CASE("a default text is not written, and is there again after reading", "[convert]") {
  const ErrorCode code = ErrorCode::kLeaderNotAvailable;
  for (const std::string& text : {std::string(), std::string(ErrorCodeText(code))}) {
    pb::PbLookupRespForBucket entry;
    SetError(Error(ErrorCode::kKvStorage, "an earlier text"), &entry);
    SetError(Status(code, text), &entry);
    CHECK(entry.error_code() == 44);
    CHECK_FALSE(entry.has_error_message());
    CHECK(ErrorOf(entry).code() == code);
    CHECK(ErrorOf(entry).message() == ErrorCodeText(code));
  }
}

TEST_CASE("a text can be had in any case", "[convert]") {
  pb::ScanKvResponse response;
  SetError(Status(ErrorCode::kUnknownScannerId, ""), &response, ErrorText::kAlways);
  CHECK(response.error_message() == ErrorCodeText(ErrorCode::kUnknownScannerId));
  SetError(Status::Ok(), &response, ErrorText::kAlways);
  CHECK_FALSE(response.has_error_message());
}

TEST_CASE("a present 0 is read as success", "[convert]") {
  pb::PbFetchLogRespForBucket entry;
  entry.set_error_code(0);
  entry.set_error_message("no error");
  CHECK(ErrorOf(entry).ok());
}

TEST_CASE("an unknown number is an unknown error that names it", "[convert]") {
  for (const int32_t number : {74, 9999, -2, INT32_MIN, INT32_MAX}) {
    pb::PbFetchLogRespForBucket entry;
    entry.set_error_code(number);
    entry.set_error_message("from the future");
    const Status status = ErrorOf(entry);
    CHECK(status.code() == ErrorCode::kUnknownServerError);
    CHECK(status.message().find(std::to_string(number)) != std::string_view::npos);
    CHECK(status.message().find("from the future") != std::string_view::npos);
  }
}

TEST_CASE("every code survives the wire", "[convert]") {
#define STROM_ERROR_CODE(name, number, retriable, text)                \
  if (ErrorCode::name != ErrorCode::kOk) {                             \
    const Status status = FromPb(ToPb(Error(ErrorCode::name, "why"))); \
    CHECK(status.code() == ErrorCode::name);                           \
    CHECK(status.message() == "why");                                  \
    CHECK(ToPb(status).error_code() == (number));                      \
  }
#include "common/base/error_codes.inc"
#undef STROM_ERROR_CODE
}

TEST_CASE("an error without an error is an error", "[convert]") {
  pb::ErrorResponse response;
  response.set_error_code(0);
  CHECK(FromPb(response).code() == ErrorCode::kUnknownServerError);
}

}  // namespace
}  // namespace strom::convert

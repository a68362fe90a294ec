#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::convert {

// A message with a result: the per-bucket entries of answers, LimitScanResponse, ErrorResponse. On
// success both fields are absent; Java clients take even a present 0 for a failure.
// Same rules as Fluss: fluss-wire-protocol.md, section 4.3.
template <class Entry>
concept ErrorEntry = requires(const Entry& entry, Entry& target, std::string text) {
  { entry.has_error_code() } -> std::same_as<bool>;
  { entry.error_code() } -> std::convertible_to<int32_t>;
  { entry.has_error_message() } -> std::same_as<bool>;
  { entry.error_message() } -> std::convertible_to<std::string_view>;
  target.set_error_code(0);
  target.clear_error_code();
  target.set_error_message(text);
  target.clear_error_message();
};

// When to write the text of an error.
enum class ErrorText : uint8_t {
  kUnlessDefault,  // The reader puts in the default text of the code itself.
  kAlways,         // For ScanKvResponse: Java reads its text without asking whether there is one.
};

// The error a code and text from outside stand for; never OK. Without a text, the default one of
// the code. A number we do not know gives kUnknownServerError with the number in its text.
Status ErrorFromWire(int32_t code, std::string_view text);
// The text for `status`; empty if none is to be written.
std::string_view WireText(const Status& status, ErrorText when);

// Writes `status` into `entry`; nothing of an earlier one stays.
template <ErrorEntry Entry>
void SetError(const Status& status, Entry* entry, ErrorText when = ErrorText::kUnlessDefault) {
  entry->clear_error_code();
  entry->clear_error_message();
  if (status.ok()) return;
  entry->set_error_code(static_cast<int32_t>(status.code()));
  const std::string_view text = WireText(status, when);
  if (!text.empty()) entry->set_error_message(std::string(text));
}

// The error in `entry`. OK if there is none, or if it is 0, which some servers write for success.
template <ErrorEntry Entry>
Status ErrorOf(const Entry& entry) {
  if (!entry.has_error_code() || entry.error_code() == 0) return Status::Ok();
  return ErrorFromWire(entry.error_code(), entry.has_error_message()
                                               ? std::string_view(entry.error_message())
                                               : std::string_view());
}

// An error inside another message (tiering heartbeats). `status` is not OK: the field that holds an
// ErrorResponse is left out then (checked).
pb::ErrorResponse ToPb(const Status& status);
// Never OK: a code of 0 is no error a peer may send there, and gives kUnknownServerError.
Status FromPb(const pb::ErrorResponse& error);

}  // namespace strom::convert

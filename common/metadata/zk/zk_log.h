#pragma once

#include <string_view>

namespace strom::metadata {

// Sets what the C library logs: warnings and errors. Process-wide; any number of times.
void QuietZooKeeperLog();

// The library's log callback (log_callback_fn): writes its lines into our log, as details. It tells
// of every attempt to connect; of a connection that comes or goes ZkSession tells once.
void LogZooKeeperLine(const char* line);

// "2026-11-25 00:44:02,123:77(0x7f):ZOO_ERROR@handle_socket_error_msg@2491: no luck" -> "no luck";
// a line of another shape stays as it is.
std::string_view ZooKeeperLogMessage(std::string_view line);

}  // namespace strom::metadata

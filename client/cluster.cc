#include "client/cluster.h"

#include <algorithm>
#include <charconv>

namespace strom::client {
namespace {

constexpr MonoDuration kMetadataTimeoutMax = Seconds(10);
constexpr MonoDuration kMetadataPatience = Millis(500);
constexpr MonoDuration kCallPatience = Seconds(1);

// "host:port", "[::1]:9123".
Result<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, std::min(colon, text.size()));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    host = {};  // An IPv6 address without brackets: where does it end?
  }
  uint16_t port = 0;
  bool has_port = false;
  if (colon != std::string_view::npos) {
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, port);
    has_port = error == std::errc() && stopped == end && port != 0;
  }
  if (host.empty() || !has_port) {
    return Error(ErrorCode::kInvalidConfig, "bootstrap server '{:.200}' is no host:port", text);
  }
  return HostPort{std::string(host), port};
}

}  // namespace

Result<Cluster::Settings> Cluster::SettingsOf(const ConnectionOptions& options) {
  Settings settings{
      .bootstrap = {},
      .carrier =
          options.carrier == Carrier::kGrpc ? rpc::Carrier::kGrpcSession : rpc::Carrier::kFramed,
      .request_timeout = options.request_timeout,
      .backoff = {.initial = options.retry_backoff, .max = options.retry_backoff_max}};
  for (const std::string& server : options.bootstrap_servers) {
    STROM_ASSIGN_OR_RETURN(HostPort address, ParseHostPort(server));
    settings.bootstrap.push_back(std::move(address));
  }
  if (settings.bootstrap.empty()) {
    return Error(ErrorCode::kInvalidConfig, "no bootstrap server is given");
  }
  if (options.request_timeout <= MonoDuration() || options.retry_backoff <= MonoDuration() ||
      options.retry_backoff_max < options.retry_backoff || options.threads < 1) {
    return Error(ErrorCode::kInvalidConfig,
                 "request timeout {} ms, retry backoff {} to {} ms, {} threads: all are above 0",
                 options.request_timeout.millis(), options.retry_backoff.millis(),
                 options.retry_backoff_max.millis(), options.threads);
  }
  return settings;
}

Cluster::Cluster(Settings settings, Environment environment)
    : settings_(std::move(settings)),
      environment_(environment),
      channels_(std::make_shared<Channels>(environment_.network, settings_.carrier)),
      metadata_(std::make_shared<MetadataCache>(
          MetadataCache::Options{
              .bootstrap = settings_.bootstrap,
              .attempt_timeout = std::min(settings_.request_timeout, kMetadataTimeoutMax),
              .patience = kMetadataPatience},
          environment_.executor, environment_.clock, environment_.random, channels_)),
      watch_(std::make_shared<CallWatch>(
          CallWatch::World{
              .executor = environment_.executor,
              .clock = environment_.clock,
              .refresh =
                  [metadata = metadata_](absl::AnyInvocable<void(bool)> done) {
                    metadata->Refresh(std::nullopt,
                                      [done = std::move(done)](const Status& status) mutable {
                                        done(status.ok());
                                      });
                  },
              .is_member = [metadata =
                                metadata_](const ServerNode& s) { return metadata->Get()->Has(s); },
              .disconnect =
                  [channels = channels_](const ServerNode& server) {
                    channels->Break({server.host, server.port});
                  }},
          kCallPatience)) {}

void Cluster::Close() {
  closed_ = true;
  watch_->Close();
  channels_->Close();
}

}  // namespace strom::client

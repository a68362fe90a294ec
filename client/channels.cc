#include "client/channels.h"

namespace strom::client {

void Channels::Call(const HostPort& server, Lane lane, const rpc::MethodInfo& method, Bytes body,
                    MonoTime deadline, rpc::Channel::Done done) {
  const std::shared_ptr<rpc::Channel> channel = Get(server, lane);
  if (!channel) {
    return done(Error(ErrorCode::kNetwork, "{}: the connection is closed", method.name));
  }
  channel->Call(method, std::move(body), deadline, std::move(done));
}

std::shared_ptr<rpc::Channel> Channels::Get(const HostPort& server, Lane lane) {
  std::map<Key, std::shared_ptr<rpc::Channel>> broken;  // Let go without the lock.
  absl::MutexLock lock(&mutex_);
  if (closed_) return nullptr;
  for (auto it = channels_.begin(); it != channels_.end();) {
    const auto here = it++;
    if (here->second->broken()) broken.insert(channels_.extract(here));
  }
  std::shared_ptr<rpc::Channel>& channel = channels_[Key(server.ToString(), lane)];
  if (!channel) channel = network_.Connect({server.host, server.port, carrier_});
  return channel;
}

void Channels::Break(const HostPort& server) {
  for (const Lane lane : {Lane::kWrites, Lane::kReads}) {
    std::map<Key, std::shared_ptr<rpc::Channel>>::node_type channel;
    {
      absl::MutexLock lock(&mutex_);
      channel = channels_.extract(Key(server.ToString(), lane));
    }
    if (channel) channel.mapped()->Close();
  }
}

void Channels::Close() {
  std::map<Key, std::shared_ptr<rpc::Channel>> channels;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    channels.swap(channels_);
  }
  for (const auto& [key, channel] : channels) channel->Close();
}

}  // namespace strom::client

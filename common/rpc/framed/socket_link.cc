#include "common/rpc/framed/socket_link.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace strom::rpc::framed {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr size_t kBuffersPerWrite = 64;  // Asio hands the kernel no more at once.
constexpr int kReadsPerTurn = 4;         // Then other connections of the loop have theirs.
// How long a closed connection still swallows what the peer sends: closing a socket with unread
// bytes resets it, and the peer may lose our last frames.
constexpr MonoDuration kLingerTime = Seconds(1);

// One a loop, not one a connection: used within one call only.
std::array<char, kReadBytes>& ScratchBuffer() {
  thread_local auto buffer = std::make_unique<std::array<char, kReadBytes>>();
  return *buffer;
}

Status NetworkError(std::string_view what, const asio::error_code& error) {
  return Error(ErrorCode::kNetwork, "{}: {}", what, error.message());
}

}  // namespace

void TuneSocket(asio::ip::tcp::socket& socket) {
  asio::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
}

SocketLink::SocketLink(asio::ip::tcp::socket socket, const runtime::Clock& clock, Options options,
                       std::shared_ptr<runtime::Strand> strand,
                       std::shared_ptr<FrameConnection> connection,
                       std::shared_ptr<OpenSet<SocketLink>> set)
    : socket_(std::move(socket)),
      clock_(clock),
      options_(options),
      strand_(std::move(strand)),
      connection_(std::move(connection)),
      set_(std::move(set)) {}

// A completion handler that keeps the link alive and goes on, on the strand.
template <class Function>
auto SocketLink::OnStrand(Function function) {
  return [self = shared_from_this(), function](const asio::error_code& error) {
    self->strand_->Dispatch([self, function, error] { function(*self, error); });
  };
}

void SocketLink::Start() {
  strand_->Dispatch([self = shared_from_this()] { self->Open(); });
}

void SocketLink::Connect(const std::string& host, uint16_t port) {
  using asio::ip::tcp;
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!error) {
    auto addresses = tcp::resolver::results_type::create(tcp::endpoint(address, port), host, "");
    return strand_->Dispatch([self = shared_from_this(), addresses = std::move(addresses)] {
      self->ConnectTo(addresses);
    });
  }
  auto resolver = std::make_shared<tcp::resolver>(socket_.get_executor());
  resolver->async_resolve(
      host, std::to_string(port),
      [self = shared_from_this(), resolver, host](const asio::error_code& failed,
                                                  const tcp::resolver::results_type& addresses) {
        self->strand_->Dispatch([self, failed, addresses, host] {
          if (!self->connection_) return;
          if (failed) return self->Finish(NetworkError("resolving " + host, failed));
          self->ConnectTo(addresses);
        });
      });
}

void SocketLink::ConnectTo(const asio::ip::tcp::resolver::results_type& addresses) {
  if (!connection_) return;
  asio::async_connect(
      socket_, addresses,
      [self = shared_from_this()](const asio::error_code& error, const asio::ip::tcp::endpoint&) {
        self->strand_->Dispatch([self, error] {
          if (!self->connection_) return;
          if (error) {
            return self->Finish(NetworkError("connect", error),
                                error == asio::error::connection_refused);
          }
          self->Open();
        });
      });
}

void SocketLink::Open() {
  if (!connection_) return;
  last_activity_ = clock_.Now();
  asio::error_code error;
  socket_.non_blocking(true, error);
  if (error) return Finish(NetworkError("non-blocking mode", error));
  TuneSocket(socket_);
  connection_->OnOpen(this);
  WatchIdle();
  WaitReadable();
}

void SocketLink::WaitReadable() {
  if (waits_readable_ || !connection_ || !wants_bytes_ || closing_ || congested_) return;
  waits_readable_ = true;
  socket_.async_wait(asio::socket_base::wait_read,
                     OnStrand([](SocketLink& self, const asio::error_code& error) {
                       self.waits_readable_ = false;
                       if (!self.connection_ || self.closing_) return;
                       if (error) return self.Finish(NetworkError("wait", error));
                       self.OnReadable();
                     }));
}

void SocketLink::OnReadable() {
  auto& buffer = ScratchBuffer();
  for (int i = 0; i < kReadsPerTurn; ++i) {
    asio::error_code error;
    const size_t bytes = socket_.read_some(asio::buffer(buffer), error);
    if (error == asio::error::would_block) break;
    if (error == asio::error::eof) {
      return Finish(Error(ErrorCode::kNetwork, "closed by the peer"));
    }
    if (error) return Finish(NetworkError("read", error));
    last_activity_ = clock_.Now();
    wants_bytes_ = connection_->OnBytes(BytesView(buffer.data(), bytes));
    if (!wants_bytes_ || closing_ || bytes < buffer.size()) break;
  }
  WaitReadable();
}

void SocketLink::ReadOn() {
  wants_bytes_ = true;
  WaitReadable();
}

// Writing waits for the end of the turn, so that the answers of one turn leave together.
void SocketLink::Write(OutFrame frame) {
  if (!connection_ || closing_) return;
  outgoing_bytes_ += frame.size();
  congested_ = congested_ || outgoing_bytes_ > options_.outgoing_bytes_max;
  outgoing_.push_back(std::move(frame));
  if (std::exchange(flush_pending_, true)) return;
  strand_->Post([self = shared_from_this()] { self->Flush(); });
}

void SocketLink::Flush() {
  while (!outgoing_.empty() && connection_) {
    std::array<asio::const_buffer, kBuffersPerWrite> buffers;
    size_t count = 0;
    size_t skip = front_written_;
    for (auto frame = outgoing_.begin(); frame != outgoing_.end() && count + 2 <= kBuffersPerWrite;
         ++frame) {
      for (const Bytes* part : {&frame->header, &frame->body}) {
        const size_t skipped = std::min(skip, part->size());
        skip -= skipped;
        if (skipped < part->size()) buffers[count++] = asio::buffer(*part) + skipped;
      }
    }
    asio::error_code error;
    const size_t bytes = socket_.write_some(
        std::vector<asio::const_buffer>(buffers.begin(), buffers.begin() + count), error);
    if (error == asio::error::would_block) {
      socket_.async_wait(asio::socket_base::wait_write,
                         OnStrand([](SocketLink& self, const asio::error_code& failed) {
                           if (!self.connection_) return;
                           if (failed) return self.Finish(NetworkError("wait", failed));
                           self.Flush();
                         }));
      return;
    }
    if (error) return Finish(NetworkError("write", error));
    OnWritten(bytes);
  }
  flush_pending_ = false;
  if (closing_) return Linger();
  WaitReadable();
}

void SocketLink::OnWritten(size_t bytes) {
  last_activity_ = clock_.Now();
  outgoing_bytes_ -= bytes;
  front_written_ += bytes;
  while (!outgoing_.empty() && front_written_ >= outgoing_.front().size()) {
    front_written_ -= outgoing_.front().size();
    // Its lease may let other requests in; they run as if called later.
    outgoing_.pop_front();
  }
  if (congested_ && outgoing_bytes_ <= options_.outgoing_bytes_max / 2) {
    congested_ = false;
    if (!closing_) connection_->OnDrained();
    WaitReadable();
  }
}

void SocketLink::Close(Status why) {
  if (!connection_ || closing_) return;
  closing_ = std::move(why);
  if (std::exchange(flush_pending_, true)) return;
  strand_->Post([self = shared_from_this()] { self->Flush(); });
}

// Everything is written: says so to the peer, and reads its remaining bytes into nothing for a
// moment.
void SocketLink::Linger() {
  if (!connection_) return;
  if (!std::exchange(lingering_, true)) {
    asio::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    strand_->PostAt(clock_.Now() + kLingerTime, [self = shared_from_this()] {
      if (self->connection_) self->Finish(*self->closing_);
    });
  }
  asio::error_code error;
  for (int i = 0; i < kReadsPerTurn && !error; ++i) {
    socket_.read_some(asio::buffer(ScratchBuffer()), error);
  }
  if (error && error != asio::error::would_block) return Finish(*closing_);
  socket_.async_wait(asio::socket_base::wait_read,
                     OnStrand([](SocketLink& self, const asio::error_code&) { self.Linger(); }));
}

void SocketLink::Drain() {
  strand_->Dispatch([self = shared_from_this()] {
    if (self->connection_ && !self->closing_) self->connection_->Drain();
  });
}

void SocketLink::Abort(Status why) {
  strand_->Dispatch([self = shared_from_this(), why = std::move(why)] {
    if (self->connection_) self->Finish(why);
  });
}

void SocketLink::Finish(Status why, bool refused) {
  asio::error_code ignored;
  socket_.close(ignored);
  outgoing_.clear();
  outgoing_bytes_ = 0;
  // Later: the connection may be in the middle of a call to us.
  strand_->Post([self = shared_from_this(), connection = std::exchange(connection_, nullptr),
                 why = std::move(why), refused] {
    refused ? connection->OnRefused(why) : connection->OnClosed(why);
    self->set_->Remove(self.get());
  });
}

void SocketLink::WatchIdle() {
  if (!connection_ || options_.idle_timeout == MonoDuration::Max()) return;
  const MonoTime deadline = last_activity_ + options_.idle_timeout;
  if (clock_.Now() >= deadline) {
    return Finish(Error(ErrorCode::kNetwork, "idle for {} ms", options_.idle_timeout.millis()));
  }
  strand_->PostAt(deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->WatchIdle();
  });
}

}  // namespace strom::rpc::framed

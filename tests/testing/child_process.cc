#include "tests/testing/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace strom::testing {
namespace {

Status SystemError(std::string_view what) {
  return Error(ErrorCode::kStorage, "{}: {}", what, std::strerror(errno));
}

// "NAME=value" of this process, with `changes` made to them.
std::vector<std::string> EnvironmentWith(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  std::map<std::string, std::string> values;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = std::min(text.find('='), text.size());
    values[std::string(text.substr(0, equals))] = text.substr(std::min(equals + 1, text.size()));
  }
  for (const auto& [name, value] : changes) values[name] = value;
  std::vector<std::string> entries;
  for (const auto& [name, value] : values) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const Options& options) {
  STROM_CHECK(!options.command.empty());
  // All that allocates happens before the fork: other threads may hold the allocator's locks.
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment = EnvironmentWith(options.environment);
  const std::vector<char*> arguments = Pointers(command);
  const std::vector<char*> variables = Pointers(environment);
  const int output =
      ::open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return SystemError("open " + options.output_file);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const bool ready = ::getppid() == parent && ::dup2(output, STDOUT_FILENO) >= 0 &&
                       ::dup2(output, STDERR_FILENO) >= 0 &&
                       (options.directory.empty() || ::chdir(options.directory.c_str()) == 0);
    if (ready) ::execvpe(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  ::close(output);
  if (pid < 0) return SystemError("fork");
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  STROM_CHECK(pid_fd >= 0) << "pidfd_open: " << std::strerror(errno);
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, pid_fd));
}

ChildProcess::~ChildProcess() {
  Stop(SIGKILL);
  ::close(pid_fd_);
}

void ChildProcess::Signal(int signal) {
  if (!ended_) ::kill(pid_, signal);
}

std::optional<int> ChildProcess::Wait(MonoDuration timeout) {
  if (ended_) return ended_;
  pollfd end{.fd = pid_fd_, .events = POLLIN, .revents = 0};
  const int64_t ms = std::clamp<int64_t>(timeout.millis(), 0, INT32_MAX);
  if (::poll(&end, 1, static_cast<int>(ms)) <= 0) return std::nullopt;
  int status = 0;
  STROM_CHECK(::waitpid(pid_, &status, 0) == pid_) << std::strerror(errno);
  ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended_;
}

int ChildProcess::Stop(int signal, MonoDuration grace) {
  Signal(signal);
  while (true) {
    if (const auto ended = Wait(grace)) return *ended;
    Signal(SIGKILL);
  }
}

Status RunCommand(const ChildProcess::Options& options, MonoDuration timeout) {
  STROM_ASSIGN_OR_RETURN(const auto process, ChildProcess::Start(options));
  const std::optional<int> ended = process->Wait(timeout);
  if (ended == 0) return Status::Ok();
  std::ifstream file(options.output_file);
  std::string output{std::istreambuf_iterator<char>(file), {}};
  if (output.size() > 2000) output.erase(0, output.size() - 2000);
  return Error(ErrorCode::kStorage, "{} {}: {}", options.command[0],
               ended ? fmt::format("ended with {}", *ended)
                     : fmt::format("takes longer than {} ms", timeout.millis()),
               output);
}

int FreeLoopbackPort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  STROM_CHECK(fd >= 0 && ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0)
      << std::strerror(errno);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace strom::testing

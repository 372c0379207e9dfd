#include "http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/fd.h"
#include "base/log.h"
#include "http/connection.h"

namespace howdah::http {
namespace {

constexpr size_t kStackBytes = 2 * 1024 * 1024;
constexpr int kBacklog = 1024;
constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: "
    "1\r\n\r\n";

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_storage storage;
};

base::Result<base::Fd> listen_on(const ServerOptions& options) {
  Address address{};
  socklen_t length = 0;
  if (inet_pton(AF_INET, options.address.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(options.port);
    length = sizeof address.v4;
  } else if (inet_pton(AF_INET6, options.address.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(options.port);
    length = sizeof address.v6;
  } else {
    return base::invalid_argument(fmt::format("{} is not an IP address", options.address));
  }
  base::Fd listener(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return base::from_errno("socket");
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener.get(), &address.any, length) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    base::Error error =
        base::from_errno(fmt::format("listen on {}:{}", options.address, options.port));
    if (errno == EADDRINUSE) error.code = base::Code::kAlreadyExists;
    return error;
  }
  return listener;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(address.v4.sin_port));
  }
  if (address.any.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(address.v6.sin6_port));
  }
  return "local";
}

enum class Phase { kIdle, kBusy, kClosing };

/// A listening socket and who answers on it. Shared: a connection keeps its handler.
struct Door {
  base::Fd socket;
  Handler handler;
};

struct Live {
  int fd = -1;
  uint64_t door = 0;
  std::atomic<Phase> phase = Phase::kIdle;
};

/// What the server and its connections' threads share; the last of them lets it go.
struct Shared {
  ServerOptions options;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::unordered_map<uint64_t, std::shared_ptr<Door>> doors;
  std::condition_variable ended;
  std::unordered_map<uint64_t, std::shared_ptr<Live>> live;
};

struct Start {
  std::shared_ptr<Shared> shared;
  std::shared_ptr<Live> live;
  std::shared_ptr<Door> door;
  Accepted accepted;
};

void* connection_main(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  Shared& shared = *start->shared;
  Live& live = *start->live;
  const uint64_t id = start->accepted.id;
  const auto move_to = [&live](Phase from, Phase to) {
    return live.phase.compare_exchange_strong(from, to);
  };
  ConnectionHooks hooks;
  hooks.begin = [&] { return live.phase == Phase::kBusy || move_to(Phase::kIdle, Phase::kBusy); };
  hooks.rest = [&] { return move_to(Phase::kBusy, Phase::kIdle) && !shared.stopping; };
  hooks.stopping = [&] { return shared.stopping.load(); };
  hooks.closing = [&] {
    std::lock_guard lock(shared.mutex);
    live.fd = -1;
  };
  serve(std::move(start->accepted), shared.options, start->door->handler, hooks);
  start->door.reset();
  std::lock_guard lock(shared.mutex);
  shared.live.erase(id);
  shared.ended.notify_all();
  return nullptr;
}

// What the acceptor's epoll knows beside the doors' numbers, which begin with 1.
constexpr uint64_t kWake = 0;

class BlockingServer final : public Server {
 public:
  BlockingServer(std::shared_ptr<Shared> shared, base::Fd watched, base::Fd wake, uint16_t port)
      : shared_(std::move(shared)),
        watched_(std::move(watched)),
        wake_(std::move(wake)),
        port_(port) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWake;
    CHECK(::epoll_ctl(watched_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~BlockingServer() override { stop(std::chrono::milliseconds(0)); }

  uint16_t port() const override { return port_; }

  base::Result<uint64_t> also_serve(base::Fd listener, Handler handler) override {
    ::fcntl(listener.get(), F_SETFL, ::fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
    std::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return base::Error{base::Code::kCancelled, "the server stops", {}, {}};
    const uint64_t number = ++last_door_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    if (::epoll_ctl(watched_.get(), EPOLL_CTL_ADD, listener.get(), &event) != 0)
      return base::from_errno("watch a listener");
    shared_->doors.emplace(number,
                           std::make_shared<Door>(Door{std::move(listener), std::move(handler)}));
    return number;
  }

  void drop(uint64_t listener) override {
    std::lock_guard lock(shared_->mutex);
    close_door(listener);
    for (auto& [id, live] : shared_->live) {
      if (live->door == listener) cut(*live);
    }
  }

  void stop(std::chrono::milliseconds grace) override {
    if (!acceptor_.joinable()) return;
    shared_->stopping = true;
    const uint64_t one = 1;
    CHECK(::write(wake_.get(), &one, sizeof one) == sizeof one);
    acceptor_.join();
    std::unique_lock lock(shared_->mutex);
    for (auto& [number, door] : shared_->doors) door->socket.reset();
    for (auto& [id, live] : shared_->live) {
      Phase idle = Phase::kIdle;
      if (live->phase.compare_exchange_strong(idle, Phase::kClosing)) cut(*live);
    }
    const auto all_ended = [this] { return shared_->live.empty(); };
    shared_->ended.wait_for(lock, grace, all_ended);
    for (auto& [id, live] : shared_->live) cut(*live);
    while (!shared_->ended.wait_for(lock, std::chrono::seconds(5), all_ended)) {
      base::log_warn("http", "waiting for {} requests whose handlers still run",
                     shared_->live.size());
    }
    shared_->doors.clear();  // and what their handlers hold
  }

 private:
  static void cut(const Live& live) {
    if (live.fd >= 0) ::shutdown(live.fd, SHUT_RDWR);
  }

  // With the lock held, which the acceptor takes for each accept: the number of the descriptor is
  // not someone else's while it uses it.
  void close_door(uint64_t number) {
    const auto found = shared_->doors.find(number);
    if (found == shared_->doors.end()) return;
    ::epoll_ctl(watched_.get(), EPOLL_CTL_DEL, found->second->socket.get(), nullptr);
    found->second->socket.reset();
    shared_->doors.erase(found);
  }

  void accept_all() {
    std::array<epoll_event, 64> ready{};
    while (!shared_->stopping) {
      const int count =
          ::epoll_wait(watched_.get(), ready.data(), static_cast<int>(ready.size()), -1);
      for (int i = 0; i < count && !shared_->stopping; ++i) {
        const uint64_t number = ready[static_cast<size_t>(i)].data.u64;
        if (number != kWake) accept_at(number);
      }
    }
  }

  void accept_at(uint64_t number) {
    Address address{};
    socklen_t length = sizeof address;
    std::shared_ptr<Door> door;
    base::Fd socket;
    int failed = 0;
    {
      std::lock_guard lock(shared_->mutex);
      const auto found = shared_->doors.find(number);
      if (found == shared_->doors.end()) return;
      door = found->second;
      socket = base::Fd(
          ::accept4(door->socket.get(), &address.any, &length, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.valid()) failed = errno;
    }
    if (socket.valid()) {
      failed_ = 0;
      admit(std::move(socket), to_text(address), number, std::move(door));
    } else if (failed != EAGAIN && failed != EINTR && failed != ECONNABORTED) {
      if (std::exchange(failed_, failed) != failed) {
        base::log_error("http", "{}", base::from_errno("accept a connection", failed).message);
      }
      pollfd woken{wake_.get(), POLLIN, 0};
      ::poll(&woken, 1, 100);  // out of descriptors until some connection ends
    }
  }

  void admit(base::Fd socket, std::string peer, uint64_t number, std::shared_ptr<Door> door) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto live = std::make_shared<Live>();
    live->fd = socket.get();
    live->door = number;
    static std::atomic<uint64_t> last_id = 0;
    const uint64_t id = ++last_id;
    {
      std::lock_guard lock(shared_->mutex);
      if (!shared_->doors.contains(number)) return;  // dropped in between
      if (shared_->live.size() >= shared_->options.max_connections) {
        turn_away(socket.get());
        return;
      }
      shared_->live.emplace(id, live);
    }
    auto start = std::make_unique<Start>(
        Start{shared_, live, std::move(door), {std::move(socket), std::move(peer), id}});
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_t thread;
    const int failed = pthread_create(&thread, &attributes, connection_main, start.get());
    pthread_attr_destroy(&attributes);
    if (failed == 0) {
      (void)start.release();
      return;
    }
    base::log_error("http", "{}", base::from_errno("a thread for a connection", failed).message);
    turn_away(start->accepted.socket.get());
    std::lock_guard lock(shared_->mutex);
    shared_->live.erase(id);
  }

  static void turn_away(int socket) {
    (void)!::send(socket, kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(socket, SHUT_WR);
    // what has come already must be read, or closing would reset the connection under our answer
    char scratch[4096];
    while (::recv(socket, scratch, sizeof scratch, MSG_DONTWAIT) > 0) {
    }
  }

  std::shared_ptr<Shared> shared_;
  base::Fd watched_, wake_;
  const uint16_t port_;
  uint64_t last_door_ = kWake;  // with shared_->mutex
  int failed_ = 0;              // of the last accept: logged once while it lasts
  std::thread acceptor_;
};

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handler handler) {
  base::Fd listener(options.listener);
  if (!listener.valid()) listener = TRY(listen_on(options));
  Address address{};
  socklen_t length = sizeof address;
  if (::getsockname(listener.get(), &address.any, &length) != 0)
    return base::from_errno("getsockname");
  const uint16_t port = ntohs(address.any.sa_family == AF_INET6  ? address.v6.sin6_port
                              : address.any.sa_family == AF_INET ? address.v4.sin_port
                                                                 : 0);
  base::Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake.valid()) return base::from_errno("eventfd");
  // sendfile() has no flag against it
  struct sigaction current {};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
  auto shared = std::make_shared<Shared>();
  shared->options = options;
  base::Fd watched(::epoll_create1(EPOLL_CLOEXEC));
  if (!watched.valid()) return base::from_errno("epoll_create1");
  auto server = std::make_unique<BlockingServer>(std::move(shared), std::move(watched),
                                                 std::move(wake), port);
  TRY(server->also_serve(std::move(listener), std::move(handler)));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace howdah::http

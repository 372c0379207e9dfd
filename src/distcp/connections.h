#pragma once

// Kept-alive connections that workers borrow. Ownership: a Lease gives back what it borrowed.
// Threads: a pool concurrently; what was borrowed belongs to one thread at a time.

#include <memory>
#include <mutex>
#include <vector>

#include "http/client.h"

namespace howdah::distcp {

template <typename T>
class Pool {
 public:
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<T> held) : pool_(&pool), held_(std::move(held)) {}
    Lease(Lease&&) noexcept = default;
    ~Lease() {
      if (held_) pool_->give_back(std::move(held_));
    }
    T& operator*() const { return *held_; }
    T* operator->() const { return held_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<T> held_;
  };

  Lease borrow() {
    std::lock_guard lock(mutex_);
    if (idle_.empty()) return {*this, std::make_unique<T>()};
    auto last = std::move(idle_.back());
    idle_.pop_back();
    return {*this, std::move(last)};
  }

 private:
  void give_back(std::unique_ptr<T> held) {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(held));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_;
};

struct Connections {
  Pool<http::Client> clients;
  Pool<http::Download> downloads;
};

/// The body of an answer, as a source that gives its connection back.
class Body final : public http::BodySource {
 public:
  explicit Body(Pool<http::Download>::Lease lease) : lease_(std::move(lease)) {}
  base::Result<size_t> read(std::span<char> into) override { return lease_->read(into); }
  std::optional<uint64_t> length() const override { return lease_->length(); }

 private:
  Pool<http::Download>::Lease lease_;
};

inline constexpr std::chrono::seconds kStall{60};  // nothing moved for so long: try again

}  // namespace howdah::distcp

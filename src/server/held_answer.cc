#include "server/held_answer.h"

#include <algorithm>
#include <cstring>

namespace howdah::server {
namespace {

constexpr base::Millis kBeat{10000};
constexpr base::Millis kLongest = std::chrono::minutes(10);

class HeldAnswer final : public http::BodySource {
 public:
  HeldAnswer(aws::Hold hold, std::function<std::string()> answer, base::Clock& clock)
      : hold_(std::move(hold)), answer_(std::move(answer)), clock_(clock), began_(clock.steady()) {}

  base::Result<size_t> read(std::span<char> into) override {
    if (!due_ && goes_on()) {
      into[0] = ' ';
      return size_t{1};
    }
    if (!due_) {
      due_ = true;
      text_ = answer_();
    }
    const size_t count = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }
  std::optional<uint64_t> length() const override { return std::nullopt; }

 private:
  // False: the answer is due, has been held for the longest time, or the server is going (it says
  // no at once).
  bool goes_on() {
    const base::Millis before = clock_.steady();
    if (hold_.ready(kBeat)) return false;
    const base::Millis now = clock_.steady();
    return now - before >= kBeat / 2 && now - began_ < kLongest;
  }

  const aws::Hold hold_;
  const std::function<std::string()> answer_;
  base::Clock& clock_;
  const base::Millis began_;
  bool due_ = false;
  std::string text_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<http::BodySource> hold_answer(aws::Hold hold, std::function<std::string()> answer,
                                              base::Clock& clock) {
  return std::make_unique<HeldAnswer>(std::move(hold), std::move(answer), clock);
}

}  // namespace howdah::server

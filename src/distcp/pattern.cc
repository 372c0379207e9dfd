#include "distcp/pattern.h"

#include <fmt/format.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace howdah::distcp {
namespace {

constexpr uint32_t kMatchLimit = 10'000'000;
constexpr uint32_t kHeapLimitKib = 64 * 1024;

std::string message_of(int error) {
  PCRE2_UCHAR buffer[200];
  if (pcre2_get_error_message(error, buffer, sizeof buffer) < 0) return "unknown error";
  return reinterpret_cast<const char*>(buffer);
}

}  // namespace

struct Pattern::State {
  std::string text;
  pcre2_code* code = nullptr;
  pcre2_match_data* data = nullptr;
  pcre2_match_context* context = nullptr;
  uint32_t groups = 0;
  ~State() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
  }
};

Pattern::Pattern(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

base::Result<Pattern> Pattern::compile(std::string_view text) {
  auto state = std::make_unique<State>();
  state->text = text;
  int error = 0;
  PCRE2_SIZE offset = 0;
  const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF |
                           PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  state->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), options,
                              &error, &offset, nullptr);
  if (state->code == nullptr) {
    return base::invalid_argument(fmt::format("\"{}\" is no regular expression: {} at character {}",
                                              text, message_of(error), offset));
  }
  pcre2_jit_compile(state->code, PCRE2_JIT_COMPLETE);  // without it, it interprets
  state->data = pcre2_match_data_create_from_pattern(state->code, nullptr);
  state->context = pcre2_match_context_create(nullptr);
  CHECK(state->data != nullptr && state->context != nullptr);
  pcre2_set_match_limit(state->context, kMatchLimit);
  pcre2_set_heap_limit(state->context, kHeapLimitKib);
  pcre2_pattern_info(state->code, PCRE2_INFO_CAPTURECOUNT, &state->groups);
  return Pattern(std::move(state));
}

int Pattern::groups() const { return static_cast<int>(state_->groups); }

base::Result<bool> Pattern::matches(std::string_view text) const {
  const int found = pcre2_match(state_->code, reinterpret_cast<PCRE2_SPTR>(text.data()),
                                text.size(), 0, 0, state_->data, state_->context);
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  return base::Error{
      base::Code::kResourceExhausted,
      fmt::format("matching \"{}\" against {}: {}", state_->text, text, message_of(found)),
      {},
      {}};
}

base::Result<std::optional<std::string>> Pattern::captured(std::string_view text) const {
  if (!TRY(matches(text))) return std::optional<std::string>();
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(state_->data);
  std::string out;
  for (uint32_t group = 1; group <= state_->groups; ++group) {
    const PCRE2_SIZE from = ends[2 * group], to = ends[2 * group + 1];
    if (from != PCRE2_UNSET && from <= to) out.append(text.substr(from, to - from));
  }
  return std::optional<std::string>(std::move(out));
}

}  // namespace howdah::distcp

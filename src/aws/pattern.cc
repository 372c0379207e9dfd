// The only file that knows PCRE2.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "aws/validate.h"
#include "base/log.h"

namespace howdah::aws {

namespace {

// Enough for any modelled pattern over any modelled length; a hostile text stops here.
constexpr uint32_t kMatchLimit = 1'000'000;
constexpr uint32_t kDepthLimit = 1'000;
constexpr uint32_t kHeapLimitKib = 20 * 1024;

// Stands for a pattern that PCRE2 refuses: it then matches everything (said once in the log).
char broken;

struct Scratch {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  Scratch() {
    pcre2_set_match_limit(context, kMatchLimit);
    pcre2_set_depth_limit(context, kDepthLimit);
    pcre2_set_heap_limit(context, kHeapLimitKib);
  }
  ~Scratch() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }
};

void* compile(const Pattern& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.pcre.data),
                                   pattern.pcre.size, options, &error, &offset, nullptr);
  if (code) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // without it, it interprets
  void* mine = code ? static_cast<void*>(code) : static_cast<void*>(&broken);
  void* expected = nullptr;
  if (!pattern.compiled.compare_exchange_strong(expected, mine)) {
    if (code) pcre2_code_free(code);  // another thread was first
    return expected;
  }
  if (!code) {
    base::log_warn("aws", "the pattern {} is not understood (error {} at {}): not checked",
                   std::string_view(pattern.source), error, offset);
  }
  return mine;
}

}  // namespace

bool compiles(const Pattern& pattern) {
  void* compiled = pattern.compiled.load(std::memory_order_acquire);
  return (compiled ? compiled : compile(pattern)) != &broken;
}

bool matches(const Pattern& pattern, std::string_view text) {
  void* compiled = pattern.compiled.load(std::memory_order_acquire);
  if (!compiled) compiled = compile(pattern);
  if (compiled == &broken) return true;
  thread_local Scratch scratch;
  return pcre2_match(static_cast<pcre2_code*>(compiled), reinterpret_cast<PCRE2_SPTR>(text.data()),
                     text.size(), 0, 0, scratch.data, scratch.context) >= 0;
}

}  // namespace howdah::aws

#include "http/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace howdah::http {

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (base::equals_ignore_case(field.first, name)) return field.second;
  }
  return std::nullopt;
}

std::string_view Headers::value_or(std::string_view name, std::string_view otherwise) const {
  return find(name).value_or(otherwise);
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
  std::string kept(value);  // it may view a field that goes away
  std::string kept_name(name);
  remove(kept_name);
  fields_.emplace_back(std::move(kept_name), std::move(kept));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_,
                [&](const Field& field) { return base::equals_ignore_case(field.first, name); });
}

base::Result<std::string> read_all(BodyReader& body, size_t limit) {
  const auto too_long = [&] {
    return base::invalid_argument(
        fmt::format("The request's body is longer than {} bytes", limit));
  };
  const auto announced = body.length();
  if (announced && *announced > limit) return too_long();
  std::string out;
  if (announced) {
    out.resize(static_cast<size_t>(*announced));
    for (size_t have = 0; have < out.size();) {
      const size_t got = TRY(body.read(std::span(out).subspan(have)));
      if (got == 0) return base::unavailable("The request's body ended early");
      have += got;
    }
    return out;
  }
  for (size_t have = 0;;) {
    // one byte beyond the limit tells "as long as it" from "longer"
    out.resize(std::min(limit + 1, std::max<size_t>(4096, have * 2)));
    const size_t got = TRY(body.read(std::span(out).subspan(have)));
    have += got;
    if (have > limit) return too_long();
    if (got == 0) {
      out.resize(have);
      return out;
    }
  }
}

}  // namespace howdah::http

#pragma once

// What the generated types stand on: View reads a JSON object under the model's member names,
// Builder writes one, ServiceApi is what every generated Api looks like to the dispatcher.
// Ownership: a View borrows its object (it must live on), a Builder owns its own.
// Failure: a View never fails; what is absent or of another type reads as empty (input has passed
// the validator before).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aws/context.h"
#include "aws/schema.h"
#include "base/json.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using StreamBody = std::variant<std::string, http::FileBody, std::unique_ptr<http::BodySource>>;

/// The structures of a list, as views. `present()` tells an empty list from none.
template <typename T>
class Views {
 public:
  class Iterator {
   public:
    explicit Iterator(const base::Json* at) : at_(at) {}
    T operator*() const { return T(at_->as_object()); }
    Iterator& operator++() { return ++at_, *this; }
    bool operator==(const Iterator&) const = default;

   private:
    const base::Json* at_;
  };

  explicit Views(const base::JsonArray* array) : array_(array) {}
  bool present() const { return array_ != nullptr; }
  size_t size() const { return array_ ? array_->size() : 0; }
  bool empty() const { return size() == 0; }
  T operator[](size_t index) const { return T((*array_)[index].as_object()); }
  Iterator begin() const { return Iterator(array_ ? array_->data() : nullptr); }
  Iterator end() const { return Iterator(array_ ? array_->data() + array_->size() : nullptr); }

 private:
  const base::JsonArray* array_;
};

class View {
 public:
  explicit View(const base::JsonObject& raw) : raw_(&raw) {}
  const base::JsonObject& raw() const { return *raw_; }
  bool has(std::string_view member) const;

 protected:
  std::string_view text_(std::string_view key) const;
  std::optional<std::string_view> maybe_text_(std::string_view key) const;
  int64_t int_(std::string_view key) const;
  std::optional<int64_t> maybe_int_(std::string_view key) const;
  double double_(std::string_view key) const;
  std::optional<double> maybe_double_(std::string_view key) const;
  bool bool_(std::string_view key) const;
  std::optional<bool> maybe_bool_(std::string_view key) const;
  const base::JsonObject& object_(std::string_view key) const;  // an empty one when absent
  const base::JsonObject* maybe_object_(std::string_view key) const;
  const base::JsonArray* array_(std::string_view key) const;
  std::vector<std::string> texts_(std::string_view key) const;
  Pairs pairs_(std::string_view key) const;
  template <typename T>
  std::optional<T> maybe_view_(std::string_view key) const {
    const base::JsonObject* object = maybe_object_(key);
    return object ? std::optional<T>(T(*object)) : std::nullopt;
  }

 private:
  const base::JsonObject* raw_;
};

/// A structure of an answer, or a part of one.
class Builder {
 public:
  Builder() = default;
  explicit Builder(base::JsonObject raw) : raw_(std::move(raw)) {}
  base::JsonObject& raw() { return raw_; }
  const base::JsonObject& raw() const { return raw_; }

 protected:
  void put_(std::string_view key, std::string_view value);
  void put_(std::string_view key, int64_t value);
  void put_(std::string_view key, double value);
  void put_(std::string_view key, bool value);
  void put_(std::string_view key, base::Json value);
  void put_(std::string_view key, const std::vector<std::string>& values);
  void put_(std::string_view key, const Pairs& values);
  template <typename T>
  void put_list_(std::string_view key, std::vector<T> values) {
    base::JsonArray array;
    array.reserve(values.size());
    for (T& value : values) array.emplace_back(std::move(value.raw()));
    put_(key, base::Json(std::move(array)));
  }

 private:
  base::JsonObject raw_;
};

/// What an operation answers, before it is encoded.
struct Answer {
  base::JsonObject members;
  std::optional<StreamBody> body;  // of a streaming output
  int status = 0;                  // 0: the modelled one
};

class Output : public Builder {
 public:
  using Builder::Builder;
  void set_http_status(int status) { status_ = status; }
  Answer into_answer() && { return {std::move(raw()), std::move(body_), status_}; }

 protected:
  std::optional<StreamBody> body_;

 private:
  int status_ = 0;
};

/// One service's handlers, behind one method. The generated Api classes implement it.
class ServiceApi {
 public:
  virtual ~ServiceApi() = default;
  virtual const Service& service() const = 0;
  /// `body` is the streaming payload of the input, null for operations that have none.
  virtual base::Result<Answer> call(const Operation& operation, const Context& context,
                                    const base::JsonObject& input, http::BodyReader* body) = 0;
};

/// The answer to an operation that the model knows and this server does not.
base::Error not_there(const Service& service, const Operation& operation);

template <typename T>
base::Result<Answer> into_answer(base::Result<T>&& result) {
  if (!result.ok()) return std::move(result).error();
  return std::move(result).value().into_answer();
}

}  // namespace howdah::aws

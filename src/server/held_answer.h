#pragma once

// The answer to a waiter, held back until it is worth giving: a chunked JSON body that begins with
// one space every ten seconds (JSON allows white space before a value; botocore accepts it) and
// ends with the real answer, after ten minutes at most. It holds no lock, and no thread but its
// connection's own.

#include <functional>
#include <memory>
#include <string>

#include "aws/context.h"
#include "base/clock.h"
#include "http/message.h"

namespace howdah::server {

/// `answer` makes the body's text when it is due. A client that went away is noticed at the next
/// space.
std::unique_ptr<http::BodySource> hold_answer(aws::Hold hold, std::function<std::string()> answer,
                                              base::Clock& clock);

}  // namespace howdah::server

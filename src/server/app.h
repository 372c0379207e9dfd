#pragma once

// The way of a request, one ordered list of small steps: refuse cross-site, our own API, route,
// authenticate, decode, authorise, call, encode. Ownership: borrows everything. Threads: handle()
// is called concurrently. Failure: every error becomes an answer in the shape of the request's
// protocol.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aws/route.h"
#include "aws/sigv4.h"
#include "aws/view.h"
#include "base/clock.h"
#include "base/ids.h"
#include "http/message.h"
#include "services/howdah/howdah.h"
#include "store/iam/iam.h"

namespace howdah::server {

class App {
 public:
  struct Options {
    std::string account;
    store::iam::Iam& iam;
    services::Howdah& howdah;
    base::Clock& clock;
    base::Ids& ids;
    std::vector<std::string>
        hosts;  // names in a Host header that are ours, beside loopback and *.localhost
    /// Answers below /_howdah/ui/<cluster>/; unset: nothing does.
    std::function<http::Response(http::Request&)> ui = {};
    std::function<bool(const http::Request&)> is_ui = {};
    /// Answers /metrics for a Prometheus on this host; unset: nothing does.
    std::function<http::Response(http::Request&)> metrics = {};
    std::function<bool(const http::Request&)> is_metrics = {};
    /// Told of every request of the AWS APIs whose operation is known, once it is answered.
    std::function<void(std::string_view service, std::string_view operation, int status,
                       base::Millis duration)>
        observe = {};
    /// True for a request that says by itself who may make it, whatever site's page it comes from.
    std::function<bool(const http::Request&)> is_link = {};
  };
  App(Options options, std::vector<aws::ServiceApi*> services);

  http::Response handle(http::Request& request);
  /// A request that came in on the listener inside a node. The same way, and our own API answers
  /// less: without a signature the role credentials of that node's cluster, signed only what root
  /// asks for; no web interfaces.
  http::Response handle_from_node(http::Request& request, const cluster::Key& cluster);

 private:
  struct Call;  // one AWS request on its way

  http::Response own_api(http::Request& request, bool root_only = false);
  http::Response aws_api(http::Request& request);
  base::Result<http::Response> serve(Call& call);
  base::Status authenticate(Call& call, std::optional<std::string_view> body);
  base::Status authorise(const Call& call) const;
  base::Status allow(const Call& call, std::string_view action, std::string_view resource) const;
  void fill_context(Call& call);
  base::Result<http::Response> answer(Call& call, http::BodyReader* body);

  Options o_;
  aws::SigV4 sigv4_;
  std::map<std::string_view, aws::ServiceApi*> services_;  // by the model's name: "emr"
};

/// True for a request that a browser sent on behalf of another site, or to a name that is not ours
/// (DNS rebinding): refused before anything else is read of it.
bool is_cross_site(const http::Request& request, const std::vector<std::string>& hosts);

}  // namespace howdah::server

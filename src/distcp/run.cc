#include "distcp/run.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "distcp/copy.h"
#include "distcp/find_files.h"

namespace howdah::distcp {
namespace {

constexpr std::string_view kName = "s3-dist-cp";
constexpr base::Millis kLineEvery{10'000};  // to a log
constexpr base::Millis kPaintEvery{200};    // on a terminal

std::string sized(uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string text_of(const Progress& progress) {
  return fmt::format("copied {} of {} files, {} of {}", progress.files_done.load(), progress.files,
                     sized(progress.bytes_done), sized(progress.bytes));
}

// Says how far it is: one line that is painted over on a terminal, else one now and then.
class Reporter {
 public:
  Reporter(const Progress& progress, base::Clock& clock)
      : terminal_(::isatty(STDERR_FILENO) == 1), thread_([&](std::stop_token stop) {
          while (clock.wait(terminal_ ? kPaintEvery : kLineEvery, stop)) say(progress);
        }) {}
  void end() {
    thread_.request_stop();
    thread_.join();
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  void say(const Progress& progress) const {
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[K{}", text_of(progress));
    } else {
      base::log_info(kName, "{}", text_of(progress));
    }
  }

  const bool terminal_;
  std::jthread thread_;
};

// SIGINT and SIGTERM become a request to stop.
class Signals {
 public:
  explicit Signals(std::stop_source stop) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);  // for the threads to come, too
    ::signal(SIGPIPE, SIG_IGN);
    thread_ = std::jthread([this, stop](std::stop_token end) mutable {
      while (!end.stop_requested()) {
        const timespec patience{0, 50'000'000};
        if (::sigtimedwait(&set_, nullptr, &patience) > 0) stop.request_stop();
      }
    });
  }

 private:
  sigset_t set_;
  std::jthread thread_;
};

base::Status check_destination(const Options& options, const Plan& plan,
                               const Location& destination) {
  if (options.append_to_last_file && destination.scheme == Scheme::kS3) {
    return base::invalid_argument(
        "--appendToLastFile needs a destination in HDFS: objects in S3 cannot be appended to");
  }
  for (const Output& output : plan.outputs) {
    const Location file = below(destination, output.relative);
    for (const Input& input : output.inputs) {
      const Location& from = input.location;
      if (from.scheme == file.scheme && from.authority == file.authority &&
          from.path == file.path) {
        return base::invalid_argument(uri(file) + " would be copied onto itself");
      }
    }
  }
  return base::ok();
}

class Run {
 public:
  Run(const Options& options, const Environment& environment) : options_(options) {
    environment_ = environment;
  }

  base::Status all() {
    for (const std::string& note : options_.notes) base::log_warn(kName, "{}", note);
    const std::string folder = environment_("HADOOP_CONF_DIR").value_or("/etc/hadoop/conf");
    Site site = TRY(load_site(folder, environment_, options_.s3_endpoint));
    const Signals signals(stop_);
    const Retry retry(clock_, ids_, stop_.get_token());
    Session session(options_, std::move(site), environment_, clock_, ids_, retry);
    const Location destination = TRY(session.locate(options_.destination));
    std::vector<ManifestLine> carried;
    auto plan = TRY(make(session, destination, carried));
    const StoreOf store_of = [&](const Location& at) { return session.store_of(at); };
    TRY(copy(plan, destination, store_of, retry));
    TRY(write_manifest(plan, destination, std::move(carried), session, store_of, retry));
    return remove_sources(plan, store_of);
  }

 private:
  // `carried`: lines of the previous manifest that go on into the new one.
  base::Result<Plan> make(Session& session, const Location& destination,
                          std::vector<ManifestLine>& carried) {
    Findings findings = TRY(find_files(options_, destination, session));
    carried = findings.previous;
    const size_t found = findings.inputs.size();
    Plan plan = TRY(make_plan(options_, std::move(findings)));
    TRY(check_destination(options_, plan, destination));
    base::log_info(kName, "{} of {} files to copy, {}, into {} files at {}", plan.files, found,
                   sized(plan.bytes), plan.outputs.size(), uri(destination));
    return plan;
  }

  base::Status copy(const Plan& plan, const Location& destination, const StoreOf& store_of,
                    const Retry& retry) {
    Progress progress;
    progress.files = plan.files;
    progress.bytes = plan.bytes;
    // most of the time a worker waits for the other side
    const size_t cores = std::max(1u, std::thread::hardware_concurrency());
    workers_ = std::clamp<size_t>(4 * cores, 8, 32);
    const CopyOptions copying{destination, options_.output_codec, workers_};
    const base::Millis began = clock_.steady();
    Reporter reporter(progress, clock_);
    auto done = copy_all(plan.outputs, copying, store_of, retry, stop_, progress);
    reporter.end();
    const double seconds = static_cast<double>((clock_.steady() - began).count()) / 1000;
    base::log_info(kName, "{} in {:.1f} s", text_of(progress), seconds);
    return done;
  }

  base::Status write_manifest(const Plan& plan, const Location& destination,
                              std::vector<ManifestLine> lines, Session& session,
                              const StoreOf& store_of, const Retry& retry) {
    if (options_.output_manifest.empty()) return base::ok();
    for (const Output& output : plan.outputs) {
      const std::string path = uri(below(destination, output.relative));
      for (const Input& input : output.inputs) {
        lines.push_back({path, input.relative, uri(destination), input.size});
      }
    }
    const std::string text = TRY(format_manifest(lines));
    // a name alone lies at the destination
    const std::string& name = options_.output_manifest;
    const bool alone = name.find(':') == std::string::npos && !name.starts_with('/');
    const Location file = alone ? below(destination, name) : TRY(session.locate(name));
    const auto written = retry([&]() -> base::Status {
      Store* store = TRY(store_of(file));
      NewFile wanted;
      wanted.location = file;
      wanted.size = text.size();
      auto writer = TRY(store->create(wanted));
      const std::vector<Piece> pieces = writer->pieces();
      for (size_t i = 0; i < pieces.size(); ++i) {
        const auto bytes = source_of(
            std::string_view(text).substr(pieces[i].offset, pieces[i].length.value_or(0)));
        if (auto done = writer->write(i, *bytes); !done.ok()) return writer->abandon(), done;
      }
      return writer->finish();
    });
    if (written.ok()) base::log_info(kName, "wrote the manifest {}", uri(file));
    return written;
  }

  base::Status remove_sources(const Plan& plan, const StoreOf& store_of) {
    if (!options_.delete_on_success) return base::ok();
    std::vector<Location> files;
    for (const Output& output : plan.outputs) {
      for (const Input& input : output.inputs) files.push_back(input.location);
    }
    TRY(remove_all(files, store_of, workers_));
    base::log_info(kName, "deleted {} sources", files.size());
    return base::ok();
  }

  const Options& options_;
  Environment environment_;
  base::SystemClock clock_;
  base::RandomIds ids_;
  std::stop_source stop_;
  size_t workers_ = 8;
};

}  // namespace

int run(std::span<const std::string> arguments, const Environment& environment) {
  const auto options = parse_options(arguments);
  if (!options.ok()) {
    fmt::print(stderr, "s3-dist-cp: {}\n", options.error().message);
    return 1;
  }
  if (options->help) {
    fmt::print("{}", usage());
    return 0;
  }
  const auto done = Run(*options, environment).all();
  if (!done.ok()) {
    fmt::print(stderr, "s3-dist-cp: {}\n", done.error().message);
    return 1;
  }
  return 0;
}

}  // namespace howdah::distcp

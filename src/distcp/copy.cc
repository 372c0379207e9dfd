#include "distcp/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "distcp/reading.h"

namespace howdah::distcp {
namespace {

// A file that is being made by several workers.
struct Job {
  const Output* output;
  std::unique_ptr<Writer> writer;
  std::vector<Piece> pieces;
  size_t left = 0;      // pieces that are not written; guarded by Copy::mutex_
  bool broken = false;  // the same
};

struct Task {
  std::shared_ptr<Job> job;
  size_t piece = 0;
};

class Copy {
 public:
  Copy(const std::vector<Output>& outputs, const CopyOptions& options, const StoreOf& store_of,
       const Retry& retry, std::stop_source stop, Progress& progress)
      : outputs_(outputs),
        options_(options),
        store_of_(store_of),
        retry_(retry),
        stop_(std::move(stop)),
        progress_(progress) {}

  base::Status run() {
    {
      std::vector<std::jthread> workers;
      for (size_t i = 0; i < std::max<size_t>(1, options_.workers); ++i) {
        workers.emplace_back([this] { work(); });
      }
    }
    if (error_) return *std::move(error_);
    if (stop_.stop_requested()) {
      return base::Error{base::Code::kCancelled, "the copy was stopped", {}, {}};
    }
    return base::ok();
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return !tasks_.empty() || next_ < outputs_.size() || running_ == 0 ||
               stop_.stop_requested();
      });
      if (tasks_.empty() && (next_ >= outputs_.size() || stop_.stop_requested())) {
        if (running_ > 0 && !stop_.stop_requested()) continue;
        changed_.notify_all();
        return;
      }
      ++running_;
      if (!tasks_.empty()) {
        Task task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        piece(task);
      } else {
        const Output& output = outputs_[next_++];
        lock.unlock();
        begin(output);
      }
      lock.lock();
      --running_;
      changed_.notify_all();
    }
  }

  NewFile file_of(const Output& output) const {
    NewFile file;
    file.location = below(options_.destination, output.relative);
    file.size = output.size;
    file.storage_class = output.storage_class;
    file.append = output.append;
    file.appended_to = output.appended_to;
    return file;
  }

  // True: done, by the store itself.
  base::Result<bool> copied_inside(const Output& output, const NewFile& file, Store& store) {
    if (options_.codec != Codec::kKeep || output.inputs.size() != 1 || output.append) return false;
    bool possible = true;
    TRY(retry_([&]() -> base::Status {
      auto copied = store.copy(output.inputs.front(), file);
      possible = copied.has_value();
      return possible ? *std::move(copied) : base::ok();
    }));
    if (!possible) return false;
    progress_.bytes_done += output.inputs.front().size;
    progress_.files_done += 1;
    return true;
  }

  void begin(const Output& output) {
    auto job = std::make_shared<Job>();
    const auto begun = [&]() -> base::Result<bool> {
      const NewFile file = file_of(output);
      Store* store = TRY(store_of_(file.location));
      if (TRY(copied_inside(output, file, *store))) return false;
      job->output = &output;
      job->writer = TRY(store->create(file));
      job->pieces = job->writer->pieces();
      job->left = job->pieces.size();
      return true;
    }();
    if (!begun.ok()) return fail(output, begun.error());
    if (!*begun) return;
    {
      std::lock_guard lock(mutex_);
      for (size_t i = 1; i < job->pieces.size(); ++i) tasks_.push_back({job, i});
      changed_.notify_all();
    }
    piece({job, 0});
  }

  base::Status write_once(Job& job, size_t index) {
    std::atomic<uint64_t> moved = 0;
    const Reading reading{store_of_, retry_, stop_.get_token(), options_.codec, moved};
    base::Status written = base::ok();
    {
      auto bytes = TRY(open_piece(reading, *job.output, job.pieces[index]));
      written = job.writer->write(index, *bytes);
    }
    if (written.ok()) progress_.bytes_done += moved;
    return written;
  }

  void piece(const Task& task) {
    Job& job = *task.job;
    base::Status written = base::ok();
    if (stop_.stop_requested()) {
      written = base::Error{base::Code::kCancelled, "the copy was stopped", {}, {}};
    } else {
      written = retry_([&] { return write_once(job, task.piece); });
    }
    if (!written.ok()) fail(*job.output, written.error());
    bool last = false, broken = false;
    {
      std::lock_guard lock(mutex_);
      job.broken |= !written.ok();
      last = --job.left == 0;
      broken = job.broken;
    }
    if (!last) return;
    if (!broken) {
      if (auto finished = job.writer->finish(); finished.ok()) {
        progress_.files_done += job.output->inputs.size();
        return;
      } else {
        fail(*job.output, finished.error());
      }
    }
    job.writer->abandon();
  }

  void fail(const Output& output, const base::Error& error) {
    std::lock_guard lock(mutex_);
    if (!error_ && error.code != base::Code::kCancelled) {
      error_ = error;
      const NewFile file = file_of(output);
      error_->message = fmt::format("copying to {}: {}", uri(file.location), error.message);
    }
    stop_.request_stop();
    changed_.notify_all();
  }

  const std::vector<Output>& outputs_;
  const CopyOptions& options_;
  const StoreOf& store_of_;
  const Retry& retry_;
  std::stop_source stop_;
  Progress& progress_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  size_t next_ = 0;         // output that nobody has begun
  std::deque<Task> tasks_;  // pieces of those that were begun
  size_t running_ = 0;
  std::optional<base::Error> error_;
};

}  // namespace

base::Status copy_all(const std::vector<Output>& outputs, const CopyOptions& options,
                      const StoreOf& store_of, const Retry& retry, std::stop_source stop,
                      Progress& progress) {
  return Copy(outputs, options, store_of, retry, std::move(stop), progress).run();
}

base::Status remove_all(const std::vector<Location>& files, const StoreOf& store_of,
                        size_t workers) {
  constexpr size_t kBatch = 200;
  std::mutex mutex;
  size_t next = 0;
  std::optional<base::Error> error;
  auto work = [&] {
    for (;;) {
      std::vector<Location> batch;
      {
        std::lock_guard lock(mutex);
        if (error || next >= files.size()) return;
        const size_t end = std::min(next + kBatch, files.size());
        batch.assign(files.begin() + static_cast<ptrdiff_t>(next),
                     files.begin() + static_cast<ptrdiff_t>(end));
        next = end;
      }
      const auto removed = [&]() -> base::Status {
        // one store a batch but for lists from several places
        std::vector<std::pair<Store*, std::vector<Location>>> by_store;
        for (Location& file : batch) {
          Store* store = TRY(store_of(file));
          if (by_store.empty() || by_store.back().first != store) by_store.push_back({store, {}});
          by_store.back().second.push_back(std::move(file));
        }
        for (const auto& [store, part] : by_store) TRY(store->remove(part));
        return base::ok();
      }();
      std::lock_guard lock(mutex);
      if (!removed.ok() && !error) error = removed.error();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < std::max<size_t>(1, workers); ++i) threads.emplace_back(work);
  }
  if (error) return *std::move(error);
  return base::ok();
}

}  // namespace howdah::distcp

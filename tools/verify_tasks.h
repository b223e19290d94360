// Tasks on several threads, each with a worker of its own.
#pragma once

#include <mpfr.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace actc::tools {

// `make()` gives a worker, `work(worker, task)` does a task, `finish(worker)` gathers what it
// found, one thread at a time. The calling thread tells `show` after each of its tasks how many
// have begun.
template <class Make, class Work, class Finish, class Show>
void in_parallel(unsigned threads, std::size_t tasks, Make make, Work work, Finish finish,
                 Show show) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  const auto run = [&](bool shows) {
    auto worker = make();
    for (std::size_t task = next++; task < tasks; task = next++) {
      work(worker, task);
      if (shows) show(task);
    }
    const std::lock_guard lock(mutex);
    finish(worker);
    mpfr_free_cache();
  };
  std::vector<std::jthread> others;
  for (unsigned t = 1; t < threads && t < tasks; ++t) others.emplace_back(run, false);
  run(true);
}

}  // namespace actc::tools

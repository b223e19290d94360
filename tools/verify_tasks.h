// Tasks on several threads, each with a worker of its own.
#pragma once

#include <mpfr.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace actc::tools {

// `make()` gives a worker, `work(worker, task)` does a task; `finish(worker)` gathers what each
// found when all tasks are done, since workers may read what it is gathered into. The calling
// thread tells `show` after each of its tasks how many have begun.
template <class Make, class Work, class Finish, class Show>
void in_parallel(unsigned threads, std::size_t tasks, Make make, Work work, Finish finish,
                 Show show) {
  using Worker = std::invoke_result_t<Make>;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::vector<std::unique_ptr<Worker>> workers;
  const auto run = [&](bool shows) {
    auto worker = std::unique_ptr<Worker>(new Worker(make()));
    for (std::size_t task = next++; task < tasks; task = next++) {
      work(*worker, task);
      if (shows) show(task);
    }
    mpfr_free_cache();
    const std::lock_guard lock(mutex);
    workers.push_back(std::move(worker));
  };
  {
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < threads && t < tasks; ++t) others.emplace_back(run, false);
    run(true);
  }
  for (const auto& worker : workers) finish(*worker);
}

}  // namespace actc::tools

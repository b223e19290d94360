// Work divided among threads that live as long as the call.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "runtime/actc.h"

namespace actc {

Executor threads(unsigned count) {
  return [count](std::size_t tasks, const std::function<void(std::size_t)>& task) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t k = next++; k < tasks; k = next++) task(k);
    };
    std::vector<std::jthread> others;
    const std::size_t wanted = std::min<std::size_t>(count, tasks);
    for (std::size_t k = 1; k < wanted; ++k) others.emplace_back(work);
    work();
  };
}

}  // namespace actc

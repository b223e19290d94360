// Threads that wait for work: spinning for a moment, since calls often follow each other, then
// asleep.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "runtime/actc.h"

namespace actc {
namespace {

using Task = std::function<void(std::size_t)>;

constexpr std::chrono::microseconds longest_spin{50};

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `ready`, for a moment without the system's help. Says whether it is.
template <class Ready>
bool spin_until(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + longest_spin;
  do {
    for (int k = 0; k < 32; ++k) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// One call's work at a time. A second caller, or a task that calls in turn, does its work by
// itself: there are never more threads at work than the pool and the callers have.
class Pool {
 public:
  explicit Pool(unsigned others) {
    try {
      for (unsigned k = 0; k < others; ++k) threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
      return;  // the system gives no more: those that there are do the work
    }
  }
  ~Pool() {
    stopping_ = true;
    announce();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  void run(std::size_t count, const Task& task) {
    const std::unique_lock alone(mutex_, std::try_to_lock);
    if (!alone || threads_.empty() || count < 2) {
      for (std::size_t k = 0; k < count; ++k) task(k);
      return;
    }
    task_ = &task;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    open_.store(true);
    announce();
    work();
    open_.store(false);
    // Who came in before that is still at work; who comes after sees that it is closed.
    const auto empty = [&] { return inside_.load() == 0; };
    while (!spin_until(empty)) {
      if (const int inside = inside_.load(); inside != 0) inside_.wait(inside);
    }
  }

 private:
  void announce() {
    announced_.fetch_add(1);
    announced_.notify_all();
  }

  void work() {
    for (std::size_t k = next_++; k < count_; k = next_++) (*task_)(k);
  }

  void serve() {
    for (int seen = 0;;) {
      const auto news = [&] { return announced_.load() != seen; };
      if (!spin_until(news)) announced_.wait(seen);
      seen = announced_.load();
      if (stopping_) return;
      inside_.fetch_add(1);
      if (open_.load()) work();
      if (inside_.fetch_sub(1) == 1) inside_.notify_all();
    }
  }

  std::mutex mutex_;  // of who has the pool
  const Task* task_ = nullptr;
  std::size_t count_ = 0;
  // Apart, so that who waits for one does not disturb who counts the other.
  alignas(64) std::atomic<std::size_t> next_ = 0;
  // Of the type that the system itself can wait for.
  alignas(64) std::atomic<int> announced_ = 0;
  alignas(64) std::atomic<int> inside_ = 0;
  std::atomic<bool> open_ = false;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;  // joined before the rest goes
};

}  // namespace

Executor threads(unsigned count) {
  const auto pool = std::make_shared<Pool>(std::max(1U, count) - 1);
  return [pool](std::size_t tasks, const Task& task) { pool->run(tasks, task); };
}

}  // namespace actc

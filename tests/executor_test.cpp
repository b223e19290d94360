// Calls whose work is divided: by actc's threads, and by a host's own.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <initializer_list>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "runtime/actc.h"

namespace actc {
namespace {

template <class T>
std::vector<T> normal_values(std::size_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<T> values(n);
  for (T& v : values) v = static_cast<T>(normal(engine));
  return values;
}

// As a host would: a thread a task, or all on one.
void one_thread_a_task(std::size_t count, const std::function<void(std::size_t)>& task) {
  std::vector<std::future<void>> done;
  for (std::size_t k = 0; k < count; ++k) done.push_back(std::async(std::launch::async, task, k));
}
void backwards(std::size_t count, const std::function<void(std::size_t)>& task) {
  while (count > 0) task(--count);
}

std::vector<Executor> executors() {
  return {threads(0), threads(1), threads(2), threads(5), one_thread_a_task, backwards};
}

template <class T>
class Executors : public testing::Test {};
using Elements = testing::Types<float, double, float16, bfloat16>;
TYPED_TEST_SUITE(Executors, Elements);

// Whatever the length, and wherever in a line of the cache the arrays begin.
TYPED_TEST(Executors, GiveTheSameBits) {
  using T = TypeParam;
  constexpr std::size_t longest = 70'000;
  const auto x = normal_values<T>(longest + 64, 1);
  const auto dy = normal_values<T>(longest + 64, 2);
  const BoundKernel<T> one = builtin("gelu").kernel<T>({.fused = true}).bind();
  const auto all = executors();
  for (const std::size_t n :
       std::initializer_list<std::size_t>{0U, 1U, 63U, 2'048U, 4'097U, 20'000U, longest}) {
    for (const std::size_t shift : {std::size_t{0}, std::size_t{1}, std::size_t{13}}) {
      const auto in = std::span(x).subspan(shift, n);
      const auto above = std::span(dy).subspan(2 * shift, n);
      std::vector<T> y(n), dx(n);
      one.forward_backward(in, above, y, dx);
      for (const Executor& executor : all) {
        const BoundKernel<T> divided = one.on(executor);
        std::vector<T> y2(n + shift), dx2(n + shift), dx3(n + shift);
        divided.forward(in, std::span(y2).subspan(shift));
        divided.backward(in, above, std::span(dx2).subspan(shift));
        EXPECT_TRUE(std::ranges::equal(y, std::span(y2).subspan(shift)));
        EXPECT_TRUE(std::ranges::equal(dx, std::span(dx2).subspan(shift)));
        divided.forward_backward(in, above, std::span(y2).subspan(shift),
                                 std::span(dx3).subspan(shift));
        EXPECT_TRUE(std::ranges::equal(y, std::span(y2).subspan(shift)));
        EXPECT_TRUE(std::ranges::equal(dx, std::span(dx3).subspan(shift)));
      }
    }
  }
}

TEST(LearnedOnThreads, HaveTheSameBits) {
  constexpr std::size_t n = 3'000'001;
  const auto x = normal_values<float>(n, 1);
  const auto dy = normal_values<float>(n, 2);
  const BoundKernel<float> one =
      builtin("prelu").kernel<float>({.fused = true, .learned = true}).bind();
  std::vector<float> y(n), dx(n);
  double da = 0;
  one.forward_backward(x, dy, y, dx, std::span(&da, 1));
  for (const unsigned count : {1U, 2U, 5U}) {
    std::vector<float> y2(n), dx2(n);
    double da2 = 0;
    one.on(threads(count)).forward_backward(x, dy, y2, dx2, std::span(&da2, 1));
    EXPECT_EQ(y2, y);
    EXPECT_EQ(dx2, dx);
    EXPECT_EQ(da2, da);
  }
}

// Whose outputs are stored around the caches, whoever computes which part.
TEST(LargeArrays, HaveTheSameBitsOnThreads) {
  constexpr std::size_t n = (std::size_t{5} << 20) + 3;
  const auto x = normal_values<float>(n, 3);
  const BoundKernel<float> one = builtin("silu").kernel<float>().bind();
  std::vector<float> y(n), y2(n);
  one.forward(x, y);
  one.on(threads(3)).forward(x, y2);
  EXPECT_EQ(y2, y);
}

TEST(Threads, ServeManyCallersAtOnce) {
  constexpr std::size_t n = 50'000;
  const auto x = normal_values<float>(n, 4);
  const BoundKernel<float> one = builtin("tanh").kernel<float>().bind();
  std::vector<float> expected(n);
  one.forward(x, expected);
  const BoundKernel<float> divided = one.on(threads(3));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> callers;
    for (int k = 0; k < 4; ++k) {
      callers.emplace_back([&] {
        std::vector<float> y(n);
        for (int call = 0; call < 200; ++call) {
          std::ranges::fill(y, 0.0F);
          divided.forward(x, y);
          if (y != expected) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(Threads, RunTasksThatRunTasks) {
  const Executor executor = threads(3);
  std::atomic<int> done = 0;
  executor(5, [&](std::size_t) { executor(7, [&](std::size_t) { ++done; }); });
  EXPECT_EQ(done, 35);
}

TEST(Threads, RunEachTaskOnce) {
  const Executor executor = threads(4);
  for (const std::size_t count :
       std::initializer_list<std::size_t>{0U, 1U, 2U, 3U, 100U, 10'000U}) {
    std::vector<std::atomic<int>> runs(count);
    executor(count, [&](std::size_t k) { ++runs[k]; });
    EXPECT_TRUE(std::ranges::all_of(runs, [](const auto& r) { return r == 1; }));
  }
}

// The pool ends with the last copy, asleep or not.
TEST(Threads, EndWithTheirExecutor) {
  for (int k = 0; k < 100; ++k) {
    const Executor executor = threads(3);
    const Executor copy = executor;
    std::atomic<int> done = 0;
    if (k % 2 == 0) copy(4, [&](std::size_t) { ++done; });
    EXPECT_EQ(done, k % 2 == 0 ? 4 : 0);
  }
}

}  // namespace
}  // namespace actc

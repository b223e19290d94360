// Kernels come and go: a process that compiles as it runs must not grow, whatever the order and
// the threads in which it lets go of what it compiled.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/actc.h"

namespace actc {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // they keep freed memory back
#else
constexpr bool sanitized = false;
#endif

// What malloc may keep in hand. A leak of one page a kernel would be 40 MB in 10,000.
constexpr std::size_t slack_bytes = std::size_t{8} << 20;

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

float value_at_one(const Kernel<float>& kernel) {
  const std::array x = {1.0f};
  std::array y = {0.0f};
  kernel.forward(x, y);
  return y[0];
}

// Compiles a formula of its own each time, runs it, unloads it.
void compile_many(int count, auto text, const KernelOptions& options) {
  std::size_t after_100 = 0;
  for (int k = 0; k < count; ++k) {
    const Kernel<float> kernel =
        compile(text(std::to_string(k))).entry().template kernel<float>(options);
    ASSERT_EQ(value_at_one(kernel), static_cast<float>(k));
    if (k == 100) after_100 = resident_bytes();
  }
  const std::size_t after = resident_bytes();
  std::printf("  %zu KiB after 100, %zu KiB after %d\n", after_100 / 1024, after / 1024, count);
  if (!sanitized) {
    EXPECT_LT(after, after_100 + slack_bytes);
  }
}

TEST(Leak, TenThousandKernelsLeaveTheMemoryFlat) {
  compile_many(sanitized ? 500 : 10'000, [](const std::string& k) { return "x * " + k; },
               {.backward = false, .optimize = false});
}

TEST(Leak, KernelsWithGradientsLeaveTheMemoryFlat) {
  compile_many(sanitized ? 200 : 400,
               [](const std::string& k) {
                 return "f(x; a = 2) = " + k + " * x + where(x > 1, a * exp(x), 0)";
               },
               {});
}

// Labelled `long`: the same as above at the full number and with the default options.
TEST(LongLeak, TenThousandKernelsWithGradientsLeaveTheMemoryFlat) {
  compile_many(10'000, [](const std::string& k) { return k + " * x + where(x > 1, tanh(x), 0)"; },
               {});
}

TEST(Leak, RefusedTextsLeaveTheMemoryFlat) {
  std::size_t after_100 = 0;
  for (int k = 0; k < 5'000; ++k) {
    EXPECT_FALSE(try_compile("f(x) = x * (y" + std::to_string(k) + " + 1\ng(x) = f(x) + f("));
    if (k == 100) after_100 = resident_bytes();
  }
  if (!sanitized) {
    EXPECT_LT(resident_bytes(), after_100 + slack_bytes);
  }
}

TEST(Leak, ThreadsThatCompileAndUnloadAtOnceLeaveTheMemoryFlat) {
  const auto round = [](int kernels) {
    std::array<bool, 8> right{};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < right.size(); ++t) {
      threads.emplace_back([&right, t, kernels] {
        right[t] = true;
        for (int k = 0; k < kernels; ++k) {
          const auto seed = static_cast<int>(t) * kernels + k;
          const Kernel<float> kernel = compile("x * " + std::to_string(seed))
                                           .entry()
                                           .kernel<float>({.optimize = k % 2 == 0});
          right[t] = right[t] && value_at_one(kernel) == static_cast<float>(seed);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(std::ranges::all_of(right, [](bool r) { return r; }));
  };
  round(20);  // the threads' own heaps
  const std::size_t before = resident_bytes();
  round(sanitized ? 20 : 100);
  // A heap a thread may come to stay.
  if (!sanitized) {
    EXPECT_LT(resident_bytes(), before + 3 * slack_bytes);
  }
}

TEST(Order, OfDestructionIsFree) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::optional<Module>> modules;
    std::vector<std::optional<Function>> functions;
    std::vector<std::optional<Kernel<float>>> kernels;
    std::vector<std::optional<BoundKernel<float>>> bound;
    for (int k = 0; k < 4; ++k) {
      modules.emplace_back(compile("f(x; a = " + std::to_string(k) + ") = a * x"));
      functions.emplace_back(modules.back()->entry());
      kernels.emplace_back(functions.back()->kernel<float>({.backward = false, .optimize = false}));
      bound.emplace_back(kernels.back()->bind());
    }
    std::vector<int> order(16);
    for (int k = 0; k < 16; ++k) order[static_cast<std::size_t>(k)] = k;
    std::ranges::shuffle(order, random);
    for (const int step : order) {
      const auto k = static_cast<std::size_t>(step) % 4;
      switch (step / 4) {
        case 0:
          modules[k].reset();
          break;
        case 1:
          functions[k].reset();
          break;
        case 2:
          kernels[k].reset();
          break;
        default:
          bound[k].reset();
      }
      // What is left works.
      const std::array x = {3.0f};
      std::array y = {0.0f};
      for (std::size_t i = 0; i < 4; ++i) {
        const auto expected = 3.0f * static_cast<float>(i);
        if (bound[i]) {
          bound[i]->forward(x, y);
          EXPECT_EQ(y[0], expected);
        }
        if (kernels[i]) {
          kernels[i]->forward(x, y);
          EXPECT_EQ(y[0], expected);
        }
        if (functions[i]) {
          EXPECT_EQ(functions[i]->evaluate(std::array{3.0}), expected);
        }
        if (modules[i]) {
          EXPECT_EQ(modules[i]->entry().name(), "f");
        }
      }
    }
  }
}

TEST(Order, AKernelMayBeDestroyedOnAnotherThread) {
  std::vector<Kernel<float>> kernels;
  for (int k = 0; k < 8; ++k) {
    kernels.push_back(
        compile("x + " + std::to_string(k)).entry().kernel<float>({.optimize = false}));
  }
  std::thread([moved = std::move(kernels)]() mutable {
    for (std::size_t k = 0; k < moved.size(); ++k) {
      EXPECT_EQ(value_at_one(moved[k]), 1.0f + static_cast<float>(k));
    }
    moved.clear();
  }).join();
}

// Held by a static that was there before the library's own: it goes after them, and still runs.
struct RunsWhenDestroyed {
  Kernel<float> kernel;
  std::optional<Module> module;

  ~RunsWhenDestroyed() {
    if (value_at_one(kernel) != 2.0f) std::_Exit(1);
    if (module->entry().evaluate(std::array{1.0}) != 2.0) std::_Exit(2);
  }
};

TEST(OrderDeathTest, AKernelInAStaticOutlivesTheEngine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        static RunsWhenDestroyed held;
        held.module = compile("x + x^2");
        held.kernel = held.module->entry().kernel<float>();
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace actc

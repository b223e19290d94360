// Short measurements: the least of some samples, which other programs disturb least.
#include "tools/card/cost.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace actc::tools {
namespace {

// In the second-level cache, with the results.
constexpr std::size_t elements = 32768;
constexpr int samples = 5;
constexpr std::chrono::microseconds sample_time(1000);

void keep(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

template <class Call>
double least_time(const Call& call) {
  using Clock = std::chrono::steady_clock;
  call();
  double least = 1e300;
  for (int k = 0; k < samples; ++k) {
    int calls = 0;
    const auto begin = Clock::now();
    auto now = begin;
    do {
      call();
      ++calls;
      now = Clock::now();
    } while (now - begin < sample_time);
    const std::chrono::duration<double, std::nano> elapsed = now - begin;
    least = std::min(least, elapsed.count() / calls);
  }
  return least / static_cast<double>(elements);
}

std::pair<double, double> times_of(const Function& function, const Parameters& parameters,
                                   const KernelOptions& options) {
  const std::size_t inputs = function.inputs().size();
  std::mt19937 engine(1);
  std::normal_distribution<float> normal(0, 1);
  std::vector<std::vector<float>> x(inputs, std::vector<float>(elements));
  for (auto& input : x) std::ranges::generate(input, [&] { return normal(engine); });
  const std::size_t values = function.has_row_value() ? 1 : elements;
  const std::vector<float> dy(values, 1.0F);
  std::vector<float> y(values);
  std::vector<std::vector<float>> dx(inputs, std::vector<float>(elements));
  const std::vector<std::span<const float>> from(x.begin(), x.end());
  const std::vector<std::span<float>> to(dx.begin(), dx.end());
  const BoundKernel<float> kernel = function.kernel<float>(options).bind(parameters);
  const double forward = least_time([&] {
    kernel.forward(from, y);
    keep(y.data());
  });
  const double backward = least_time([&] {
    kernel.backward(from, dy, to);
    keep(dx.front().data());
  });
  return {forward, backward};
}

}  // namespace

Cost cost_of(const Function& function, const Parameters& parameters, const KernelOptions& options,
             bool timed) {
  Cost cost;
  cost.elements = elements;
  if (timed) {
    std::tie(cost.forward, cost.backward) = times_of(function, parameters, options);
    std::tie(cost.relu_forward, cost.relu_backward) = times_of(builtin("relu"), {}, options);
  }
  const auto inputs = static_cast<double>(function.inputs().size());
  const auto bytes = [&](Saved saved) {
    switch (saved) {
      case Saved::nothing:
        return 0.0;
      case Saved::mask:
        return 1.0 / 8;
      case Saved::x:
        return inputs * sizeof(float);
      case Saved::y:
        break;
    }
    return 1.0 * sizeof(float);
  };
  const auto name = [](Saved saved) {
    switch (saved) {
      case Saved::nothing:
        return "nothing";
      case Saved::mask:
        return "mask";
      case Saved::y:
        return "y";
      case Saved::x:
        break;
    }
    return "x";
  };
  std::vector<Saved> all;
  for (const Saving& saving : function.savings()) {
    const bool possible = std::ranges::all_of(saving.positive, [&](const std::string& p) {
      const auto given = parameters.find(p);
      return given == parameters.end() || given->second > 0;
    });
    if (possible) all.push_back(saving.saved);
  }
  std::ranges::stable_sort(all, {}, bytes);
  for (const Saved saved : all) cost.saved.emplace_back(name(saved));
  cost.saved_bytes = all.empty() ? inputs * sizeof(float) : bytes(all.front());
  return cost;
}

}  // namespace actc::tools

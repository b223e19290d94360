// Measures in turns: the minimum over the rounds is what the code can do when nothing else disturbs
// it, and the median of the ratios within a round shows whether the minimum is typical.
#include "bench/turns.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

double nanoseconds(Clock::duration d) {
  return std::chrono::duration<double, std::nano>(d).count();
}

double time_of(const std::function<void()>& run, int calls) {
  const Clock::time_point start = Clock::now();
  for (int k = 0; k < calls; ++k) run();
  return nanoseconds(Clock::now() - start) / calls;
}

// So many calls that they last 30 microseconds.
int calls_for(const std::function<void()>& run) {
  constexpr double enough = 30e3;
  const double once = std::min(time_of(run, 1), time_of(run, 1));
  return static_cast<int>(std::clamp(enough / once, 1.0, 1e4));
}

}  // namespace

double minimum(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

double median(std::vector<double> v) {
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

double geometric_mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += std::log(x);
  return std::exp(sum / static_cast<double>(v.size()));
}

std::vector<std::vector<double>> in_turns(const std::vector<std::function<void()>>& contenders,
                                          int rounds) {
  std::vector<int> calls;
  for (const auto& run : contenders) calls.push_back(calls_for(run));
  std::vector<std::vector<double>> samples(contenders.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < contenders.size(); ++k) {
      contenders[k]();  // the caches as this contender leaves them
      samples[k].push_back(time_of(contenders[k], calls[k]));
    }
  }
  return samples;
}

}  // namespace bench

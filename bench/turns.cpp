// Measures in turns, so that what disturbs one contender disturbs the others as well, and in time
// of the processor, so that what else runs on it counts little.
#include "bench/turns.h"

#include <algorithm>
#include <ctime>
#include <numeric>
#include <random>

namespace bench {
namespace {

double time_of(const std::function<void()>& run, int calls) {
  const double start = nanoseconds_used();
  for (int k = 0; k < calls; ++k) run();
  return (nanoseconds_used() - start) / calls;
}

struct Plan {
  int calls;    // so many that they last 30 microseconds
  bool warmed;  // by a call that is not timed; one of 50 milliseconds warms itself
};

Plan plan_for(const std::function<void()>& run) {
  constexpr double enough = 30e3;
  constexpr double long_call = 50e6;
  const double first = time_of(run, 1);
  const double once = first < long_call ? std::min(first, time_of(run, 1)) : first;
  return {static_cast<int>(std::clamp(enough / once, 1.0, 1e4)), once < long_call};
}

}  // namespace

double nanoseconds_used() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

double minimum(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

double quantile(std::vector<double> v, double part) {
  const auto at = v.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(v.size()));
  std::nth_element(v.begin(), at, v.end());
  return *at;
}

double median(const std::vector<double>& v) { return quantile(v, 0.5); }

std::vector<std::vector<double>> in_turns(const std::vector<std::function<void()>>& contenders,
                                          int rounds) {
  std::vector<Plan> plans;
  for (const auto& run : contenders) plans.push_back(plan_for(run));
  std::vector<std::vector<double>> samples(contenders.size());
  std::vector<std::size_t> order(contenders.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 random(1);  // the same orders in each run
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);  // nobody always follows the same one
    for (const std::size_t k : order) {
      if (plans[k].warmed) contenders[k]();  // the caches as this contender leaves them
      samples[k].push_back(time_of(contenders[k], plans[k].calls));
    }
  }
  return samples;
}

}  // namespace bench

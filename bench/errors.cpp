#include "bench/errors.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "bench/kernels.h"
#include "runtime/actc.h"

namespace bench {
namespace {

std::vector<float> sample() {
  std::vector<float> x;
  const auto take = [&](std::uint32_t bits) {
    const auto value = std::bit_cast<float>(bits);
    if (std::isfinite(value)) x.push_back(value);
  };
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += 1009) {
    take(static_cast<std::uint32_t>(bits));
  }
  const auto last = std::bit_cast<std::uint32_t>(12.0F);
  for (auto bits = std::bit_cast<std::uint32_t>(0x1p-20F); bits <= last; bits += 251) {
    take(bits);
    take(bits | 0x80000000U);
  }
  x.resize(x.size() / 64 * 64);  // whole vectors, which some peers want
  return x;
}

std::vector<double> exact_values(const char* function, Direction direction,
                                 const std::vector<double>& x) {
  const actc::Kernel<double> kernel = actc::builtin(function).kernel<double>();
  std::vector<double> y(x.size());
  if (direction == Direction::forward) {
    kernel.forward(x, y);
  } else {
    kernel.backward(x, std::vector<double>(x.size(), 1.0), y);
  }
  return y;
}

// Where the function crosses zero, except at 0, and the largest magnitude within 1 of there.
struct Crossing {
  double at;
  double largest;
};

std::vector<Crossing> crossings(const char* function, Direction direction) {
  constexpr int steps = 1 << 10;  // to 1
  std::vector<double> x;
  for (int k = -12 * steps; k <= 12 * steps; ++k) x.push_back((k + 0.5) / steps);
  const std::vector<double> y = exact_values(function, direction, x);
  std::vector<Crossing> found;
  for (std::size_t i = steps; i + steps < x.size(); ++i) {
    if (y[i - 1] * y[i] >= 0 || std::fabs(x[i]) < 0.01) continue;
    double largest = 0;
    for (std::size_t k = i - steps; k < i + steps; ++k)
      largest = std::max(largest, std::fabs(y[k]));
    found.push_back({x[i], largest});
  }
  return found;
}

double unit(double x, double exact, const std::vector<Crossing>& zeros) {
  for (const Crossing& zero : zeros) {
    if (std::fabs(x - zero.at) <= 0.25) return std::ldexp(zero.largest, -24);
  }
  const int exponent = exact == 0 ? -126 : std::max(std::ilogb(exact), -126);
  return std::ldexp(1.0, exponent - 23);
}

struct Largest {
  double ulp = 0;
  float at = 0;
};

Largest largest_error(std::span<const float> results, std::span<const float> x,
                      std::span<const double> exact, const std::vector<Crossing>& zeros) {
  Largest largest;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float result = results[i];
    if (!std::isfinite(result) || !std::isfinite(exact[i])) {
      if (result == static_cast<float>(exact[i])) continue;  // an infinity that is right
      return {-1, x[i]};
    }
    const double error = std::fabs(result - exact[i]) / unit(x[i], exact[i], zeros);
    if (error > largest.ulp) largest = {error, x[i]};
  }
  return largest;
}

}  // namespace

void print_errors(const Effort& effort, std::span<const Contender> all) {
  const std::vector<float> x = sample();
  const std::vector<double> wide(x.begin(), x.end());
  const Data data{std::span<const float>(x)};
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    for (const char* function : activations_and_others()) {
      if (!std::string_view(function).starts_with(effort.only)) continue;
      const std::vector<double> exact = exact_values(function, direction, wide);
      const std::vector<Crossing> zeros = crossings(function, direction);
      const Job job = data.job(function, direction);
      const auto* results =
          static_cast<const float*>(direction == Direction::forward ? job.y : job.dx);
      std::string text;
      for (const Contender& contender : all) {
        if (contender.name == "memcpy" || contender.name == "copy, streamed") continue;
        if (!contender.offer(job)) continue;
        const Largest largest = largest_error({results, x.size()}, x, exact, zeros);
        text += fmt::format("{}\"{}\": [{:.4g}, {:.9g}]", text.empty() ? "" : ", ", contender.name,
                            largest.ulp, largest.at);
      }
      fmt::print(R"({{"kind": "error", "function": "{}", "direction": "{}", "inputs": {}, )"
                 R"("largest": {{{}}}}})"
                 "\n",
                 function, name(direction), x.size(), text);
      std::fflush(stdout);
    }
  }
}

}  // namespace bench

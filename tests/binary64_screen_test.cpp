// Mathematical functions in binary64 at many random inputs and at the neighbours of powers of two:
// screened with the C library's long double functions of 64 bits, whose worst inputs are then held
// against MPFR. ACTC_ACCURACY_DENSITY (1 by default) times a million inputs a function.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <queue>
#include <string>

#include "tests/accuracy_support.h"

namespace actc {
namespace {

using Long = long double;

struct Screened {
  const char* name;
  std::function<Long(Long)> exactly;
  double low, high;  // where its values are neither constant nor lost: half of the inputs
  double bound = 2;
};

const Long root_half = std::sqrt(0.5L);

const Screened functions[] = {
    {"exp", [](Long x) { return std::exp(x); }, -745, 710},
    {"exp2", [](Long x) { return std::exp2(x); }, -1075, 1024},
    {"expm1", [](Long x) { return std::expm1(x); }, -40, 710},
    {"log", [](Long x) { return std::log(x); }, 0, 4},
    {"log2", [](Long x) { return std::log2(x); }, 0, 4},
    {"log10", [](Long x) { return std::log10(x); }, 0, 4},
    {"log1p", [](Long x) { return std::log1p(x); }, -1, 4},
    {"sin", [](Long x) { return std::sin(x); }, -100, 100},
    {"cos", [](Long x) { return std::cos(x); }, -100, 100},
    {"atan", [](Long x) { return std::atan(x); }, -10, 10},
    {"tanh", [](Long x) { return std::tanh(x); }, -20, 20},
    {"sinh", [](Long x) { return std::sinh(x); }, -710, 710},
    {"cosh", [](Long x) { return std::cosh(x); }, -710, 710},
    {"sigmoid", [](Long x) { return 1 / (1 + std::exp(-x)); }, -745, 40},
    {"log1pexp", [](Long x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }, -745,
     40},
    {"erf", [](Long x) { return std::erf(x); }, -6, 6},
    {"erfc", [](Long x) { return std::erfc(x); }, -6, 27, 4},
    {"normcdf", [](Long x) { return std::erfc(-x * root_half) / 2; }, -38, 9, 4},
    {"normpdf",
     [](Long x) {
       return std::exp(-x * x / 2) * (root_half / std::sqrt(std::numbers::pi_v<Long>));
     },
     -38, 38},
    {"rsqrt", [](Long x) { return 1 / std::sqrt(x); }, 0, 4},
};

// A third uniform where the function lives, a third by representation, a third by representation
// from 2^-30 to 2^8 in magnitude; first the neighbours of powers of two.
class Inputs {
 public:
  explicit Inputs(const Screened& f) : uniform_(f.low, f.high) {}

  void fill(std::vector<double>& block) {
    for (double& x : block) x = next();
  }

 private:
  double next() {
    if (boundary_ < 4 * 5 * 2046) {
      const std::uint64_t k = boundary_++;
      const std::uint64_t bits = ((k / 10 % 2046 + 1) << 52) + k % 5 - 2;
      return std::bit_cast<double>(bits | (k / 5 % 2) << 63);
    }
    const std::uint64_t random = random_();
    switch (++turn_ % 3) {
      case 0:
        return uniform_(random_);
      case 1:
        return std::bit_cast<double>(random);
      default:
        return std::ldexp(1 + static_cast<double>(random >> 12) * 0x1p-52,
                          static_cast<int>(random % 38) - 30) *
               ((random >> 11 & 1) == 1 ? -1 : 1);
    }
  }

  std::uniform_real_distribution<double> uniform_;
  std::mt19937_64 random_ = test::fixed_random();
  std::uint64_t boundary_ = 0;
  std::uint64_t turn_ = 0;
};

double screened_error(double y, Long exact) {
  if (std::isnan(y) || std::isnan(exact)) return std::isnan(y) == std::isnan(exact) ? 0 : HUGE_VAL;
  if (std::isinf(static_cast<double>(exact)) || std::isinf(y)) {
    return static_cast<double>(exact) == y ? 0 : HUGE_VAL;
  }
  const int exponent = exact == 0 ? -1022 : std::max(std::ilogb(exact), -1022);
  return static_cast<double>(std::scalbn(std::fabs(y - exact), 52 - exponent));
}

TEST(Binary64Screen, RandomInputsAreWithinTheBounds) {
  const std::size_t samples = test::density(1'000'000);
  fmt::print("{:<10} {:>11} {:>6} {:>9}  at\n", "binary64", "samples", "bound", "ULP");
  for (const Screened& function : functions) {
    const Function f = builtin(function.name);
    const auto kernel = f.kernel<double>({.backward = false}).bind();
    // The 64 inputs with the largest screened errors, the least of them on top.
    using Candidate = std::pair<double, double>;
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> worst;
    Inputs inputs(function);
    std::vector<double> x(1 << 14), y(x.size());
    for (std::size_t done = 0; done < samples; done += x.size()) {
      inputs.fill(x);
      kernel.forward(x, y);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double error = screened_error(y[i], function.exactly(x[i]));
        if (worst.size() < 64 || error > worst.top().first) {
          worst.emplace(error, x[i]);
          if (worst.size() > 64) worst.pop();
        }
      }
    }
    const test::Reals exactly(f);
    double largest = 0, at = 0;
    for (; !worst.empty(); worst.pop()) {
      const double input[] = {worst.top().second};
      double result[1];
      kernel.forward(input, result);
      const double error = std::isnan(input[0]) ? 0 : test::ulps(result[0], exactly.at(input[0]));
      if (error > largest) largest = error, at = input[0];
    }
    fmt::print("{:<10} {:>11} {:>6} {:>9.3f}  {:.17g}\n", function.name, samples, function.bound,
               largest, at);
    EXPECT_LE(largest, function.bound) << function.name << " at " << at;
  }
}

}  // namespace
}  // namespace actc

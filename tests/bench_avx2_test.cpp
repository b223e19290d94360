// The hand-written kernels are what actc's speed is compared with, so their accuracy is held here:
// a fast kernel that loses its tails would be no match. Reference: the same functions in binary64.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/kernels.h"

namespace {

using bench::UnaryKernel;

double sigmoid(double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}

// x / (1 + exp(-u)) and its derivative, for odd u, b = |x| u'(|x|).
double gated(double x, double u) { return u < -700 ? -0.0 : x * sigmoid(u); }
double gated_slope(double x, double u, double b) {
  const double g = sigmoid(-std::abs(u));
  const double left = std::abs(u) > 700 ? 0 : g * (1 - b * (1 - g));
  return x < 0 ? left : 1 - left;
}

double sech2_half(double x) {  // 1 / cosh(x / 2)^2
  const double e = std::exp(-std::abs(x));
  return 4 * e / ((1 + e) * (1 + e));
}

constexpr double tanh_scale = 2 * 0.79788456080286535588;  // 2 sqrt(2 / pi)

struct Reference {
  const char* name;
  double (*f)(double);
  double (*slope)(double);
  double slope_zero;  // 0: none but at 0 or at a kink
  // Bounds in ULP. Backward within 0.25 of slope_zero: 2^-24 of the largest slope within 1 of it.
  double forward_bound;
  double backward_bound;
  double bound_at_zero = 0;
};

const Reference references[] = {
    {"relu", [](double x) { return x > 0 ? x : 0; }, [](double x) { return x > 0 ? 1.0 : 0.0; }, 0,
     0, 0},
    {"leaky_relu", [](double x) { return x > 0 ? x : 0.01 * x; },
     [](double x) { return x > 0 ? 1.0 : 0.01; }, 0, 1, 0.5},
    {"hard_swish", [](double x) { return x <= -3  ? 0
                                         : x >= 3 ? x
                                                  : x * (x + 3) / 6; },
     [](double x) { return x <= -3  ? 0
                           : x >= 3 ? 1
                                    : (2 * x + 3) / 6; }, -1.5, 2, 3, 1.5},
    {"sigmoid", sigmoid, [](double x) { return sech2_half(x) / 4; }, 0, 2.7, 4.3},
    {"tanh", [](double x) { return std::tanh(x); }, [](double x) { return sech2_half(2 * x); }, 0,
     2.7, 4.3},
    {"elu", [](double x) { return x > 0 ? x : std::expm1(x); },
     [](double x) { return x > 0 ? 1 : std::exp(x); }, 0, 1, 1.2},
    {"softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); },
     sigmoid, 0, 2.4, 2.7},
    {"silu", [](double x) { return gated(x, x); },
     [](double x) { return gated_slope(x, x, std::abs(x)); }, -1.2784645427610738, 2.9, 4.5, 1.5},
    {"mish",
     [](double x) {
       const double e = std::exp(std::min(x, 40.0));
       const double w = e * (e + 2);
       return x < -700 ? -0.0 : x * (w / (w + 2));
     },
     [](double x) {
       if (std::abs(x) > 700) return x < 0 ? -0.0 : 1.0;
       const double e = std::exp(std::min(x, 60.0));
       const double d = e * (e + 2) + 2;
       return x > 60 ? 1 : e * (4 * (x + 1) + e * (4 * x + 6 + e * (4 + e))) / (d * d);
     },
     -1.1924548, 4.1, 5.4, 1.5},
    {"gelu_tanh", [](double x) { return gated(x, tanh_scale * (x + 0.044715 * x * x * x)); },
     [](double x) {
       const double b = tanh_scale * std::abs(x) * (1 + 3 * 0.044715 * x * x);
       return gated_slope(x, tanh_scale * (x + 0.044715 * x * x * x), b);
     },
     -0.7524614, 2.9, 5.4, 1.5},
    {"gelu",
     [](double x) { return x < -37 ? -0.0 : 0.5 * x * std::erfc(-x * std::numbers::sqrt2 / 2); },
     [](double x) {
       const double a = std::abs(x);
       if (a > 37) return x < 0 ? -0.0 : 1.0;
       const double left = 0.5 * std::erfc(a * std::numbers::sqrt2 / 2) -
                           a * std::exp(-a * a / 2) / std::sqrt(2 * std::numbers::pi);
       return x < 0 ? left : 1 - left;
     },
     -0.7517916, 3.9, 4.4, 1.5},
};

// Those that are as accurate as actc's own: beside the reference of the same name, the bound of the
// values. From -3 down an error of x is ten times as large in gelu.
struct AccurateBound {
  const char* name;
  double bound;
};
const AccurateBound accurate_bounds[] = {{"sigmoid", 1}, {"tanh", 1}, {"mish", 2}, {"gelu", 3}};

double unit_in_last_place(double exact) {
  const int exponent = exact == 0 ? -126 : std::max(std::ilogb(exact), -126);
  return std::ldexp(1.0, exponent - 23);
}

double error_in_ulp(float result, double exact) {
  if (std::isnan(result)) return std::numeric_limits<double>::infinity();
  // An infinity is right where the exact value rounds to it.
  if (std::isinf(result)) return static_cast<float>(exact) == result ? 0 : HUGE_VAL;
  return std::abs(result - exact) / unit_in_last_place(exact);
}

struct Maximum {
  double error = 0;
  float at = 0;

  void take(double e, float x) {
    if (!(e <= error)) *this = {e, x};
  }
};

// Every 4001st number of the format, and 300,000 numbers in [-20, 20].
std::vector<float> sample() {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (1ULL << 32); bits += 4001) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!std::isnan(value)) x.push_back(value);
  }
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-20, 20);
  for (int k = 0; k < 300'000; ++k) x.push_back(uniform(generator));
  return x;
}

class HandWritten : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    if (!bench::host_has_avx2()) GTEST_SKIP() << "no AVX2 here";
  }
  static bool is_accurate() { return GetParam() >= std::size(references); }
  static const AccurateBound& accurate() {
    return accurate_bounds[GetParam() - std::size(references)];
  }
  static const UnaryKernel& kernel() {
    return is_accurate() ? bench::avx2_accurate_kernels()[GetParam() - std::size(references)]
                         : bench::avx2_kernels()[GetParam()];
  }
  static const Reference& reference() {
    if (!is_accurate()) return references[GetParam()];
    return *std::ranges::find(references, std::string_view{accurate().name},
                              [](const Reference& r) { return std::string_view{r.name}; });
  }
  static double forward_bound() {
    return is_accurate() ? accurate().bound : reference().forward_bound;
  }
};

TEST_P(HandWritten, StaysWithinItsBoundsOverTheWholeRange) {
  ASSERT_EQ(kernel().name, reference().name);
  const std::vector<float> x = sample();
  std::vector<float> y(x.size());
  kernel().forward(x.data(), y.data(), x.size());
  Maximum forward;
  for (std::size_t i = 0; i < x.size(); ++i) {
    forward.take(error_in_ulp(y[i], reference().f(x[i])), x[i]);
  }

  const double zero = reference().slope_zero;
  double largest = 0;
  for (double t = zero - 1; t <= zero + 1; t += 1e-3) {
    largest = std::max(largest, std::abs(reference().slope(t)));
  }
  const std::vector<float> ones(x.size(), 1);
  kernel().backward(x.data(), ones.data(), y.data(), x.size());
  Maximum backward;
  Maximum at_zero;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = reference().slope(x[i]);
    if (zero != 0 && std::abs(x[i] - zero) <= 0.25) {
      at_zero.take(std::abs(y[i] - exact) / std::ldexp(largest, -24), x[i]);
    } else {
      backward.take(error_in_ulp(y[i], exact), x[i]);
    }
  }
  std::printf("%-10s forward %.2f ULP (%.9g), backward %.2f ULP (%.9g), at its zero %.2f\n",
              reference().name, forward.error, forward.at, backward.error, backward.at,
              at_zero.error);
  EXPECT_LE(forward.error, forward_bound()) << "at " << forward.at;
  EXPECT_LE(backward.error, reference().backward_bound) << "at " << backward.at;
  EXPECT_LE(at_zero.error, reference().bound_at_zero) << "at " << at_zero.at;
}

TEST_P(HandWritten, GivesNanForNanWhateverItsPayload) {
  const float x[] = {std::numeric_limits<float>::quiet_NaN(), std::bit_cast<float>(0xffc12345U),
                     std::bit_cast<float>(0x7f800001U), std::bit_cast<float>(0x7fffffffU)};
  float y[4];
  kernel().forward(x, y, 4);
  for (const float value : y) EXPECT_TRUE(std::isnan(value));
}

TEST_P(HandWritten, ReachesItsLimitsAtTheInfinities) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const float x[] = {inf, -inf};
  const float ones[] = {1, 1};
  float y[2];
  kernel().forward(x, y, 2);
  EXPECT_EQ(y[0], static_cast<float>(reference().f(1e30)) >= 2 ? inf : 1);
  EXPECT_EQ(y[1], reference().name == std::string("leaky_relu")
                      ? -inf
                      : static_cast<float>(reference().f(-1e30)));
  kernel().backward(x, ones, y, 2);
  EXPECT_EQ(y[0], static_cast<float>(reference().slope(1e30)));
  EXPECT_EQ(y[1], static_cast<float>(reference().slope(-1e30)));
}

// The same bits for the same element in a whole vector, in a remainder, in place, and where
// outputs are streamed; and nothing written past the end.
TEST_P(HandWritten, GivesTheSameBitsInEveryPosition) {
  constexpr std::size_t streamed = (std::size_t{4} << 20) + 37;
  std::mt19937 generator(2);
  std::normal_distribution<float> normal(0, 4);
  std::vector<float> pattern(1009);
  for (float& value : pattern) value = normal(generator);
  std::vector<float> y(pattern.size());
  std::vector<float> dx(pattern.size());
  for (std::size_t i = 0; i < pattern.size(); ++i) {  // one at a time
    kernel().forward(&pattern[i], &y[i], 1);
    kernel().backward(&pattern[i], &pattern[i], &dx[i], 1);
  }
  for (const std::size_t n : {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{31},
                              std::size_t{33}, std::size_t{1009}, streamed}) {
    for (const bool in_place : {false, true}) {
      std::vector<float> x(n + 1);
      for (std::size_t i = 0; i < n; ++i) x[i] = pattern[i % pattern.size()];
      std::vector<float> dy = x;
      std::vector<float> out(n + 2, 42.0f);
      x[n] = dy[n] = 42.0f;
      float* result = in_place ? x.data() : out.data() + 1;
      kernel().forward(x.data(), result, n);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < n; ++i) {
        wrong += std::bit_cast<std::uint32_t>(result[i]) !=
                 std::bit_cast<std::uint32_t>(y[i % pattern.size()]);
      }
      EXPECT_EQ(result[n], 42.0f);
      x = dy;
      kernel().backward(x.data(), dy.data(), in_place ? dy.data() : result, n);
      result = in_place ? dy.data() : result;
      for (std::size_t i = 0; i < n; ++i) {
        wrong += std::bit_cast<std::uint32_t>(result[i]) !=
                 std::bit_cast<std::uint32_t>(dx[i % pattern.size()]);
      }
      EXPECT_EQ(result[n], 42.0f);
      EXPECT_EQ(wrong, 0U) << n << (in_place ? " in place" : "");
    }
  }
}

constexpr std::size_t common = std::size(references);

INSTANTIATE_TEST_SUITE_P(All, HandWritten, testing::Range(std::size_t{0}, common),
                         [](const auto& info) { return std::string(references[info.param].name); });
INSTANTIATE_TEST_SUITE_P(AsAccurateAsActc, HandWritten,
                         testing::Range(common, common + std::size(accurate_bounds)),
                         [](const auto& info) {
                           return std::string(accurate_bounds[info.param - common].name);
                         });

}  // namespace

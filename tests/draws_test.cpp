// Random numbers in formulas: which numbers they are, and that every pass draws the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "ir/philox.h"
#include "runtime/actc.h"

namespace actc {
namespace {

using ir::philox;

// Random123's known answers for philox4x32-10: kat_vectors.
static_assert(philox({0, 0, 0, 0}, {0, 0}) ==
              ir::PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
              ir::PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              ir::PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

constexpr std::uint64_t seed = 0x0123456789abcdef;

template <class T>
auto drawn(std::uint64_t with_seed, std::uint64_t index, std::uint32_t stream) {
  if constexpr (std::same_as<T, double>) {
    return ir::unit_random64(with_seed, index, stream);
  } else {
    return ir::unit_random32(with_seed, index, stream);
  }
}

// The draw of a stream, of what draws from several.
std::string draw_of_stream(std::uint32_t stream) {
  std::string text = "f(x) = ";
  for (std::uint32_t k = 0; k < stream; ++k) text += "let other = unit_random in ";
  return text + "unit_random";
}

template <class T>
std::vector<T> forward(const BoundKernel<T>& kernel, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  kernel.forward(x, y);
  return y;
}

template <class T>
class Draws : public testing::Test {};
using Elements = testing::Types<float, double, float16, bfloat16>;
TYPED_TEST_SUITE(Draws, Elements);

TYPED_TEST(Draws, AreThoseOfPhiloxWhateverTheLength) {
  using T = TypeParam;
  const Kernel<T> kernel = compile("x * unit_random").entry().template kernel<T>();
  for (std::size_t n = 0; n <= 200; ++n) {
    const std::vector<T> y = forward(kernel.bind().seeded(seed, 3 * n), std::vector<T>(n, T(1)));
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(y[i], T(drawn<T>(seed, 3 * n + i, 0))) << n << " elements, " << i;
    }
  }
}

TYPED_TEST(Draws, AreThoseOfEverySeedStreamAndPlace) {
  using T = TypeParam;
  constexpr std::size_t n = 150;
  const std::vector<T> x(n, T(0));
  for (const bool avx2 : {false, true}) {
    for (const std::uint32_t stream : {0U, 1U, 2U, 3U, 4U, 9U}) {
      const Kernel<T> kernel = compile(draw_of_stream(stream))
                                   .entry()
                                   .template kernel<T>({.optimize = !avx2, .avx2_only = avx2});
      EXPECT_EQ(forward(kernel.bind(), x)[1], T(drawn<T>(0, 1, stream)));
      for (const std::uint64_t s : {std::uint64_t{1}, seed, ~std::uint64_t{0}}) {
        for (const std::uint64_t first :
             {std::uint64_t{17}, (std::uint64_t{1} << 32) - 20, ~std::uint64_t{0} - 30}) {
          const std::vector<T> y = forward(kernel.bind().seeded(s, first), x);
          for (std::size_t i = 0; i < n; ++i) {
            ASSERT_EQ(y[i], T(drawn<T>(s, first + i, stream))) << stream << ", " << i;
          }
        }
      }
    }
  }
}

TYPED_TEST(Draws, OfForwardAndBackwardAreTheSameHoweverTheArrayIsCut) {
  using T = TypeParam;
  constexpr std::size_t n = 1000;
  const Kernel<T> kernel = builtin("rrelu_training").kernel<T>({.fused = true});
  const BoundKernel<T> bound = kernel.bind().seeded(seed);
  const std::vector<T> x(n, T(-1));
  const std::vector<T> ones(n, T(1));
  const std::vector<T> y = forward(bound, x);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{333}, n}) {
    std::vector<T> dx = ones;  // in place, of dy
    std::vector<T> again = x;  // in place
    std::vector<T> fused_y(n);
    std::vector<T> fused_dx(n);
    for (std::size_t begin = 0; begin < n; begin += step) {
      const std::size_t count = std::min(step, n - begin);
      const auto part = [&](auto& v) { return std::span(v).subspan(begin, count); };
      const BoundKernel<T> here = kernel.bind().seeded(seed, begin);
      here.backward(part(x), part(dx), part(dx));
      here.forward(part(again), part(again));
      here.forward_backward(part(x), part(ones), part(fused_y), part(fused_dx));
    }
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(dx[i], T(-static_cast<double>(y[i]))) << step << ", " << i;
    }
    EXPECT_EQ(again, y);
    EXPECT_EQ(fused_y, y);
    EXPECT_EQ(fused_dx, dx);
  }
}

TYPED_TEST(Draws, AreTheSameInEveryCompilationAndDifferFromSeedToSeed) {
  using T = TypeParam;
  const std::vector<T> x(100, T(1));
  const auto draw = [&](std::uint64_t s) {
    return forward(compile("x * normal(0, 1)").entry().template kernel<T>().bind().seeded(s), x);
  };
  EXPECT_EQ(draw(seed), draw(seed));
  EXPECT_NE(draw(seed), draw(seed + 1));
}

// An array of shape [5, 6, 7] in any order of its axes in memory.
struct Cube {
  static constexpr std::array<std::size_t, 3> sizes = {5, 6, 7};
  std::array<std::ptrdiff_t, 3> strides{};
  std::vector<float> data = std::vector<float>(5 * 6 * 7 * 2, 1.0F);

  explicit Cube(std::array<std::size_t, 3> order, std::ptrdiff_t gap = 1) {
    std::ptrdiff_t next = gap;
    for (const std::size_t axis : order) {
      strides[axis] = next;
      next *= static_cast<std::ptrdiff_t>(sizes[axis]);
    }
  }
  View<float> view() { return View<float>(data.data(), sizes, strides); }
  float at(std::size_t i, std::size_t j, std::size_t k) const {
    return data[i * static_cast<std::size_t>(strides[0]) +
                j * static_cast<std::size_t>(strides[1]) +
                k * static_cast<std::size_t>(strides[2])];
  }
  void expect_draws(const std::string& what, float scale = 1) const {
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = 0; j < 6; ++j) {
        for (std::size_t k = 0; k < 7; ++k) {
          const std::uint64_t place = (i * 6 + j) * 7 + k;
          ASSERT_EQ(at(i, j, k), scale * ir::unit_random32(seed, 100 + place, 0))
              << what << ", place " << place;
        }
      }
    }
  }
};

TEST(DrawsOfArrays, AreByThePlaceInTheArrayWhateverItsStridesAndTheAxisOfTheRows) {
  const Kernel<float> of_elements = compile("x * unit_random").entry().kernel<float>();
  const Kernel<float> of_rows = compile("unit_random * max(x)").entry().kernel<float>();
  const Kernel<float> learning =
      compile("f(x; learn a = 1) = a * x * unit_random").entry().kernel<float>({.learned = true});
  std::array<std::size_t, 3> order = {0, 1, 2};
  do {
    for (const std::ptrdiff_t gap : {1, 2}) {
      const std::string what = "axes " + std::to_string(order[0]) + std::to_string(order[1]) +
                               std::to_string(order[2]) + ", gap " + std::to_string(gap);
      Cube x(order, gap);
      Cube y(order, gap);
      of_elements.bind().seeded(seed, 100).forward(x.view(), y.view());
      y.expect_draws(what);
      for (const std::ptrdiff_t axis : {0, 1, 2}) {
        Cube rows(order, gap);
        of_rows.bind().seeded(seed, 100).forward(x.view(), rows.view(), axis);
        rows.expect_draws(what + ", rows along " + std::to_string(axis));
      }
      Cube dx(order, gap);
      double da = 0;
      const View<const float> in[] = {x.view()};
      const View<float> out[] = {dx.view()};
      learning.bind().seeded(seed, 100).backward(in, View<const float>(x.view()), out, -1,
                                                 std::span(&da, 1));
      dx.expect_draws(what);
      double sum = 0;
      for (std::uint64_t k = 0; k < 210; ++k) sum += ir::unit_random32(seed, 100 + k, 0);
      EXPECT_NEAR(da, sum, 1e-4) << what;
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST(DrawsOfArrays, OfCallsThatAreCutForSumsGoOnWhereTheLastOneEnded) {
  const Function f = compile("f(x; learn a = 1) = a * unit_random").entry();
  const BoundKernel<float> kernel = f.kernel<float>({.learned = true}).bind().seeded(seed);
  constexpr std::size_t n = (std::size_t{1} << 22) + 1000;
  const std::vector<float> ones(n, 1.0F);
  std::vector<float> y(n + 1);
  std::vector<float> dx(n);
  double da = 0;
  kernel.backward(ones, ones, dx, std::span(&da, 1));
  // Large enough to be stored around the cache, from an address that is not aligned.
  kernel.forward(ones, std::span(y).subspan(1));
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float u = ir::unit_random32(seed, i, 0);
    sum += u;
    ASSERT_EQ(y[i + 1], u) << i;
  }
  EXPECT_NEAR(da, sum, 1e-9 * sum);

  // Rows, 4096 of them in a call.
  const Function rows = compile("f(x; learn a = 1) = a * unit_random * max(x)").entry();
  const std::array<std::size_t, 2> sizes = {5000, 3};
  const View<const float> x(ones.data(), sizes);
  const View<float> out(dx.data(), sizes);
  rows.kernel<float>({.learned = true})
      .bind()
      .seeded(seed)
      .backward(std::span(&x, 1), x, std::span(&out, 1), 1, std::span(&da, 1));
  sum = 0;
  for (std::size_t i = 0; i < 15000; ++i) sum += ir::unit_random32(seed, i, 0);
  EXPECT_NEAR(da, sum, 1e-9 * sum);
}

TEST(DrawsOfGraphs, ThatAreTooLargeToBeOptimizedAreTheSame) {
  std::string text = "x";
  for (int k = 0; k < 256; ++k) text += " + unit_random";
  const Kernel<float> kernel = compile(text).entry().kernel<float>({.stabilize = false});
  const std::vector<float> y = forward(kernel.bind().seeded(seed), std::vector<float>(7, 0.0F));
  for (std::size_t i = 0; i < y.size(); ++i) {
    float sum = 0;
    for (std::uint32_t k = 0; k < 256; ++k) sum += ir::unit_random32(seed, i, k);
    EXPECT_EQ(y[i], sum);
  }
}

// The first moments about `centre` of n draws, each beside what it should be, within 4 standard
// errors.
template <class T>
void expect_moments(const std::string& text, double centre, std::array<double, 8> moments) {
  constexpr std::size_t n = 10'000'000;
  const BoundKernel<T> kernel = compile(text).entry().kernel<T>().bind().seeded(seed);
  const std::vector<T> y = forward(kernel, std::vector<T>(n, T(0)));
  std::array<double, 4> sums{};
  double neighbours = 0;
  double before = 0;
  for (const T value : y) {
    const double c = static_cast<double>(value) - centre;
    double power = 1;
    for (double& sum : sums) sum += power *= c;
    neighbours += c * before;
    before = c;
  }
  for (std::size_t k = 1; k <= 4; ++k) {
    const double mean = moments[k - 1];
    const double error = std::sqrt((moments[2 * k - 1] - mean * mean) / n);
    EXPECT_NEAR(sums[k - 1] / n, mean, 4 * error) << text << ", moment " << k;
  }
  EXPECT_NEAR(neighbours / n, 0, 4 * moments[1] / std::sqrt(n)) << text;
}

TEST(Moments, OfUniformAndNormalAreTheirs) {
  const std::array<double, 8> uniform = {0, 1. / 12, 0, 1. / 80, 0, 1. / 448, 0, 1. / 2304};
  const std::array<double, 8> normal = {0, 1, 0, 3, 0, 15, 0, 105};
  const std::array<double, 8> products = {0, 1. / 144,           0, 1. / 6400,
                                          0, 1. / (448. * 448.), 0, 1. / (2304. * 2304.)};
  expect_moments<float>("f(x) = uniform(0, 1)", 0.5, uniform);
  expect_moments<double>("f(x) = uniform(0, 1)", 0.5, uniform);
  expect_moments<float>("f(x) = normal(0, 1)", 0, normal);
  expect_moments<double>("f(x) = normal(0, 1)", 0, normal);
  // Two draws of one element.
  expect_moments<float>("f(x) = uniform(-0.5, 0.5) * uniform(-0.5, 0.5)", 0, products);
}

template <class T>
void expect_within_bounds() {
  const Kernel<T> kernel =
      compile("f(u, lo, hi) = drawn_between(u, lo, hi)").entry().template kernel<T>();
  std::mt19937 random(1);
  std::uniform_real_distribution<T> near(-2, 2);
  constexpr std::size_t n = 100'000;
  const T least = (std::numeric_limits<T>::digits == 24) ? T(0x1p-24) : T(0x1p-53);
  for (const T u : {least, T(0.5), 1 - least}) {
    std::vector<T> us(n, u);
    std::vector<T> lo(n);
    std::vector<T> hi(n);
    for (std::size_t i = 0; i < n; ++i) {
      lo[i] = std::ldexp(near(random), static_cast<int>(random() % 40) - 20);
      hi[i] = i % 3 == 0 ? std::nextafter(lo[i], std::numeric_limits<T>::infinity())
                         : lo[i] + std::abs(near(random));
    }
    std::vector<T> y(n);
    kernel.forward({us, lo, hi}, y);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_TRUE(lo[i] <= y[i] && y[i] <= hi[i]) << lo[i] << " " << y[i] << " " << hi[i];
    }
  }
}

TEST(Uniform, IsBetweenItsBoundsHoweverTheyAreRounded) {
  expect_within_bounds<float>();
  expect_within_bounds<double>();
}

TEST(Dropout, DropsWithItsProbabilityAndScalesTheRest) {
  constexpr std::size_t n = 1'000'000;
  const Kernel<float> kernel = builtin("dropout").kernel<float>();
  const std::vector<float> x(n, 3.0F);
  std::vector<float> y(n);
  std::vector<float> dx(n);
  for (const double p : {0.0, 0.1, 0.5, 1.0}) {
    const BoundKernel<float> bound = kernel.bind({{"p", p}}).seeded(seed);
    bound.forward(x, y);
    bound.backward(x, x, dx);
    EXPECT_EQ(y, dx);
    const auto dropped = static_cast<double>(std::ranges::count(y, 0.0F));
    EXPECT_NEAR(dropped / n, p, 4 * std::sqrt(p * (1 - p) / n));
    for (const float value : y) {
      ASSERT_TRUE(value == 0 || value == 3 * (1 / (1 - static_cast<float>(p))));
    }
  }
}

TEST(GumbelSoftmax, IsSoftmaxOfTheInputWithItsNoise) {
  constexpr std::size_t columns = 37;
  const Kernel<double> kernel = builtin("gumbel_softmax").kernel<double>();
  const Kernel<double> given =
      compile("f(x, u; tau) = softmax((x - log(-log(u))) / tau)").entry().kernel<double>();
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  for (const double tau : {0.5, 1.0, 3.0}) {
    std::vector<double> x(columns);
    std::vector<double> u(columns);
    std::vector<double> dy(columns);
    for (std::size_t c = 0; c < columns; ++c) {
      x[c] = normal(random);
      dy[c] = normal(random);
      u[c] = ir::unit_random64(seed, c, 0);
    }
    std::vector<double> y(columns), dx(columns), y_given(columns), dx_given(columns), du(columns);
    const BoundKernel<double> bound = kernel.bind({{"tau", tau}}).seeded(seed);
    bound.forward(x, y);
    bound.backward(x, dy, dx);
    given.forward({x, u}, y_given, {{"tau", tau}});
    given.backward({x, u}, dy, {dx_given, du}, {{"tau", tau}});
    EXPECT_NEAR(std::accumulate(y.begin(), y.end(), 0.0), 1, 1e-15);
    for (std::size_t c = 0; c < columns; ++c) {
      EXPECT_NEAR(y[c], y_given[c], 1e-15);
      EXPECT_NEAR(dx[c], dx_given[c], 1e-15);
    }
  }
}

TEST(Calls, DrawAnewInTheOrderOfTheText) {
  const auto at = [](const std::string& text) {
    const Function f = compile(text).entry();
    return forward(f.kernel<double>().bind().seeded(seed), std::vector<double>(20, 0.0))[19];
  };
  const auto u = [](std::uint32_t stream) { return ir::unit_random64(seed, 19, stream); };
  EXPECT_EQ(at("uniform(0, 1) - uniform(0, 1)"), u(0) - u(1));
  EXPECT_EQ(at("let a = uniform(0, 1) in a - a"), 0);
  EXPECT_EQ(at("noise(x) = x + unit_random  f(x) = noise(noise(x))"), u(0) + u(1));
  EXPECT_EQ(at("two(x) = unit_random - unit_random  f(x) = two(x) - two(x)"),
            (u(0) - u(1)) - (u(2) - u(3)));
  EXPECT_EQ(at("f(x) = let dead = unit_random in unit_random"), u(1));
  EXPECT_EQ(at("f(x) = uniform(2, 2)"), 2);
  EXPECT_EQ(at("four(x) = unit_random + 0 * unit_random * unit_random * unit_random f(x) = "
               "four(x) - four(x)"),
            u(0) - u(4));
}

TEST(PrintedFormulas, DrawTheSameNumbers) {
  constexpr std::size_t n = 50;
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = 0.3 * (static_cast<double>(i) - 25);
  const std::vector<double> ones(n, 1.0);
  for (const std::string text :
       {"rrelu_training(x)", "dropout(x; p = 0.3)", "x * normal(0, 1) + x^2 * uniform(-1, 1)",
        "let dead = unit_random in -unit_random * (x - unit_random) * -unit_random"}) {
    const Function f = compile(text).entry();
    EXPECT_TRUE(f.is_random());
    const BoundKernel<double> kernel = f.kernel<double>().bind().seeded(seed);
    const std::vector<double> y = forward(kernel, x);
    std::vector<double> dx(n);
    kernel.backward(x, ones, dx);
    const auto again = [&](const std::string& printed) {
      return forward(compile(printed).entry().kernel<double>().bind().seeded(seed), x);
    };
    const std::vector<double> y2 = again(f.formula());
    const std::vector<double> dx2 = again(f.derivative());
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(y2[i], y[i], 1e-13) << f.formula();
      EXPECT_NEAR(dx2[i], dx[i], 1e-13) << f.derivative();
    }
  }
}

TEST(WhatDraws, HasNoValueByItsInputsAlone) {
  const Function f = builtin("rrelu_training");
  EXPECT_TRUE(f.is_random());
  EXPECT_FALSE(f.is_over_rows());
  EXPECT_FALSE(builtin("rrelu").is_random());
  EXPECT_TRUE(builtin("gumbel_softmax").is_over_rows());
  const std::array x = {1.0};
  EXPECT_THROW(f.evaluate(x), Error);
  EXPECT_THROW(f.evaluate_derivative("x", x), Error);
  EXPECT_TRUE(f.cancellations().empty());
}

struct Wrong {
  const char* text;
  const char* message;
  std::uint32_t line;
};

TEST(WhatDraws, HasNoPlaceWhereAFunctionOfTheInputsIsMeant) {
  constexpr Wrong texts[] = {
      {"f(x) = x * normal(0, 1)\nd/dx f(x) = 1", "`f` draws random numbers", 2},
      {"f(x) = x * normal(0, 1)\nbinary32 f(x) = x", "`f` draws random numbers", 2},
      {"f(x) = x\nd/dx f(x) = uniform(0, 1)", "a derivative that draws", 2},
      {"f(x) = x\nbinary32 f(x) = x * uniform(0, 1)", "`uniform` draws random numbers", 2},
      {"f(x) = x\nbinary32 f(x) = x * unit_random", "no place in an implementation", 2},
      {"g(x) = x * unit_random\nf(x) = x\nbinary64 f(x) = g(x)", "`g` draws random numbers", 3},
      {"x\nrule log(u * unit_random) = u", "a rule draws no random numbers", 2},
      {"x\nrule log(u) = u * uniform(0, 1)", "a rule draws no random numbers", 2},
      {"x\nrule log(u) = u for uniform(0, 1) > u", "a rule draws no random numbers", 2},
      {"f(x; a = unit_random) = a * x", "a default is a constant", 1},
      {"many(x) = draws(x) * draws(x)\n", "`many` draws 258 random numbers: at most 256", 1},
      {"x\nd/dlo uniform(lo, hi) = 1", "`uniform` draws random numbers", 2},
  };
  for (const Wrong& wrong : texts) {
    std::string text = wrong.text;
    if (text.starts_with("many")) text += "draws(x) = x";
    for (int k = 0; text.starts_with("many") && k < 129; ++k) text += " + unit_random";
    const Result<Module> result = try_compile(text);
    ASSERT_FALSE(result) << wrong.text;
    ASSERT_EQ(result.diagnostics().size(), 1U) << wrong.text;
    const Diagnostic& d = result.diagnostics()[0];
    EXPECT_NE(d.message.find(wrong.message), std::string::npos) << d.message;
    EXPECT_EQ(d.line, wrong.line) << wrong.text;
  }
}

}  // namespace
}  // namespace actc

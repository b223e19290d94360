// What gradients can be computed from: each claim is tried by computing the gradient from just
// that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "runtime/actc.h"

namespace actc {
namespace {

std::vector<Saved> savings_of(const Function& f) {
  std::vector<Saved> found;
  for (const Saving& s : f.savings()) found.push_back(s.saved);
  return found;
}

Function formula(const std::string& text) { return compile(text).entry(); }

TEST(Savings, AreWhatTheFormulasAllow) {
  using enum Saved;
  const std::vector<std::pair<std::string, std::vector<Saved>>> expected = {
      {"identity", {nothing, x}},
      {"step", {nothing, x}},
      {"mean", {nothing, x}},
      {"relu", {mask, y, x}},
      {"leaky_relu", {mask, y, x}},
      {"relu6", {mask, y, x}},
      {"hard_tanh", {mask, x}},
      {"hardshrink", {mask, x}},
      {"softshrink", {mask, x}},
      {"sigmoid", {y, x}},
      {"tanh", {y, x}},
      {"elu", {y, x}},
      {"selu", {y, x}},
      {"celu", {y, x}},
      {"softplus", {y, x}},
      {"log_sigmoid", {y, x}},
      {"softmax", {y, x}},
      {"softmin", {y, x}},
      {"gelu", {x}},
      {"silu", {x}},
      {"mish", {x}},
      {"gaussian", {x}},
      {"layer_norm", {x}},
      {"swiglu", {x}},
  };
  for (const auto& [name, savings] : expected) {
    EXPECT_EQ(savings_of(builtin(name)), savings) << name;
  }
}

TEST(Savings, AreFoundInFormulasAsTyped) {
  using enum Saved;
  const std::vector<std::pair<std::string, std::vector<Saved>>> expected = {
      {"1 / (1 + exp(-x))", {y, x}},
      {"log(1 + exp(x))", {y, x}},
      {"(exp(x) - exp(-x)) / (exp(x) + exp(-x))", {y, x}},
      {"where(x > 0, x, exp(x) - 1)", {y, x}},
      {"3 * tanh(x) - 1", {y, x}},
      {"where(x > 2, 5, 0) + 3 * x", {nothing, x}},
      {"f(x; a = 0.5) = where(x > 1, a * x, 0)", {mask, y, x}},
      {"where(x > 0, x, -x)", {mask, x}},
      {"where(x > 0, 2 * x, where(x < -1, 3 * x, x))", {y, x}},
      {"exp(x) / sum(exp(x))", {y, x}},
      {"where(x > 0, x^2, where(x < -1, 3 * x, -x))", {x}},
      {"x * sigmoid(x)", {x}},
      {"x * x", {x}},
  };
  for (const auto& [text, savings] : expected) {
    EXPECT_EQ(savings_of(formula(text)), savings) << text;
  }
}

TEST(Savings, AreFoundThroughSharedChoices) {
  // Each choice uses the one before twice.
  std::string text = "f(x) = let t0 = where(x > 0, 1, 0) in ";
  for (int k = 1; k < 8; ++k) {
    const std::string before = "t" + std::to_string(k - 1);
    text += "let t" + std::to_string(k) + " = where(x > " + std::to_string(k) + ", " + before +
            ", where(x < -" + std::to_string(k) + ", " + before + ", 0)) in ";
  }
  EXPECT_EQ(formula(text + "x * t7").savings().back().saved, Saved::x);
}

TEST(Savings, SayWhatParametersMustBePositive) {
  const auto savings = builtin("elu").savings();
  EXPECT_EQ(savings[0].positive, std::vector<std::string>{"alpha"});
  const Kernel<float> kernel = builtin("elu").kernel<float>({.saved = Saved::y});
  EXPECT_NO_THROW((void)kernel.bind({{"alpha", 2}}));
  try {
    (void)kernel.bind({{"alpha", -1}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "the gradient of `elu` is computed from y only where `alpha` is positive");
  }
}

// Inputs on which nothing but rounding parts the gradients.
template <class T>
std::vector<T> inputs(std::size_t n) {
  std::mt19937 generator(1);
  std::normal_distribution<double> normal(0, 3);
  std::vector<T> x(n);
  for (T& v : x) v = static_cast<T>(normal(generator));
  for (std::size_t i = 0; i < std::min<std::size_t>(n, 5); ++i) {
    constexpr double special[] = {0.0, -0.0, 6.0, -1.0, 1.0};
    x[i] = static_cast<T>(special[i]);
  }
  return x;
}

template <class T>
class FromSaved : public testing::Test {};
using Formats = testing::Types<float, double, bfloat16, float16>;
TYPED_TEST_SUITE(FromSaved, Formats);

TYPED_TEST(FromSaved, TheGradientOfEveryBuiltInIsWhatItIsFromX) {
  using T = TypeParam;
  const std::vector<T> x = inputs<T>(1003);
  int tried = 0;
  for (const Function& f : standard_library().functions()) {
    if (f.documentation().empty() || f.inputs().size() != 1 || f.is_random()) continue;
    Parameters parameters;
    for (const ParameterInfo& p : f.parameters()) {
      if (!p.default_value) parameters[p.name] = 1;
    }
    const std::vector<T> dy = inputs<T>(f.has_row_value() ? 1 : x.size());
    std::vector<T> expected(x.size());
    f.kernel<T>().bind(parameters).backward(x, dy, expected);
    double largest = 0;
    for (const T v : expected) largest = std::max(largest, std::abs(static_cast<double>(v)));
    for (const T v : dy) largest = std::max(largest, std::abs(static_cast<double>(v)));
    for (const Saving& saving : f.savings()) {
      if (saving.saved == Saved::x) continue;
      ++tried;
      const BoundKernel<T> kernel = f.kernel<T>({.saved = saving.saved}).bind(parameters);
      std::vector<T> y(dy.size());
      std::vector<T> dx(x.size());
      if (saving.saved == Saved::nothing) {
        kernel.backward_from_nothing(dy, dx);
      } else if (saving.saved == Saved::mask) {
        std::vector<std::uint8_t> mask((x.size() + 7) / 8);
        kernel.forward(x, y, mask);
        kernel.backward_from_mask(mask, dy, dx);
      } else {
        kernel.forward(x, y);
        kernel.backward_from_y(y, dy, dx);
      }
      const double unit = std::is_same_v<T, double>    ? 0x1p-52
                          : std::is_same_v<T, float>   ? 0x1p-23
                          : std::is_same_v<T, float16> ? 0x1p-10
                                                       : 0x1p-7;
      // From y no better than y is rounded; else every bit.
      const double bound = saving.saved == Saved::y ? 4 * unit * largest : 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (static_cast<double>(dx[i]) == static_cast<double>(expected[i])) continue;
        ASSERT_LE(std::abs(static_cast<double>(dx[i]) - static_cast<double>(expected[i])), bound)
            << f.name() << " from " << static_cast<int>(saving.saved) << " at "
            << static_cast<double>(x[i]);
      }
    }
  }
  EXPECT_GT(tried, 35);
}

TYPED_TEST(FromSaved, AMaskHasABitForEachElementOfAnyLength) {
  using T = TypeParam;
  for (const bool avx2_only : {false, true}) {
    const BoundKernel<T> relu =
        builtin("relu").kernel<T>({.saved = Saved::mask, .avx2_only = avx2_only}).bind();
    for (std::size_t n = 0; n <= 70; ++n) {
      const std::vector<T> x = inputs<T>(n);
      const std::vector<T> dy(n, T(2));
      std::vector<T> y(n);
      std::vector<T> dx(n);
      std::vector<std::uint8_t> mask((n + 7) / 8 + 1, 0xa5);
      const auto bits = std::span(mask).first((n + 7) / 8);
      relu.forward(x, y, bits);
      EXPECT_EQ(mask.back(), 0xa5);
      for (std::size_t i = 0; i < 8 * bits.size(); ++i) {
        const bool bit = (bits[i / 8] >> (i % 8) & 1) != 0;
        EXPECT_EQ(bit, i < n && static_cast<double>(x[i]) > 0) << i << " of " << n;
      }
      relu.backward_from_mask(bits, dy, dx);
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_EQ(static_cast<double>(dx[i]), static_cast<double>(x[i]) > 0 ? 2 : 0);
      }
    }
  }
}

TEST(SavedMask, IsRightWhereOutputsGoAroundTheCache) {
  const BoundKernel<float> relu = builtin("relu").kernel<float>({.saved = Saved::mask}).bind();
  const std::size_t n = (std::size_t{5} << 20) + 3;
  const std::vector<float> x = inputs<float>(n);
  std::vector<float> y(n + 1);
  std::vector<float> dx(n);
  std::vector<std::uint8_t> mask((n + 7) / 8);
  for (const std::size_t shift : {0UL, 1UL}) {
    const auto out = std::span(y).subspan(shift, n);
    relu.forward(x, out, mask);
    relu.backward_from_mask(mask, x, dx);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(out[i], x[i] > 0 ? x[i] : 0);
      ASSERT_EQ(dx[i], out[i]);
    }
  }
}

TEST(SavedRows, AreComputedFromYAlongAnyAxis) {
  const BoundKernel<double> from_y = builtin("softmax").kernel<double>({.saved = Saved::y}).bind();
  const std::size_t sizes[] = {4, 30, 5};
  const std::vector<double> x = inputs<double>(600);
  const std::vector<double> dy = inputs<double>(600);
  for (const std::ptrdiff_t axis : {0, 1, 2}) {
    std::vector<double> y(600);
    std::vector<double> dx(600);
    std::vector<double> expected(600);
    const View<const double> up(dy.data(), sizes);
    from_y.forward(View<const double>(x.data(), sizes), View<double>(y.data(), sizes), axis);
    from_y.backward_from_y(View<const double>(y.data(), sizes), up, View<double>(dx.data(), sizes),
                           axis);
    builtin("softmax").kernel<double>().backward(View<const double>(x.data(), sizes), up,
                                                 View<double>(expected.data(), sizes), axis);
    for (std::size_t i = 0; i < 600; ++i) EXPECT_NEAR(dx[i], expected[i], 1e-14);
  }
}

TEST(SavedX, IsNotWrittenOver) {
  std::vector<float> x = inputs<float>(10);
  const BoundKernel<float> gelu = builtin("gelu").kernel<float>({.saved = Saved::x}).bind();
  try {
    gelu.forward(x, x);
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "`gelu`: its gradient is computed from x, over which y would be written: give y "
                 "an array of its own, or compile it with another `saved`");
  }
  // In place where the gradient survives it.
  const BoundKernel<float> tanh = builtin("tanh").kernel<float>({.saved = Saved::y}).bind();
  std::vector<float> y(10);
  tanh.forward(x, y);
  tanh.forward(x, x);
  EXPECT_EQ(x, y);
  tanh.backward_from_y(x, y, x);
}

TEST(SavedErrors, SayWhatIsCalledInstead) {
  const auto error_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  std::vector<float> x(10);
  std::vector<std::uint8_t> mask(1);
  const BoundKernel<float> from_y = builtin("sigmoid").kernel<float>({.saved = Saved::y}).bind();
  EXPECT_EQ(error_of([&] { from_y.backward(x, x, x); }),
            "`sigmoid` was compiled to compute its gradient from y: call backward_from_y, or "
            "compile it with `saved` for x");
  EXPECT_EQ(error_of([&] { builtin("gelu").kernel<float>({.saved = Saved::y}); }),
            "the gradient of `gelu` cannot be computed from y");
  EXPECT_EQ(error_of([&] { builtin("tanh").kernel<float>({.fused = true, .saved = Saved::y}); }),
            "`tanh`: a kernel whose gradient is of y has no `fused`: it needs x");
  const BoundKernel<float> relu = builtin("relu").kernel<float>({.saved = Saved::mask}).bind();
  EXPECT_EQ(error_of([&] { relu.forward(x, x, mask); }),
            "`relu`: the mask has 1 bytes: for 10 elements it has one for eight, 2");
  EXPECT_EQ(error_of([&] { relu.forward(x, x); }),
            "`relu` was compiled to save a mask: give forward one");
}

}  // namespace
}  // namespace actc

// binary16 and bfloat16: the storage types, and kernels over arrays of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "ir/interpret.h"
#include "runtime/actc.h"
#include "tests/processor.h"

namespace actc {
namespace {

template <class T>
struct Limits;
template <>
struct Limits<float16> {
  static constexpr std::uint16_t infinity = 0x7c00;
  static constexpr double smallest = 0x1p-24, smallest_normal = 0x1p-14, largest = 65504,
                          beyond = 65520;
};
template <>
struct Limits<bfloat16> {
  static constexpr std::uint16_t infinity = 0x7f80;
  static constexpr double smallest = 0x1p-133, smallest_normal = 0x1p-126, largest = 0x1.fep127,
                          beyond = 0x1.ffp127;
};

template <class T>
std::vector<T> all_values() {
  std::vector<T> values;
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    if constexpr (std::is_same_v<T, float>) {
      // As many, of all magnitudes, with every NaN's and infinity's neighbours among them.
      values.push_back(std::bit_cast<float>(std::uint32_t{bits << 16 | (bits * 40503U & 0xffffU)}));
    } else {
      values.push_back(T::from_bits(static_cast<std::uint16_t>(bits)));
    }
  }
  return values;
}

template <class T>
class Half : public testing::Test {};
using Halves = testing::Types<float16, bfloat16>;
TYPED_TEST_SUITE(Half, Halves);

TYPED_TEST(Half, IsTwoBytesThatMayBeCopiedAsSuch) {
  EXPECT_EQ(sizeof(TypeParam), 2u);
  EXPECT_TRUE(std::is_trivially_copyable_v<TypeParam>);
  EXPECT_TRUE(std::is_trivially_default_constructible_v<TypeParam>);
  EXPECT_TRUE((std::is_convertible_v<TypeParam, float>));
  EXPECT_FALSE((std::is_convertible_v<float, TypeParam>)) << "narrowing is said, not implied";
}

TYPED_TEST(Half, WidensToTheNumberThatItsBitsMean) {
  using L = Limits<TypeParam>;
  EXPECT_EQ(float(TypeParam::from_bits(1)), L::smallest);
  EXPECT_EQ(float(TypeParam::from_bits(L::infinity - 1)), L::largest);
  EXPECT_EQ(float(TypeParam::from_bits(L::infinity)), std::numeric_limits<float>::infinity());
  constexpr float one_and_a_half = TypeParam(1.5F);
  EXPECT_EQ(one_and_a_half, 1.5F);
  // Neighbours differ by a unit, which doubles at each power of two but the first.
  double unit = L::smallest;
  double next_binade = 2 * L::smallest_normal;
  for (std::uint16_t bits = 1; bits < L::infinity; ++bits) {
    const double below = float(TypeParam::from_bits(static_cast<std::uint16_t>(bits - 1)));
    const double here = float(TypeParam::from_bits(bits));
    if (below == next_binade) {
      unit *= 2;
      next_binade *= 2;
    }
    ASSERT_EQ(here - below, unit) << "bits " << bits;
    ASSERT_EQ(float(TypeParam::from_bits(bits | 0x8000)), -here);
  }
}

TYPED_TEST(Half, NarrowsToTheNearestAndInTheMiddleToTheEven) {
  using L = Limits<TypeParam>;
  const auto bits_of = [](auto x) { return TypeParam(x).bits(); };
  for (std::uint16_t lower = 0; lower < L::infinity; ++lower) {
    const auto upper = static_cast<std::uint16_t>(lower + 1);
    const double from = float(TypeParam::from_bits(lower));
    const double to = upper == L::infinity ? 2 * L::beyond - L::largest
                                           : double(float(TypeParam::from_bits(upper)));
    const double middle = (from + to) / 2;
    ASSERT_EQ(bits_of(from), lower);
    ASSERT_EQ(bits_of(middle), lower % 2 == 0 ? lower : upper) << "after " << from;
    ASSERT_EQ(bits_of(std::nextafter(middle, from)), lower) << "after " << from;
    ASSERT_EQ(bits_of(std::nextafter(middle, to)), upper) << "after " << from;
    ASSERT_EQ(bits_of(-std::nextafter(middle, to)), upper | 0x8000) << "after " << from;
    if (const auto single = static_cast<float>(middle); single == middle) {
      ASSERT_EQ(bits_of(single), lower % 2 == 0 ? lower : upper) << "after " << from;
      ASSERT_EQ(bits_of(std::nextafterf(single, 0)), lower) << "after " << from;
    }
  }
  EXPECT_EQ(bits_of(-0.0), 0x8000);
  EXPECT_EQ(bits_of(std::numeric_limits<double>::max()), L::infinity);
  EXPECT_EQ(bits_of(-std::numeric_limits<double>::infinity()), L::infinity | 0x8000);
  EXPECT_EQ(bits_of(std::numeric_limits<double>::denorm_min()), 0);
  EXPECT_EQ(bits_of(-3), TypeParam(-3.0).bits());
}

TYPED_TEST(Half, ANaNStaysOne) {
  for (const double sign : {1.0, -1.0}) {
    EXPECT_TRUE(std::isnan(TypeParam(std::copysign(std::nan(""), sign))));
  }
  const float low_payload = std::bit_cast<float>(0x7f800001U);
  EXPECT_TRUE(std::isnan(TypeParam(low_payload)));
  for (unsigned bits = Limits<TypeParam>::infinity + 1U; bits < 0x8000; ++bits) {
    ASSERT_TRUE(std::isnan(TypeParam::from_bits(static_cast<std::uint16_t>(bits)))) << bits;
  }
}

TYPED_TEST(Half, WidenedNumbersComeBack) {
  for (const TypeParam x : all_values<TypeParam>()) {
    ASSERT_TRUE(std::isnan(x) || TypeParam(float(x)).bits() == x.bits()) << x.bits();
  }
}

// Kernels.

template <class T>
std::uint32_t bits_of(T x) {
  if constexpr (sizeof(T) == 2) {
    return x.bits();
  } else {
    return ir::to_bits(x);
  }
}

// That `half` is `single` rounded once, all NaNs being one.
template <class T>
testing::AssertionResult rounded_once(T half, float single, std::size_t i) {
  const bool same =
      std::isnan(single) ? std::isnan(float(half)) : bits_of(half) == bits_of(T(single));
  if (same) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "element " << i << ": " << float(half) << " is not " << single << " rounded once";
}

template <class X, class Y>
struct Pair {
  using In = X;
  using Out = Y;
};

template <class T>
class HalfKernels : public testing::Test {
 protected:
  using X = typename T::In;
  using Y = typename T::Out;

  // Forward, backward and both at once, against the float kernel on the widened inputs.
  void expect_rounded_float(const Function& f, KernelOptions options) {
    options.fused = true;
    const auto kernel = f.kernel<X, Y>(options).bind();
    const auto single = f.kernel<float>(options).bind();
    const std::vector<X> x = all_values<X>();
    const std::size_t n = x.size();
    std::vector<Y> dy(n);
    for (std::size_t i = 0; i < n; ++i) dy[i] = Y(0.75F + static_cast<float>(i % 7) / 4);
    const std::vector<float> wide_x(x.begin(), x.end());
    const std::vector<float> wide_dy(dy.begin(), dy.end());
    std::vector<Y> y(n), y_fused(n);
    std::vector<X> dx(n), dx_fused(n);
    std::vector<float> wide_y(n), wide_dx(n);
    kernel.forward(x, y);
    kernel.backward(x, dy, dx);
    kernel.forward_backward(x, dy, y_fused, dx_fused);
    single.forward(wide_x, wide_y);
    single.backward(wide_x, wide_dy, wide_dx);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_TRUE(rounded_once(y[i], wide_y[i], i)) << f.name() << "(" << wide_x[i] << ")";
      ASSERT_TRUE(rounded_once(dx[i], wide_dx[i], i)) << f.name() << "'(" << wide_x[i] << ")";
      ASSERT_TRUE(rounded_once(y_fused[i], wide_y[i], i)) << f.name() << "(" << wide_x[i] << ")";
      ASSERT_TRUE(rounded_once(dx_fused[i], wide_dx[i], i)) << f.name() << "'(" << wide_x[i] << ")";
    }
  }
};
using Pairs = testing::Types<Pair<float16, float16>, Pair<bfloat16, bfloat16>, Pair<float16, float>,
                             Pair<bfloat16, float>, Pair<float, float16>, Pair<float, bfloat16>,
                             Pair<float16, bfloat16>, Pair<bfloat16, float16>>;
TYPED_TEST_SUITE(HalfKernels, Pairs);

// The identity and x² take results through every binade, x / 3 has none that is representable, and
// the constant and `where` have outputs that are not computed from all inputs.
constexpr const char* formulas[] = {
    "x",      "x^2",     "x / 3",   "x * 1e-30", "where(x > 1, 2, x)",
    "0 * x",  "gelu(x)", "silu(x)", "sin(x)",    "f(x) = 0.1",
    "abs(x)", "-x"};

TYPED_TEST(HalfKernels, AreTheFloatKernelRoundedOnceForEveryInput) {
  for (const char* text : formulas) {
    this->expect_rounded_float(compile(text).entry(), {});
    if (testing::Test::HasFatalFailure()) FAIL() << text;
  }
}

TYPED_TEST(HalfKernels, AreThatWithAvx2AsWell) {
  if (!test::runs(jit::Isa::avx2)) GTEST_SKIP() << "no AVX2 here";
  for (const char* text : formulas) {
    this->expect_rounded_float(compile(text).entry(), {.avx2_only = true});
    if (testing::Test::HasFatalFailure()) FAIL() << text;
  }
}

TYPED_TEST(HalfKernels, AreThatWithoutOptimization) {
  for (const char* text : formulas) {
    this->expect_rounded_float(compile(text).entry(), {.optimize = false});
    if (testing::Test::HasFatalFailure()) FAIL() << text;
  }
}

// Where inputs and values have two types an eighth of them will do: loads and stores know nothing
// of each other.
TYPED_TEST(HalfKernels, OfEveryBuiltInAreTheFloatKernelRoundedOnce) {
  constexpr bool one_type = std::same_as<typename TypeParam::In, typename TypeParam::Out>;
  std::size_t turn = 0;
  for (const Function& f : standard_library().functions()) {
    if (!one_type && ++turn % 8 != 0) continue;
    const auto parameters = f.parameters();
    const bool bindable = std::ranges::all_of(
        parameters, [](const ParameterInfo& p) { return p.default_value.has_value(); });
    if (f.inputs().size() != 1 || f.has_row_value() || !bindable) continue;
    this->expect_rounded_float(f, {});
    if (testing::Test::HasFatalFailure()) FAIL() << f.name();
  }
}

TYPED_TEST(HalfKernels, RefuseArraysOfOtherSizesInPlace) {
  using X = typename TypeParam::In;
  using Y = typename TypeParam::Out;
  if constexpr (sizeof(X) != sizeof(Y)) {
    const auto kernel = builtin("relu").kernel<X, Y>();
    std::vector<float> memory(64);
    const std::span<const X> x(reinterpret_cast<const X*>(memory.data()), 32);
    const std::span<Y> y(reinterpret_cast<Y*>(memory.data()), 32);
    EXPECT_THROW(kernel.forward(x, y), Error);
    const std::span<Y> behind(reinterpret_cast<Y*>(memory.data() + 32), 32);
    EXPECT_NO_THROW(kernel.forward(x, behind));
  }
}

// Outputs beyond the cache are stored around it, from the first aligned address on.
TYPED_TEST(HalfKernels, OfHugeArraysHaveTheSameBits) {
  using X = typename TypeParam::In;
  using Y = typename TypeParam::Out;
  const std::size_t n = (std::size_t{1} << 23) + 1000;
  const std::vector<X> values = all_values<X>();
  std::vector<X> x(n + 64), dx(n + 64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = values[i % values.size()];
  std::vector<Y> y(n + 64), small_y(values.size());
  std::vector<X> small_dx(values.size());
  const std::vector<Y> dy(n, Y(1.25F));
  const auto kernel = builtin("relu").kernel<X, Y>().bind();
  for (const bool avx2_only : {false, true}) {
    const auto fused = builtin("relu").try_kernel<X, Y>({.fused = true, .avx2_only = avx2_only});
    if (!fused) continue;
    for (const std::size_t shift : {0, 5, 32}) {
      const auto from = std::span<const X>(x).subspan(shift, n);
      fused->forward(from, std::span(y).subspan(shift, n));
      fused->backward(from, dy, std::span(dx).subspan(shift, n));
      kernel.forward(values, small_y);
      kernel.backward(values, std::span<const Y>(dy).first(values.size()), small_dx);
      for (std::size_t i = shift; i < shift + n; ++i) {
        ASSERT_EQ(bits_of(y[i]), bits_of(small_y[i % values.size()]))
            << "shift " << shift << ", " << i;
        ASSERT_EQ(bits_of(dx[i]), bits_of(small_dx[i % values.size()]))
            << "shift " << shift << ", " << i;
      }
      std::ranges::fill(y, Y(-1.0F));
      std::ranges::fill(dx, X(-1.0F));
      fused->forward_backward(from, dy, std::span(y).subspan(shift, n),
                              std::span(dx).subspan(shift, n));
      for (std::size_t i = shift; i < shift + n; ++i) {
        ASSERT_EQ(bits_of(y[i]), bits_of(small_y[i % values.size()]))
            << "shift " << shift << ", " << i;
        ASSERT_EQ(bits_of(dx[i]), bits_of(small_dx[i % values.size()]))
            << "shift " << shift << ", " << i;
      }
      for (std::size_t i = 0; i < shift; ++i) ASSERT_EQ(bits_of(y[i]), bits_of(Y(-1.0F)));
      for (std::size_t i = shift + n; i < y.size(); ++i) {
        ASSERT_EQ(bits_of(y[i]), bits_of(Y(-1.0F)));
      }
    }
  }
}

TYPED_TEST(Half, ParametersAreRoundedToTheComputingFormat) {
  // 1 + 2^-20 is a float and no half: the difference shows where the product cancels.
  const Function f = compile("f(x; a = 1) = (a - 1) * x").entry();
  std::vector<TypeParam> x = {TypeParam(1024.0F)}, y(1);
  f.kernel<TypeParam>().forward(x, y, {{"a", 1 + 0x1p-20}});
  EXPECT_EQ(float(y[0]), 0x1p-10F);
  f.kernel<TypeParam>({.fixed = {{"a", 1 + 0x1p-20}}}).forward(x, y);
  EXPECT_EQ(float(y[0]), 0x1p-10F);
  EXPECT_NO_THROW(f.kernel<TypeParam>().bind({{"a", 1e38}}));
  EXPECT_THROW(f.kernel<TypeParam>().bind({{"a", 1e39}}), Error);
}

TYPED_TEST(Half, EveryInputOfADefinitionHasIt) {
  const auto kernel = compile("g(a, b) = a * b").entry().kernel<TypeParam>();
  const std::vector<TypeParam> a(37, TypeParam(3.0F)), b(37, TypeParam(5.0F)), dy(37, TypeParam(2));
  std::vector<TypeParam> y(37), da(37), db(37);
  kernel.forward({a, b}, y);
  kernel.backward({a, b}, dy, {da, db});
  EXPECT_EQ(float(y[36]), 15);
  EXPECT_EQ(float(da[36]), 10);
  EXPECT_EQ(float(db[36]), 6);
}

TYPED_TEST(Half, KernelsCallNothing) {
  for (const bool avx2_only : {false, true}) {
    for (const bool optimize : {false, true}) {
      const KernelOptions options = {.fused = true, .optimize = optimize, .avx2_only = avx2_only};
      const std::string text = builtin("gelu").emit<TypeParam>(Stage::assembly, options);
      EXPECT_EQ(text.find("call"), std::string::npos);
      EXPECT_NE(text.find("ret"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace actc

// Inputs that are spread over others, parameters that have a value a channel, divided work.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "runtime/actc.h"

namespace actc {
namespace {

using Sizes = std::vector<std::size_t>;

std::size_t count_of(const Sizes& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::size_t{1}, std::multiplies<>());
}

template <class T>
struct Array {
  Sizes sizes;
  std::vector<T> elements;

  explicit Array(Sizes s) : sizes(std::move(s)), elements(count_of(sizes)) {}
  Array(Sizes s, unsigned seed) : Array(std::move(s)) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> distribution;
    for (T& v : elements) v = static_cast<T>(distribution(generator));
  }
  View<T> view() { return {elements.data(), sizes}; }
  View<const T> view() const { return {elements.data(), sizes}; }
};

// Where the element at `place` of the whole, in C's order, comes from in an array that is spread.
std::size_t source(const Sizes& whole, const Sizes& own, std::size_t place) {
  std::size_t at = 0;
  std::size_t step = 1;
  for (std::size_t k = whole.size(); k-- > 0; place /= whole[k]) {
    if (k < whole.size() - own.size()) continue;
    const std::size_t size = own[k - (whole.size() - own.size())];
    if (size != 1) at += place % whole[k] * step;
    step *= size;
  }
  return at;
}

template <class T>
Array<T> spread(const Array<T>& from, const Sizes& whole) {
  Array<T> result(whole);
  for (std::size_t i = 0; i < result.elements.size(); ++i) {
    result.elements[i] = from.elements[source(whole, from.sizes, i)];
  }
  return result;
}

template <class T>
class Broadcast : public testing::Test {
 protected:
  struct Outcome {
    Array<T> y;
    std::vector<Array<T>> gradients;
  };

  static Outcome run(const BoundKernel<T>& kernel, const std::vector<Array<T>>& inputs,
                     const Array<T>& dy, const Sizes& value, std::ptrdiff_t axis = -1) {
    Outcome out{Array<T>(value), {}};
    std::vector<View<const T>> x;
    std::vector<View<T>> dx;
    for (const Array<T>& input : inputs) {
      x.push_back(input.view());
      out.gradients.emplace_back(input.sizes);
    }
    for (Array<T>& gradient : out.gradients) dx.push_back(gradient.view());
    kernel.forward(x, out.y.view(), axis);
    kernel.backward(x, dy.view(), dx, axis);
    Outcome both = out;
    for (std::size_t k = 0; k < dx.size(); ++k) dx[k] = both.gradients[k].view();
    kernel.forward_backward(x, dy.view(), both.y.view(), dx, axis);
    EXPECT_EQ(both.y.elements, out.y.elements);
    for (std::size_t k = 0; k < dx.size(); ++k) {
      EXPECT_EQ(both.gradients[k].elements, out.gradients[k].elements);
    }
    return out;
  }

  // Against the same kernel with every input written out. `regrouped`: ULP of the largest gradient
  // by which it may differ, where what is spread leaves the sums of a row.
  static void check(const std::string& text, const std::vector<Sizes>& shapes, const Sizes& whole,
                    std::ptrdiff_t axis = -1, int regrouped = 0) {
    const BoundKernel<T> kernel = compile(text).entry().template kernel<T>({.fused = true}).bind();
    std::vector<Array<T>> inputs;
    std::vector<Array<T>> written_out;
    for (const Sizes& shape : shapes) {
      inputs.emplace_back(shape, static_cast<unsigned>(inputs.size() + 1));
      written_out.push_back(spread(inputs.back(), whole));
    }
    const Array<T> dy(whole, 100);
    const Outcome found = run(kernel, inputs, dy, whole, axis);
    const Outcome expected = run(kernel, written_out, dy, whole, axis);
    EXPECT_EQ(found.y.elements, expected.y.elements) << text;
    constexpr int bits = sizeof(T) == 4 ? 40 : 60;  // those of the reference, a long double
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::vector<T>& terms = expected.gradients[k].elements;
      std::vector<long double> sum(inputs[k].elements.size());
      std::vector<long double> magnitudes(sum.size());
      for (std::size_t i = 0; i < terms.size(); ++i) {
        const std::size_t at = source(whole, inputs[k].sizes, i);
        sum[at] += terms[i];
        magnitudes[at] += std::abs(terms[i]);
      }
      const long double largest =
          std::abs(std::ranges::max(terms, {}, [](T t) { return std::abs(t); }));
      const long double allowance = regrouped * std::numeric_limits<T>::epsilon() * largest;
      for (std::size_t i = 0; i < sum.size(); ++i) {
        const T got = found.gradients[k].elements[i];
        const long double ulp = std::abs(got - std::nextafter(got, T(0)));
        EXPECT_LE(std::abs(static_cast<long double>(got) - sum[i]),
                  ulp + std::ldexp(magnitudes[i], -bits) + allowance)
            << text << ", input " << k << ", element " << i;
      }
    }
    const Outcome divided = run(kernel.on(threads(3)), inputs, dy, whole, axis);
    EXPECT_EQ(divided.y.elements, found.y.elements);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      EXPECT_EQ(divided.gradients[k].elements, found.gradients[k].elements);
    }
  }
};

using Formats = testing::Types<float, double>;
TYPED_TEST_SUITE(Broadcast, Formats);

TYPED_TEST(Broadcast, SpreadsOverAnyAxesAndSumsTheGradient) {
  const std::string text = "f(x, b) = gelu(x + b)";
  const std::vector<std::pair<Sizes, Sizes>> cases = {
      {{300, 37}, {37}},          // a value a column
      {{300, 37}, {300, 1}},      // a value a row
      {{300, 37}, {}},            // one for all
      {{1000}, {1}},              //
      {{4, 5, 6}, {5, 1}},        // a value a channel
      {{4, 5, 6}, {4, 1, 6}},     //
      {{4, 5, 6}, {5, 6}},        //
      {{3, 4, 1, 5}, {4, 1, 1}},  //
      {{2, 3, 4, 5}, {3, 1, 5}},  //
      {{9000, 3}, {3}},           // more rows than a call takes
      {{1, 1}, {1, 1}},           //
  };
  for (const auto& [whole, own] : cases) {
    this->check(text, {whole, own}, whole);
    this->check("f(b, x) = gelu(x + b)", {own, whole}, whole);
  }
  this->check(text, {{7, 1}, {1, 33}}, {7, 33});  // both are spread
  this->check(text, {{33}, {7, 1}}, {7, 33});
  this->check("f(x, a, b, c) = a * x^2 + b * sin(x) + c", {{6, 7, 8}, {8}, {7, 1}, {6, 1, 1}},
              {6, 7, 8});
}

TYPED_TEST(Broadcast, SpreadsBesideRows) {
  for (const std::ptrdiff_t axis : {0, 1, 2}) {
    const auto along = static_cast<std::size_t>(axis);
    Sizes gain(3, 1);
    const Sizes whole = {5, 6, 70};
    gain[along] = whole[along];
    this->check("f(x, b) = softmax(x) * b", {whole, gain}, whole, axis);
    this->check("f(x, b) = softmax(x) * b", {whole, {}}, whole, axis, 4);
    Sizes row = whole;
    row[along] = 1;
    this->check("f(x, b) = softmax(x) + b", {whole, row}, whole, axis);
  }
  this->check("f(x, b) = hardmax(x) * b", {{6, 70}, {5, 6, 70}}, {5, 6, 70}, -1);
}

TYPED_TEST(Broadcast, GivesEachChannelItsParameter) {
  using T = TypeParam;
  const Function prelu = builtin("prelu");
  const BoundKernel<T> kernel = prelu.kernel<T>({.fused = true, .as_inputs = {"a"}}).bind();
  for (const std::size_t axis : {0UL, 1UL, 2UL}) {
    const Sizes whole = {4, 3, 50};
    Array<T> slopes({whole[axis]}, 1);
    const Array<T> x(whole, 2);
    const Array<T> dy(whole, 3);
    Array<T> y(whole);
    Array<T> dx(whole);
    Array<T> da(slopes.sizes);
    const View<const T> in[] = {
        x.view(), channels<const T>(slopes.elements, 3, static_cast<std::ptrdiff_t>(axis))};
    const View<T> out[] = {dx.view(),
                           channels<T>(da.elements, 3, static_cast<std::ptrdiff_t>(axis))};
    kernel.forward_backward(in, dy.view(), y.view(), out);
    Sizes own(3, 1);
    own[axis] = whole[axis];
    std::vector<double> expected(slopes.elements.size());
    for (std::size_t i = 0; i < x.elements.size(); ++i) {
      const std::size_t channel = source(whole, own, i);
      const T v = x.elements[i];
      const T slope = slopes.elements[channel];
      EXPECT_EQ(y.elements[i], v > 0 ? v : slope * v);
      EXPECT_EQ(dx.elements[i], v > 0 ? dy.elements[i] : slope * dy.elements[i]);
      const T term = dy.elements[i] * v;
      if (!(v > 0)) expected[channel] += static_cast<double>(term);
    }
    for (std::size_t c = 0; c < expected.size(); ++c) {
      EXPECT_NEAR(da.elements[c], expected[c], std::abs(expected[c]) * 1e-7);
    }
  }
}

// One array with both inputs of a gated unit, and its gradient.
TYPED_TEST(Broadcast, TakesTheHalvesOfAnAxisAndItsPairs) {
  using T = TypeParam;
  const BoundKernel<T> swiglu = builtin("swiglu").kernel<T>({.fused = true}).bind();
  for (const std::ptrdiff_t axis : {0, 1, 2}) {
    for (const bool interleaved : {false, true}) {
      Sizes half = {4, 6, 70};
      half[static_cast<std::size_t>(axis)] /= 2;
      Array<T> both({4, 6, 70}, 1);
      Array<T> gradient(both.sizes);
      const Array<T> dy(half, 2);
      Array<T> y(half);
      const auto split = [&](View<T> v) { return interleaved ? pairs(v, axis) : halves(v, axis); };
      const auto [a, b] = split(both.view());
      const auto [da, db] = split(gradient.view());
      const View<const T> in[] = {a, b};
      const View<T> out[] = {da, db};
      swiglu.forward_backward(in, dy.view(), y.view(), out);

      std::vector<Array<T>> apart;
      for (const View<T>& v : {a, b}) {
        apart.emplace_back(half);
        const View<const T> from[] = {v};
        builtin("identity").kernel<T>().bind().forward(from, apart.back().view());
      }
      const auto expected = this->run(swiglu, apart, dy, half);
      EXPECT_EQ(y.elements, expected.y.elements);
      std::size_t k = 0;
      for (const View<T>& v : {da, db}) {
        Array<T> copy(half);
        const View<const T> from[] = {v};
        builtin("identity").kernel<T>().bind().forward(from, copy.view());
        EXPECT_EQ(copy.elements, expected.gradients[k++].elements);
      }
      swiglu.backward(in, dy.view(), std::array{a, b});  // in place
      EXPECT_EQ(both.elements, gradient.elements);
    }
  }
  std::vector<T> odd(3);
  EXPECT_THROW((void)pairs(View<T>(std::span(odd))), Error);
  EXPECT_THROW((void)halves(View<T>(std::span(odd)), 1), Error);
}

TEST(Broadcasting, OfHalvesIsRoundedOnce) {
  const BoundKernel<bfloat16> kernel = compile("f(x, b) = x + b").entry().kernel<bfloat16>().bind();
  const Sizes whole = {1000, 9};
  const Array<bfloat16> x(whole, 1);
  const Array<bfloat16> dy(whole, 2);
  const Array<bfloat16> b({9}, 3);
  Array<bfloat16> dx(whole);
  Array<bfloat16> db({9});
  const View<const bfloat16> in[] = {x.view(), b.view()};
  const View<bfloat16> out[] = {dx.view(), db.view()};
  kernel.backward(in, dy.view(), out);
  for (std::size_t c = 0; c < 9; ++c) {
    double sum = 0;
    for (std::size_t r = 0; r < 1000; ++r) sum += static_cast<float>(dy.elements[9 * r + c]);
    EXPECT_EQ(db.elements[c].bits(), bfloat16(sum).bits());
  }
}

TEST(Broadcasting, OfNothingGivesZeroGradients) {
  const BoundKernel<float> kernel = compile("f(x, b) = x + b").entry().kernel<float>().bind();
  Array<float> x({0, 3});
  const Array<float> b({3}, 1);
  Array<float> db({3}, 2);
  const View<const float> in[] = {x.view(), b.view()};
  const View<float> out[] = {x.view(), db.view()};
  kernel.backward(in, x.view(), out);
  EXPECT_EQ(db.elements, (std::vector<float>{0, 0, 0}));
}

TEST(Broadcasting, RefusesWhatDoesNotFit) {
  const BoundKernel<float> kernel = compile("f(x, bias) = x + bias").entry().kernel<float>().bind();
  const auto error_of = [&](const Sizes& x, const Sizes& bias, const Sizes& y) -> std::string {
    Array<float> a(x);
    Array<float> b(bias);
    Array<float> c(y);
    const View<const float> in[] = {a.view(), b.view()};
    try {
      kernel.forward(in, c.view());
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of({4, 5}, {4}, {4, 5}),
            "`f`: the input `bias`, of shape [4], does not fit: the input `x` has the shape [4, "
            "5]; axes, from the last, are equal or 1");
  EXPECT_EQ(error_of({4, 1}, {5}, {4, 1}),
            "`f`: the output, of shape [4, 1], does not fit: the inputs have together the shape "
            "[4, 5]");
  EXPECT_EQ(error_of({4, 5}, {5}, {4, 5}), "no error");

  const auto option_error = [](const KernelOptions& options) -> std::string {
    try {
      builtin("prelu").kernel<float>(options).bind({{"a", 1}});
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(option_error({.as_inputs = {"b"}}),
            "error: `prelu` has no parameter `b`; it has a [unknown-parameter]");
  EXPECT_EQ(option_error({.as_inputs = {"a", "a"}}),
            "the parameter `a` of `prelu` is an input of the kernel: it cannot be another input "
            "too");
  EXPECT_EQ(option_error({.as_inputs = {"a"}, .fixed = {{"a", 1}}}),
            "the parameter `a` of `prelu` is an input of the kernel: it cannot be fixed too");
  EXPECT_EQ(option_error({.as_inputs = {"a"}}),
            "the parameter `a` of `prelu` is an input of this kernel: give it as an array");
  std::vector<float> slopes(3);
  EXPECT_THROW((void)channels(std::span(slopes), 2, 2), Error);
}

}  // namespace
}  // namespace actc

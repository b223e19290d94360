// A definition with two inputs and two parameters, as a user types it: its value, the gradients of
// both inputs, and its derivatives with respect to the parameters, against MPFR. The formula is
// written here a second time and differentiated by differences: nothing is shared with the
// compiler.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/accuracy_support.h"

namespace actc {
namespace {

using test::Mpfr;
using test::PrecisionScope;

constexpr const char* gate_text =
    "gate(a, b; beta = 1.25, k = 0.75) = k * a * sigmoid(beta * a) * tanh(b) + b";

// a, b, beta, k
using Arguments = std::array<Mpfr, 4>;

Mpfr gate(const Arguments& v) {
  const auto& [a, b, beta, k] = v;
  return k * a / (Mpfr(1) + exp(-(beta * a))) * tanh(b) + b;
}

// (f(v + h) − f(v − h)) / 2h, h = 2^-100, at 400 bits: wrong by about 2^-200.
Mpfr difference(const Arguments& v, std::size_t variable) {
  const PrecisionScope precision(400);
  const Mpfr h = ldexp(Mpfr(1), -100);
  Arguments up = v;
  Arguments down = v;
  up[variable] = v[variable] + h;
  down[variable] = v[variable] - h;
  return (gate(up) - gate(down)) / (h + h);
}

// What the errors are measured against: the sums of the magnitudes of the terms, each with the
// condition 1 + |βa| or 1 + |b| of its exponential. Derivatives in the order of Arguments.
struct Magnitudes {
  double value;
  std::array<double, 4> derivatives;
};

Magnitudes magnitudes(double a, double b, double beta, double k) {
  const double s = 1 / (1 + std::exp(-beta * a));
  const double t = std::abs(std::tanh(b));
  const double rest = 1 / (1 + std::exp(beta * a));  // 1 − s
  const double carried = 1 + std::abs(beta * a);
  const double slope = 1 / (std::cosh(b) * std::cosh(b));
  return {.value = k * std::abs(a) * s * t * carried + std::abs(b),
          .derivatives = {k * t * s * (1 + std::abs(beta * a) * rest) * carried,
                          k * std::abs(a) * s * slope * (carried + std::abs(b)) + 1,
                          k * a * a * s * rest * t * carried, std::abs(a) * s * t * carried}};
}

// The largest error of some quantity in 2^-p of its magnitude.
struct Observed {
  double error = 0;
  double a = 0, b = 0;

  void add(double e, double at_a, double at_b) {
    if (!(e <= error)) *this = {e, at_a, at_b};
  }
};

void expect_below(double bound, const Observed& o, const std::string& what) {
  fmt::print("  {:<28} {:>6.2f}  at a = {:.6g}, b = {:.6g}\n", what, o.error, o.a, o.b);
  EXPECT_LE(o.error, bound) << what << " at a = " << o.a << ", b = " << o.b;
}

template <class T>
class Gradients : public testing::Test {
 protected:
  static constexpr double unit = std::numeric_limits<T>::epsilon() / 2;

  Gradients() {
    std::mt19937_64 random = test::fixed_random();
    std::normal_distribution<T> normal(0, 4);
    std::uniform_real_distribution<T> wide(-30, 30);
    const std::size_t n = test::density(2000);
    for (std::size_t i = 0; i < n; ++i) {
      a.push_back(i % 3 == 0 ? wide(random) : normal(random));
      b.push_back(i % 3 == 1 ? wide(random) : normal(random));
      dy.push_back(normal(random));
    }
    for (const T x : {T(0), T(-1.25), T(1e-6), T(-24), T(24)}) {
      for (const T y : {T(0), T(2.5), T(-1e-6), T(-12)})
        a.push_back(x), b.push_back(y), dy.push_back(1);
    }
  }

  Arguments arguments(std::size_t i) const {
    const PrecisionScope precision(400);
    return {Mpfr(a[i]), Mpfr(b[i]), Mpfr(beta), Mpfr(k)};
  }
  Magnitudes sizes(std::size_t i) const { return magnitudes(a[i], b[i], beta, k); }
  static double distance(T result, const Mpfr& exact, double magnitude) {
    return static_cast<double>(abs(Mpfr(result) - exact)) / (unit * magnitude);
  }

  const Function gate_ = compile(gate_text).entry();
  std::vector<T> a, b, dy;
  static constexpr T beta = T(0.625), k = T(1.375);  // exact, and not the defaults
  const Parameters parameters = {{"beta", beta}, {"k", k}};
};

using Formats = testing::Types<float, double>;
TYPED_TEST_SUITE(Gradients, Formats);

// A handful of roundings, each by one unit of 2^-p of the magnitude it concerns.
constexpr double few = 6;

TYPED_TEST(Gradients, ValueAndGradientsOfBothInputs) {
  using T = TypeParam;
  const Kernel<T> kernel = this->gate_.template kernel<T>({.fused = true});
  const std::size_t n = this->a.size();
  std::vector<T> y(n), da(n), db(n);
  kernel.forward({this->a, this->b}, y, this->parameters);
  kernel.backward({this->a, this->b}, this->dy, {da, db}, this->parameters);
  Observed value, wrt_a, wrt_b;
  for (std::size_t i = 0; i < n; ++i) {
    const PrecisionScope precision(400);
    const Arguments v = this->arguments(i);
    const Magnitudes m = this->sizes(i);
    const double g = std::abs(static_cast<double>(this->dy[i]));
    value.add(m.value == 0 ? std::abs(y[i]) : this->distance(y[i], gate(v), m.value), this->a[i],
              this->b[i]);
    const auto error = [&](T result, std::size_t variable) {
      const double magnitude = g * m.derivatives[variable];
      const Mpfr exact = Mpfr(this->dy[i]) * difference(v, variable);
      return magnitude == 0 ? std::abs(static_cast<double>(result))
                            : this->distance(result, exact, magnitude);
    };
    wrt_a.add(error(da[i], 0), this->a[i], this->b[i]);
    wrt_b.add(error(db[i], 1), this->a[i], this->b[i]);
  }
  fmt::print("error in 2^-{} of the magnitude\n", std::numeric_limits<T>::digits);
  expect_below(few, value, "gate");
  expect_below(few, wrt_a, "gradient of a");
  expect_below(few, wrt_b, "gradient of b");

  std::vector<T> y2(n), da2(n), db2(n);
  const std::span<const T> inputs[] = {this->a, this->b};
  const std::span<T> gradients[] = {da2, db2};
  kernel.bind(this->parameters).forward_backward(inputs, this->dy, y2, gradients);
  EXPECT_EQ(y, y2);
  EXPECT_EQ(da, da2);
  EXPECT_EQ(db, db2);
}

TYPED_TEST(Gradients, DerivativesByTheirText) {
  using T = TypeParam;
  const char* variables[] = {"a", "b", "beta", "k"};
  for (std::size_t variable = 0; variable < 4; ++variable) {
    const std::string text = this->gate_.derivative(variables[variable]);
    const std::string definition = "slope(a, b; beta, k) = " + text;
    const Kernel<T> kernel = compile(definition).entry().template kernel<T>({.backward = false});
    const std::size_t n = this->a.size();
    std::vector<T> y(n);
    kernel.forward({this->a, this->b}, y, this->parameters);
    Observed observed;
    for (std::size_t i = 0; i < n; ++i) {
      const double magnitude = this->sizes(i).derivatives[variable];
      const Mpfr exact = difference(this->arguments(i), variable);
      observed.add(magnitude == 0 ? std::abs(y[i]) : this->distance(y[i], exact, magnitude),
                   this->a[i], this->b[i]);
    }
    expect_below(few, observed, fmt::format("text of d/d{}", variables[variable]));
  }
}

TEST(Derivatives, EvaluatedInDouble) {
  const Function f = compile(gate_text).entry();
  const char* variables[] = {"a", "b", "beta", "k"};
  std::mt19937_64 random = test::fixed_random();
  std::uniform_real_distribution<double> uniform(-12, 12);
  for (std::size_t variable = 0; variable < 4; ++variable) {
    Observed observed;
    for (int i = 0; i < 300; ++i) {
      const double at[] = {uniform(random), uniform(random)};
      const Arguments v = {Mpfr(at[0]), Mpfr(at[1]), Mpfr(1.25), Mpfr(0.75)};
      const double magnitude = magnitudes(at[0], at[1], 1.25, 0.75).derivatives[variable];
      const double result = f.evaluate_derivative(variables[variable], at);
      const double error = static_cast<double>(abs(Mpfr(result) - difference(v, variable)));
      observed.add(error / (0x1p-53 * magnitude), at[0], at[1]);
    }
    expect_below(2 * few, observed, fmt::format("evaluated d/d{}", variables[variable]));
  }
}

// Typed, mish rounds 1 + exp(x), which is an error in log(1 + exp(x)) of about 2^-p whatever x is,
// and so one of |x| 2^-p in the value; the built-in has none of it.
TYPED_TEST(Gradients, MishAsItIsTypedAgreesWithTheBuiltIn) {
  using T = TypeParam;
  const Kernel<T> typed = compile("x * tanh(log(1 + exp(x)))").entry().template kernel<T>();
  const Kernel<T> built_in = builtin("mish").kernel<T>();
  std::vector<T> x;
  for (int i = -40 * 512; i <= 40 * 512; ++i) x.push_back(static_cast<T>(i) / 512 + T(1) / 1536);
  const std::vector<T> dy(x.size(), T(1));
  std::vector<T> y(x.size()), dx(x.size()), expected(x.size()), expected_slope(x.size());
  typed.forward(x, y);
  typed.backward(x, dy, dx);
  built_in.forward(x, expected);
  built_in.backward(x, dy, expected_slope);
  Observed value, slope;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double size = std::abs(static_cast<double>(x[i]));
    value.add(std::abs(y[i] - expected[i]) / (this->unit * size), x[i], 0);
    slope.add(std::abs(dx[i] - expected_slope[i]) / (this->unit * (1 + size)), x[i], 0);
  }
  expect_below(few, value, "mish, typed");
  expect_below(few, slope, "its gradient");
}

}  // namespace
}  // namespace actc

// Every built-in of one input: the largest errors of its compiled value and gradient over a sample,
// against MPFR. κ = |x f′/f| (of the gradient κ′ = |x f″/f′|) is the condition: what an error of
// half a unit in x alone does to the value is κ/2. In binary32 at most 2 units of the last place
// are asserted for the value and 4 for the gradient, where κ > 8 κ/2 more; in binary64 4 + κ and 8
// + κ′. Within 0.25 of a point x0 ≠ 0 where the value (the gradient) crosses zero, the bound is 2
// (4) times 2^-p of the largest magnitude within 1 of x0. The table is printed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/accuracy_support.h"
#include "tests/crossings.h"

namespace actc {
namespace {

using test::Mpfr;
using test::Reals;

// Formulas that need an exponential beyond even MPFR's numbers: the same, for |x| > 1000.
constexpr double far = 1000;
const std::map<std::string, const char*, std::less<>> tails = {
    {"log1pexp", "f(x) = max(x, 0) + log1p(exp(-abs(x)))"},
    {"softplus", "f(x; beta) = max(x, 0) + log1p(exp(-abs(beta * x))) / beta"},
    {"log_sigmoid", "f(x) = min(x, 0) - log1p(exp(-abs(x)))"},
    {"logcosh", "f(x) = abs(x) - log(2) + log1p(exp(-2 * abs(x)))"},
};

// What has no default.
const Parameters given = {{"threshold", 0.1}, {"value", 20}};

// What is above the bounds: factors of them.
struct Allowance {
  double value = 1;
  double gradient = 1;
};
// In binary32 the fast forms: products and quotients of several rounded terms.
const std::map<std::string, Allowance, std::less<>> allowances32 = {
    {"gelu_fast", {1.95, 1}}, {"mish_fast", {1.65, 1}}, {"tanh_fast", {1.3, 1}}};
// Differences of two terms that are rounded each.
const std::map<std::string, Allowance, std::less<>> allowances64 = {{"serf", {1, 1.5}},
                                                                    {"xielu", {3, 1}}};

// How many units of the last place are allowed at a condition.
template <class T>
double allowed(double ulps, double kappa) {
  if constexpr (sizeof(T) == 4) return kappa > 8 ? ulps + kappa / 2 : ulps;
  return 2 * ulps + kappa;
}

// [-20, 20] evenly, both tails geometrically to the largest and the smallest numbers, and the
// neighbours of the kinks and of other boundaries.
template <class T>
std::vector<T> activation_samples(std::size_t n) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  const T step = T(40) / static_cast<T>(n);
  std::mt19937_64 random = test::fixed_random();
  std::uniform_real_distribution<T> jitter(0, step);
  for (std::size_t i = 0; i < n; ++i) x.push_back(-20 + static_cast<T>(i) * step + jitter(random));
  test::add_representations(x, T(20), T(1100), n / 4);
  test::add_representations(x, T(1100), Limits::max(), n / 16);
  test::add_representations(x, Limits::denorm_min(), T(0.01), n / 16);
  test::add_boundaries(x);
  return x;
}

// The worst of a value or a gradient outside of the neighbourhoods of crossings.
template <class T>
struct Worst {
  double error = 0;  // ULP
  T at = 0;
  double kappa = 0;  // there
  double share = 0;  // of the bound, the largest anywhere
  T share_at = 0;
  double crossing = 0;  // 2^-p of the magnitude, within the neighbourhoods
};

// A function and its slope, or its slope and its second derivative.
struct Pair {
  Reals value, slope;
};

template <class T>
double condition(const Reals& slope, T x, std::span<const T> parameters, const Mpfr& value) {
  if (value == 0 || x == 0) return 0;
  return static_cast<double>(abs(Mpfr(x) * slope.at(x, parameters) / value));
}

template <class T>
Worst<T> measure(std::span<const T> x, std::span<const T> y, const Reals& value,
                 const Reals& far_value, const Reals& slope, std::span<const T> parameters,
                 const std::vector<test::Crossing>& zeros, double ulp_bound) {
  Worst<T> worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Reals& reals = std::abs(x[i]) > T(far) ? far_value : value;
    const Mpfr exact = reals.at(x[i], parameters);
    const double error = test::ulps(y[i], exact);
    const auto zero = std::ranges::find_if(zeros, [&](const test::Crossing& c) {
      return std::abs(static_cast<double>(x[i]) - c.at) <= 0.25;
    });
    if (zero != zeros.end()) {
      const Mpfr unit = ldexp(Mpfr(zero->magnitude), -std::numeric_limits<T>::digits);
      worst.crossing =
          std::max(worst.crossing, static_cast<double>(abs(Mpfr(y[i]) - exact) / unit));
      continue;
    }
    if (error <= worst.error && error <= allowed<T>(ulp_bound, 0) * worst.share) continue;
    const double kappa = condition(slope, x[i], parameters, exact);
    const double share = error / allowed<T>(ulp_bound, kappa);
    if (share > worst.share) {
      worst.share = share;
      worst.share_at = x[i];
    }
    if (error > worst.error) {
      worst.error = error;
      worst.at = x[i];
      worst.kappa = kappa;
    }
  }
  return worst;
}

template <class T>
std::string cells(const Worst<T>& w) {
  const std::string place =
      w.error == 0 ? "" : fmt::format("{:.{}g}", w.at, std::numeric_limits<T>::max_digits10);
  return fmt::format("{:>10.2f} | {:>23} | {:>8.3g} | {:>5.2f} | {}", w.error, place, w.kappa,
                     w.share, w.crossing == 0 ? "" : fmt::format("{:.2f}", w.crossing));
}

template <class T>
class ActivationAccuracy : public testing::Test {};

using Formats = testing::Types<float, double>;
TYPED_TEST_SUITE(ActivationAccuracy, Formats);

TYPED_TEST(ActivationAccuracy, ValueAndGradientAreWithinTheirBounds) {
  using T = TypeParam;
  const std::vector<T> x = activation_samples<T>(test::density(sizeof(T) == 4 ? 1500 : 500));
  fmt::print(
      "{}, {} inputs: largest ULP | at | condition there | share of the bound | near crossings\n",
      sizeof(T) == 4 ? "binary32" : "binary64", x.size());
  for (const Function& f : standard_library().functions()) {
    // What has no documentation is no part of the library's interface.
    if (f.inputs().size() != 1 || f.documentation().empty() || f.is_over_rows() || f.is_random()) {
      continue;
    }
    Parameters bound;
    std::vector<T> parameters;
    for (const ParameterInfo& p : f.parameters()) {
      if (!p.default_value) bound[p.name] = given.at(p.name);
      parameters.push_back(static_cast<T>(p.default_value ? *p.default_value : given.at(p.name)));
    }
    const BoundKernel<T> kernel = f.kernel<T>().bind(bound);
    std::vector<T> y(x.size());
    std::vector<T> dx(x.size());
    const std::vector<T> dy(x.size(), T(1));
    kernel.forward(x, y);
    kernel.backward(x, dy, dx);

    std::vector<double> grid;
    for (int i = -20 * 256; i <= 20 * 256; ++i) grid.push_back(i / 256.0);
    std::vector<double> grid_y(grid.size());
    std::vector<double> grid_dx(grid.size());
    const std::vector<double> ones(grid.size(), 1.0);
    f.kernel<double>().forward(grid, grid_y, bound);
    f.kernel<double>().backward(grid, ones, grid_dx, bound);

    const Reals value(f);
    const Reals slope(f, 1);
    const Reals curvature(f, 2);
    const auto tail = tails.find(f.name());
    const Reals tail_value(tail == tails.end() ? f : compile(tail->second).entry());
    const Worst<T> forward =
        measure<T>(x, y, value, tail_value, slope, parameters, test::crossings(grid, grid_y), 2);
    const Worst<T> backward =
        measure<T>(x, dx, slope, slope, curvature, parameters, test::crossings(grid, grid_dx), 4);
    fmt::print("{:<16} | {} || {}\n", f.name(), cells(forward), cells(backward));
    const auto& allowances = sizeof(T) == 4 ? allowances32 : allowances64;
    const auto found = allowances.find(f.name());
    const Allowance allowance = found == allowances.end() ? Allowance() : found->second;
    EXPECT_LE(forward.share, allowance.value) << f.name() << " at " << forward.share_at;
    EXPECT_LE(forward.crossing, 2 * allowance.value) << f.name();
    EXPECT_LE(backward.share, allowance.gradient) << f.name() << "' at " << backward.share_at;
    EXPECT_LE(backward.crossing, 4 * allowance.gradient) << f.name() << "'";
  }
}

}  // namespace
}  // namespace actc

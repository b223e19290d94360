// Every built-in against values of 25 digits: forward and gradient, binary32 and binary64; the
// convention at each kink; limits, signed zeros and NaN.
#include "tests/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expm1.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <map>
#include <utility>

#include "ir/evaluate.h"
#include "ir/passes.h"
#include "runtime/state.h"
#include "tests/crossings.h"

namespace actc {
namespace {

using test::Crossing;
using test::Exact;
using test::ReferenceRow;
using test::ulps;

template <class T>
T forward_at(const Kernel<T>& k, T x, const Parameters& p) {
  T y{};
  k.forward({&x, 1}, {&y, 1}, p);
  return y;
}

template <class T>
T slope_at(const Kernel<T>& k, T x, const Parameters& p) {
  const T dy = 1;
  T dx{};
  k.backward({&x, 1}, {&dy, 1}, {&dx, 1}, p);
  return dx;
}

// Wide enough for formulas that cancel: log(cosh(x)) at 1e-30 loses 60 digits.
using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<150>,
                                           boost::multiprecision::et_off>;

// The formula (order 0) or its derivative, at the parameters as T holds them.
template <class T>
Exact exactly(const Function& f, const ReferenceRow& row, int order) {
  const ir::Library& library = *detail::ModuleState::of(f).library;
  const ir::FunctionId id = *library.find(row.name);
  const std::size_t wanted[] = {0};
  ir::Graph g = detail::call_graph(library, id);
  for (int i = 0; i < order; ++i) g = ir::derive(g, library, 1, wanted);
  std::vector<Wide> parameters;
  for (const ir::Parameter& p : library[id].parameters) {
    parameters.push_back(Wide(static_cast<T>(row.parameters.at(p.name))));
  }
  const std::vector<Wide> x = {Wide(row.x)};
  return Exact(ir::evaluate<Wide>(ir::expand_meaning(g, library), x, parameters)[0]);
}

template <class T>
bool representable(const Parameters& parameters) {
  return std::ranges::all_of(parameters,
                             [](const auto& p) { return p.second == static_cast<T>(p.second); });
}

// The file's derivatives in the far tails are 0 where the differences that they were computed by
// underflowed; and a parameter is rounded to T when it is bound. In both cases the expected value
// is the formula's, which `TheFormulasAreThoseOfTheFile` holds against the file.
template <class T>
void complete(ReferenceRow& row) {
  const Function f = builtin(row.name);
  const bool moved = !representable<T>(row.parameters);
  if (moved) row.y = exactly<T>(f, row, 0);
  if (moved || row.dy == 0) row.dy = exactly<T>(f, row, 1);
  if (moved || row.d2y == 0) row.d2y = exactly<T>(f, row, 2);
}

struct Scan {
  std::vector<Crossing> value, gradient;
};

Scan scan(const Function& f, const Parameters& parameters) {
  std::vector<double> x;
  for (int i = -20 * 256; i <= 20 * 256; ++i) x.push_back(i / 256.0);
  const std::vector<double> dy(x.size(), 1.0);
  std::vector<double> y(x.size());
  std::vector<double> dx(x.size());
  const Kernel<double> k = f.kernel<double>();
  k.forward(x, y, parameters);
  k.backward(x, dy, dx, parameters);
  return {test::crossings(x, y), test::crossings(x, dx)};
}

template <class T>
bool near_crossing(const std::vector<Crossing>& crossings, double x, T result, const Exact& exact,
                   double factor) {
  const Exact unit = ldexp(Exact(1), -std::numeric_limits<T>::digits);
  return std::ranges::any_of(crossings, [&](const Crossing& c) {
    return std::abs(x - c.at) <= 0.25 &&
           abs(Exact(result) - exact) <= Exact(factor * c.magnitude) * unit;
  });
}

double condition(double x, const Exact& value, const Exact& slope) {
  return value == 0 ? 0 : static_cast<double>(abs(Exact(x) * slope / value));
}

template <class T>
class Reference : public testing::Test {};

using Formats = testing::Types<float, double>;
TYPED_TEST_SUITE(Reference, Formats);

TYPED_TEST(Reference, ValueAndGradientAreWithinTheirBounds) {
  using T = TypeParam;
  std::map<std::pair<std::string, Parameters>, std::pair<Kernel<T>, Scan>> kernels;
  std::map<std::string, std::pair<double, double>> worst;
  std::size_t checked = 0;
  std::vector<ReferenceRow> all = test::reference_rows();
  for (ReferenceRow& row : all) {
    complete<T>(row);
    auto it = kernels.find({row.name, row.parameters});
    if (it == kernels.end()) {
      const Function f = builtin(row.name);
      it = kernels
               .emplace(std::pair(row.name, row.parameters),
                        std::pair(f.kernel<T>(), scan(f, row.parameters)))
               .first;
    }
    const auto& [kernel, zeros] = it->second;
    const T x = static_cast<T>(row.x);
    const T y = forward_at(kernel, x, row.parameters);
    const T slope = slope_at(kernel, x, row.parameters);
    const double error = ulps(y, row.y);
    const double slope_error = ulps(slope, row.dy);
    const double kappa = condition(row.x, row.y, row.dy);
    const double slope_kappa = condition(row.x, row.dy, row.d2y);
    auto& [value_margin, slope_margin] = worst[row.name];
    if (!near_crossing(zeros.value, row.x, y, row.y, 2)) {
      value_margin = std::max(value_margin, error / (4 + kappa));
      EXPECT_LE(error, 4 + kappa) << row.name << " at " << row.x << ": " << y << " for " << row.y
                                  << testing::PrintToString(row.parameters);
    }
    if (!near_crossing(zeros.gradient, row.x, slope, row.dy, 4)) {
      slope_margin = std::max(slope_margin, slope_error / (8 + slope_kappa));
      EXPECT_LE(slope_error, 8 + slope_kappa)
          << row.name << "' at " << row.x << ": " << slope << " for " << row.dy
          << testing::PrintToString(row.parameters);
    }
    ++checked;
  }
  EXPECT_GE(checked, 4215u);
  for (const auto& [name, margins] : worst) {
    std::cout << "  " << name << ": " << margins.first << " of the bound, gradient "
              << margins.second << "\n";
  }
}

TEST(Formulas, TheFormulasAreThoseOfTheFile) {
  for (const ReferenceRow& row : test::reference_rows()) {
    const Function f = builtin(row.name);
    if (!representable<double>(row.parameters)) continue;
    const auto expect_equal = [&](const Exact& computed, const Exact& expected, const char* what) {
      if (expected == 0) return;  // underflowed in the file
      EXPECT_LT(static_cast<double>(abs(computed / expected - 1)), 1e-18)
          << row.name << what << row.x;
    };
    expect_equal(exactly<double>(f, row, 0), row.y, " at ");
    expect_equal(exactly<double>(f, row, 1), row.dy, "' at ");
    expect_equal(exactly<double>(f, row, 2), row.d2y, "'' at ");
  }
}

TYPED_TEST(Reference, LimitsAtInfinity) {
  using T = TypeParam;
  for (const auto& cells : test::read_csv("limits.csv")) {
    const Parameters p =
        cells[0] == "threshold" ? Parameters{{"threshold", 0.1}, {"value", 20}} : Parameters{};
    const Kernel<T> kernel = builtin(cells[0]).kernel<T>();
    const T x = static_cast<T>(std::stod(cells[1]));
    const auto expect_limit = [&](T actual, const std::string& expected, const char* what) {
      const double limit = std::stod(expected);
      if (std::isnan(limit)) {
        EXPECT_TRUE(std::isnan(actual)) << cells[0] << what << x << actual;
      } else if (std::isinf(limit)) {
        EXPECT_EQ(actual, static_cast<T>(limit)) << cells[0] << what << x;
      } else {
        EXPECT_NEAR(actual, limit, 5e-7 * std::abs(limit)) << cells[0] << what << x;
      }
    };
    expect_limit(forward_at(kernel, x, p), cells[2], " at ");
    expect_limit(slope_at(kernel, x, p), cells[3], "' at ");
  }
}

TYPED_TEST(Reference, NegativeZeroIsKeptWhereTheFunctionIsXTimesSomethingPositive) {
  using T = TypeParam;
  for (const char* name :
       {"identity", "tanh", "tanhshrink", "softsign", "hard_tanh", "leaky_relu", "gelu", "silu",
        "swish", "quick_gelu", "gelu_tanh", "mish", "serf", "sin", "erf", "expm1", "log1p"}) {
    const T y = forward_at(builtin(name).kernel<T>(), T(-0.0), {});
    EXPECT_EQ(y, T(0)) << name;
    EXPECT_TRUE(std::signbit(y)) << name;
    EXPECT_FALSE(std::signbit(forward_at(builtin(name).kernel<T>(), T(0), {}))) << name;
  }
}

TYPED_TEST(Reference, NanGivesNan) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (const Function& f : standard_library().functions()) {
    if (f.inputs().size() != 1) continue;
    Parameters p;
    for (const ParameterInfo& info : f.parameters()) {
      if (!info.default_value) p[info.name] = 1;
    }
    EXPECT_TRUE(std::isnan(forward_at(f.kernel<T>(), nan, p))) << f.name();
  }
}

struct Kink {
  const char* name;
  double x;
  double slope;
};

class KinkOf : public testing::TestWithParam<Kink> {};

TEST_P(KinkOf, FollowsPyTorch) {
  const auto& [name, x, slope] = GetParam();
  const Parameters p = std::string(name) == "threshold"
                           ? Parameters{{"threshold", 0.5}, {"value", 20}}
                           : Parameters{};
  const Kernel<double> k = builtin(name).kernel<double>();
  EXPECT_EQ(slope_at(k, x, p), slope);
  EXPECT_EQ(slope_at(builtin(name).kernel<float>(), static_cast<float>(x), p),
            static_cast<float>(slope));
}

INSTANTIATE_TEST_SUITE_P(
    Table, KinkOf,
    testing::Values(
        Kink{"step", 0, 0}, Kink{"sign", 0, 0}, Kink{"relu", 0, 0}, Kink{"relu6", 0, 0},
        Kink{"relu6", 6, 0}, Kink{"leaky_relu", 0, 0.01}, Kink{"leaky_relu6", 0, 0.01},
        Kink{"leaky_relu6", 6, 0}, Kink{"prelu", 0, 0.25}, Kink{"threshold", 0.5, 0},
        Kink{"thresholded_relu", 1, 0}, Kink{"relu_squared", 0, 0}, Kink{"star_relu", 0, 0},
        Kink{"elu", 0, 1}, Kink{"selu", 0, 1.7580993408473768600}, Kink{"celu", 0, 1},
        Kink{"hard_sigmoid", -3, 0}, Kink{"hard_sigmoid", 3, 0}, Kink{"hard_tanh", -1, 0},
        Kink{"hard_tanh", 1, 0}, Kink{"softsign", 0, 1}, Kink{"hard_swish", -3, 0},
        Kink{"hard_swish", 3, 1}, Kink{"hard_mish", -2, 0}, Kink{"hard_mish", 0, 1},
        Kink{"softshrink", 0.5, 0}, Kink{"softshrink", -0.5, 0}, Kink{"hardshrink", 0.5, 0},
        Kink{"hardshrink", -0.5, 0}, Kink{"sparse_sigmoid", -1, 0}, Kink{"sparse_sigmoid", 1, 0},
        Kink{"sparse_plus", -1, 0}, Kink{"sparse_plus", 1, 1}, Kink{"xielu", 0, 0.5},
        Kink{"rrelu", 0, (0.125 + 1.0 / 3) / 2}),
    [](const auto& param) {
      std::string name = param.param.name + std::string(param.param.x < 0 ? "_minus_" : "_at_") +
                         std::to_string(static_cast<int>(std::abs(param.param.x) * 10));
      return name;
    });

// The points where the frameworks differ, and some where they do not.
struct ConventionCase {
  const char* name;
  double x;
  std::array<double, 4> slopes;  // PyTorch, JAX, TensorFlow, oneDNN
};

TEST(Conventions, HaveTheirSlopesAtKinks) {
  constexpr double scale = 1.0507009873554804934;
  constexpr double steep = 1.7580993408473768600;
  const std::vector<ConventionCase> cases = {
      {"leaky_relu", 0, {0.01, 1, 0.01, 0.01}},
      {"leaky_relu", -0.0, {0.01, 1, 0.01, 0.01}},
      {"prelu", 0, {0.25, 1, 0.25, 0.25}},
      {"elu", 0, {1, 1, 1, 1}},
      {"selu", 0, {steep, steep, scale, steep}},
      {"hard_tanh", -1, {0, 1, 1, 0}},
      {"hard_tanh", 1, {0, 1, 1, 1}},
      {"hard_sigmoid", -3, {0, 0, 0, 0}},
      {"hard_sigmoid", 3, {0, 0, 0, 0}},
      {"hard_swish", -3, {0, 0, 0, 0}},
      {"hard_swish", 3, {1, 1, 1, 1}},
      {"relu", 0, {0, 0, 0, 0}},
      {"relu6", 0, {0, 0, 0, 0}},
      {"relu6", 6, {0, 0, 0, 0}},
      // Beside the kink all agree.
      {"leaky_relu", -1, {0.01, 0.01, 0.01, 0.01}},
      {"hard_tanh", 1.5, {0, 0, 0, 0}},
  };
  constexpr std::array all = {Convention::pytorch, Convention::jax, Convention::tensorflow,
                              Convention::onednn};
  for (const ConventionCase& c : cases) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Function f = builtin(c.name, all[k]);
      EXPECT_EQ(slope_at(f.kernel<double>(), c.x, {}), c.slopes[k]) << c.name << c.x << " " << k;
      EXPECT_EQ(slope_at(f.kernel<float>(), static_cast<float>(c.x), {}),
                static_cast<float>(c.slopes[k]))
          << c.name << c.x << " " << k;
      // So do formulas that use them.
      const Function used = compile(std::string("2 * ") + c.name + "(x)", all[k]).entry();
      EXPECT_EQ(slope_at(used.kernel<double>(), c.x, {}), 2 * c.slopes[k]) << c.name << " " << k;
    }
  }
  // elu'(0) is alpha for all but TensorFlow, whose side of 0 is the upper.
  const Parameters half = {{"alpha", 0.5}};
  EXPECT_EQ(slope_at(builtin("elu").kernel<double>(), 0.0, half), 0.5);
  EXPECT_EQ(slope_at(builtin("elu", Convention::tensorflow).kernel<double>(), 0.0, half), 1);
}

TEST(Conventions, OfTensorFlowGiveTiesToTheFirst) {
  const auto gradients = [](const char* text, Convention convention) {
    const std::vector<double> a = {3};
    const std::vector<double> dy = {1};
    std::vector<double> da(1);
    std::vector<double> db(1);
    compile(text, convention).entry().kernel<double>().backward({a, a}, dy, {da, db});
    return std::pair(da[0], db[0]);
  };
  for (const char* text : {"f(a, b) = max(a, b)", "f(a, b) = min(a, b)"}) {
    EXPECT_EQ(gradients(text, Convention::pytorch), std::pair(0.5, 0.5));
    EXPECT_EQ(gradients(text, Convention::jax), std::pair(0.5, 0.5));
    EXPECT_EQ(gradients(text, Convention::tensorflow), std::pair(1.0, 0.0));
  }
  // max of a row still is one.
  EXPECT_TRUE(compile("x - max(x)", Convention::tensorflow).entry().is_over_rows());
  EXPECT_EQ(standard_library(Convention::jax).functions().size(),
            standard_library().functions().size());
}

TEST(Derivatives, WrittenInTheStandardLibraryAgreeWithTheirFormulas) {
  // Compiled as a user's text, the library is checked as a user's text is.
  const double h = 1e-5;
  for (const Function& f : standard_library().functions()) {
    if (f.inputs().size() != 1 || f.is_over_rows() || f.is_random()) continue;
    Parameters p;
    for (const ParameterInfo& info : f.parameters()) {
      if (!info.default_value) p[info.name] = 0.7;
    }
    for (const double x : {-2.7713, -0.8653, -0.3307, 0.2939, 1.4159, 3.8377}) {
      const std::vector<double> at = {x}, up = {x + h}, down = {x - h};
      const double quotient = (f.evaluate(up, p) - f.evaluate(down, p)) / (2 * h);
      if (std::isnan(quotient)) continue;
      EXPECT_NEAR(f.evaluate_derivative(f.inputs()[0], at, p), quotient,
                  1e-6 * std::max(1.0, std::abs(quotient)))
          << f.name() << " at " << x;
    }
  }
}

}  // namespace
}  // namespace actc

// Formulas as people write them: value and gradient in binary32 against the formula as typed,
// evaluated in multiprecision.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/accuracy_support.h"

namespace actc::test {
namespace {

struct Formula {
  std::string text;
  double value_bound;  // in ULP
  double gradient_bound;
  // Without the rules it is wrong in its value, in its gradient.
  bool value_needs_rules;
  bool gradient_needs_rules;
};

// The formulas of data/formulas.csv that are of one kind: as they are typed; the same with terms
// and factors in another order, distributed or factored; or quotients whose parts overflow.
std::vector<Formula> read_formulas(std::string_view kind) {
  std::ifstream file(std::string(ACTC_TEST_DATA) + "/formulas.csv");
  std::vector<Formula> found;
  std::string line;
  std::getline(file, line);  // the columns' names
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::array<std::string, 5> cell;
    for (std::string& c : cell) std::getline(cells, c, ',');
    std::string text;
    cells >> std::quoted(text);
    if (cell[0] != kind) continue;
    found.push_back(
        {text, std::stod(cell[1]), std::stod(cell[2]), cell[3] == "wrong", cell[4] == "wrong"});
  }
  if (found.empty()) throw std::runtime_error("no formulas of that kind");
  return found;
}

const std::vector<Formula>& formulas() {
  static const std::vector<Formula> all = read_formulas("typed");
  return all;
}

const std::vector<Formula>& reordered() {
  static const std::vector<Formula> all = read_formulas("reordered");
  return all;
}

const std::vector<Formula>& quotients() {
  static const std::vector<Formula> all = read_formulas("quotient");
  return all;
}

std::string replaced(std::string_view formula, std::string_view by) {
  std::string text;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  for (std::size_t i = 0; i < formula.size(); ++i) {
    const bool word =
        (i > 0 && letter(formula[i - 1])) || (i + 1 < formula.size() && letter(formula[i + 1]));
    if (formula[i] == 'x' && !word) {
      text += by;
    } else {
      text += formula[i];
    }
  }
  return text;
}

// Both signs of every magnitude, dense where things happen.
const std::vector<float>& inputs() {
  static const std::vector<float> all = [] {
    std::vector<float> x = {0.0F, 200.0F, -200.0F};
    for (float v = 1e-40F; v < 1e-3F; v *= 700) x.push_back(v), x.push_back(-v);
    for (float v = 1e-3F; v < 110; v *= 1.083F) x.push_back(v), x.push_back(-v);
    for (float v = 110; v < 1e4F; v *= 3.7F) x.push_back(v), x.push_back(-v);
    for (float v = 1e5F; v < 1e38F; v *= 1e6F) x.push_back(v), x.push_back(-v);
    return x;
  }();
  return all;
}

struct Worst {
  double excess = -1e300;  // ULP beyond the bound
  float at = 0;
  double ulp = 0;
  std::size_t nans = 0;
};

// Points x0 ≠ 0 where the sign changes, and the largest magnitude within 1 of each.
struct Crossing {
  double at;
  double magnitude;
};
std::vector<Crossing> crossings(const Reals& f) {
  std::vector<Crossing> found;
  std::vector<std::pair<double, double>> grid;
  for (double x = -8; x <= 8; x += 1.0 / 32) {
    grid.emplace_back(x, static_cast<double>(f.at(static_cast<float>(x))));
  }
  for (std::size_t i = 1; i < grid.size(); ++i) {
    const auto& [x, y] = grid[i];
    if (!(y * grid[i - 1].second <= 0) || std::abs(x) < 1.0 / 16) continue;
    double largest = 0;
    for (const auto& [u, v] : grid) {
      if (std::abs(u - x) <= 1) largest = std::max(largest, std::abs(v));
    }
    found.push_back({x, largest});
  }
  return found;
}

// `bound` in ULP; near a zero in 2^-24 of the magnitude there.
// Where the argument of f's function is x scaled and `offset` added, its rounding to binary32 alone
// is an error of up to κ units, κ being that of the argument: as good as binary32 can carry it.
Worst worst(const Function& f, bool gradient, double bound, const KernelOptions& options,
            double offset = 0) {
  const Kernel<float> kernel = f.kernel<float>(options);
  const std::vector<float>& x = inputs();
  std::vector<float> y(x.size());
  if (gradient) {
    const std::vector<float> one(x.size(), 1.0F);
    kernel.backward(x, one, y);
  } else {
    kernel.forward(x, y);
  }
  const Reals exact(f, gradient ? 1 : 0);
  const Reals slope(f, gradient ? 2 : 1);
  const std::vector<Crossing> zeros = crossings(exact);
  Worst result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Mpfr want = exact.at(x[i]);
    // Beyond MPFR's range of exponents the naive formula has no value there either.
    if (isnan(want) || (isinf(want) && std::abs(x[i]) > 1e4F)) continue;
    if (std::isnan(y[i])) {
      ++result.nans;
      result.at = x[i];
      continue;
    }
    const double error = ulps(y[i], want);
    double excess = error - bound;
    if (excess > 0) {
      const auto condition = [&](double argument) {
        return want == 0 ? 0
                         : std::abs(static_cast<double>(Mpfr(argument) * slope.at(x[i]) / want));
      };
      if (offset != 0) {
        excess -= condition(x[i] + offset);
      } else if (const double kappa = condition(x[i]); kappa > 8) {
        excess -= kappa / 2;
      }
      for (const Crossing& zero : zeros) {
        if (std::abs(x[i] - zero.at) > 0.3) continue;
        const double absolute = std::abs(static_cast<double>(Mpfr(y[i]) - want));
        excess = std::min(excess, absolute / (0x1p-24 * zero.magnitude) - bound);
      }
    }
    if (excess > result.excess) {
      result.excess = excess;
      result.ulp = error;
      if (result.nans == 0) result.at = x[i];
    }
  }
  return result;
}

// What stands in `text` for a formula keeps the formula's bounds.
void expect_accurate(const Formula& formula, const std::string& text, double offset = 0) {
  const Function f = compile(text).entry();
  for (const bool gradient : {false, true}) {
    const Worst w =
        worst(f, gradient, gradient ? formula.gradient_bound : formula.value_bound, {}, offset);
    EXPECT_EQ(w.nans, 0U) << text << (gradient ? ", gradient" : "") << " at " << w.at;
    EXPECT_LE(w.excess, 0) << text << (gradient ? ", gradient" : "") << ": " << w.ulp << " ULP at "
                           << w.at;
  }
}

TEST(Formulas, AsTheyStand) {
  for (const Formula& formula : formulas()) expect_accurate(formula, formula.text);
}

TEST(Formulas, InAnotherOrder) {
  for (const Formula& formula : reordered()) expect_accurate(formula, formula.text);
}

TEST(Formulas, OfMinusX) {
  for (const Formula& formula : formulas())
    expect_accurate(formula, replaced(formula.text, "(-x)"));
}

TEST(Formulas, OfTwoXPlusOne) {
  for (const Formula& formula : formulas()) {
    expect_accurate(formula, replaced(formula.text, "(2 * x + 1)"), 0.5);
  }
}

TEST(Formulas, QuotientsWhosePartsOverflow) {
  for (const Formula& formula : quotients()) {
    expect_accurate(formula, formula.text);
    expect_accurate(formula, replaced(formula.text, "(-x)"));
    expect_accurate(formula, replaced(formula.text, "(2 * x + 1)"), 0.5);
  }
}

TEST(Formulas, WithoutTheRulesThoseFailThatARuleTouches) {
  KernelOptions plain;
  plain.stabilize = false;
  for (const Formula& formula : formulas()) {
    const Function f = compile(formula.text).entry();
    for (const bool gradient : {false, true}) {
      const Worst w =
          worst(f, gradient, gradient ? formula.gradient_bound : formula.value_bound, plain);
      const bool fails = w.nans > 0 || w.excess > 0;
      EXPECT_EQ(fails, gradient ? formula.gradient_needs_rules : formula.value_needs_rules)
          << formula.text << (gradient ? ", gradient" : "") << ": " << w.ulp << " ULP at " << w.at;
    }
  }
}

TEST(Formulas, OverflowIsNoExcuse) {
  const auto value = [](std::string_view formula, float x) {
    float y = 0;
    compile(formula).entry().kernel<float>().forward(std::span(&x, 1), std::span(&y, 1));
    return y;
  };
  EXPECT_EQ(value("sqrt(x^2 + 1)", 1e30F), 1e30F);
  EXPECT_EQ(value("exp(x) / (1 + exp(x))", 200), 1);
  EXPECT_EQ(value("x * exp(x) / (1 + exp(x))", 200), 200);
  EXPECT_EQ(value("x * exp(x) / (3 + exp(x))", 200), 200);
  EXPECT_EQ(value("(exp(2*x) + 2*exp(x)) / (exp(2*x) + 2*exp(x) + 2)", 200), 1);
  EXPECT_FLOAT_EQ(value("(exp(2*x) + 2*exp(x)) / (exp(2*x) + 2*exp(x) + 2)", -50),
                  std::exp(-50.0F));
}

// What is the difference of two numbers near 1 has its own digits.
TEST(Formulas, DifferencesOfSaturatedFunctionsKeepTheirDigits) {
  for (const std::string_view text :
       {"1 / (1 + exp(-x - 1)) - 1 / (1 + exp(-x))", "tanh(x + 1) - tanh(x)"}) {
    const Function f = compile(text).entry();
    const Kernel<float> kernel = f.kernel<float>();
    const Reals exact(f);
    for (const float x : {-40.0F, -15.0F, -3.0F, 3.0F, 15.0F, 30.0F, 40.0F}) {
      float y = 0;
      kernel.forward(std::span(&x, 1), std::span(&y, 1));
      // The arguments x + 1 and 2 * (x + 1) are exact here.
      EXPECT_LE(ulps(y, exact.at(x)), 6) << text << " at " << x;
    }
  }
}

// At every finite x of every magnitude, and with the limits at the infinities.
TEST(Formulas, NoNumberGivesNan) {
  std::vector<float> x;
  add_representations(x, std::numeric_limits<float>::denorm_min(),
                      std::numeric_limits<float>::max(), 20000);
  const float inf = std::numeric_limits<float>::infinity();
  x.push_back(inf);
  x.push_back(-inf);
  const std::vector<float> one(x.size(), 1.0F);
  std::vector<float> y(x.size());
  const auto check = [&](const std::string& formula) {
    const Kernel<float> kernel = compile(formula).entry().kernel<float>();
    kernel.forward(x, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_FALSE(std::isnan(y[i])) << formula << " at " << x[i];
    }
    kernel.backward(x, one, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_FALSE(std::isnan(y[i])) << formula << ", gradient at " << x[i];
    }
  };
  for (const Formula& formula : formulas()) {
    check(formula.text);
    check(replaced(formula.text, "(2 * x + 1)"));
  }
  for (const Formula& formula : reordered()) check(formula.text);
  for (const Formula& formula : quotients()) check(formula.text);
}

}  // namespace
}  // namespace actc::test

// The oracle of rows: gradients against differences, terms where sums cancel.
#include "tools/oracle_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace actc::tools {
namespace {

using Row = std::vector<double>;

RowOracle::Outcome outcome(std::string_view text, std::vector<Row> inputs, Row dy = {},
                           std::string_view name = {}, std::vector<double> parameters = {}) {
  const Oracle oracle(text, name);
  return RowOracle(oracle, std::move(parameters), binary32).at(inputs, dy);
}

Row doubles(const TermRow& row) {
  Row result;
  for (const Term& t : row) result.push_back(static_cast<double>(t.value));
  return result;
}

// Steps of 2^-24, and twice that, so that what is left is of the fourth order: 2^-96.
TEST(OracleRows, GradientsAreWhatDifferencesTendTo) {
  const PrecisionScope precision(400);
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  const double h = 0x1p-24;
  for (const char* text :
       {"x / sum(x)", "exp(x) / sum(exp(x))", "log(sum(exp(x)))", "max(x) - min(x) * x",
        "sqrt(1 + sum(x * x)) * x", "tanh(x) * sum(erf(x)) + abs(x) * column_index / columns",
        "sin(x) * sum(cos(x)) - atan(x) * sum(log1p(x * x))", "(2 + sin(x)) ^ mean(x)",
        "min(x, mean(x)) + where(x > mean(x), expm1(x), x^3)", "fma(x, sum(x), -copysign(x, x))",
        "erfc(x) * sum(max(x, 0.1)) + floor(x) * x", "sum(2) * x + detach(x)"}) {
    // Of eighths: x ± h is exact.
    Row x(7);
    Row dy(7);
    for (double& v : x) v = std::round(8 * normal(random)) / 8 + 1.0 / 16;
    for (double& v : dy) v = normal(random);
    dy.resize(outcome(text, {x}).value.size());
    const RowOracle::Outcome found = outcome(text, {x}, dy);
    const bool detached = std::string_view(text).find("detach") != std::string_view::npos;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto moved = [&](double by) {
        Row at = x;
        at[k] += by;
        const TermRow y = outcome(text, {at}).value;
        Mpfr sum = 0;
        for (std::size_t c = 0; c < dy.size(); ++c) {
          sum = sum + Mpfr(dy[c]) * y[c].value;
        }
        return sum;
      };
      const Mpfr once = (moved(h) - moved(-h)) / Mpfr(2 * h);
      const Mpfr twice = (moved(2 * h) - moved(-2 * h)) / Mpfr(4 * h);
      Mpfr expected = (Mpfr(4) * once - twice) / Mpfr(3);
      if (detached) expected = expected - Mpfr(dy[k]);
      const TermRow& gradient = found.gradients[0];
      EXPECT_LE(static_cast<double>(abs(gradient[k].value - expected)), 1e-20)
          << text << " by element " << k;
    }
  }
}

TEST(OracleRows, TiesShareAndInfinitiesAreAsTheTextHasThem) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(doubles(outcome("max(x)", {{1, 5, 5}}, {1}).gradients[0]), (Row{0, 0.5, 0.5}));
  EXPECT_EQ(doubles(outcome("max(x, 0)", {{0, 1}}, {1, 1}).gradients[0]), (Row{0.5, 1}));
  EXPECT_EQ(doubles(outcome("", {{inf, 2, inf}}, {}, "softmax").value), (Row{0.5, 0, 0.5}));
  EXPECT_EQ(doubles(outcome("", {{-inf, -inf}}, {1, 2}, "softmax").gradients[0]), (Row{0, 0}));
  EXPECT_EQ(doubles(outcome("", {{-inf, -inf}}, {}, "logsumexp").value), (Row{-inf}));
}

TEST(OracleRows, TermsAreAsLargeAsWhatCancels) {
  const auto size = [](const char* text, Row x) {
    return static_cast<double>(size_of(outcome(text, {std::move(x)}).value[0]));
  };
  EXPECT_EQ(size("sum(x)", {1e6, 1, -1e6}), 2e6 + 1);
  EXPECT_EQ(size("x - max(x)", {3, 1e6}), 1e6 - 3) << "rounded once";
  EXPECT_EQ(size("2 * x - max(2 * x)", {3, 1e6}), 2e6 + 6);
  EXPECT_EQ(size("exp(x - max(x))", {-1, 0}), std::exp(-1.0));
  EXPECT_EQ(size("3 * (sum(x) + 0)", {1, 0.5, -1.5}), 9);
  EXPECT_EQ(size("log(sum(exp(x - max(x))))", {0, -100}), 1) << "as of the difference from 1";
}

TEST(OracleRows, SaysWhereARoundingMayTurnAComparison) {
  const auto near = [](const char* text, Row x) {
    return outcome(text, {std::move(x)}).near_switch;
  };
  EXPECT_TRUE(near("where(3 * x > sum(x), 1, 0)", {1, 1, 1 + 0x1p-22}));
  EXPECT_FALSE(near("where(3 * x > sum(x), 1, 0)", {1, 1, 1})) << "equal in any format";
  EXPECT_FALSE(near("where(3 * x > sum(x), 1, 0)", {1, 1, 2}));
  EXPECT_FALSE(near("where(x == max(x), 1, 0)", {1, 1 + 0x1p-22})) << "elements themselves";
}

}  // namespace
}  // namespace actc::tools

// Breaks, tails and asymptotes: what happens at single points and at the ends of the line.
#include <gtest/gtest.h>

#include <cmath>

#include "tools/card/enclosure.h"
#include "tools/card/limits.h"
#include "tools/card/signs.h"

namespace actc::tools {
namespace {

Pieces pieces(const std::string& text) { return pieces_of(Oracle(text, ""), {}); }
Pieces pieces_of_built_in(const std::string& name, std::vector<double> parameters = {}) {
  return pieces_of(Oracle("", name), parameters);
}

TEST(Breaks, OfAJumpHasBothSidesAndTheValue) {
  const auto breaks = breaks_of(pieces("x > 2 ? 3 : x < 2 ? 1 : 5"));
  ASSERT_EQ(breaks.size(), 1U);
  EXPECT_TRUE(breaks[0].is_jump());
  EXPECT_EQ(breaks[0].at, 2);
  EXPECT_EQ(breaks[0].left, 1);
  EXPECT_EQ(breaks[0].value, 5);
  EXPECT_EQ(breaks[0].right, 3);
  EXPECT_TRUE(breaks[0].proved);
}

TEST(Breaks, OfKinksHaveSlopes) {
  const auto breaks = breaks_of(pieces_of_built_in("hard_swish"));
  ASSERT_EQ(breaks.size(), 2U);
  EXPECT_TRUE(breaks[0].is_kink());
  EXPECT_EQ(breaks[0].at, -3);
  EXPECT_EQ(breaks[0].left_slope, 0);
  EXPECT_EQ(breaks[0].right_slope, -0.5);
  EXPECT_EQ(breaks[1].left_slope, 1.5);
  EXPECT_EQ(breaks[1].right_slope, 1);
}

TEST(Breaks, AreAtExactPlacesThoughBranchesAreNested) {
  const auto breaks = breaks_of(pieces("max(0, abs(x - 0.5) - 1) + min(x, 3 * x - 4)"));
  std::vector<double> at;
  for (const Break& b : breaks) at.push_back(b.at);
  EXPECT_EQ(at, (std::vector<double>{-0.5, 1.5, 2}));
}

TEST(Breaks, OfPolesAreInfinite) {
  const auto breaks = breaks_of(pieces("1 / (x - 1)"));
  ASSERT_EQ(breaks.size(), 1U);
  EXPECT_EQ(breaks[0].left, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(breaks[0].right, std::numeric_limits<double>::infinity());
}

TEST(Breaks, AreNotWhereBranchesMeetSmoothly) {
  EXPECT_TRUE(breaks_of(pieces_of_built_in("elu", {1})).empty());
  EXPECT_TRUE(breaks_of(pieces_of_built_in("squareplus", {4})).empty());
  EXPECT_TRUE(breaks_of(pieces_of_built_in("sinh")).empty());
}

TEST(DeadZones, ReachOverPieces) {
  const auto zones = dead_zones_of(pieces_of_built_in("hard_tanh", {-1, 1}));
  ASSERT_EQ(zones.size(), 2U);
  EXPECT_EQ(zones[0].high, -1);
  EXPECT_EQ(zones[1].low, 1);
}

class Tails : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    OfFormulas, Tails,
    ::testing::Values("x * erf(log(1 + exp(x)))", "x * normcdf(x)", "x / (1 + exp(-x))",
                      "x * tanh(log(1 + exp(x)))", "sqrt(x^2 + 1) - 1", "x / (1 + abs(x))",
                      "log(1 + x^2)", "atan(x)", "erfc(x)", "exp(-x^2) * x^3", "tanh(x) - 1",
                      "1 / (1 + x^2) - 1 / (2 + x^2)", "sinh(x)", "log(1 + exp(x))", "x^0.5",
                      "x + sin(x) / x", "exp(-exp(x))", "erf(1 / x)", "cos(1 / x)", "x * log(x)",
                      "2 - x + exp(-x)", "normcdf(1.5 - 2 * x) * x^2", "expm1(x) / x"));

// The series encloses, so its bounds hold at each point further out, and its sign.
TEST_P(Tails, AreEnclosed) {
  const Pieces all = pieces(GetParam());
  ASSERT_FALSE(all.pieces.empty());
  int known = 0;
  for (const Side side : {Side::left, Side::right}) {
    const Piece& piece = side == Side::left ? all.pieces.front() : all.pieces.back();
    for (const auto graph : {&Formulas::value, &Formulas::derivative, &Formulas::curve}) {
      for (const double from : {4.0, 16.0}) {
        const auto tail = tail_of(piece.formulas.*graph, side, from);
        if (!tail) continue;
        ++known;
        // The precision that tells the digits that the bounds are about.
        const PrecisionScope scope(1500);
        Enclosure enclosure(piece.formulas.*graph);
        for (double t = from; t < 1e6; t *= 2.3) {
          const Interval v = enclosure.at(Interval(side == Side::left ? -t : t));
          if (v.defined != Defined::everywhere) continue;
          EXPECT_GE(v.high, Number(tail->low)) << "at " << t << " from " << from;
          EXPECT_LE(v.low, Number(tail->high)) << "at " << t << " from " << from;
          EXPECT_TRUE(tail->sign < 0 || v.high.sign() >= 0) << "at " << t << " from " << from;
          EXPECT_TRUE(tail->sign > 0 || v.low.sign() <= 0) << "at " << t << " from " << from;
        }
      }
    }
  }
  EXPECT_GT(known, 0);
}

TEST(Asymptotes, AreLines) {
  const auto lines = [](const std::string& text) { return asymptotes_of(pieces(text)); };
  const auto root = lines("sqrt(x^2 + 4) + 3");
  ASSERT_EQ(root.size(), 2U);
  EXPECT_EQ(root[0].slope, -1);
  EXPECT_EQ(root[1].slope, 1);
  EXPECT_EQ(root[1].offset, 3);
  EXPECT_TRUE(lines("x^2").empty());
  EXPECT_TRUE(lines("sin(x)").empty());
  EXPECT_TRUE(lines("log(1 + x^2)").empty());
  const auto one = lines("x < 0 ? exp(x) : x^2");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_TRUE(one[0].is_horizontal());
}

TEST(Signs, FindAllRootsOfAPolynomial) {
  const Pieces all = pieces("(x - 1) * (x + 2) * (x - 3.25) * (x^2 + 1)");
  std::vector<double> roots;
  for (const Piece& piece : all.pieces) {
    const Signs s = signs_of(piece.formulas.value, piece.formulas.derivative, piece,
                             Clock::now() + std::chrono::seconds(20), true);
    EXPECT_TRUE(s.proved());
    for (const Root& r : s.roots) {
      roots.push_back(r.middle());
      EXPECT_LT(r.high - r.low, 1e-12);
    }
  }
  ASSERT_EQ(roots.size(), 3U);
  EXPECT_NEAR(roots[0], -2, 1e-12);
  EXPECT_NEAR(roots[1], 1, 1e-12);
  EXPECT_NEAR(roots[2], 3.25, 1e-12);
}

}  // namespace
}  // namespace actc::tools

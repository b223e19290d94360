// The oracle: numbers beyond every exponent, enclosures, formulas that cancel or overflow as they
// are written, derivatives at kinks, limits, and verdicts in units of the last place.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "tools/oracle_judge.h"

namespace actc::tools {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

struct Case {
  explicit Case(const std::string& text, bool gradient = false, NumberFormat format = binary32)
      : oracle(text, ""), judge(oracle, {}, format, gradient) {}
  double exact(double x) { return judge.exact(x).value_or(12345); }
  Judgement verdict(double x, double result) { return judge.judge(x, result); }
  Oracle oracle;
  Judge judge;
};

void expect_close(double value, double expected) {
  // `exact` promises 2^-40.
  EXPECT_NEAR(value, expected, 1e-12 * std::abs(expected));
}

// Width of an interval in parts of itself.
double relative_width(const Interval& i) {
  return divide(subtract(i.high, i.low, Toward::above), magnitude(i.low), Toward::above).nearest();
}

TEST(Numbers, CarryExponentsOfAnySize) {
  const PrecisionScope scope(96);
  const Interval huge = exp(Interval(1e30));
  EXPECT_TRUE(huge.low.is_huge() && huge.high.is_huge());
  const Interval one = huge / (huge + Interval(1));
  EXPECT_TRUE(one.low <= Number(1) && one.high >= Number(1));
  EXPECT_LT(relative_width(one), 1e-25);
  const Interval back = log(huge * exp(Interval(-3.0)));
  EXPECT_TRUE(back.low <= Number(1e30) && back.high >= Number(1e30 - 4));
  EXPECT_LT(relative_width(back), 1e-25);
  EXPECT_TRUE((Interval(1) / huge).high.is_tiny());
  EXPECT_TRUE((huge - huge).holds_zero());
  EXPECT_EQ((sqrt(huge * huge) / huge).low.nearest(), 1);
}

TEST(Intervals, EncloseAtEveryPrecision) {
  using Function = Interval (*)(const Interval&);
  const Function functions[] = {exp, expm1, log, log1p, tanh, erf, erfc, sin, cos, sqrt};
  for (const Function f : functions) {
    for (const double x : {0x1p-140, 1e-9, 0.3, 1.0, 2.75, 30.0, 9000.0, 1e12}) {
      std::optional<Interval> fine;
      {
        const PrecisionScope scope(400);
        fine = f(Interval(x));
      }
      for (const long bits : {64, 80, 160}) {
        const PrecisionScope scope(bits);
        const Interval coarse = f(Interval(x));
        EXPECT_TRUE(coarse.low <= fine->low && fine->high <= coarse.high) << x << " " << bits;
        const Interval wide =
            f(Interval(scaled(Number(x), 0, Toward::below),
                       add(Number(x), scaled(Number(x), -30, Toward::above), Toward::above)));
        EXPECT_TRUE(wide.low <= fine->low && fine->high <= wide.high) << x << " " << bits;
      }
    }
  }
}

TEST(Intervals, KnowWhereThereIsNoValue) {
  EXPECT_EQ(log(Interval(-1)).defined, Defined::nowhere);
  EXPECT_EQ(log(Interval(Number(-1), Number(1))).defined, Defined::perhaps);
  EXPECT_EQ((Interval(0) / Interval(0)).defined, Defined::perhaps);
  EXPECT_EQ((Interval(1) / Interval(-0.0)).low.nearest(), -inf);
  EXPECT_EQ((Interval(1) / (Interval(1) / sqrt(Interval(-1)))).defined, Defined::nowhere);
  EXPECT_EQ(pow(Interval(-8), Interval(3)).low.nearest(), -512);
  EXPECT_EQ(pow(Interval(-8), Interval(0.5)).defined, Defined::nowhere);
}

TEST(Oracle, EvaluatesFormulasAsTheyAreWritten) {
  expect_close(Case("exp(x) / (1 + exp(x))").exact(200), 1);
  expect_close(Case("x * exp(x) / (1 + exp(x))").exact(1e30), 1e30);
  expect_close(Case("(exp(x) - exp(-x)) / (exp(x) + exp(-x))").exact(1e-30), 1e-30);
  expect_close(Case("log(1 + exp(x))").exact(-90), std::exp(-90.0));
  expect_close(Case("log(cosh(x))").exact(1e9), 1e9 - std::numbers::ln2);
  expect_close(Case("sqrt(x^2 + 1)").exact(1e30), 1e30);
  expect_close(Case("1 - tanh(x)^2").exact(40), 4 * std::exp(-80.0));
  expect_close(Case("exp(exp(x)) / exp(exp(x))").exact(3), 1);
}

TEST(Oracle, DifferentiatesThroughTheFormula) {
  expect_close(Case("log(1 + exp(x))", true).exact(-90), std::exp(-90.0));
  expect_close(Case("x - tanh(x)", true).exact(1e-11), 1e-22);
  expect_close(Case("x^3", true).exact(-2), 12);
  expect_close(Case("cosh(x)", true).exact(1), std::sinh(1.0));
  expect_close(Case("sinh(x)", true).exact(0), 1);
}

TEST(Oracle, FollowsTheConventionsAtKinks) {
  EXPECT_EQ(Case("max(0, x)", true).exact(0), 0.5);
  EXPECT_EQ(Case("abs(x)", true).exact(0), 0);
  EXPECT_EQ(Case("where(x > 0, x, 3 * x)", true).exact(0), 3);
  EXPECT_EQ(Case("clamp(x, -1, 1)", true).exact(1), 1);
  EXPECT_EQ(Case("x * detach(x)", true).exact(5), 5);
  const std::string surrogate =
      "f(x) = sign(x)\nd/dx f(x) = surrogate where(abs(x) <= 1, 1, 0)\ng(x) = 2 * f(x)";
  EXPECT_EQ(Case(surrogate, true).exact(0.5), 2);
  EXPECT_EQ(Case(surrogate, true).exact(1.5), 0);
  // Not the branch that is not taken.
  EXPECT_EQ(Case("where(x > 0, sqrt(x), 0)", true).exact(-1), 0);
}

TEST(Oracle, FindsWhereComparisonsSwitch) {
  const Oracle oracle("f(x; s) = where(2 * x + 1 > 4, max(x, s), abs(x - 3))", "f");
  const double parameters[] = {-7};
  EXPECT_EQ(oracle.switching_points(parameters, 0), (std::vector<double>{-7, 1.5, 3}));
}

TEST(Judge, CountsUnitsOfTheLastPlace) {
  Case square("x * x");
  EXPECT_EQ(square.verdict(3, 9).ulps, 0);
  EXPECT_NEAR(square.verdict(3, std::nextafter(9.0F, 10.0F)).ulps, 1, 0x1p-9);
  EXPECT_NEAR(square.verdict(0x1p-74, 0x1p-149).ulps, 1, 0x1p-9) << "2^-148, in units of 2^-149";
  EXPECT_EQ(square.verdict(0x1p64, inf).verdict, Verdict::measured);
  EXPECT_EQ(square.verdict(0x1p63, inf).verdict, Verdict::mismatch);
  EXPECT_EQ(Case("exp(x)").verdict(3e12, inf).ulps, 0);
  EXPECT_EQ(Case("exp(x)").verdict(3e12, inf).verdict, Verdict::measured);
  EXPECT_EQ(Case("exp(x)").verdict(3e12, 1).verdict, Verdict::mismatch);
  EXPECT_EQ(square.verdict(1, std::nan("")).verdict, Verdict::mismatch);
  EXPECT_EQ(square.verdict(std::nan(""), std::nan("")).verdict, Verdict::measured);
  EXPECT_EQ(square.verdict(std::nan(""), 1).verdict, Verdict::mismatch);
  // The exact value is a hair below 128.
  EXPECT_LT(Case("gelu(x)").verdict(128, 128).ulps, 1e-6);
  Case half("x * x", false, binary16);
  EXPECT_NEAR(half.verdict(1, 1 + 0x1p-10).ulps, 1, 0x1p-9);
  EXPECT_EQ(half.verdict(256, inf).verdict, Verdict::measured) << "65536 is beyond binary16";
}

// At one precision an interval about 0 looks as if both its ends were wrong alike.
TEST(Judge, IsNotFooledByCancellation) {
  Case logcosh("log((exp(x) + exp(-x)) / 2)");
  EXPECT_LT(logcosh.verdict(0x1p-52, 0x1p-105).ulps, 0x1p-9);
  EXPECT_GT(logcosh.verdict(0x1p-52, 0x1p-104).ulps, 1e6);
  Case never("log(exp(x)) - x");
  EXPECT_LT(never.verdict(1.5, 0).ulps, 0x1p-9) << "0, as far as binary32 can tell";
}

TEST(Judge, TakesLimits) {
  EXPECT_EQ(Case("gelu(x)").verdict(-inf, 0).verdict, Verdict::measured);
  EXPECT_EQ(Case("gelu(x)").verdict(inf, inf).ulps, 0);
  EXPECT_EQ(Case("gelu(x)", true).verdict(inf, 1).ulps, 0);
  EXPECT_EQ(Case("log(1 + exp(x))", true).verdict(-inf, std::nan("")).verdict, Verdict::mismatch);
  EXPECT_EQ(Case("sin(x)").verdict(inf, 0).verdict, Verdict::no_value);
  EXPECT_LT(Case("sin(x) / x").verdict(0, 1).ulps, 0x1p-9);
  EXPECT_EQ(Case("sqrt(x^2)", true).verdict(0, 0).verdict, Verdict::no_value) << "−1 and 1";
  EXPECT_EQ(Case("log(x)").verdict(0, -inf).verdict, Verdict::measured);
  EXPECT_EQ(Case("log(x)").verdict(-1, std::nan("")).verdict, Verdict::measured);
}

TEST(Judge, KnowsTheCondition) {
  Case e("exp(x)");
  const double x = 40;
  EXPECT_NEAR(e.judge.condition({&x, 1}), 40, 1e-9);
  Case slope("x^4", true);
  EXPECT_NEAR(slope.judge.condition({&x, 1}), 3, 1e-9);
}

}  // namespace
}  // namespace actc::tools

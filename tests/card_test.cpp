// What a card says is proved holds wherever one looks: against the compiled kernel of binary64 on
// many points, and against what is known of the functions that everybody knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tools/card/card_of.h"
#include "tools/card/shape.h"

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

const std::string& serf_as_typed() {
  static const std::string text = "x * erf(log(1 + exp(x)))";
  return text;
}

CardRequest request_of(const std::string& name) {
  const bool typed = standard_library().find(name) == std::nullopt;
  CardRequest request{.function = typed ? compile(name).entry() : builtin(name),
                      .label = name,
                      .text = typed ? name : std::string(),
                      .parameters = {}};
  // Where there is no default, what people use.
  for (const ParameterInfo& p : request.function.parameters()) {
    if (!p.default_value) request.parameters[p.name] = p.name == "threshold" ? 0.1 : 20;
  }
  request.timed = false;
  request.seconds = 20;  // under a sanitizer, too
  return request;
}

Shape shape(const std::string& name) {
  const Card card = card_of(request_of(name));
  EXPECT_TRUE(card.shape) << name << ": " << card.no_shape;
  return card.shape.value_or(Shape());
}

std::vector<std::string> elementwise_built_ins() {
  std::vector<std::string> names = {serf_as_typed()};
  for (const Function& f : standard_library().functions()) {
    if (f.documentation().empty() || f.inputs().size() != 1) continue;
    if (!f.is_over_rows() && !f.is_random()) names.push_back(f.name());
  }
  return names;
}

// Values and slopes where they are numbers, x rising.
struct Points {
  std::vector<double> x, y, slope;
};

Points points_of(const CardRequest& request) {
  std::vector<double> x;
  for (int k = -4000; k <= 4000; ++k) x.push_back(k * 0.00501 + 1e-4);
  for (double m = 20.5; m < 1e6; m *= 1.3) {
    x.push_back(m);
    x.push_back(-m);
  }
  for (double m = 1e10; m < 1e301; m *= 1e29) {
    x.push_back(m);
    x.push_back(-m);
  }
  for (double m = 1e-300; m < 1e-3; m *= 1e11) {
    x.push_back(m);
    x.push_back(-m);
  }
  std::ranges::sort(x);
  std::vector<double> y(x.size()), slope(x.size());
  const std::vector<double> one(x.size(), 1.0);
  const Kernel<double> kernel = request.function.kernel<double>();
  kernel.forward(x, y, request.parameters);
  kernel.backward(x, one, slope, request.parameters);
  Points points;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!std::isfinite(y[k]) || !std::isfinite(slope[k])) continue;
    points.x.push_back(x[k]);
    points.y.push_back(y[k]);
    points.slope.push_back(slope[k]);
  }
  return points;
}

double slack(double value) { return 1e-12 * std::max(1.0, std::abs(value)); }

bool holds(const std::vector<Zone>& zones, double x) {
  return std::ranges::any_of(zones, [&](const Zone& z) { return z.low < x && x < z.high; });
}
bool near_an_end(const std::vector<Zone>& zones, double x) {
  return std::ranges::any_of(zones, [&](const Zone& z) {
    return std::abs(x - z.low) < 1e-9 * std::max(1.0, std::abs(x)) ||
           std::abs(x - z.high) < 1e-9 * std::max(1.0, std::abs(x));
  });
}

void expect_extent(const Extent& extent, const std::vector<double>& values, double nearness) {
  if (extent.certainty != Certainty::proved) return;
  const auto [least, largest] = std::ranges::minmax(values);
  if (std::isfinite(extent.low.value.value)) {
    EXPECT_GE(least, extent.low.value.low - slack(least));
    EXPECT_LE(least, extent.low.value.high + nearness);
  } else {
    EXPECT_LT(least, -5);
  }
  if (std::isfinite(extent.high.value.value)) {
    EXPECT_LE(largest, extent.high.value.high + slack(largest));
    EXPECT_GE(largest, extent.high.value.low - nearness);
  } else {
    EXPECT_GT(largest, 5);
  }
}

// Mean and mean square, against a plain sum.
void expect_moments(const CardRequest& request, const Shape& s) {
  if (!std::isfinite(s.mean_square)) return;
  // The rectangle rule converges at once for what is smooth, and as fast as the step for the rest.
  constexpr int half = 60'000;
  constexpr double width = 12.0;
  std::vector<double> x, y;
  for (int k = -half; k < half; ++k) x.push_back(width * (k + 0.5) / half);
  y.resize(x.size());
  request.function.kernel<double>().forward(x, y, request.parameters);
  double mean = 0, square = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (std::isnan(y[k])) return;
    const double weight = width / half * std::exp(-x[k] * x[k] / 2) / std::sqrt(2 * M_PI);
    mean += weight * y[k];
    square += weight * y[k] * y[k];
  }
  const bool jumps = s.differentiable && *s.differentiable < 0;
  const double near = jumps ? 5e-3 : 1e-6;
  EXPECT_NEAR(s.mean, mean, near * std::max(1.0, std::abs(mean)));
  EXPECT_NEAR(s.mean_square, square, near * std::max(1.0, square));
}

class EveryBuiltIn : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Cards, EveryBuiltIn, ::testing::ValuesIn(elementwise_built_ins()),
                         [](const auto& info) {
                           return info.param == serf_as_typed() ? "serf_as_typed" : info.param;
                         });

TEST_P(EveryBuiltIn, IsAsItsCardSays) {
  const CardRequest request = request_of(GetParam());
  const Card card = card_of(request);
  ASSERT_TRUE(card.shape) << card.no_shape;
  const Shape& s = *card.shape;
  const Points p = points_of(request);
  const std::size_t n = p.x.size();
  ASSERT_GT(n, 1000U);

  expect_moments(request, s);
  expect_extent(s.range, p.y, 5e-3);
  expect_extent(s.slope, p.slope, 5e-3);

  if (s.monotone_certainty == Certainty::proved && s.monotone != Monotone::neither) {
    const bool rises = s.monotone == Monotone::increasing || s.monotone == Monotone::non_decreasing;
    for (std::size_t k = 0; k + 1 < n; ++k) {
      const double step = (p.y[k + 1] - p.y[k]) * (rises ? 1 : -1);
      ASSERT_GE(step, -slack(p.y[k])) << p.x[k];
    }
  }
  for (const Turn& t : s.turns) {
    for (std::size_t k = 0; k < n; ++k) {
      if (std::abs(p.x[k] - t.at.value) > 0.02) continue;
      const double above = p.y[k] - t.value.value;
      EXPECT_GE(t.is_minimum ? above : -above, -slack(1)) << p.x[k];
    }
  }

  const auto is_bent = [&](const Zones& zones, int sign) {
    if (zones.certainty != Certainty::proved) return;
    for (std::size_t k = 0; k + 1 < n; ++k) {
      const bool both = std::ranges::any_of(
          zones.zones, [&](const Zone& z) { return z.low < p.x[k] && p.x[k + 1] < z.high; });
      if (!both) continue;
      ASSERT_GE(sign * (p.slope[k + 1] - p.slope[k]), -slack(p.slope[k])) << p.x[k];
    }
  };
  is_bent(s.convex, 1);
  is_bent(s.concave, -1);

  for (std::size_t k = 0; k < n; ++k) {
    const bool at_break = std::ranges::any_of(
        s.breaks, [&](const Break& b) { return std::abs(b.at - p.x[k]) < 1e-9; });
    if (at_break || near_an_end(s.saturated.zones, p.x[k])) continue;
    if (s.saturated.certainty == Certainty::proved) {
      ASSERT_EQ(std::abs(p.slope[k]) < 1e-3, holds(s.saturated.zones, p.x[k])) << p.x[k];
    }
    if (holds(s.dead.zones, p.x[k])) {
      ASSERT_EQ(p.slope[k], 0) << p.x[k];
    }
  }

  if (s.all_zeros) {
    for (std::size_t k = 0; k + 1 < n; ++k) {
      if (p.y[k] * p.y[k + 1] >= 0) continue;
      const bool known = std::ranges::any_of(
          s.zeros, [&](const Known& z) { return p.x[k] <= z.high && z.low <= p.x[k + 1]; });
      const bool jumps = std::ranges::any_of(
          s.breaks, [&](const Break& b) { return p.x[k] <= b.at && b.at <= p.x[k + 1]; });
      EXPECT_TRUE(known || jumps) << "a zero after " << p.x[k];
    }
  }

  const auto at = [&](double x) {
    const double in = x;
    return request.function.evaluate({&in, 1}, request.parameters);
  };
  if (s.symmetry_certainty == Certainty::proved) {
    for (const double x : {0.01, 0.3, 1.0, 2.2, 6.5}) {
      const double a = at(x), b = at(-x);
      if (std::isnan(a) || std::isnan(b)) continue;
      const bool even = std::abs(a - b) <= slack(a);
      const bool odd = std::abs(a + b) <= slack(a);
      const bool point = std::abs(a + b - 2 * s.at_zero.value) <= slack(a);
      EXPECT_TRUE(s.symmetry != Symmetry::even || even) << x;
      EXPECT_TRUE(s.symmetry != Symmetry::odd || odd) << x;
      EXPECT_TRUE(s.symmetry != Symmetry::point || point) << x;
    }
  }

  for (const Asymptote& line : s.asymptotes) {
    const std::vector<double> x = {line.side == Side::left ? -1e10 : 1e10};
    std::vector<double> y(1);
    request.function.kernel<double>().forward(x, y, request.parameters);
    EXPECT_NEAR(y[0], line.slope * x[0] + line.offset, 1e-4) << x[0];
  }
}

TEST(Card, OfSigmoid) {
  const Shape s = shape("sigmoid");
  EXPECT_EQ(s.range.certainty, Certainty::proved);
  EXPECT_EQ(s.range.low.value.value, 0);
  EXPECT_EQ(s.range.high.value.value, 1);
  EXPECT_FALSE(s.range.low.attained || s.range.high.attained);
  EXPECT_EQ(s.slope.certainty, Certainty::proved);
  EXPECT_EQ(s.lipschitz, 0.25);
  EXPECT_EQ(s.slope.high.at, std::vector<double>{0});
  EXPECT_FALSE(s.zero_centred);
  ASSERT_EQ(s.saturated.zones.size(), 2U);
  EXPECT_EQ(s.saturated.zones[0].low, -infinity);
  EXPECT_NEAR(s.saturated.zones[0].high, -6.9057, 1e-3);
  EXPECT_EQ(s.symmetry, Symmetry::point);
  EXPECT_EQ(s.symmetry_certainty, Certainty::proved);
  EXPECT_TRUE(s.dead.zones.empty());
  EXPECT_EQ(s.pytorch_gain, 1);
  // In binary32 it is both.
  const Card card = card_of(request_of("sigmoid"));
  EXPECT_EQ(card.binary32->low, 0);
  EXPECT_EQ(card.binary32->high, 1);
  // It loses the gradient: 1/16 a layer and more.
  for (const Depth& d : s.depths) {
    if (d.layers != 50) continue;
    EXPECT_LT(d.gradient, 1e-40);
  }
}

TEST(Card, OfRelu) {
  const Shape s = shape("relu");
  ASSERT_EQ(s.dead.zones.size(), 1U);
  EXPECT_EQ(s.dead.zones[0].low, -infinity);
  EXPECT_EQ(s.dead.zones[0].high, 0);
  EXPECT_EQ(s.dead.certainty, Certainty::proved);
  EXPECT_DOUBLE_EQ(s.dead.share, 0.5);
  EXPECT_NEAR(s.gain, std::sqrt(2), 1e-12);
  EXPECT_NEAR(s.mean, 1 / std::sqrt(2 * M_PI), 1e-12);
  ASSERT_EQ(s.breaks.size(), 1U);
  EXPECT_TRUE(s.breaks[0].is_kink());
  EXPECT_TRUE(s.breaks[0].proved);
  EXPECT_EQ(s.breaks[0].left_slope, 0);
  EXPECT_EQ(s.breaks[0].right_slope, 1);
  EXPECT_EQ(s.differentiable, 0);
  EXPECT_EQ(s.convex.zones.size(), 1U);
  // He et al.: with its gain neither signal nor gradient grows or vanishes.
  for (const Depth& d : s.depths) {
    if (d.weights == 1) continue;
    EXPECT_NEAR(d.signal, 1, 1e-9);
    EXPECT_NEAR(d.gradient, 1, 1e-9);
  }
}

TEST(Card, OfSelu) {
  const Shape s = shape("selu");
  ASSERT_FALSE(s.fixed_points.empty());
  const auto attracting = std::ranges::find_if(s.fixed_points, &FixedPoint::attracts);
  ASSERT_NE(attracting, s.fixed_points.end());
  EXPECT_NEAR(attracting->mean, 0, 1e-7);
  EXPECT_NEAR(attracting->variance, 1, 1e-6);
  EXPECT_TRUE(s.zero_centred);
  EXPECT_NEAR(s.gain, 1, 1e-7);
  EXPECT_EQ(s.pytorch_gain, 0.75);
  EXPECT_EQ(s.monotone, Monotone::increasing);
}

TEST(Card, OfGelu) {
  const Shape s = shape("gelu");
  EXPECT_EQ(s.range.certainty, Certainty::proved);
  EXPECT_TRUE(s.range.low.attained);
  EXPECT_NEAR(s.range.low.value.value, -0.16997120747, 1e-10);
  EXPECT_LT(s.range.low.value.high - s.range.low.value.low, 1e-9);
  ASSERT_EQ(s.turns.size(), 1U);
  EXPECT_NEAR(s.turns[0].at.value, -0.75179152469, 1e-10);
  EXPECT_LT(s.turns[0].at.high - s.turns[0].at.low, 1e-9);
  EXPECT_EQ(s.turns[0].at.certainty, Certainty::proved);
  ASSERT_EQ(s.asymptotes.size(), 2U);
  EXPECT_EQ(s.asymptotes[0].slope, 0);
  EXPECT_EQ(s.asymptotes[1].slope, 1);
  EXPECT_FALSE(s.differentiable);
}

TEST(Card, OfTheIdentityKeepsEveryVariance) {
  const Shape s = shape("identity");
  EXPECT_TRUE(s.fixed_everywhere);
  EXPECT_EQ(s.symmetry, Symmetry::odd);
  EXPECT_NEAR(s.gain, 1, 1e-12);
}

TEST(Card, CountsContinuousDerivatives) {
  EXPECT_EQ(shape("step").differentiable, -1);
  EXPECT_EQ(shape("hardshrink").differentiable, -1);
  EXPECT_EQ(shape("softshrink").differentiable, 0);
  EXPECT_EQ(shape("elu").differentiable, 1);
  EXPECT_EQ(shape("relu_squared").differentiable, 1);
  EXPECT_EQ(shape("x * x * abs(x)").differentiable, 2);
  EXPECT_EQ(shape("mish").differentiable, std::nullopt);
}

TEST(Card, FollowsParameters) {
  CardRequest request = request_of("leaky_relu");
  request.parameters["negative_slope"] = 0.5;
  const Card card = card_of(request);
  EXPECT_EQ(card.shape->slope.low.value.value, 0.5);
  EXPECT_NEAR(*card.shape->pytorch_gain, std::sqrt(2 / 1.25), 1e-15);
  EXPECT_NEAR(card.shape->gain, *card.shape->pytorch_gain, 1e-12);
}

TEST(Card, ClaimsNoProofAcrossConditionsThatItDoesNotFollow) {
  for (const char* text : {"floor(x)", "max(tanh(x), 0.5)", "x * x < 2 ? x : 0"}) {
    const Card card = card_of(request_of(text));
    ASSERT_TRUE(card.shape) << text;
    EXPECT_EQ(card.shape->range.certainty, Certainty::sampled) << text;
    EXPECT_EQ(card.shape->monotone_certainty, Certainty::sampled) << text;
    EXPECT_FALSE(card.notes.empty()) << text;
  }
}

TEST(Card, SaysOfASurrogateThatItIsOne) {
  const Shape s = shape("f(x) = x > 0 ? 1 : -1 d/dx f(x) = surrogate where(abs(x) <= 1, 1, 0)");
  EXPECT_TRUE(s.surrogate);
  EXPECT_EQ(s.slope.high.value.value, 1);
  EXPECT_EQ(s.differentiable, -1);
  ASSERT_EQ(s.dead.zones.size(), 2U);
  EXPECT_EQ(s.dead.zones[0].high, -1);
}

TEST(Card, HasNoShapeOfRowsAndOfSeveralInputs) {
  for (const char* name : {"softmax", "swiglu", "dropout"}) {
    const Card card = card_of(request_of(name));
    EXPECT_FALSE(card.shape) << name;
    EXPECT_NE(card.no_shape, "") << name;
    EXPECT_FALSE(card.cost.saved.empty()) << name;
  }
}

// The minimum is −0.149707277634 (by a dense search), and nothing bounds the function above.
TEST(Card, ClaimsNoProofOfARangeThatItHadNoTimeToCloseIn) {
  CardRequest request = request_of("x * sigmoid(x) + sin(x)^2 / 5");
  for (const double seconds : {0.0, 0.01, 0.03, 0.1, 0.3}) {
    request.seconds = seconds;
    const Card card = card_of(request);
    ASSERT_TRUE(card.shape);
    if (card.shape->range.certainty != Certainty::proved) continue;
    EXPECT_NEAR(card.shape->range.low.value.value, -0.149707277634, 1e-10) << seconds << " s";
  }
}

TEST(Card, IsThereBeforeTheProofsAreWhereTheyTakeLong) {
  CardRequest request = request_of(
      "sin(exp(sin(x) * 3)) * tanh(x * sin(exp(x / 10))) + log(2 + sin(exp(cos(x) * 2)))");
  request.seconds = 0.2;
  const auto begin = Clock::now();
  const Card card = card_of(request);
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - begin).count(), 10);
  ASSERT_TRUE(card.shape);
  EXPECT_FALSE(card.notes.empty());
}

}  // namespace
}  // namespace actc::tools

// Every rule of the standard library held against its meaning: left = right over the reals, at
// points of all signs and magnitudes where the condition holds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/accuracy_support.h"

namespace actc::test {
namespace {

constexpr double largest = 60;

// Zero, and both signs of what is small, near 1, and large for the functions that vanish or grow.
const std::vector<double>& points() {
  static const std::vector<double> all = [] {
    std::vector<double> x = {0};
    for (double v = 1e-6; v < largest; v *= 1.37) {
      x.push_back(v);
      x.push_back(-v);
    }
    for (const double v : {0.5, 1.0, 2.0, 3.0, 10.0, largest}) {
      x.push_back(v);
      x.push_back(-v);
    }
    return x;
  }();
  return all;
}

// One output of a rule's graph, expanded to operations.
Mpfr value(const ir::Graph& graph, std::span<const Mpfr> at) {
  return ir::evaluate<Mpfr>(graph, at, {}).front();
}

ir::Graph expanded(const ir::Graph& graph, const ir::Library& library) {
  return ir::expand_meaning(graph, library);
}

struct Verdict {
  std::size_t compared = 0;
  std::string wrong_at;  // the first point where the sides differ
};

// The exponentials of 2 * 60 and their squares differ by 2^700: with so many bits no side loses
// what the comparison asks for.
constexpr long bits = 1600;
constexpr int agreement = 200;

Verdict verdict(const ir::Rule& rule, const ir::Library& library) {
  const PrecisionScope precision(bits);
  const ir::Graph left = expanded(rule.left, library);
  const ir::Graph right = expanded(rule.right, library);
  const ir::Graph condition = expanded(rule.condition, library);
  const std::size_t count = rule.variables.size();
  Verdict result;
  // Of two variables every pair of every fifth point.
  std::vector<std::size_t> index(count, 0);
  const std::size_t step = count > 1 ? 5 : 1;  // odd: both signs
  while (true) {
    std::vector<Mpfr> at;
    std::string place;
    for (std::size_t v = 0; v < count; ++v) {
      at.emplace_back(points()[index[v]]);
      place += fmt::format(" {} = {}", rule.variables[v], points()[index[v]]);
    }
    bool holds = true;
    for (const Mpfr& truth : ir::evaluate<Mpfr>(condition, at, {})) holds = holds && truth == 1;
    if (holds) {
      const Mpfr l = value(left, at);
      const Mpfr r = value(right, at);
      if (isfinite(l)) {
        ++result.compared;
        const Mpfr scale = abs(l) + abs(r);
        const bool both_vanish = scale <= ldexp(Mpfr(1), -bits / 2);
        if (!both_vanish && !(abs(l - r) <= ldexp(scale, -agreement))) {
          result.wrong_at = place;
          return result;
        }
      }
    }
    std::size_t v = 0;
    for (; v < count; ++v) {
      index[v] += step;
      if (index[v] < points().size()) break;
      index[v] = v;  // another offset for each variable
    }
    if (v == count) return result;
  }
}

const ir::Library& standard() { return *detail::standard_module()->library; }

std::vector<ir::Rule> rules_of(const Module& module) {
  const auto& state = detail::ModuleState::of(module.entry());
  return {state.library->rules().begin(), state.library->rules().end()};
}

Verdict verdict_of(const std::string& rule) {
  const Module module = compile(rule + "\nunused(x) = x");
  const auto& library = *detail::ModuleState::of(module.entry()).library;
  return verdict(rules_of(module).at(0), library);
}

TEST(Rules, LeftIsRightWhereverTheConditionHolds) {
  ASSERT_GT(standard().rules().size(), 50U);
  for (const ir::Rule& rule : standard().rules()) {
    const Verdict found = verdict(rule, standard());
    EXPECT_EQ(found.wrong_at, "") << rule.text;
    // A condition may take half of the points.
    EXPECT_GE(found.compared, points().size() / 3) << rule.text;
  }
}

TEST(Rules, AWrongSignIsFound) {
  EXPECT_NE(verdict_of("rule 1 - sigmoid(u) = -sigmoid(-u)").wrong_at, "");
  EXPECT_NE(verdict_of("rule log(1 + exp(u)) = log1pexp(-u)").wrong_at, "");
  EXPECT_NE(verdict_of("rule 1 + erf(u) = erfc(u)").wrong_at, "");
}

TEST(Rules, ARuleThatIsRightOnHalfItsRangeIsFound) {
  EXPECT_NE(verdict_of("rule sqrt(u^2) = u").wrong_at, "");
  EXPECT_EQ(verdict_of("rule sqrt(u^2) = u for u > 0").wrong_at, "");
  EXPECT_NE(verdict_of("rule abs(u) = u for u < 1").wrong_at, "");
}

// What the rules were for the formulas' own terms they are for any library: they refer to functions
// by identity, not by name.
TEST(Rules, AUsersFunctionDoesNotChangeThem) {
  const Module module = compile("sigmoid(x) = x / 2\nlog1pexp(x) = x\nf(x) = log(1 + exp(x))");
  const float x = 1;
  float y = 0;
  module["f"].kernel<float>().forward(std::span(&x, 1), std::span(&y, 1));
  EXPECT_FLOAT_EQ(y, std::log1p(std::exp(1.0F)));
}

TEST(Rules, AUsersRuleAppliesToTheUsersText) {
  // Wrong on purpose, so that its effect is seen.
  const Module module = compile("rule sin(u) + 1 = cos(u)\nf(x) = 1 + sin(2 * x)");
  const float x = 1;
  float y = 0;
  module["f"].kernel<float>().forward(std::span(&x, 1), std::span(&y, 1));
  EXPECT_FLOAT_EQ(y, std::cos(2.0F));
  KernelOptions plain;
  plain.stabilize = false;
  module["f"].kernel<float>(plain).forward(std::span(&x, 1), std::span(&y, 1));
  EXPECT_FLOAT_EQ(y, 1 + std::sin(2.0F));
  compile("f(x) = 1 + sin(2 * x)")["f"].kernel<float>().forward(std::span(&x, 1), std::span(&y, 1));
  EXPECT_FLOAT_EQ(y, 1 + std::sin(2.0F));
}

}  // namespace
}  // namespace actc::test

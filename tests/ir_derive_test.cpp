// The derivative of every operation of the table against a difference quotient in 100 digits.
#include <gtest/gtest.h>

#include <array>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expm1.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <limits>

#include "ir/algebra.h"
#include "ir/evaluate.h"
#include "ir/passes.h"

namespace actc::ir {
namespace {

using Big = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<100>,
                                          boost::multiprecision::et_off>;

constexpr std::array all_operations = {
#define ACTC_ROW(enumerator, name, arity, klass) Operation::enumerator,
    ACTC_OPERATIONS(ACTC_ROW)
#undef ACTC_ROW
};

// Operations on numbers over the reals; the others have no derivative of their own.
bool has_derivative(Operation op) {
  const OperationClass klass = info(op).klass;
  return klass == OperationClass::arithmetic || klass == OperationClass::real ||
         klass == OperationClass::selection || op == Operation::Detach;
}

// The operation on inputs 0, 1, …; a selection chooses by input 0 > 1/2 between inputs 1 and 2.
Graph graph_of(Operation op) {
  Graph g;
  std::vector<NodeId> args;
  for (int k = 0; k < info(op).arity; ++k) args.push_back(g.input(static_cast<std::uint32_t>(k)));
  if (info(op).klass == OperationClass::selection) {
    args[0] = g.node(Operation::Greater, Format::boolean, {args[0], g.constant(Rational(1, 2))});
  }
  g.outputs = {g.node(op, Format::real, args)};
  return g;
}

class DerivativeOf : public testing::TestWithParam<Operation> {};

TEST_P(DerivativeOf, EqualsItsDifferenceQuotient) {
  const Operation op = GetParam();
  const Graph g = graph_of(op);
  const auto inputs = static_cast<std::size_t>(info(op).arity);
  const std::vector<std::vector<Big>> points = {
      {Big("0.3125"), Big("0.8125"), Big("-1.4375")},
      {Big("0.8125"), Big("0.3125"), Big("2.6875")},
      {Big("1.5625"), Big("-0.6875"), Big("0.125")},
  };
  const Big h("1e-30");
  for (std::vector<Big> at : points) {
    at.resize(inputs);
    for (std::size_t k = 0; k < inputs; ++k) {
      const std::size_t wanted[] = {k};
      const Big derived = evaluate<Big>(derive(g, Library(), inputs, wanted), at, {})[0];
      std::vector<Big> up = at;
      std::vector<Big> down = at;
      up[k] += h;
      down[k] -= h;
      const Big quotient =
          op == Operation::Detach
              ? Big(0)
              : Big((evaluate<Big>(g, up, {})[0] - evaluate<Big>(g, down, {})[0]) / (2 * h));
      if (isnan(quotient)) continue;  // outside the domain
      EXPECT_LT(static_cast<double>(abs(derived - quotient)), 1e-25)
          << "argument " << k << " at " << at[0];
    }
  }
}

std::vector<Operation> differentiable() {
  std::vector<Operation> ops;
  for (const Operation op : all_operations) {
    if (has_derivative(op)) ops.push_back(op);
  }
  return ops;
}

INSTANTIATE_TEST_SUITE_P(Table, DerivativeOf, testing::ValuesIn(differentiable()),
                         [](const auto& param) {
                           const int row = static_cast<int>(param.param);
                           return "row" + std::to_string(row);
                         });

class Piecewise : public testing::Test {
 protected:
  Graph g;
  Library library;
  Algebra m{g, library};
  NodeId x = g.input(0);

  double slope(double at, int order = 1) {
    Graph d = g;
    const std::size_t wanted[] = {0};
    for (int i = 0; i < order; ++i) d = derive(d, library, 1, wanted);
    return evaluate<double>(d, std::array{at}, {})[0];
  }
};

TEST_F(Piecewise, TheBranchNotTakenNeverLeaks) {
  // where(x > 0, x, exp(x) / x): the second branch and its derivative are inf and NaN at 1000.
  const NodeId e = m.div(m.real(Operation::RealExp, {x}), x);
  g.outputs = {m.select(m.compare(Operation::Greater, x, m.number(0)), x, e)};
  EXPECT_EQ(slope(1000.0), 1.0);
  EXPECT_EQ(slope(1000.0, 2), 0.0);
}

TEST_F(Piecewise, ASelectionInsideAProductStaysASelection) {
  // relu(x) * exp(x) has slope 0 at −inf, not 0 · inf.
  const NodeId relu = m.select(m.compare(Operation::Greater, x, m.number(0)), x, m.number(0));
  g.outputs = {m.mul(relu, m.real(Operation::RealExp, {m.neg(x)}))};
  EXPECT_EQ(slope(-1000.0), 0.0);
}

TEST_F(Piecewise, ABooleanAsANumberChoosesAndHasNoSlope) {
  // x * (x > 0)
  const NodeId is_positive =
      m.select(m.compare(Operation::Greater, x, m.number(0)), m.number(1), m.number(0));
  g.outputs = {m.mul(x, is_positive)};
  EXPECT_EQ(slope(3.0), 1.0);
  EXPECT_EQ(slope(-3.0), 0.0);
  EXPECT_EQ(slope(-std::numeric_limits<double>::infinity()), 0.0);
}

TEST_F(Piecewise, MaximumSharesItsGradientOnATie) {
  g.outputs = {m.real(Operation::Max, {x, m.number(2)})};
  EXPECT_EQ(slope(1.0), 0.0);
  EXPECT_EQ(slope(2.0), 0.5);
  EXPECT_EQ(slope(3.0), 1.0);
}

TEST_F(Piecewise, MaximumOfMultiplesIsChosenByTheSignAlone) {
  // At an infinity both are equal, and so are they where the product rounds to x.
  g.outputs = {m.real(Operation::Max, {m.mul(m.number(Rational(9, 10)), x), x})};
  EXPECT_EQ(slope(std::numeric_limits<double>::infinity()), 1.0);
  EXPECT_EQ(slope(-std::numeric_limits<double>::infinity()), 0.9);
  EXPECT_EQ(slope(std::numeric_limits<double>::denorm_min()), 1.0);
  EXPECT_EQ(slope(0.0), 0.95);
}

TEST_F(Piecewise, AbsoluteValueHasSlopeZeroAtZero) {
  g.outputs = {m.real(Operation::Abs, {x})};
  EXPECT_EQ(slope(0.0), 0.0);
  EXPECT_EQ(slope(-2.0), -1.0);
}

TEST_F(Piecewise, ADetachedValueHasNoSlope) {
  g.outputs = {m.mul(x, g.node(Operation::Detach, Format::real, {x}))};
  EXPECT_EQ(slope(3.0), 3.0);
}

TEST_F(Piecewise, AConstantDerivativeGivesZeroWhateverTheUpstreamGradient) {
  g.outputs = {m.select(m.compare(Operation::Greater, x, m.number(0)), x, m.number(0))};
  const Graph both = with_gradients(g, library, std::array{Shape::element});
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(evaluate<double>(both, std::array{-1.0, inf}, {})[1], 0.0);
  EXPECT_EQ(evaluate<double>(both, std::array{1.0, inf}, {})[1], inf);
}

TEST_F(Piecewise, DerivativesShareSoThatTheyDoNotSwell) {
  // exp(exp(…exp(x)…)), 200 deep: each derivative grows by a constant factor, not by the depth.
  NodeId y = x;
  for (int i = 0; i < 200; ++i) y = m.real(Operation::RealExp, {y});
  g.outputs = {y};
  const std::size_t wanted[] = {0};
  EXPECT_LT(derive(g, library, 1, wanted).size(), 3 * 200u);
}

}  // namespace
}  // namespace actc::ir

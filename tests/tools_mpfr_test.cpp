// The reference evaluator over MPFR. Expected digits: mpmath 1.3 with 45 decimal digits.
#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "ir/evaluate.h"
#include "ir/graph.h"
#include "tools/mpfr.h"

namespace actc::tools {
namespace {

using ir::Format;
using ir::Graph;
using ir::NodeId;
using ir::Operation;

// One operation of the evaluator on real arguments.
Mpfr value(Operation operation, const std::vector<double>& arguments,
           Format format = Format::real) {
  Graph graph;
  std::vector<NodeId> ids;
  std::vector<Mpfr> inputs;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    ids.push_back(graph.input(static_cast<std::uint32_t>(k)));
    inputs.emplace_back(arguments[k]);
  }
  graph.outputs = {graph.node(operation, format, ids)};
  return ir::evaluate<Mpfr>(graph, inputs, {}).front();
}

Mpfr from_digits(const char* digits) {
  Mpfr result;
  mpfr_set_str(result.get(), digits, 10, MPFR_RNDN);
  return result;
}

TEST(Mpfr, HasTheFunctionsOverTheReals) {
  const PrecisionScope precision(200);
  struct Row {
    Operation operation;
    const char* digits;  // at the binary64 nearest to 0.1
  };
  const std::vector<Row> rows = {
      {Operation::RealLog1p, "0.0953101798043248650904204170314766268673281913"},
      {Operation::RealExpm1, "0.105170918075647630946638823458779657741663416"},
      {Operation::RealErf, "0.112462916018284898404712251014304061723392519"},
      {Operation::RealErfc, "0.887537083981715101595287748985695938276607481"},
      {Operation::RealTanh, "0.099667994624955822614277043698624833255378754"},
      {Operation::RealSin, "0.0998334166468281578301968678586166677359655721"},
      {Operation::RealCos, "0.995004165278025765541375198862345256348080084"},
      {Operation::RealAtan, "0.0996686524911620328745997071312707873394963529"},
      {Operation::RealExp, "1.10517091807564763094663882345877965774166342"},
      {Operation::RealLog, "-2.30258509299404562850684022342653872716347359"},
  };
  for (const Row& row : rows) {
    const Mpfr error = abs(value(row.operation, {0.1}) / from_digits(row.digits) - 1);
    EXPECT_LT(static_cast<double>(error), 1e-43) << info(row.operation).name;
  }
  const Mpfr power = value(Operation::RealPow, {0.1, 0.1});
  EXPECT_LT(std::abs(static_cast<double>(
                power - from_digits("0.794328234724281496322289835006090339287705035"))),
            1e-43);
}

TEST(Mpfr, RoundsToIntegersAsIeee754) {
  for (const double x : {-3.5, -2.5, -0.5, -0.25, 0.0, 0.5, 1.5, 2.5, 1e20, 4503599627370495.5}) {
    EXPECT_EQ(static_cast<double>(value(Operation::Round, {x})), std::nearbyint(x)) << x;
    EXPECT_EQ(static_cast<double>(value(Operation::Floor, {x})), std::floor(x)) << x;
    EXPECT_EQ(static_cast<double>(value(Operation::Ceil, {x})), std::ceil(x)) << x;
    EXPECT_EQ(static_cast<double>(value(Operation::Trunc, {x})), std::trunc(x)) << x;
  }
}

TEST(Mpfr, PassesNanThroughComparisons) {
  EXPECT_TRUE(isnan(value(Operation::Less, {NAN, 1}, Format::boolean)));
  EXPECT_TRUE(isnan(value(Operation::Max, {NAN, 1})));
  EXPECT_EQ(static_cast<double>(value(Operation::IsNan, {NAN}, Format::boolean)), 1);
  EXPECT_EQ(static_cast<double>(value(Operation::Less, {1, 2}, Format::boolean)), 1);
  EXPECT_TRUE(signbit(value(Operation::CopySign, {2, -0.0})));
}

TEST(Mpfr, TakesConstantsExactly) {
  const PrecisionScope precision(300);
  Graph graph;
  const ir::Rational huge("-123456789012345678901234567890123456789");
  graph.outputs = {graph.constant(huge), graph.constant(ir::Rational(1, 3))};
  const std::vector<Mpfr> values = ir::evaluate<Mpfr>(graph, {}, {});
  EXPECT_EQ(values[0], from_digits("-123456789012345678901234567890123456789"));
  EXPECT_LT(std::abs(static_cast<double>(values[1] * 3 - 1)), 1e-85);
}

TEST(Mpfr, ComputesInThePrecisionInForce) {
  const Mpfr outer = sqrt(Mpfr(2));
  {
    const PrecisionScope precision(64);
    EXPECT_EQ(mpfr_get_prec(sqrt(Mpfr(2)).get()), 64);
    // Another thread has its own.
    std::thread([] { EXPECT_EQ(PrecisionScope::bits(), 256); }).join();
    EXPECT_EQ(mpfr_get_prec(Mpfr(outer).get()), 256) << "a copy is exact";
  }
  EXPECT_EQ(mpfr_get_prec(sqrt(Mpfr(2)).get()), 256);
}

TEST(Mpfr, BecomesADoubleWithOneRounding) {
  // 1 + 2^-53 + 2^-200 is above the midpoint of 1 and its neighbour.
  const Mpfr above = Mpfr(1) + ldexp(Mpfr(1), -53) + ldexp(Mpfr(1), -200);
  EXPECT_EQ(static_cast<double>(above), 1 + 0x1p-52);
  EXPECT_EQ(static_cast<double>(Mpfr(1) + ldexp(Mpfr(1), -53)), 1);
  EXPECT_EQ(static_cast<double>(ldexp(Mpfr(1), -1074)), 5e-324);
  EXPECT_EQ(static_cast<double>(ldexp(Mpfr(1), -1076)), 0);
  EXPECT_EQ(ilogb(Mpfr(0.75)), -1);
}

}  // namespace
}  // namespace actc::tools

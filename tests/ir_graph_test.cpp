// Graphs, constants and rounding.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "ir/algebra.h"
#include "ir/evaluate.h"
#include "ir/graph.h"
#include "ir/interpret.h"
#include "ir/passes.h"
#include "ir/round.h"
#include "ir/text.h"
#include "ir/wellformed.h"

namespace actc::ir {
namespace {

TEST(Graph, TwoNodesThatComputeTheSameAreOne) {
  Graph g;
  const NodeId x = g.input(0);
  const NodeId two = g.constant(2);
  EXPECT_EQ(g.constant(Rational(4, 2)), two);
  EXPECT_EQ(g.node(Operation::Mul, Format::real, {x, two}),
            g.node(Operation::Mul, Format::real, {two, x}));
  EXPECT_NE(g.node(Operation::Sub, Format::real, {x, two}),
            g.node(Operation::Sub, Format::real, {two, x}));
  EXPECT_NE(g.constant(2, Format::binary32), two);
}

TEST(Graph, RefusesToGrowPastItsLimit) {
  Graph g;
  EXPECT_THROW(for (std::size_t i = 0; i <= Graph::max_nodes; ++i) g.constant(static_cast<int>(i)),
               GraphTooLarge);
  EXPECT_EQ(g.size(), Graph::max_nodes);
}

TEST(Graph, ShapeIsTheWidestOfTheArguments) {
  Graph g;
  const NodeId p = g.parameter(0);
  const NodeId scalar = g.node(Operation::Add, Format::real, {p, g.constant(1)});
  EXPECT_EQ(g[scalar].shape, Shape::scalar);
  EXPECT_EQ(g[g.node(Operation::Mul, Format::real, {scalar, g.input(0)})].shape, Shape::element);
}

TEST(Rounding, AgreesWithTheCLibraryOnRandomDecimals) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto digits = static_cast<long long>(random() % 100'000'000'000'000'000ULL);
    const int exponent = static_cast<int>(random() % 700) - 360;
    const std::string text = std::to_string(digits) + "e" + std::to_string(exponent);
    boost::multiprecision::cpp_int scale =
        pow(boost::multiprecision::cpp_int(10), static_cast<unsigned>(std::abs(exponent)));
    const Rational value = exponent < 0 ? Rational(digits, scale) : Rational(digits * scale);
    EXPECT_EQ(round_to_binary64(value), std::strtod(text.c_str(), nullptr)) << text;
    EXPECT_EQ(round_to_binary32(value), std::strtof(text.c_str(), nullptr)) << text;
  }
}

TEST(Rounding, TiesGoToEvenAndSubnormalsAreKept) {
  EXPECT_EQ(round_to_binary32(Rational(16777217)), 16777216.0f);
  EXPECT_EQ(round_to_binary32(Rational(16777219)), 16777220.0f);
  const Rational smallest = exact(std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(round_to_binary64(smallest), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(round_to_binary64(smallest / 2), 0.0);
  EXPECT_EQ(round_to_binary64(smallest * Rational(3, 4)),
            std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(round_to_binary32(exact(3.5e38)), std::numeric_limits<float>::infinity());
}

TEST(Rounding, IntegersFitSignedOrUnsigned) {
  EXPECT_EQ(integer_bits(-1, Format::int32), 0xffffffffu);
  EXPECT_EQ(integer_bits(0xffffffffu, Format::int32), 0xffffffffu);
  EXPECT_EQ(integer_bits(Rational(1, 2), Format::int32), std::nullopt);
  EXPECT_EQ(integer_bits(0x100000000, Format::int32), std::nullopt);
  EXPECT_EQ(integer_bits(-1, Format::int64), ~std::uint64_t{0});
}

class Simplified : public testing::Test {
 protected:
  std::string text(NodeId id) {
    g.outputs = {id};
    return to_formula(simplify(g, library), library, {{"x", "y"}, {"p"}});
  }
  Graph g;
  Library library;
  NodeId x = g.input(0);
  NodeId y = g.input(1);
  NodeId node(Operation op, std::initializer_list<NodeId> args) {
    return g.node(op, Format::real, args);
  }
  NodeId number(const Rational& v) { return g.constant(v); }
  NodeId is_positive() { return g.node(Operation::Greater, Format::boolean, {x, number(0)}); }
};

TEST_F(Simplified, ConstantsFoldExactly) {
  EXPECT_EQ(text(node(Operation::Add, {number(Rational(1, 10)), number(Rational(2, 10))})), "0.3");
  EXPECT_EQ(text(node(Operation::Div, {number(1), number(3)})), "1 / 3");
  EXPECT_EQ(text(node(Operation::Sqrt, {number(Rational(9, 4))})), "1.5");
}

TEST_F(Simplified, DivisionByZeroIsLeftToTheFormat) {
  EXPECT_EQ(text(node(Operation::Div, {number(1), number(0)})), "1 / 0");
}

TEST_F(Simplified, IdentitiesThatAreExact) {
  EXPECT_EQ(text(node(Operation::Add, {x, number(0)})), "x");
  EXPECT_EQ(text(node(Operation::Mul, {x, number(1)})), "x");
  EXPECT_EQ(text(node(Operation::Mul, {x, number(-1)})), "-x");
  EXPECT_EQ(text(node(Operation::Neg, {node(Operation::Neg, {x})})), "x");
  EXPECT_EQ(text(node(Operation::Add, {x, x})), "2 * x");
  EXPECT_EQ(text(node(Operation::Div, {x, number(4)})), "0.25 * x");
  EXPECT_EQ(text(node(Operation::Sub, {x, node(Operation::Neg, {y})})), "x + y");
}

TEST_F(Simplified, WhatIsNotExactIsLeftAlone) {
  EXPECT_EQ(text(node(Operation::Mul, {x, number(0)})), "0 * x");
  EXPECT_EQ(text(node(Operation::Sub, {x, x})), "x - x");
  EXPECT_EQ(text(node(Operation::Div, {x, number(3)})), "x / 3");
  EXPECT_EQ(text(node(Operation::Div, {x, x})), "x / x");
}

TEST_F(Simplified, MultiplesOfOneValueCompareBySign) {
  const auto chosen = [&](Operation op, NodeId a, NodeId b) {
    return text(node(Operation::Where, {g.node(op, Format::boolean, {a, b}), y, x}));
  };
  const NodeId twice = node(Operation::Mul, {number(2), x});
  EXPECT_EQ(chosen(Operation::Greater, twice, x), "where(x > 0, y, x)");
  EXPECT_EQ(chosen(Operation::GreaterEqual, x, twice), "where(x <= 0, y, x)");
  EXPECT_EQ(chosen(Operation::Less, node(Operation::Neg, {x}), twice), "where(x > 0, y, x)");
  EXPECT_EQ(chosen(Operation::Equal, x, twice), "where(x == 0, y, x)");
  EXPECT_EQ(chosen(Operation::Less, twice, y), "where(2 * x < y, y, x)");
}

TEST_F(Simplified, SelectionsOnOneConditionMerge) {
  const NodeId c = is_positive();
  const NodeId inner = node(Operation::Where, {c, x, y});
  EXPECT_EQ(text(node(Operation::Where, {c, inner, number(2)})), "where(x > 0, x, 2)");
  EXPECT_EQ(text(node(Operation::Where, {g.node(Operation::Not, Format::boolean, {c}), x, y})),
            "where(x <= 0, x, y)");
}

TEST_F(Simplified, HugeConstantsStayExpressions) {
  NodeId v = number(3);
  for (int i = 0; i < 40; ++i) v = node(Operation::Mul, {v, v});
  g.outputs = {v};
  EXPECT_LT(simplify(g, library).size(), 60u);
}

TEST(Legalized, NanOfAnInputReachesTheOutputWithoutATestWhereABranchCarriesIt) {
  Graph g;
  Library library;
  const NodeId x = g.input(0);
  const NodeId c = g.node(Operation::Greater, Format::boolean, {x, g.constant(0)});
  g.outputs = {g.node(Operation::Where, Format::real, {c, x, g.constant(0)}),
               g.node(Operation::Where, Format::real, {c, g.constant(1), g.constant(0)})};
  const Graph lowered = legalize(g, library, Format::binary32, 2);
  const Bits nan = to_bits(std::numeric_limits<float>::quiet_NaN());
  for (const Bits y : interpret(lowered, std::array{nan}, {}))
    EXPECT_TRUE(std::isnan(binary32_of(y)));
  EXPECT_EQ(lowered[lowered.outputs[0]].op, Operation::Max);  // relu costs one operation
}

TEST(Legalized, ProductsAndSumsContractOnce) {
  Graph g;
  Library library;
  const NodeId x = g.input(0);
  const NodeId square = g.node(Operation::Mul, Format::real, {x, x});
  g.outputs = {g.node(Operation::Add, Format::real, {square, g.constant(1)})};
  EXPECT_EQ(legalize(g, library, Format::binary32, 1).size(), 3u);  // x, 1, fma
}

TEST(Legalized, ConstantExpressionsAreRoundedOnce) {
  Graph g;
  Library library;
  const NodeId root = g.node(Operation::Sqrt, Format::real, {g.constant(2)});
  const NodeId scaled = g.node(Operation::Mul, Format::real, {root, g.constant(Rational(1, 3))});
  g.outputs = {g.node(Operation::Mul, Format::real, {g.input(0), scaled})};
  const Graph lowered = legalize(g, library, Format::binary64, 1);
  const Bits y = interpret(lowered, std::array{to_bits(1.0)}, {})[0];
  EXPECT_EQ(binary64_of(y), 0.47140452079103168293389624140323);  // √2/3
}

// f(x) with an implementation for binary32, lowered.
Graph lowered_implementation(const Graph& implementation) {
  Library library;
  Function f;
  f.name = "f";
  f.inputs = {"x"};
  f.meaning.outputs = {f.meaning.input(0)};
  f.implementations.emplace(Format::binary32, implementation);
  const FunctionId id = library.add(f);
  Graph g;
  const NodeId x = g.input(0);
  g.outputs = {g.call(id, std::array{x})};
  return legalize(g, library, Format::binary32, 1);
}

// sum(x * y / sum(x)): no element is divided, and the quotient is rounded once.
TEST(Legalized, WhatIsOneValueForARowLeavesItsSums) {
  constexpr auto along_row = static_cast<std::uint32_t>(Shape::column);
  Graph g;
  const Library library;
  const NodeId x = g.input(0);
  const NodeId total = g.node(Operation::Sum, Format::real, std::array{x}, along_row);
  const NodeId share = g.node(Operation::Div, Format::real, {x, total});
  const NodeId product = g.node(Operation::Mul, Format::real, {g.input(1), share});
  g.outputs = {g.node(Operation::Sum, Format::real, std::array{product}, along_row)};
  const Graph lowered = legalize(g, library, Format::binary32, 1);
  EXPECT_EQ(check(lowered), "");
  const NodeId result = lowered.outputs[0];
  ASSERT_EQ(lowered[result].op, Operation::ToBinary32);
  const NodeId quotient = lowered.arg(result, 0);
  ASSERT_EQ(lowered[quotient].op, Operation::Div);
  for (const std::size_t k : {0, 1}) {
    const NodeId sum = lowered.arg(quotient, k);
    EXPECT_EQ(lowered[sum].op, Operation::Sum);
    EXPECT_EQ(lowered[sum].format, Format::binary64);
    EXPECT_EQ(lowered[lowered.arg(sum, 0)].format, Format::binary32);
  }
}

TEST(Legalized, ImplementationsHoldNothingOverTheReals) {
  Graph g;
  const NodeId x = g.input(0, Format::binary32);
  const NodeId pi = g.node(Operation::Pi, Format::real, {});
  const NodeId yes = g.node(Operation::Greater, Format::boolean, {pi, g.constant(3)});
  const NodeId no = g.node(Operation::Less, Format::boolean, {g.constant(2), g.constant(1)});
  const NodeId one = g.constant(1, Format::binary32);
  const NodeId either = g.node(Operation::Or, Format::boolean, {no, yes});
  const NodeId asked = g.node(Operation::Greater, Format::boolean, {x, one});
  const NodeId still_asked = g.node(Operation::And, Format::boolean, {asked, either});
  const NodeId chosen = g.node(Operation::Where, Format::binary32, {no, one, x});
  const NodeId rounded =
      g.node(Operation::ToBinary32, Format::binary32,
             {g.node(Operation::Where, Format::real, {yes, g.constant(Rational(1, 4)), pi})});
  g.outputs = {g.node(Operation::Where, Format::binary32, {still_asked, chosen, rounded})};
  const Graph lowered = lowered_implementation(g);
  EXPECT_EQ(check(lowered), "");
  const std::size_t first[] = {0};
  EXPECT_EQ(to_listing(extract(lowered, first), Library(), {{"x"}, {}}),
            "%0 = input x : binary32\n"
            "%1 = 1 : binary32\n"
            "%2 = > %0 %1 : boolean\n"
            "%3 = 0.25 : binary32\n"
            "%4 = where %2 %0 %3 : binary32\n"
            "outputs %4\n");
  const auto f = [&](float v) {
    return binary32_of(interpret(lowered, std::array{to_bits(v)}, {})[0]);
  };
  EXPECT_EQ(f(7), 7);
  EXPECT_EQ(f(0), 0.25f);
}

TEST(Legalized, ConstantComparisonsWithNanAreThoseOfTheMachineInImplementations) {
  for (const auto& [op, truth] :
       {std::pair{Operation::Greater, 0}, {Operation::Equal, 0}, {Operation::NotEqual, 1}}) {
    Graph g;
    const NodeId nan = g.node(Operation::NotANumber, Format::real, {});
    const NodeId c = g.node(op, Format::boolean, {nan, g.constant(0)});
    const NodeId x = g.input(0, Format::binary32);
    g.outputs = {
        g.node(Operation::Where, Format::binary32, {c, g.constant(1, Format::binary32), x})};
    EXPECT_EQ(binary32_of(interpret(lowered_implementation(g), std::array{to_bits(0.0f)}, {})[0]),
              truth);
  }
}

class Chosen : public testing::Test {
 protected:
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Graph g;
  Library library;
  NodeId x = g.input(0);
  NodeId y = g.input(1);
  NodeId compare(NodeId a, int b) {
    return g.node(Operation::Greater, Format::boolean, {a, g.constant(b)});
  }
  NodeId where(NodeId c, NodeId a, NodeId b) {
    return g.node(Operation::Where, g[a].format, {c, a, b});
  }

  // Lowered is what is meant, NaNs included.
  void expect_kept(NodeId output) {
    g.outputs = {output};
    const Graph lowered = legalize(g, library, Format::binary32, 1);
    EXPECT_EQ(check(lowered), "");
    for (const float a : {-3.0f, -1.0f, 0.5f, 2.0f, nan}) {
      for (const float b : {-3.0f, 0.5f, 2.0f, nan}) {
        const double meant = evaluate<double>(g, std::array<double, 2>{a, b}, {})[0];
        const float got =
            binary32_of(interpret(lowered, std::array{to_bits(a), to_bits(b)}, {})[0]);
        if (std::isnan(meant))
          EXPECT_TRUE(std::isnan(got)) << a << " " << b << " " << got;
        else
          EXPECT_EQ(got, meant) << a << " " << b;
      }
    }
  }
};

TEST_F(Chosen, ConditionsMayBeChosenByConditions) {
  const NodeId c = where(compare(x, 0), compare(x, 1), compare(x, -2));
  expect_kept(where(c, x, g.constant(5)));
  expect_kept(where(c, g.constant(4), g.constant(5)));
  expect_kept(where(g.node(Operation::Not, Format::boolean, {c}), g.constant(4), x));
}

TEST_F(Chosen, OnlyTheChosenConditionsNanCounts) {
  const NodeId c = where(compare(x, 0), compare(y, 1), compare(x, -2));
  expect_kept(where(c, x, g.constant(5)));
  expect_kept(where(c, g.constant(4), g.constant(5)));
  const NodeId both = where(compare(x, 0), compare(y, 1), compare(y, -2));
  expect_kept(where(both, y, g.constant(5)));
  expect_kept(where(where(c, both, compare(y, 0)), g.constant(4), x));
  // What is made of a choice between conditions knows whose NaNs it carries.
  expect_kept(where(compare(y, 0), where(c, g.constant(4), g.constant(5)), g.constant(6)));
}

TEST_F(Chosen, AConstantConditionThatIsNanMakesItNan) {
  const NodeId unknown = compare(g.node(Operation::NotANumber, Format::real, {}), 0);
  expect_kept(where(unknown, x, g.constant(5)));
  expect_kept(
      where(g.node(Operation::Or, Format::boolean, {unknown, compare(x, 0)}), x, g.constant(5)));
  expect_kept(where(where(compare(x, 0), unknown, compare(x, -2)), x, g.constant(5)));
}

TEST(WellFormed, GraphsAreNamedByWhatIsWrongWithThem) {
  const auto wrong = [](auto build) {
    Graph g;
    g.outputs = {build(g)};
    return check(g);
  };
  const auto f32 = Format::binary32;
  const auto f64 = Format::binary64;
  const auto i32 = Format::int32;
  const auto yes = Format::boolean;
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Add, f32, {g.input(0, f32), g.constant(1, f32)});
            }),
            "");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Add, f32, {g.input(0, f32), g.constant(1)});
            }),
            "%1, `constant` in real: over the reals");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Add, f32, {g.input(0, f32), g.constant(1, f64)});
            }),
            "%2, `+` in binary32: arguments of another format");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Neg, f32, {g.input(0, f32), g.input(1, f32)});
            }),
            "%2, `neg` in binary32: a wrong number of arguments");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Div, i32, {g.input(0, i32), g.constant(1, i32)});
            }),
            "%2, `/` in int32: not a float");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Less, f32, {g.input(0, f32), g.constant(1, f32)});
            }),
            "%2, `<` in binary32: a comparison that is not boolean");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Less, yes, {g.input(0, f32), g.constant(1, i32)});
            }),
            "%2, `<` in boolean: of two formats");
  EXPECT_EQ(wrong([&](Graph& g) { return g.node(Operation::Not, yes, {g.input(0, f32)}); }),
            "%1, `not` in boolean: not booleans");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Where, f32,
                            {g.input(0, f32), g.input(0, f32), g.input(0, f32)});
            }),
            "%1, `where` in binary32: a condition that is not boolean");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Where, f32,
                            {g.constant(1, yes), g.input(0, f64), g.input(1, f32)});
            }),
            "%3, `where` in binary32: branches of another format");
  EXPECT_EQ(
      wrong([&](Graph& g) { return g.node(Operation::Bits, Format::int64, {g.input(0, f32)}); }),
      "%1, `bits` in int64: formats that do not go together");
  EXPECT_EQ(wrong([&](Graph& g) {
              return g.node(Operation::Table, f32, {g.input(0, i32), g.input(1, f32)});
            }),
            "%2, `table` in binary32: an entry that is not a constant");
  EXPECT_EQ(wrong([&](Graph& g) { return g.node(Operation::RealExp, f32, {g.input(0, f32)}); }),
            "%1, `real_exp` in binary32: over the reals");
  EXPECT_EQ(wrong([&](Graph& g) { return g.node(Operation::Detach, f32, {g.input(0, f32)}); }),
            "%1, `detach` in binary32: left over");
  EXPECT_EQ(wrong([&](Graph& g) { return g.node(Operation::Infinity, i32, {}); }),
            "%0, `inf` in int32: not a float");
}

TEST(Text, NumbersReadBackAsTheyAre) {
  EXPECT_EQ(to_text(Rational(1, 4)), "0.25");
  EXPECT_EQ(to_text(Rational(-5)), "-5");
  EXPECT_EQ(to_text(Rational(44715, 1000000)), "0.044715");
  EXPECT_EQ(to_text(exact(0.1)), "0.1");
  EXPECT_EQ(to_text(Rational(2, 7)), "2 / 7");
}

}  // namespace
}  // namespace actc::ir

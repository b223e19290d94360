// The pass `stabilize`, normal forms, matching and ranges, on the standard library's rules and on a
// test's own.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ir/normal.h"
#include "ir/range.h"
#include "ir/stabilize.h"
#include "stdlib/stdlib.h"
#include "tests/frontend_support.h"

namespace actc::ir {
namespace {

std::shared_ptr<const Library> standard() {
  static const std::shared_ptr<const Library> library = [] {
    const frontend::Compiled base = frontend::compile(stdlib::text(), nullptr);
    EXPECT_EQ(base.errors(), "");
    auto complete = std::make_shared<Library>(*base.lowered.library);
    for (FunctionId id = 0; id < complete->size(); ++id) {
      if ((*complete)[id].is_opaque()) complete_derivatives(*complete, id);
    }
    return complete;
  }();
  return library;
}

std::shared_ptr<const Rulebook> standard_rules() {
  static const auto rules = std::make_shared<const Rulebook>(*standard());
  return rules;
}

frontend::Compiled compiled(std::string_view text) {
  frontend::Compiled result = frontend::compile(text, standard());
  EXPECT_EQ(result.errors(), "") << text;
  return result;
}

// The entry of a text, rewritten by its own rules and those of `base`.
std::string rewritten(std::string_view text, std::shared_ptr<const Rulebook> base,
                      StabilizeLog* log = nullptr) {
  const frontend::Compiled all = compiled(text);
  if (!all.lowered.entry) return "";
  const Library& library = all.library();
  const Rulebook rules(library, std::move(base));
  const Function& f = all.entry();
  const Graph graph = stabilize(simplify(f.meaning, library), library, rules, f.inputs.size(),
                                StabilizeFor::legalization, log);
  return to_formula(graph, library, names_of(f));
}

std::string stable(std::string_view text, StabilizeLog* log = nullptr) {
  return rewritten(text, standard_rules(), log);
}

// With no rules but the text's.
std::string alone(std::string_view text) { return rewritten(text, nullptr); }

// Which limit ended the rewriting.
StabilizeLimit limit_of(std::string_view text) {
  StabilizeLog log;
  stable(text, &log);
  return log.limit;
}

bool same_form(std::string_view a, std::string_view b) {
  const std::string text = "first(x, y) = " + std::string(a) + "\nsecond(x, y) = " + std::string(b);
  const frontend::Compiled all = compiled(text);
  const Library& library = all.library();
  Graph graph;
  const NodeId args[] = {graph.input(0), graph.input(1)};
  const NodeId left = inline_body(graph, all.function("first").meaning, 2, args)[0];
  const NodeId right = inline_body(graph, all.function("second").meaning, 2, args)[0];
  const KnownFunctions known(library);
  Forms forms(graph, known, 2);
  return forms.of(left) == forms.of(right);
}

TEST(NormalForm, IsTheSameForWhatIsTheSame) {
  EXPECT_TRUE(same_form("2 * (x + 1)", "x + x + 2"));
  EXPECT_TRUE(same_form("x - (y - x)", "2 * x - y"));
  EXPECT_TRUE(same_form("x * y / x * x", "y * x"));
  EXPECT_TRUE(same_form("x^3 / x", "x * x"));
  EXPECT_TRUE(same_form("1 / exp(-x)", "exp(x)"));
  EXPECT_TRUE(same_form("exp(x)^2 * exp(y)", "exp(2 * x + y)"));
  EXPECT_TRUE(same_form("e^x", "exp(x)"));
  EXPECT_TRUE(same_form("sqrt(2) * (x / sqrt(2))", "x"));
  EXPECT_TRUE(same_form("sqrt(8 / pi) * x", "2 * sqrt(2 / pi) * x"));
  EXPECT_TRUE(same_form("sin(2 * (x + 1))", "sin(2 + 2 * x)"));
  EXPECT_TRUE(same_form("y / (2 + 2 * x)", "0.5 * y / (1 + x)"));
  EXPECT_TRUE(same_form("1 / (1 + exp(x))", "exp(-x) / (exp(-x) + 1)"));
}

TEST(NormalForm, IsAnotherForWhatIsNot) {
  EXPECT_FALSE(same_form("x - y", "y - x"));
  EXPECT_FALSE(same_form("x / y", "y / x"));
  EXPECT_FALSE(same_form("sin(x)", "sin(-x)"));
  EXPECT_FALSE(same_form("sqrt(x^2)", "x"));
  // A rounded square root is not the square root.
  EXPECT_FALSE(same_form("0.7071067811865476 * x", "x / sqrt(2)"));
}

TEST(Match, OfASumIsAmongItsTermsUpToAFactor) {
  const std::string rule = "rule 1 + erf(u) = erfc(-u)\n";
  EXPECT_EQ(alone(rule + "1 + erf(x)"), "erfc(-x)");
  EXPECT_EQ(alone(rule + "f(x, a, b) = a + erf(x) + 1 + b"), "a + b + erfc(-x)");
  EXPECT_EQ(alone(rule + "0.5 + erf(2 * x) / 2"), "0.5 * erfc(-2 * x)");
  EXPECT_EQ(alone(rule + "f(x, y) = y + y * erf(x)"), "y * erfc(-x)");
  EXPECT_EQ(alone(rule + "2 + erf(x)"), "2 + erf(x)");
  EXPECT_EQ(alone(rule + "1 - erf(x)"), "1 - erf(x)");
}

TEST(Match, OfAProductIsAmongItsFactors) {
  const std::string rule = "rule 1 / (1 + exp(u)) = sigmoid(-u)\n";
  EXPECT_EQ(alone(rule + "x / (2 + 2 * exp(-x))"), "0.5 * (x * sigmoid(x))");
  EXPECT_EQ(alone(rule + "exp(x) / (exp(x) + 1)"), "sigmoid(x)");
  EXPECT_EQ(alone(rule + "sin(x) / ((exp(3 * x) + 1) * cos(x))"),
            "sin(x) * sigmoid(-3 * x) / cos(x)");
}

TEST(Match, SolvesForTheArgument) {
  const std::string rule = "rule erfc(u / sqrt(2)) = normcdf(-u)\n";
  EXPECT_EQ(alone(rule + "erfc(-(x / sqrt(2)))"), "normcdf(x)");
  EXPECT_EQ(alone("rule log(1 + u) = log1p(u)\nlog(x * x + 1)"), "log1p(x * x)");
  EXPECT_EQ(alone("rule log(1 + u) = log1p(u)\nlog(x)"), "log(x)");
}

TEST(Match, NeedsTheSameForAVariableThatStandsTwice) {
  const std::string rule = "rule sin(u) * cos(u) = sin(2 * u) / 2\n";
  EXPECT_EQ(alone(rule + "cos(2 * (x + 1)) * sin(2 * x + 2)"), "0.5 * sin(4 * (x + 1))");
  EXPECT_EQ(alone(rule + "sin(x) * cos(2 * x)"), "sin(x) * cos(2 * x)");
}

TEST(Rules, OfTheStandardLibraryAreWellFormed) {
  for (const Rule& rule : standard()->rules()) {
    EXPECT_EQ(examine(rule, *standard()), RuleFault::none) << rule.text;
  }
}

TEST(Stabilize, PrefersTheLargerExpression) {
  EXPECT_EQ(stable("(exp(2 * x) - 1) / (exp(2 * x) + 1)"), "tanh(x)");
  EXPECT_EQ(stable("(exp(x) - exp(-x)) / (exp(x) + exp(-x))"), "tanh(x)");
}

TEST(Stabilize, ProvesConditionsOrLeavesTheFormula) {
  EXPECT_EQ(stable("exp(log(x))"), "exp(log(x))");
  EXPECT_EQ(stable("exp(log(2 + sin(x)))"), "2 + sin(x)");
  EXPECT_EQ(stable("exp(log(x * x))"), "exp(log(x * x))");  // 0 is no value above 0
  EXPECT_EQ(stable("sqrt(x^2 + 4)"), "root_plus(x; b = 4)");
  EXPECT_EQ(stable("f(x, c) = sqrt(x^2 + c)"), "sqrt(x^2 + c)");
}

TEST(Stabilize, DividesSumsOfPowersOfEByTheLargest) {
  EXPECT_EQ(stable("(exp(x) - 2) / (exp(x) + 3)"),
            "let t1 = exp(min(x, -x)) in where(x > 0, (1 - 2 * t1) / (1 + 3 * t1), "
            "-2 / 3 * (1 - 0.5 * t1) / (1 + 1 / 3 * t1))");
  EXPECT_EQ(stable("f(x, y) = 1 / (2 + exp(x - y))"),
            "let t1 = exp(min(x - y, y - x)) in "
            "where(x - y > 0, t1 / (1 + 2 * t1), 0.5 / (1 + 0.5 * t1))");
  EXPECT_EQ(stable("1 / (1 + exp(x) + exp(-x))"),
            "let t1 = exp(min(x, -x)) in t1 / (1 + t1 + exp(2 * min(x, -x)))");
  EXPECT_EQ(
      stable("log(1 + exp(x) + exp(2 * x)) - x"),
      "let t1 = log1p(exp(min(x, -x)) + exp(2 * min(x, -x))) in where(x > 0, x + t1, t1 - x)");
}

TEST(Stabilize, TakesNoPowerOfEOutOfASum) {
  EXPECT_EQ(stable("log(1 + exp(x) + exp(-x^2))"), "log1p(exp(x) + exp(-x^2))");
  EXPECT_EQ(stable("log(exp(x) * (2 + sin(x)))"), "x + log(2 + sin(x))");
}

TEST(Stabilize, CancelsInNumeratorsOverACommonDenominator) {
  EXPECT_EQ(stable("exp(x) / (2 + exp(x)) - 1"), stable("-2 / (2 + exp(x))"));
  EXPECT_EQ(stable("exp(x) / (2 + exp(x)) - exp(2 * x) / (2 + exp(x))^2"),
            stable("2 * exp(x) / (2 + exp(x))^2"));
  EXPECT_EQ(stable("1 / (x + 1) - x / (x + 1)^2"), "1 / ((x + 1) * (x + 1))");
  EXPECT_EQ(stable("1 / (x + 1) - x^2 / (x + 1)^2"), "1 / (x + 1) - x^2 / (x + 1)^2");
}

TEST(Stabilize, LeavesQuotientsOfPowersOfEThatAreBounded) {
  EXPECT_EQ(stable("2 / (3 + exp(-abs(x)))"), "2 / (3 + exp(-abs(x)))");
  EXPECT_EQ(stable("(exp(sin(x)) + 2) / (exp(sin(x)) + 3)"),
            "(exp(sin(x)) + 2) / (exp(sin(x)) + 3)");
}

TEST(Stabilize, LeavesWhatNoRuleTouches) {
  EXPECT_EQ(stable("3 * (x / (2 + abs(x))) - 2 * (x + 1)"), "3 * (x / (2 + abs(x))) - 2 * (x + 1)");
  EXPECT_EQ(stable("1 + exp(x)"), "1 + exp(x)");
  EXPECT_EQ(stable("exp(2 * x) - exp(-x)"), "exp(2 * x) - exp(-x)");
}

TEST(Stabilize, TriesAUsersRulesFirst) {
  EXPECT_EQ(stable("rule 1 + tanh(u) = 2 * logistic_of_two(u)\n"
                   "logistic_of_two(x) = 1 / (1 + exp(-2 * x))\n"
                   "d/dx logistic_of_two(x) = 2 * sigmoid(2 * x) * sigmoid(-2 * x)\n"
                   "f(x) = 0.5 * (1 + tanh(x))"),
            "logistic_of_two(x)");
}

TEST(Stabilize, EndsWhereRulesTurnInACircle) {
  const std::string text = stable("rule sin(u) = cos(u)\nrule cos(u) = sin(u)\nf(x) = sin(x)");
  EXPECT_TRUE(text == "sin(x)" || text == "cos(x)") << text;
  const std::string grown = stable(
      "rule sin(u) = 2 * cos(2 * u)\nrule cos(u) = 2 * sin(2 * u)\n"
      "f(x) = sin(x)");
  EXPECT_LT(grown.size(), 1000U);
}

TEST(Stabilize, SaysWhichRulesFired) {
  StabilizeLog log;
  log.names = Names{.inputs = {"x"}, .parameters = {}};
  EXPECT_EQ(stable("x * (1 / (1 + exp(-x)))", &log), "silu(x)");
  ASSERT_EQ(log.firings.size(), 2U);
  EXPECT_EQ(log.firings[0].rule, "rule 1 / (1 + exp(u)) = sigmoid(-u)");
  EXPECT_EQ(log.firings[0].after, "x * sigmoid(x)");
  EXPECT_EQ(log.firings[1].before, "x * sigmoid(x)");
  EXPECT_EQ(log.firings[1].after, "silu(x)");
}

TEST(Stabilize, SaysWhichLimitEndedIt) {
  std::string large = "log(1 + exp(x))";
  for (int i = 1; i < 2000; ++i) large += " + log(1 + exp(x + " + std::to_string(i) + "))";
  EXPECT_EQ(limit_of("log(1 + exp(x))"), StabilizeLimit::none);
  EXPECT_EQ(limit_of(large), StabilizeLimit::work);
  std::string sines = "cos(100 * x)";
  for (int i = 1; i <= 12; ++i) sines += " * sin(" + std::to_string(i) + " * x)";
  EXPECT_EQ(limit_of("rule sin(u) * sin(v) * sin(w) * cos(u + v + w) = u\nf(x) = " + sines),
            StabilizeLimit::work);
  // Each sine is met before its argument has become a cosine: one of them a round.
  std::string nested = "cos(x)";
  for (int i = 0; i < 20; ++i) nested = "sin(" + nested + ")";
  EXPECT_EQ(limit_of("rule sin(cos(u)) = cos(u)\nf(x) = " + nested), StabilizeLimit::rounds);
  std::string product = "abs(u)";
  for (int i = 1; i <= 12; ++i) product += " * abs(u + " + std::to_string(i) + ")";
  std::string sum = "sin(x)";
  for (int i = 1; i < 800; ++i) sum += " + sin(x + " + std::to_string(i) + " / 997)";
  EXPECT_EQ(limit_of("rule sin(u) = " + product + "\nf(x) = " + sum), StabilizeLimit::nodes);
}

TEST(Stabilize, NeedsNoStackForDeepFormulas) {
  frontend::on_small_stack([] {
    std::string nested = "x";
    for (int i = 0; i < 250; ++i) nested = "log(1 + exp(" + nested + "))";
    EXPECT_NE(stable(nested).find("log1pexp"), std::string::npos);
    std::string sum = "x";
    for (int i = 0; i < 2000; ++i) sum += " + erf(x + " + std::to_string(i) + ")";
    EXPECT_TRUE(stable(sum).ends_with("erf(x + 1999)"));
  });
}

TEST(Ranges, AreOutsideWhatIsReached) {
  const auto range = [](std::string_view text) {
    const frontend::Compiled all = compiled(text);
    const Graph graph = all.entry().meaning;
    return Ranges(graph, all.library()).of(graph.outputs[0]);
  };
  EXPECT_EQ(range("tanh(x)"), (Interval{-1, 1}));
  EXPECT_EQ(range("x * x").low, 0);
  EXPECT_EQ(range("x^2").low, 0);
  EXPECT_EQ(range("sigmoid(x)").low, 0);
  EXPECT_TRUE(range("sigmoid(x) * sin(x)").is_bounded());
  EXPECT_TRUE(range("min(max(x, 0), 6) / 3").is_bounded());
  EXPECT_TRUE(range("exp(-x^2)").is_bounded());
  EXPECT_FALSE(range("x * sigmoid(x)").is_bounded());
  EXPECT_GT(range("2 + sin(x)").low, 0.99);
  EXPECT_LE(range("2 + sin(x)").low, 1);
  EXPECT_FALSE(range("1 / x").is_bounded());
  EXPECT_TRUE(range("1 / (1 + abs(x))").is_bounded());
}

}  // namespace
}  // namespace actc::ir

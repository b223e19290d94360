// Trees to libraries: names, parameters, inlining, formats of implementations, limits on graphs.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frontend_support.h"
#include "ir/interpret.h"
#include "stdlib/stdlib.h"

namespace actc::frontend {
namespace {

using ir::Format;

std::string listing(const Compiled& compiled, const ir::Graph& graph) {
  ir::Graph used = ir::extract(graph, std::vector<std::size_t>{0});
  return ir::to_listing(used, compiled.library(), ir::names_of(compiled.entry()));
}

// The value of `binary32 f(x) = body` at x, computed as compiled code must.
float binary32_of_body(const std::string& body, float x, const std::string& before = "") {
  const Compiled compiled = compile(before + "\nf(x) = x\nbinary32 f(x) = " + body);
  EXPECT_EQ(compiled.errors(), "") << body;
  if (!compiled.lowered.library) return 0;
  const ir::Graph& graph = compiled.function("f").implementations.at(Format::binary32).graph();
  const std::vector<ir::Bits> inputs = {ir::to_bits(x)};
  return ir::binary32_of(
      ir::interpret(ir::extract(graph, std::vector<std::size_t>{0}), inputs, {}).at(0));
}

TEST(Meaning, IsWhatTheFormulaSays) {
  EXPECT_EQ(value("2 * x^2 - x / 4", {3.0}), 17.25);
  EXPECT_EQ(value("f(x, y) = x - y", {3.0, 1.0}), 2.0);
  EXPECT_EQ(value("x > 1 and not x > 2 ? 10 : 20", {1.5}), 10.0);
  EXPECT_EQ(value("where(x == 1 or x != x, 10, 20)", {1.0}), 10.0);
  EXPECT_EQ(value("fma(x, 2, 3) + sqrt(x) + round(2.5)", {4.0}), 15.0);
  EXPECT_DOUBLE_EQ(value("sin_like(x) = pi * x + e", {2.0}), 2 * M_PI + M_E);
  EXPECT_EQ(value("-inf + x", {2.0}), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(value("nan * x", {2.0})));
}

TEST(Meaning, CountsBooleansAsZeroAndOne) {
  EXPECT_EQ(value("x * (x > 0)", {3.0}), 3.0);
  EXPECT_EQ(value("x * (x > 0)", {-3.0}), 0.0);
  EXPECT_EQ(value("x > 0", {3.0}), 1.0);
  EXPECT_EQ(value("swish(x > 0; beta = x > 0)", {-1.0}), 0.0);
  EXPECT_EQ(value("(x > 0) == (x > 1)", {3.0}), 1.0);
}

TEST(Names, OfLocalsHideInputsAndTheseConstants) {
  EXPECT_EQ(value("let x = x + 1 in let x = x * 2 in x", {3.0}), 8.0);
  EXPECT_EQ(value("(let x = 5 in x) + x", {3.0}), 8.0);
  EXPECT_EQ(value("f(e, pi) = e + pi", {3.0, 4.0}), 7.0);
  EXPECT_EQ(value("let exp = x in exp(exp)", {0.0}), 1.0);  // functions and values are separate
}

TEST(Names, OfTheTextHideTheBaseInThatTextAlone) {
  const Compiled compiled = compile("exp(x) = x + 100\nf(x) = exp(x) + sigmoid(x)");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(value(compiled, compiled.entry().meaning, {0.0}), 100.5);  // sigmoid keeps its exp
  EXPECT_EQ(value("sqrt(x) = 7\nsqrt(x)", {4.0}), 7.0);
}

TEST(Names, PowDoesNotCaptureTheOperator) {
  EXPECT_EQ(value("pow(x, y) = 1000\nf(x) = x^2 + pow(x, 2)", {3.0}), 1009.0);
}

TEST(Definitions, ComeInAnyOrderAndTheLastIsTheEntry) {
  const Compiled compiled = compile("h(x) = g(x) + 1\ng(x) = k(x) * 2\nk(x) = x + 1");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(compiled.entry().name, "k");
  EXPECT_EQ(value(compiled, compiled.function("h").meaning, {3.0}), 9.0);
}

TEST(Definitions, KeepTheirSourceAndDocumentation) {
  const Compiled compiled = compile(
      "## About f.\nf(x; a = 1)  =  x *  a # no\n\ng(x) = 2\n## About g.\nd/dx g(x) = surrogate 0");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(compiled.function("f").source, "x *  a");
  EXPECT_EQ(compiled.function("f").documentation, "About f.");
  EXPECT_EQ(compiled.function("g").documentation, "About g.");
}

TEST(Definitions, WithoutDerivativeOrImplementationAreInlined) {
  const Compiled compiled =
      compile("f(x) = x + 1\nd/dx f(x) = 1\ng(x) = x + 2\nh(x) = f(x) * g(x)");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(listing(compiled, compiled.entry().meaning),
            "%0 = input x : real\n"
            "%1 = call f %0 : real\n"
            "%2 = 2 : real\n"
            "%3 = + %0 %2 : real\n"
            "%4 = * %1 %3 : real\n"
            "outputs %4\n");
}

TEST(Parameters, AreGivenByNameOrTakeTheirDefaults) {
  EXPECT_EQ(value("f(x; a = 2, b = 10) = a * x + b\nf(x; b = 1) + f(x)", {3.0}), 23.0);
  EXPECT_EQ(value("f(x; a, b = 10) = a * x + b", {3.0}, {4.0, 1.0}), 13.0);
  EXPECT_EQ(value("threshold(x; value = 7, threshold = x + 1)", {3.0}), 7.0);
}

TEST(Parameters, HaveExactDefaultsWhereTheseAreRational) {
  const Compiled compiled =
      compile("half(x) = x / 2\nf(x; a = 0.1, learn b = -2^-3 + half(1), c = 1/3 * 3, d) = x");
  ASSERT_EQ(compiled.errors(), "");
  const auto& parameters = compiled.function("f").parameters;
  EXPECT_EQ(*parameters[0].default_value, ir::Rational(1, 10));
  EXPECT_EQ(*parameters[1].default_value, ir::Rational(3, 8));
  EXPECT_TRUE(parameters[1].learned);
  EXPECT_EQ(*parameters[2].default_value, 1);
  EXPECT_FALSE(parameters[3].default_value);
}

TEST(Parameters, HaveIrrationalDefaultsToManyDigits) {
  const Compiled compiled = compile("f(x; a = sqrt(2) / 2, b = log(2)) = x");
  ASSERT_EQ(compiled.errors(), "");
  const ir::Rational a = *compiled.entry().parameters[0].default_value;
  const ir::Rational error = abs(a * a - ir::Rational(1, 2));
  EXPECT_LT(error, ir::Rational(1, pow(boost::multiprecision::cpp_int(10), 90)));
  EXPECT_EQ(ir::round_to_binary64(*compiled.entry().parameters[1].default_value), std::log(2.0));
}

TEST(Derivatives, ArePlacedByTheirVariable) {
  const Compiled compiled = compile(
      "f(x, y; a = 1) = x * y * a\nd/dy f(x, y; a) = x * a\nd/da f(x, y) = surrogate x * y");
  ASSERT_EQ(compiled.errors(), "");
  const auto& derivatives = compiled.entry().derivatives;
  ASSERT_EQ(derivatives.size(), 3U);
  EXPECT_FALSE(derivatives[0]);
  EXPECT_FALSE(derivatives[1]->surrogate);
  EXPECT_EQ(value(compiled, derivatives[1]->body, {3.0, 5.0}, {2.0}), 6.0);
  EXPECT_TRUE(derivatives[2]->surrogate);
  EXPECT_EQ(value(compiled, derivatives[2]->body, {3.0, 5.0}, {2.0}), 15.0);
}

TEST(Derivatives, MayUseTheFunctionItself) {
  const Compiled compiled = compile("f(x) = real_exp(x)\nd/dx f(x) = f(x)");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(listing(compiled, compiled.entry().derivatives[0]->body),
            "%0 = input x : real\n%1 = call f %0 : real\noutputs %1\n");
}

TEST(Implementation, OfABuiltInIsReplacedInACopy) {
  const Compiled compiled = compile("binary32 exp(x) = 3 + x\nf(x) = exp(x)");
  ASSERT_EQ(compiled.errors(), "");
  const ir::Graph& graph = compiled.function("exp").implementations.at(Format::binary32).graph();
  const std::vector<ir::Bits> inputs = {ir::to_bits(2.0F)};
  const ir::Graph used = ir::extract(graph, std::vector<std::size_t>{0});
  EXPECT_EQ(ir::binary32_of(ir::interpret(used, inputs, {}).at(0)), 5.0F);
}

TEST(Derivatives, OfABuiltInMakeACopy) {
  const Compiled compiled = compile("d/dx tanh(x) = 2\nf(x) = tanh(x)");
  ASSERT_EQ(compiled.errors(), "");
  const ir::FunctionId mine = *compiled.library().find("tanh");
  EXPECT_GE(mine, compiled.library().base_size());
  EXPECT_EQ(value(compiled, compiled.library()[mine].derivatives[0]->body, {0.0}), 2.0);
  EXPECT_EQ(value(compiled, compiled.library()[mine].meaning, {0.5}), std::tanh(0.5));
  EXPECT_EQ(compiled.entry().meaning[compiled.entry().meaning.outputs[0]].payload, mine);
  EXPECT_EQ(compiled.entry().name, "f");
  EXPECT_EQ(compile("d/dx tanh(x) = 2").entry().name, "tanh");
}

TEST(Implementation, MeansWhatItSaysOperationByOperation) {
  EXPECT_EQ(binary32_of_body("x * 0.1 + 1", 3.0F), 3.0F * 0.1F + 1.0F);
  EXPECT_EQ(binary32_of_body("fma(x, 0.1, 1)", 3.0F), std::fma(3.0F, 0.1F, 1.0F));
  EXPECT_EQ(binary32_of_body("min(x, nan)", 3.0F) != binary32_of_body("min(x, nan)", 3.0F), true);
  EXPECT_EQ(binary32_of_body("max(x, 4)", 3.0F), 4.0F);
  EXPECT_EQ(binary32_of_body("from_bits(bits(x) + shift_left(1, 23))", 3.0F), 6.0F);
  EXPECT_EQ(binary32_of_body("to_float(shift_right_signed(to_integer(x), 1))", -5.0F), -3.0F);
  EXPECT_EQ(binary32_of_body("binary32(binary64(x) * 0.1)", 3.0F), static_cast<float>(3.0 * 0.1));
  EXPECT_EQ(binary32_of_body("table(bit_and(to_integer(x), 3), 10, 20, 30, 1/3)", 7.0F), 1.0F / 3);
  EXPECT_EQ(binary32_of_body("rarely(x > 2, x, -x)", 3.0F), 3.0F);
  EXPECT_EQ(binary32_of_body("x > 2 and not isnan(x)", 3.0F), 1.0F);
  EXPECT_EQ(binary32_of_body("to_float(int32(int64(to_integer(x))))", 3.0F), 3.0F);
  EXPECT_EQ(binary32_of_body("where(x > 0, -inf, inf)", 3.0F),
            -std::numeric_limits<float>::infinity());
}

TEST(Implementation, RoundsConstantsOnceWhereTheyMeetAFormat) {
  EXPECT_EQ(binary32_of_body("x * (1/3)", 3.0F), 3.0F * (1.0F / 3));
  // (1 + 2^-30) - 1 is 2^-30 exactly, and not 0.
  EXPECT_EQ(binary32_of_body("x * ((1 + 2^-30) - 1)", 1.0F), 0x1p-30F);
  EXPECT_EQ(binary32_of_body("from_bits(0x3f800000) * x", 3.0F), 3.0F);
  EXPECT_EQ(binary32_of_body("from_bits(bit_or(bits(x), 0x80000000))", 3.0F), -3.0F);
  EXPECT_EQ(binary32_of_body("let c = 1 / 4 in x * c", 3.0F), 0.75F);
  EXPECT_EQ(binary32_of_body("x + (2 > 1 ? 5 : 6)", 3.0F), 8.0F);
  EXPECT_EQ(binary32_of_body("x + max(2, 5) + abs(-1) + floor(-2.5) + round(2.5)", 0.0F), 5.0F);
}

TEST(Implementation, KeepsIrrationalConstantsExactUntilThen) {
  const Compiled compiled = compile("f(x) = x\nbinary32 f(x) = x * (2 / log(2))");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(listing(compiled, compiled.entry().implementations.at(Format::binary32).graph()),
            "%0 = input x : binary32\n"
            "%1 = 2 : real\n"
            "%2 = real_log %1 : real\n"
            "%3 = / %1 %2 : real\n"
            "%4 = binary32 %3 : binary32\n"
            "%5 = * %0 %4 : binary32\n"
            "outputs %5\n");
}

TEST(Implementation, SelectionsOfConstantsTakeTheFormatTheyMeet) {
  EXPECT_EQ(binary32_of_body("to_float(bits(x) - bits(x) + where(x > 0, 1, 0x80000000))", 3.0F),
            1.0F);
  EXPECT_EQ(binary32_of_body("x * where(x > 0, where(x > 2, 1/3, 5), 7)", 3.0F), 3.0F * (1.0F / 3));
  EXPECT_EQ(binary32_of_body("where(x > 0, 1, 2)", 3.0F), 1.0F);
  EXPECT_EQ(binary32_of_body("where(x > 0, 1, 2) + 1", 3.0F), 2.0F);
  EXPECT_EQ(binary32_of_body("to_float(bits(x) - bits(x) - (x > 0))", 3.0F), -1.0F);
}

TEST(Implementation, HelpersTakeTheFormatsTheyAreGiven) {
  const std::string helpers =
      "two_to(n) = from_bits(shift_left(n + 127, 23))\n"
      "scaled(x, n; bias = 1) = x * two_to(n + bias)\n"
      "square(x) = x * x\n"
      "g(x) = x\n"
      "binary64 g(x) = scaled(x, bits(x)) + two_to(bits(x))\n";  // a helper that nobody uses is an
                                                                 // error
  EXPECT_EQ(binary32_of_body("scaled(x, to_integer(x)) + square(x)", 3.0F, helpers), 48.0F + 9);
  EXPECT_EQ(binary32_of_body("scaled(x, 1; bias = -1)", 3.0F, helpers), 3.0F);
  EXPECT_EQ(binary32_of_body("to_float(square(to_integer(x)))", 3.0F, helpers), 9.0F);
  EXPECT_EQ(binary32_of_body("binary32(square(binary64(x) * 0.1))", 3.0F, helpers),
            static_cast<float>(3.0 * 0.1 * (3.0 * 0.1)));
}

TEST(Implementation, HelpersWithoutMeaningAreNotInTheLibrary) {
  const Compiled compiled =
      compile("two_to(n) = from_bits(n)\nf(x) = x\nbinary32 f(x) = two_to(bits(x))");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_FALSE(compiled.library().find("two_to"));
  EXPECT_EQ(compiled.entry().name, "f");
}

TEST(Implementation, CallsWhatHasOrMayHaveAnImplementation) {
  const Compiled compiled = compile(
      "g(x) = x\nbinary32 f(x) = binary32(g(binary64(x))) + g(x)\nf(x) = x\nbinary64 g(x) = "
      "x\nh(x) = x");
  ASSERT_EQ(compiled.errors(), "");
  EXPECT_EQ(listing(compiled, compiled.function("f").implementations.at(Format::binary32).graph()),
            "%0 = input x : binary32\n"
            "%1 = binary64 %0 : binary64\n"
            "%2 = call g %1 : binary64\n"
            "%3 = binary32 %2 : binary32\n"
            "%4 = call g %0 : binary32\n"
            "%5 = + %3 %4 : binary32\n"
            "outputs %5\n");
}

TEST(Limits, OnTheOperationsOfAGraph) {
  // The input and one addition a term.
  const auto sum = [](std::size_t additions) { return "x" + repeat("+x", additions); };
  EXPECT_EQ(errors(sum(ir::Graph::max_nodes - 1)), "");
  const Compiled compiled = compile(sum(ir::Graph::max_nodes));
  ASSERT_EQ(compiled.diagnostics.size(), 1U);
  EXPECT_EQ(
      compiled.diagnostics[0].message,
      "the expression is too large: with the functions that it uses written out it passes the "
      "limit of 20000 operations");
}

TEST(Limits, LongChainsOfDefinitionsCompileOnASmallStack) {
  const std::size_t count = max_definitions - 2;
  std::string text = "f0(x) = x\n";
  for (std::size_t i = 1; i < count; ++i) {
    text += "f" + std::to_string(i) + "(x) = f" + std::to_string(i - 1) + "(x) + 1\n";
  }
  const std::string last = "f" + std::to_string(count - 1);
  text += "g(x) = " + last + "(x)\nbinary32 g(x) = " + last + "(x)\n";
  on_small_stack([&] {
    const Compiled compiled = compile(text);
    ASSERT_EQ(compiled.errors(), "");
    EXPECT_EQ(value(compiled, compiled.entry().meaning, {1.0}), static_cast<double>(count));
    EXPECT_EQ(compiled.entry().implementations.at(Format::binary32).graph().size(), count + 2);
  });
  const std::string cycle = text + "f0(x) = g(x)";
  on_small_stack([&] { EXPECT_EQ(compile(cycle).diagnostics.size(), 1U); });
}

// Of the standard library, which is right and so may be lowered later.
TEST(Deferred, ImplementationsAreThoseOfTheWholeText) {
  const std::string_view text = stdlib::text();
  const Compiled whole = compile(text, nullptr);
  ASSERT_EQ(whole.errors(), "");
  std::vector<Diagnostic> diagnostics;
  const auto tree = std::make_shared<const SyntaxTree>(parse(text, diagnostics));
  const LoweredText deferred = lower_deferred(tree, text, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  ASSERT_EQ(deferred.library->size(), whole.library().size());
  for (ir::FunctionId id = 0; id < whole.library().size(); ++id) {
    const ir::Function& expected = whole.library()[id];
    const ir::Function& function = (*deferred.library)[id];
    ASSERT_EQ(function.name, expected.name);
    ASSERT_EQ(function.implementations.size(), expected.implementations.size());
    for (const auto& [format, implementation] : expected.implementations) {
      const ir::Names names = ir::names_of(expected);
      EXPECT_EQ(
          ir::to_listing(function.implementations.at(format).graph(), *deferred.library, names),
          ir::to_listing(implementation.graph(), whole.library(), names))
          << expected.name;
    }
  }
}

TEST(Limits, RepeatedDoublingCostsNothing) {
  std::string text = "f0(x) = x\n";
  for (std::size_t i = 1; i < 900; ++i) {
    const std::string before = "f" + std::to_string(i - 1) + "(x)";
    text += "f" + std::to_string(i) + "(x) = " + before + " + " + before + "\n";
  }
  text += "g(x) = x\nbinary32 g(x) = f899(x) + f899(x)";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(errors(text), "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(Limits, SquaredConstantsStayBounded) {
  std::string text = "f(x) = x\nbinary32 f(x) = let a = 3 in ";
  for (int i = 0; i < 900; ++i) text += "let a = a * a in ";
  const Compiled compiled = compile(text + "x * a");
  EXPECT_EQ(compiled.errors(), "");
}

TEST(Limits, WorkThatMakesNoNodesIsBoundedToo) {
  std::string large = "f(x; p = 1) = p";
  for (int i = 0; i < 9'000; ++i) large += "+" + std::to_string(i);
  std::string text = large + " + 0 * x\ng(x) = x";
  for (int i = 0; i < 5'000; ++i) text += "+f(x+" + std::to_string(i) + ")";
  const auto start = std::chrono::steady_clock::now();
  const Compiled compiled = compile(text);
  EXPECT_EQ(compiled.diagnostics.size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace actc::frontend

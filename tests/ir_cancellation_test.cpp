// Warnings of formulas that lose digits in binary32: none that is false, none that is missing, and
// the part at fault by name.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ir/cancellation.h"
#include "tests/accuracy_support.h"

namespace actc::test {
namespace {

std::vector<ir::Cancellation> found_in(const Function& f, bool stabilize) {
  const detail::ModuleState& module = detail::ModuleState::of(f);
  const ir::Library& library = *module.library;
  const ir::FunctionId id = *library.find(f.name());
  const auto stages = detail::stages(module, id, ir::Format::binary32, {.stabilize = stabilize});
  return ir::find_cancellations(stages.gradient, library, f.inputs().size(), {});
}

std::string all_of(const std::vector<Diagnostic>& warnings) {
  std::string text;
  for (const Diagnostic& w : warnings) text += render(w);
  return text;
}

bool holds(const ir::Cancellation& c, double x) {
  return std::ranges::any_of(c.where, [&](const ir::Cancellation::Region& region) {
    return region[0].low <= x && x <= region[0].high;
  });
}

TEST(Cancellation, NoBuiltInIsWarnedOf) {
  for (const Function& f : standard_library().functions()) {
    Parameters needed;
    for (const ParameterInfo& p : f.parameters()) {
      if (!p.default_value) needed[p.name] = 0.5;
    }
    EXPECT_EQ(all_of(f.cancellations(needed)), "") << f.name();
  }
}

// Formulas as people write them: the rules take away what cancels or overflows.
constexpr std::string_view naive[] = {
    "1 / (1 + exp(-x))",
    "exp(x) / (1 + exp(x))",
    "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
    "(exp(2*x) - 1) / (exp(2*x) + 1)",
    "log(1 + exp(x))",
    "log(1 / (1 + exp(-x)))",
    "x * tanh(log(1 + exp(x)))",
    "x / (1 + exp(-x))",
    "0.5 * x * (1 + erf(x / sqrt(2)))",
    "0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))",
    "where(x > 0, x, exp(x) - 1)",
    "log(cosh(x))",
    "2 / (exp(x) + exp(-x))",
    "sqrt(x^2)",
    "sqrt(x^2 + 1)",
    "x * exp(x) / (1 + exp(x))",
};

TEST(Cancellation, WithTheRulesNaiveFormulasAreGood) {
  for (const std::string_view formula : naive) {
    EXPECT_EQ(all_of(compile(formula).entry().cancellations()), "") << formula;
  }
}

TEST(Cancellation, WithoutTheRulesTheyAreNot) {
  for (const std::string_view formula : naive) {
    EXPECT_NE(all_of(compile(formula).entry().cancellations({}, false)), "") << formula;
  }
}

TEST(Cancellation, WhatIsExactOrAsSensitiveAsTheInputsIsNoFault) {
  for (const std::string_view formula : {"x - 1",
                                         "1 - x",
                                         "2 * x - 3",
                                         "(x - 3)^2",
                                         "(x - 0.1)^2",
                                         "x - floor(x)",
                                         "max(x - 2, 0)",
                                         "x * x - 2",
                                         "log(x)",
                                         "sqrt(x)",
                                         "log(x - 1)",
                                         "1 / x",
                                         "1 / (x - 2)",
                                         "x * log(x)",
                                         "exp(x) * sin(x)",
                                         "sin(1000 * x)",
                                         "sign(x) * (x - 5)",
                                         "x^0.5",
                                         "max(0, x)",
                                         "x * (x > 0)",
                                         "exp(x)",
                                         "f(a, b) = a * b - a",
                                         "f(a, b) = a - b",
                                         "f(a, b) = a * sigmoid(b)"}) {
    std::string text;
    for (const Diagnostic& w : compile(formula).entry().cancellations()) {
      // 1000 x is no binary32 where x is one of the largest.
      if (w.message.find("overflows") == std::string::npos) text += render(w);
    }
    EXPECT_EQ(text, "") << formula;
  }
}

struct Loss {
  std::string_view formula;
  std::string_view part;          // what the warning names
  double inside;                  // where digits are lost
  double good_below, good_above;  // and where they are not
};

constexpr double far = 1e30;
constexpr Loss losses[] = {
    {"1 - cos(x)", "`1 - cos(x)`", 0.01, -0.5, 0.5},
    {"exp(x) - 1", "`exp(x) - 1`", 0.001, -0.1, 0.1},
    {"x - sin(x)", "`x - sin(x)`", 0.01, -0.5, 0.5},
    {"1 + tanh(x)", "`1 + tanh(x)`", -6, far, -1},
    {"1 + erf(x)", "`1 + erf(x)`", -3, far, -1},
    {"sqrt(x + 1) - sqrt(x)", "`sqrt(x + 1) - sqrt(x)`", 1000, 1, far},
    {"log(1 + x^2)", "`log(1 + x^2)`", 0.01, -0.5, 0.5},
    {"x * exp(x) / (1 + exp(x))", "`exp(x)` overflows", 100, 80, far},
    {"sqrt(x^2 + 1)", "`x^2` overflows", 1e25, -1e18, 1e18},
};

TEST(Cancellation, TheWarningNamesThePartAndTheInterval) {
  for (const Loss& loss : losses) {
    const Function f = compile(loss.formula).entry();
    const std::vector<Diagnostic> warnings = f.cancellations({}, false);
    const auto named = std::ranges::find_if(
        warnings, [&](const Diagnostic& w) { return w.message.starts_with(loss.part); });
    ASSERT_NE(named, warnings.end()) << loss.formula << "\n" << all_of(warnings);
    EXPECT_EQ(named->severity, Severity::warning);
    EXPECT_NE(named->suggestion, "");
    EXPECT_NE(named->message.find(" for x "), std::string::npos) << named->message;
  }
}

// The error of the compiled kernel beyond what the formula's conditioning gives, in ULP.
class Errors {
 public:
  explicit Errors(const Function& f) : value_(f), slope_(f, 1) {
    KernelOptions options;
    options.stabilize = false;
    kernel_ = f.kernel<float>(options);
  }
  double at(float x) {
    float y = 0;
    kernel_.forward({&x, 1}, {&y, 1});
    const Mpfr exact = value_.at(x);
    const double error = ulps(y, exact);
    const Mpfr from_input = abs(Mpfr(x) * slope_.at(x)) / unit_at<float>(exact);
    return error - static_cast<double>(ldexp(from_input, -23));
  }

 private:
  Reals value_, slope_;
  Kernel<float> kernel_;
};

TEST(Cancellation, InsideDigitsAreLostAndOutsideTheyAreNot) {
  for (const Loss& loss : losses) {
    const Function f = compile(loss.formula).entry();
    const auto found = found_in(f, false);
    const auto in_value = [&](double x) {
      return std::ranges::any_of(
          found, [&](const ir::Cancellation& c) { return c.output == 0 && holds(c, x); });
    };
    EXPECT_TRUE(in_value(loss.inside)) << loss.formula;
    Errors errors(f);
    EXPECT_GT(errors.at(static_cast<float>(loss.inside)), 16) << loss.formula;
    EXPECT_FALSE(in_value(loss.good_below)) << loss.formula;
    if (loss.good_above != far) {
      EXPECT_FALSE(in_value(loss.good_above)) << loss.formula;
    }

    // Nothing is missed: where no warning is given the kernel is good.
    double worst = 0;
    double at = 0;
    for (double m = 1e-12; m < 1e24; m *= 1.7) {
      for (const double x : {m, -m}) {
        if (in_value(x)) continue;
        const double error = errors.at(static_cast<float>(x));
        if (error > worst) worst = error, at = x;
      }
    }
    EXPECT_LT(worst, 100) << loss.formula << " at " << at;
  }
}

TEST(Cancellation, GradientsAreLookedAtToo) {
  const auto warnings = compile("(x + x^3) / (2 + x^3)").entry().cancellations();
  EXPECT_TRUE(std::ranges::any_of(warnings, [](const Diagnostic& w) {
    return w.message.starts_with("in the derivative by x, ") &&
           w.message.find("loses its digits for x ") != std::string::npos;
  })) << all_of(warnings);
}

TEST(Cancellation, ARuleOfTheTextTakesTheWarningAway) {
  const std::string formula = "f(x) = sqrt(x + 1) - sqrt(x)";
  const auto about_the_value = [](const std::string& text) {
    return all_of(compile(text).entry().cancellations()).find("warning: `sqrt(x + 1) - sqrt(x)`") !=
           std::string::npos;
  };
  EXPECT_TRUE(about_the_value(formula));
  EXPECT_FALSE(
      about_the_value("rule sqrt(u + 1) - sqrt(u) = 1 / (sqrt(u + 1) + sqrt(u))\n" + formula));
}

TEST(Cancellation, TwoInputsGiveABoundForEach) {
  const auto warnings = compile("f(a, b) = exp(a) - exp(b)").entry().cancellations({}, false);
  ASSERT_FALSE(warnings.empty());
  EXPECT_TRUE(warnings[0].message.starts_with("`exp(a) - exp(b)` loses its digits for a in ["))
      << warnings[0].message;
  EXPECT_NE(warnings[0].message.find(", b in ["), std::string::npos) << warnings[0].message;
}

TEST(Cancellation, ParametersMatter) {
  const Function f = compile("f(x; k = 1, shift) = k * x + (exp(shift * x) - 1)").entry();
  EXPECT_THROW(f.cancellations(), Error);
  EXPECT_EQ(all_of(f.cancellations({{"shift", 1.0}}, true)), "");
  EXPECT_NE(all_of(f.cancellations({{"k", 0.0}, {"shift", 1.0}}, false)), "");
}

TEST(Cancellation, TheWarningStandsAtThePartOfTheText) {
  const Module m = compile("one(x) = x\n\nhinge(x) = sqrt(x + 1) - sqrt(x)\n");
  const auto warnings = m["hinge"].cancellations();
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings[0].line, 3U);
  EXPECT_EQ(warnings[0].column, 12U);
  EXPECT_EQ(warnings[0].width, 21U);
  EXPECT_EQ(warnings[0].code, "cancellation");
  EXPECT_TRUE(m["one"].cancellations().empty());
}

TEST(Cancellation, WhereTheTextHasNoSuchPartTheWarningStandsAtTheDefinition) {
  const auto warnings = compile("f(x) = x / (exp(x) - 1)").entry().cancellations();
  ASSERT_FALSE(warnings.empty());
  EXPECT_EQ(warnings[0].column, 1U);
}

TEST(Cancellation, ThatALimitEndedTheRulesIsSaidFirst) {
  const std::string circle = "rule sin(u) = 2 * cos(2 * u)\nrule cos(u) = 2 * sin(2 * u)\n";
  const auto warnings = compile(circle + "f(x) = sin(x)").entry().cancellations();
  ASSERT_FALSE(warnings.empty());
  EXPECT_TRUE(warnings[0].message.starts_with("rules were not tried everywhere in `f`: "))
      << all_of(warnings);
  EXPECT_EQ(warnings[0].line, 3U);
  EXPECT_EQ(all_of(compile("f(x) = sin(x)").entry().cancellations()), "");
}

TEST(Cancellation, LargeFormulasAreLookedAtWithFewerSamples) {
  std::string text = "x";
  for (int k = 1; k <= 80; ++k) text += fmt::format(" + cos({} * x)", k);
  EXPECT_NO_THROW(compile(text).entry().cancellations());
}

}  // namespace
}  // namespace actc::test

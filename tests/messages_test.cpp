// The kinds of messages: each is explained, with an example that is run; and what analysis warns
// of, and of what it does not.
#include "tools/messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "frontend/code.h"
#include "runtime/actc.h"
#include "stdlib/stdlib.h"

namespace actc {
namespace {

const std::vector<tools::Message>& messages() {
  static const std::vector<tools::Message> all = tools::read_messages(tools::messages_document());
  return all;
}

std::vector<Diagnostic> analysis_of(const Module& module) {
  std::vector<Diagnostic> all(module.warnings().begin(), module.warnings().end());
  const std::vector<Diagnostic> found = module.analysis();
  all.insert(all.end(), found.begin(), found.end());
  return all;
}

// All that `actc check` says of a text.
std::vector<Diagnostic> said_of(const std::string& text) {
  const Result<Module> module = try_compile(text);
  if (!module) return {module.diagnostics().begin(), module.diagnostics().end()};
  std::vector<Diagnostic> all = analysis_of(*module);
  for (const Function& function : module->functions()) {
    const auto parameters = function.parameters();
    if (std::ranges::any_of(parameters, [](const auto& p) { return !p.default_value; })) continue;
    const std::vector<Diagnostic> lost = function.cancellations();
    all.insert(all.end(), lost.begin(), lost.end());
  }
  return all;
}

std::string rendered(std::span<const Diagnostic> diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) text += render(d);
  return text;
}

TEST(Messages, EachCodeIsExplained) {
  std::vector<std::string> explained;
  for (const tools::Message& message : messages()) {
    explained.push_back(message.code);
    EXPECT_FALSE(message.title.empty()) << message.code;
    EXPECT_LE(message.title.size(), 100U) << message.code;
  }
  const auto names = frontend::code_names();
  EXPECT_EQ(explained, (std::vector<std::string>{names.begin(), names.end()}));
}

TEST(Messages, EachExampleGetsItsMessageAndMendedItGetsNone) {
  for (const tools::Message& message : messages()) {
    SCOPED_TRACE(message.code);
    const std::vector<Diagnostic> wrong = said_of(message.wrong);
    EXPECT_TRUE(std::ranges::any_of(wrong, [&](const Diagnostic& d) {
      return d.code == message.code && (d.severity == Severity::warning) == message.is_warning;
    })) << rendered(wrong);
    EXPECT_EQ(rendered(said_of(message.mended)), "");
  }
}

TEST(Messages, EveryDiagnosticOfATextHasACode) {
  for (const tools::Message& message : messages()) {
    for (const Diagnostic& d : said_of(message.wrong)) EXPECT_NE(d.code, "") << render(d);
  }
}

// What is shown for a text stands below it in data/warnings.txt. With ACTC_UPDATE_GOLDEN set in the
// environment the file is written anew, to be looked at.
TEST(Analysis, SaysWhatIsWrongWhereAndForWhichInputs) {
  const std::string path = ACTC_TEST_DATA "/warnings.txt";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::string head, line;
  std::vector<std::pair<std::string, std::string>> cases;
  while (std::getline(file, line)) {
    if (line.starts_with("== ")) {
      cases.emplace_back(line.substr(3), "");
    } else if (cases.empty()) {
      head += line + "\n";
    } else {
      cases.back().second += line + "\n";
    }
  }
  EXPECT_GE(cases.size(), 30U);
  std::string renewed = head;
  for (const auto& [text, wanted] : cases) {
    const Result<Module> module = try_compile(text);
    ASSERT_TRUE(module) << text;
    const std::string found = rendered(module->analysis()) + "\n";
    renewed += "== " + text + "\n" + found;
    if (std::getenv("ACTC_UPDATE_GOLDEN") != nullptr) continue;
    EXPECT_EQ(found, wanted) << text;
  }
  if (std::getenv("ACTC_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << renewed;
}

TEST(Analysis, IsSilentWhereNothingIsWrong) {
  for (const char* text : {
           "x * tanh(log(1 + exp(x)))",
           "where(x > 0, sqrt(x), 0)",
           "where(x > 0 and x < 4, sqrt(4 - x) * sqrt(x), 0)",
           "x > 1 ? log(x) : x - 1",
           "let s = sqrt(x) in where(x > 0, s, 0)",
           "log(1 + exp(x))",
           "x / (1 + abs(x))",
           "sqrt(x^2 + 1) - 1",
           "log(abs(x) + 1e-8)",
           "x / sqrt(x^2 + 1e-6)",
           "1 / (1 + exp(-x))",
           "x / exp(x)",
           "exp(-1 / x^2)",
           "where(x == 0, 1, sin(x) / x)",
           "where(abs(x) < 1e-3, 1 - x^2 / 6, sin(x) / x)",
           "x / max(abs(x), 0.1)",
           "x^3 - x^2",
           "abs(x)^1.5",
           "max(x, 0)^0.5",
           "where(isnan(sqrt(x)), 0, sqrt(x))",
           // What is one of these functions has its domain.
           "log(x)",
           "1 / sqrt(x)",
           "-2 * log(x)",
           "1 / x",
           "f(a, b) = a / b",
           // Sides that meet, and steps that are meant.
           "where(x > 0, x, exp(x) - 1)",
           "x * (x > 0)",
           "sign(x) * abs(x)",
           "sign(x) * sqrt(abs(x))",
           "where(x > 0, 1, -1)",
           "2 * step(x) - 1",
           "where(x > 1, x, 0)",
           "where(abs(x) > 0.5, x, 0)",
           "floor(x)",
           "f(x) = round(4 * x) / 4 d/dx f(x) = surrogate 1",
           "where(x > 2, where(x > 3, 3, x), 2)",
           // Names that are used, or meant not to be.
           "f(x; a = 1) = x d/da f(x; a) = surrogate a",
           "f(x, _mask) = x",
           "let _t = 2 in x",
           "f(x) = uniform(0, 1)",
           // What is not looked at.
           "x / sum(x)",
           "x * sqrt(normal(0, 1))",
           "f(x; a) = sqrt(a * x) + x",
           // A helper is judged where it is called.
           "root(u) = 1 + sqrt(u) f(x) = root(x^2)",
       }) {
    const Result<Module> module = try_compile(text);
    ASSERT_TRUE(module) << text;
    EXPECT_EQ(rendered(module->analysis()), "") << text;
  }
}

// "swish(x; beta = 1) = …" of a built-in, as a user may copy it.
std::string text_of(const Function& function) {
  std::string text = function.name() + "(";
  for (const std::string& input : function.inputs()) {
    text += (text.ends_with('(') ? "" : ", ") + input;
  }
  bool first = true;
  for (const ParameterInfo& p : function.parameters()) {
    text += (first ? "; " : ", ") + p.name;
    if (p.default_value) text += " = " + std::to_string(*p.default_value);
    first = false;
  }
  return text + ") = " + function.source() + "\n";
}

TEST(Analysis, IsSilentOnTheBuiltIns) {
  const Module library = standard_library();
  EXPECT_GE(library.functions().size(), 60U);
  EXPECT_EQ(rendered(library.analysis()), "");
  for (const Function& function : library.functions()) {
    EXPECT_EQ(rendered(function.analysis()), "");
    const std::string text = text_of(function);
    const Result<Module> module = try_compile(text);
    ASSERT_TRUE(module) << text << rendered(module.diagnostics());
    EXPECT_EQ(rendered(module->analysis()), "") << text;
  }
}

TEST(Analysis, IsSilentOnTheTextsOfTheLibrary) {
  for (const char* name : {"activations.act", "gated.act", "random.act"}) {
    const Result<Module> module = try_compile(stdlib::file(name));
    ASSERT_TRUE(module) << name << rendered(module.diagnostics());
    EXPECT_EQ(rendered(module->analysis()), "") << name;
  }
}

TEST(Analysis, ParametersMatter) {
  const Function f = compile("f(x; a = 1) = x / (x^2 + a)").entry();
  EXPECT_EQ(rendered(f.analysis()), "");
  EXPECT_NE(rendered(f.analysis({{"a", -1.0}})).find("is 0 at x = 1 and at x = -1 (a = -1)"),
            std::string::npos)
      << rendered(f.analysis({{"a", -1.0}}));
  EXPECT_THROW(f.analysis({{"b", 1.0}}), Error);
}

// The words of a warning are held against the formula itself.
TEST(Analysis, TheInputsNamedAreThoseAtWhichItIsNaN) {
  const Function f = compile("x * sqrt(x^3 - 4 * x)").entry();  // negative for x < -2, 0 < x < 2
  EXPECT_NE(rendered(f.analysis()).find("for 0 < x < 2 and for x < -2: at x = 1 it"),
            std::string::npos)
      << rendered(f.analysis());
  for (double x = -6; x <= 6; x += 0.03125) {
    const bool negative = (x > 0 && x < 2) || x < -2;
    EXPECT_EQ(std::isnan(f.evaluate(std::vector{x})), negative) << x;
  }
}

TEST(Analysis, APartOfAnotherDefinitionIsPointedAtThere) {
  const Module module = compile("root(u) = 1 + sqrt(u)\nf(x) = x * root(x - 1)\n");
  const std::vector<Diagnostic> found = module.analysis();
  ASSERT_EQ(found.size(), 1U) << rendered(found);
  EXPECT_EQ(found[0].line, 1U);
  EXPECT_EQ(found[0].column, 15U);
  EXPECT_NE(found[0].message.find("x < 1"), std::string::npos) << found[0].message;
}

TEST(Analysis, OfALargeTextEndsSoon) {
  std::string sum = "x / (x - 1)";
  for (int k = 1; k < 2'000; ++k) sum += " + sqrt(x - " + std::to_string(k) + ")";
  std::string many = "f0(x) = x / (x - 1)\n";
  for (int k = 1; k < 300; ++k) {
    many += "## Documented.\nf" + std::to_string(k) + "(x) = f" + std::to_string(k - 1) +
            "(x) + sqrt(x - " + std::to_string(k) + ")\n";
  }
  for (const std::string& text : {sum, many}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(compile(text).analysis().empty());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  }
}

}  // namespace
}  // namespace actc

// The actc program as a shell sees it: exit codes, what goes to which stream, what the JSON holds.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/run_program.h"
#include "tools/files.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

using actc::testing::actc;
using actc::testing::contains;
using actc::testing::file_content;
using actc::testing::ProgramResult;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;
using Json = nlohmann::json;
using Shape = std::vector<std::uint64_t>;

template <class T>
void save(const std::string& path, const Shape& shape, const std::vector<T>& elements) {
  OutputFile file(path);
  write_npy(file, shape, elements);
  file.commit();
}

template <class T>
std::vector<T> load(const std::string& path) {
  return std::get<std::vector<T>>(read_npy(path).elements);
}

// Wrong in a way that the exit code tells: nothing on standard output, the reason on the other.
void expect_refused(const std::vector<std::string>& arguments, int code,
                    const std::string& reason) {
  const ProgramResult result = actc(arguments);
  EXPECT_EQ(result.exit_code, code) << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(contains(result.errors, reason)) << result.errors;
}

TEST(Help, StartsWithExamples) {
  const std::vector<std::vector<std::string>> calls = {
      {"--help"},         {"list", "--help"}, {"show", "--help"},  {"check", "--help"},
      {"emit", "--help"}, {"run", "--help"},  {"bench", "--help"}, {"plot", "--help"}};
  for (const auto& call : calls) {
    const ProgramResult result = actc(call);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.output.rfind("Examples:\n  actc ", 0), 0u) << result.output;
    EXPECT_EQ(result.errors, "");
  }
}

TEST(Help, HasTheVersion) {
  const ProgramResult result = actc({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output.rfind("actc ", 0), 0u) << result.output;
}

TEST(CommandLine, GuessesWhatWasMeant) {
  expect_refused({"shwo", "relu"}, 2, "did you mean 'show'?");
  expect_refused({"show", "relu", "--jsn"}, 2, "did you mean '--json'?");
  expect_refused({"emit", "relu", "--stage=lowerd"}, 2, "did you mean 'lowered'?");
  expect_refused({"show", "swish", "--param", "bta=2"}, 2, "did you mean 'beta'?");
  expect_refused({"show", "sofplus"}, 1, "did you mean 'softplus'?");
}

TEST(CommandLine, RefusesWhatIsIncomplete) {
  expect_refused({}, 2, "Examples:");
  expect_refused({"show"}, 2, "DEF is required");
  expect_refused({"show", "relu", "relu"}, 2, "one argument too many");
  expect_refused({"emit", "relu"}, 2, "give --stage or --as");
  expect_refused({"emit", "relu", "--stage=ir", "--as=c"}, 2, "give --stage or --as");
  expect_refused({"emit", "relu", "--as=latexx"}, 2, "did you mean 'latex'?");
  expect_refused({"emit", "relu", "--as=c", "--dtype", "f16"}, 2, "give --dtype f32 or f64");
  expect_refused({"emit", "softmax", "--as=c"}, 1, "it can be written as NumPy");
  expect_refused({"emit", "dropout", "--as=numpy"}, 1, "draws random numbers");
  expect_refused({"show", "swish", "--param", "beta"}, 2, "name=value");
  expect_refused({"show", "swish", "--param", "beta=two"}, 2, "no number");
  expect_refused({"show", "swish", "--param", "beta=1", "--param", "beta=2"}, 2, "twice");
  expect_refused({"bench", "relu", "--n", "0"}, 2, "--n must be between");
  expect_refused({"emit", "relu", "--stage=ir", "--dtype", "f8"}, 2, "f16 or bf16");
}

TEST(List, HasTheBuiltIns) {
  const ProgramResult result = actc({"list"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(contains(result.output, "swish(x; beta = 1)")) << result.output;
  const Json json = Json::parse(actc({"list", "--json"}).output);
  ASSERT_TRUE(json.is_array());
  bool found = false;
  for (const Json& entry : json) {
    if (entry["name"] != "swish") continue;
    found = true;
    EXPECT_EQ(entry["inputs"], Json::array({"x"}));
    EXPECT_EQ(entry["parameters"][0]["name"], "beta");
    EXPECT_EQ(entry["parameters"][0]["default"], 1.0);
  }
  EXPECT_TRUE(found);
}

TEST(Show, HasFormulaAndDerivatives) {
  const ProgramResult result = actc({"show", "swish"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  for (const char* part : {"swish(x; beta = 1)", "formula", "d/dx", "d/dbeta"}) {
    EXPECT_TRUE(contains(result.output, part)) << result.output;
  }
  const Json json = Json::parse(actc({"show", "a * x^2", "--json"}).output, nullptr, false);
  EXPECT_TRUE(json.is_discarded()) << "`a` is not known: no JSON is printed";
  const Json cubic = Json::parse(actc({"show", "f(x; a = 2) = a * x^3", "--json"}).output);
  EXPECT_EQ(cubic["name"], "f");
  EXPECT_EQ(cubic["source"], "a * x^3");
  EXPECT_TRUE(cubic["derivatives"].contains("x"));
  EXPECT_TRUE(cubic["derivatives"].contains("a"));
  // What is printed is a formula again.
  const std::string derivative = cubic["derivatives"]["x"];
  EXPECT_EQ(actc({"show", "g(x; a = 2) = " + derivative}).exit_code, 0) << derivative;
}

TEST(Show, TakesAFormulaThatBeginsWithAMinus) {
  EXPECT_EQ(actc({"show", "-x * 2"}).exit_code, 0);
  EXPECT_EQ(actc({"show", "--", "-x * 2"}).exit_code, 0);
}

TEST(Show, PutsACaretUnderTheError) {
  const ProgramResult result = actc({"show", "x * tanhh(x)"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(contains(result.errors, ":1:5: error:")) << result.errors;
  EXPECT_TRUE(contains(result.errors, "\n    x * tanhh(x)\n        ^~~~~\n")) << result.errors;
  EXPECT_TRUE(contains(result.errors, "did you mean `tanh`?")) << result.errors;
  EXPECT_FALSE(contains(result.errors, "\x1b")) << "no colour where there is no terminal";
}

TEST(DefinitionFile, GivesNamesAndIsUsedByFormulas) {
  const TemporaryFolder folder;
  const std::string file = folder / "mine.act";
  write_file(file, "double(x) = 2 * x\nquad(x) = double(double(x))\n");
  const auto source = [&](const std::string& def) -> std::string {
    const ProgramResult result = actc({"show", def, "-f", file, "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return result.exit_code == 0 ? Json::parse(result.output)["source"] : "";
  };
  EXPECT_EQ(source("double"), "2 * x");
  EXPECT_EQ(source("quad"), "double(double(x))");
  EXPECT_EQ(source("double(x) + 1"), "double(x) + 1");
  EXPECT_EQ(source("(1 + double(x))"), "(1 + double(x))")
      << "does not continue the last definition";
  EXPECT_EQ(source("-double(x)"), "-double(x)");
  EXPECT_EQ(actc({"show", "relu", "-f", file}).exit_code, 0) << "built-ins stay";
  expect_refused({"show", "doubl", "-f", file}, 1, "did you mean 'double'?");
  expect_refused({"show", "double", "-f", folder / "missing.act"}, 3, "missing.act");
  const ProgramResult wrong = actc({"show", "-double(y)", "-f", file});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_TRUE(contains(wrong.errors, "formula:1:9: error:")) << wrong.errors;
}

TEST(Check, FindsAllErrors) {
  const TemporaryFolder folder;
  const std::string file = folder / "mine.act";
  write_file(file, "f(x) = tanhh(x)\n\ng(x) = y + 1\n");
  const ProgramResult result = actc({"check", file});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_TRUE(contains(result.errors, file + ":1:8: error:")) << result.errors;
  EXPECT_TRUE(contains(result.errors, file + ":3:")) << result.errors;
  const ProgramResult with_json = actc({"check", file, "--json"});
  EXPECT_EQ(with_json.exit_code, 1);
  EXPECT_EQ(with_json.errors, "");
  const Json json = Json::parse(with_json.output);
  EXPECT_EQ(json["ok"], false);
  ASSERT_GE(json["diagnostics"].size(), 2u);
  EXPECT_EQ(json["diagnostics"][0]["severity"], "error");
  EXPECT_EQ(json["diagnostics"][0]["line"], 1);
  EXPECT_EQ(json["diagnostics"][0]["column"], 8);
  EXPECT_EQ(json["diagnostics"][0]["text"], "f(x) = tanhh(x)");
}

TEST(Check, PassesWhatIsRightWithItsWarnings) {
  const TemporaryFolder folder;
  const std::string file = folder / "mine.act";
  write_file(file, "f(x) = x^2\nd/dx f(x) = 3 * x\n");
  const ProgramResult result = actc({"check", file});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(contains(result.output, "1 definition")) << result.output;
  EXPECT_TRUE(contains(result.errors, "warning:")) << result.errors;
  const Json json = Json::parse(actc({"check", file, "--json"}).output);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["definitions"], Json::array({"f"}));
  EXPECT_EQ(json["diagnostics"][0]["severity"], "warning");
}

TEST(Check, SaysWhatCannotBeRead) {
  expect_refused({"check", "/nonexistent/mine.act"}, 3, "cannot read /nonexistent/mine.act");
  const ProgramResult result = actc({"check", "/nonexistent/mine.act", "--json"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(Json::parse(result.output)["ok"], false);
  expect_refused({"check", "/tmp"}, 3, "directory");
  const TemporaryFolder folder;
  write_file(folder / "empty.act", "");
  EXPECT_EQ(actc({"check", folder / "empty.act"}).exit_code, 1);
  EXPECT_EQ(actc({"check", "/dev/zero"}).exit_code, 1) << "reading stops at a limit";
}

TEST(Check, TakesADefinitionToo) {
  const ProgramResult result = actc({"check", "x * log(x)"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "x * log(x): no errors, 1 warning\n");
  EXPECT_TRUE(contains(result.errors,
                       "formula:1:5: warning: `log(x)` is NaN for x < 0: at x = -1 its argument is "
                       "-1 [negative-log]\n    x * log(x)\n        ^~~~~~\n"))
      << result.errors;
  EXPECT_EQ(actc({"check", "gelu"}).output, "gelu: no errors, no warnings\n");
  const Json json = Json::parse(actc({"check", "x * log(x)", "--json"}).output);
  EXPECT_EQ(json["diagnostics"][0]["code"], "negative-log");
  EXPECT_EQ(json["diagnostics"][0]["column"], 5);
}

TEST(Check, SaysInWhichTextAWarningIs) {
  const TemporaryFolder folder;
  const std::string file = folder / "mine.act";
  write_file(file, "# a comment\nroot(x) = x + sqrt(x)\n");
  EXPECT_TRUE(contains(actc({"check", "root(x)", "-f", file}).errors, file + ":2:15: warning:"));
  EXPECT_TRUE(
      contains(actc({"check", "1 + tanh(x) / x", "-f", file}).errors, "formula:1:15: warning:"));
}

TEST(Explain, TellsMoreOfAMessage) {
  const ProgramResult result = actc({"explain", "negative-log"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output.rfind("warning [negative-log]: ", 0), 0U) << result.output;
  EXPECT_TRUE(contains(result.output, "\n    x * log(x)\n")) << result.output;
  EXPECT_EQ(actc({"explain", "[negative-log]"}).output, result.output);
  EXPECT_EQ(Json::parse(actc({"explain", "negative-log", "--json"}).output)["wrong"], "x * log(x)");
  EXPECT_TRUE(contains(actc({"explain"}).output, "unknown-name"));
  EXPECT_GE(Json::parse(actc({"explain", "--json"}).output).size(), 40U);
  expect_refused({"explain", "negativ-log"}, 2, "did you mean 'negative-log'?");
}

TEST(Emit, PrintsEveryStage) {
  for (const char* stage : {"ast", "ir", "stable", "grad", "lowered", "llvm", "asm"}) {
    for (const char* dtype : {"f32", "f64", "f16", "bf16"}) {
      const ProgramResult result =
          actc({"emit", "silu", std::string("--stage=") + stage, "--dtype", dtype});
      EXPECT_EQ(result.exit_code, 0) << stage << result.errors;
      EXPECT_GT(result.output.size(), 20u) << stage;
      EXPECT_EQ(result.output.back(), '\n') << stage;
    }
  }
}

TEST(Emit, SaysWhichRulesFired) {
  const ProgramResult result = actc({"emit", "x / (1 + exp(-x))", "--stage=stable"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(contains(result.output, "y = silu(x)")) << result.output;
  EXPECT_TRUE(contains(result.output, "dx = dy * silu_slope(x)")) << result.output;
  EXPECT_TRUE(contains(result.output, "rule 1 / (1 + exp(u)) = sigmoid(-u)")) << result.output;
  const ProgramResult plain =
      actc({"emit", "x / (1 + exp(-x))", "--stage=stable", "--no-stabilize"});
  EXPECT_EQ(plain.exit_code, 0) << plain.errors;
  EXPECT_TRUE(contains(plain.output, "y = x / (1 + exp(-x))")) << plain.output;
}

TEST(Emit, SaysThatALimitEndedTheRules) {
  // Each sine is met before its argument has become a cosine: one of them a round.
  const auto nested = [](int depth) {
    std::string formula = "cos(x)";
    for (int i = 0; i < depth; ++i) formula = "sin(" + formula + ")";
    return "rule sin(cos(u)) = cos(u)\nf(x) = " + formula;
  };
  const std::string ended = "  and no further: some still applied";
  const ProgramResult deep = actc({"emit", nested(20), "--stage=stable"});
  EXPECT_EQ(deep.exit_code, 0) << deep.errors;
  EXPECT_TRUE(contains(deep.output, ended)) << deep.output;
  const ProgramResult shallow = actc({"emit", nested(2), "--stage=stable"});
  EXPECT_EQ(shallow.exit_code, 0) << shallow.errors;
  EXPECT_FALSE(contains(shallow.output, ended)) << shallow.output;
  EXPECT_TRUE(contains(actc({"show", nested(20)}).errors, "rules were not tried everywhere"));
}

TEST(Run, ComputesValueAndGradient) {
  const TemporaryFolder folder;
  const std::vector<float> x = {-2, -1, 0, 1, 2, 3};
  save(folder / "x.npy", {2, 3}, x);
  save(folder / "dy.npy", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  const ProgramResult result = actc({"run", "f(x; a = 1) = a * x^2", "--input", folder / "x.npy",
                                     "--output", folder / "y.npy", "--grad", folder / "dx.npy",
                                     "--upstream", folder / "dy.npy", "--param", "a=3"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "");
  EXPECT_EQ(read_npy(folder / "y.npy").shape, (Shape{2, 3}));
  EXPECT_EQ(load<float>(folder / "y.npy"), (std::vector<float>{12, 3, 0, 3, 12, 27}));
  EXPECT_EQ(load<float>(folder / "dx.npy"), (std::vector<float>{-12, -12, 0, 24, 60, 108}));
}

TEST(Run, WithoutUpstreamIsTheDerivative) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2}, std::vector<double>{3, -4});
  ASSERT_EQ(
      actc({"run", "x^2", "--input", folder / "x.npy", "--grad", folder / "dx.npy"}).exit_code, 0);
  EXPECT_EQ(load<double>(folder / "dx.npy"), (std::vector<double>{6, -8}));
}

TEST(Run, ComputesInHalfPrecision) {
  const TemporaryFolder folder;
  const std::vector<float> single = {1.0F / 3, -2, 60000, 1e-7F};
  save(folder / "x.npy", {4}, std::vector<float16>(single.size(), float16(1.0F / 3)));
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"run", "2 * x", "--output", folder / "y.npy"};
    all.insert(all.end(), more.begin(), more.end());
    return actc(all);
  };
  const auto halves = [](const auto& values) {
    std::vector<float> wide(values.begin(), values.end());
    return wide;
  };
  ASSERT_EQ(run({"--input", folder / "x.npy", "--grad", folder / "dx.npy"}).exit_code, 0);
  EXPECT_EQ(halves(load<float16>(folder / "y.npy")),
            std::vector<float>(4, 2 * float(float16(1.0F / 3))));
  EXPECT_EQ(halves(load<float16>(folder / "dx.npy")), std::vector<float>(4, 2.0F));
  ASSERT_EQ(run({"--input", folder / "x.npy", "--dtype", "f32"}).exit_code, 0);
  EXPECT_EQ(load<float>(folder / "y.npy")[0], 2 * float(float16(1.0F / 3)));

  save(folder / "f32.npy", {4}, single);
  ASSERT_EQ(run({"--input", folder / "f32.npy", "--dtype", "f16"}).exit_code, 0);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(load<float16>(folder / "y.npy")[k].bits(),
              float16(2 * float(float16(single[k]))).bits());
  }
  ASSERT_EQ(run({"--input", folder / "f32.npy", "--dtype", "bf16"}).exit_code, 0);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(load<bfloat16>(folder / "y.npy")[k].bits(),
              bfloat16(2 * float(bfloat16(single[k]))).bits());
  }
}

TEST(Run, TakesUint16ForBfloat16OnlyWhereThatIsSaid) {
  const TemporaryFolder folder;
  const std::string x = folder / "x.npy", y = folder / "y.npy";
  save(x, {2}, std::vector<bfloat16>{bfloat16(1.5F), bfloat16(-3.0F)});
  EXPECT_TRUE(contains(file_content(x), "'<u2'"));
  expect_refused({"run", "relu", "--input", x, "--output", y}, 1, "--dtype bf16");
  expect_refused({"run", "relu", "--input", x, "--output", y, "--dtype", "f32"}, 1, "--dtype bf16");
  ASSERT_EQ(actc({"run", "relu", "--input", x, "--output", y, "--dtype", "bf16"}).exit_code, 0);
  EXPECT_EQ(float(load<bfloat16>(y)[0]), 1.5F);
  EXPECT_EQ(float(load<bfloat16>(y)[1]), 0.0F);
}

TEST(Bench, MeasuresHalfPrecision) {
  for (const char* dtype : {"f16", "bf16"}) {
    const Json json =
        Json::parse(actc({"bench", "relu", "--n", "100", "--dtype", dtype, "--json"}).output);
    EXPECT_EQ(json["dtype"], dtype);
    EXPECT_GT(json["results"][0]["forward"], 0);
  }
}

TEST(Run, GivesGradientsInOrderOrByName) {
  const TemporaryFolder folder;
  save(folder / "a.npy", {2}, std::vector<double>{2, 3});
  save(folder / "b.npy", {2}, std::vector<double>{5, 7});
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"run",     "f(a, b) = a * b^2", "--input", folder / "a.npy",
                                    "--input", folder / "b.npy"};
    all.insert(all.end(), more.begin(), more.end());
    return actc(all);
  };
  ASSERT_EQ(run({"--grad", folder / "1.npy", "--grad", folder / "2.npy"}).exit_code, 0);
  EXPECT_EQ(load<double>(folder / "1.npy"), (std::vector<double>{25, 49}));
  EXPECT_EQ(load<double>(folder / "2.npy"), (std::vector<double>{20, 42}));
  ASSERT_EQ(run({"--grad", "b=" + (folder / "b1.npy")}).exit_code, 0);
  EXPECT_EQ(load<double>(folder / "b1.npy"), (std::vector<double>{20, 42}));
  EXPECT_EQ(run({"--grad", "c=" + (folder / "c.npy")}).exit_code, 2);
  EXPECT_EQ(run({"--grad", folder / "3", "--grad", folder / "3"}).exit_code, 2);
  EXPECT_EQ(run({"--grad", "b=" + (folder / "3"), "--grad", "b=" + (folder / "4")}).exit_code, 2);
}

TEST(Run, ConvertsToTheFormatThatIsAskedFor) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2}, std::vector<double>{0.1, 1e300});
  const auto run = [&](const std::string& dtype) {
    return actc(
        {"run", "x", "--input", folder / "x.npy", "--output", folder / "y.npy", "--dtype", dtype});
  };
  ASSERT_EQ(run("f32").exit_code, 0);
  EXPECT_EQ(load<float>(folder / "y.npy"), (std::vector<float>{0.1f, INFINITY}));
  ASSERT_EQ(run("f64").exit_code, 0);
  EXPECT_EQ(load<double>(folder / "y.npy"), (std::vector<double>{0.1, 1e300}));
  EXPECT_EQ(run("f8").exit_code, 2);
}

TEST(Run, TakesEmptyAndScalarArrays) {
  const TemporaryFolder folder;
  save(folder / "empty.npy", {0, 4}, std::vector<float>{});
  ASSERT_EQ(actc({"run", "relu", "--input", folder / "empty.npy", "--output", folder / "y.npy",
                  "--grad", folder / "dx.npy"})
                .exit_code,
            0);
  EXPECT_EQ(read_npy(folder / "y.npy").shape, (Shape{0, 4}));
  EXPECT_EQ(read_npy(folder / "dx.npy").shape, (Shape{0, 4}));
  save(folder / "scalar.npy", {}, std::vector<float>{-2});
  ASSERT_EQ(actc({"run", "abs(x)", "--input", folder / "scalar.npy", "--output", folder / "y.npy"})
                .exit_code,
            0);
  EXPECT_EQ(read_npy(folder / "y.npy").shape, Shape{});
  EXPECT_EQ(load<float>(folder / "y.npy"), std::vector<float>{2});
}

TEST(Run, MayReplaceItsInput) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {3}, std::vector<float>{-1, 0, 1});
  ASSERT_EQ(
      actc({"run", "x + 1", "--input", folder / "x.npy", "--output", folder / "x.npy"}).exit_code,
      0);
  EXPECT_EQ(load<float>(folder / "x.npy"), (std::vector<float>{0, 1, 2}));
}

TEST(Run, TakesRowsAlongAnyAxis) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2, 3}, std::vector<double>{1, 2, 3, 4, 5, 9});
  const auto sum = [&](std::vector<std::string> axis) {
    std::vector<std::string> all = {"run",      "sum(x^2) / 2",   "--input", folder / "x.npy",
                                    "--output", folder / "y.npy", "--grad",  folder / "dx.npy"};
    all.insert(all.end(), axis.begin(), axis.end());
    return actc(all);
  };
  ASSERT_EQ(sum({}).exit_code, 0);
  EXPECT_EQ(read_npy(folder / "y.npy").shape, (Shape{2}));
  EXPECT_EQ(load<double>(folder / "y.npy"), (std::vector<double>{7, 61}));
  EXPECT_EQ(load<double>(folder / "dx.npy"), (std::vector<double>{1, 2, 3, 4, 5, 9}));
  ASSERT_EQ(sum({"--axis", "0"}).exit_code, 0);
  EXPECT_EQ(load<double>(folder / "y.npy"), (std::vector<double>{8.5, 14.5, 45}));
  save(folder / "dy.npy", {3}, std::vector<double>{1, 10, 100});
  ASSERT_EQ(sum({"--axis=-2", "--upstream", folder / "dy.npy"}).exit_code, 0);
  EXPECT_EQ(load<double>(folder / "dx.npy"), (std::vector<double>{1, 20, 300, 4, 50, 900}));

  const std::string x = folder / "x.npy", y = folder / "none.npy";
  expect_refused({"run", "softmax", "--input", x, "--output", y, "--axis", "2"}, 1,
                 "no axis 2 in the shape (2, 3)");
  expect_refused({"run", "gelu", "--input", x, "--output", y, "--axis", "0"}, 2,
                 "each element for itself");
  expect_refused({"run", "mean", "--input", x, "--grad", y, "--upstream", x}, 1,
                 "the value has (2,)");
  save(folder / "empty.npy", {2, 0}, std::vector<double>{});
  expect_refused({"run", "softmax", "--input", folder / "empty.npy", "--output", y}, 1,
                 "rows without elements");
  EXPECT_FALSE(std::filesystem::exists(y));
}

TEST(Run, HasTheGradientOfAConvention) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {3}, std::vector<double>{-1, 0, 1});
  const auto slopes = [&](const std::string& convention) {
    EXPECT_EQ(actc({"run", "2 * hard_tanh(x)", "--input", folder / "x.npy", "--grad",
                    folder / "dx.npy", "--convention", convention})
                  .exit_code,
              0);
    return load<double>(folder / "dx.npy");
  };
  EXPECT_EQ(slopes("pytorch"), (std::vector<double>{0, 2, 0}));
  EXPECT_EQ(slopes("jax"), (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(slopes("onednn"), (std::vector<double>{0, 2, 2}));
  expect_refused({"show", "relu", "--convention", "torch"}, 2, "no convention 'torch'");
}

TEST(Run, SpreadsInputsAndSumsTheirGradients) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  save(folder / "b.npy", {3}, std::vector<float>{10, 20, 30});
  ASSERT_EQ(
      actc({"run", "f(x, b) = x + 2 * b", "--input", folder / "x.npy", "--input", folder / "b.npy",
            "--output", folder / "y.npy", "--grad", folder / "dx.npy", "--grad", folder / "db.npy"})
          .exit_code,
      0);
  EXPECT_EQ(load<float>(folder / "y.npy"), (std::vector<float>{21, 42, 63, 24, 45, 66}));
  EXPECT_EQ(read_npy(folder / "db.npy").shape, (Shape{3}));
  EXPECT_EQ(load<float>(folder / "db.npy"), (std::vector<float>{4, 4, 4}));
  save(folder / "c.npy", {2}, std::vector<float>{1, 2});
  expect_refused({"run", "f(x, b) = x + b", "--input", folder / "x.npy", "--input",
                  folder / "c.npy", "--output", folder / "none.npy"},
                 1, "has the shape (2,), but ");
}

TEST(Run, TakesAParameterAChannel) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2, 2, 2}, std::vector<float>{-1, 1, -2, 2, -3, 3, -4, 4});
  save(folder / "a.npy", {2}, std::vector<float>{10, 100});
  const std::string slopes = "a=" + (folder / "a.npy");
  ASSERT_EQ(actc({"run", "prelu", "--input", folder / "x.npy", "--param", slopes, "--channel-axis",
                  "1", "--output", folder / "y.npy", "--grad", folder / "dx.npy", "--grad",
                  "a=" + (folder / "da.npy")})
                .exit_code,
            0);
  EXPECT_EQ(load<float>(folder / "y.npy"), (std::vector<float>{-10, 1, -200, 2, -30, 3, -400, 4}));
  EXPECT_EQ(load<float>(folder / "da.npy"), (std::vector<float>{-4, -6}));
  const std::string x = folder / "x.npy", y = folder / "none.npy";
  expect_refused(
      {"run", "prelu", "--input", x, "--output", y, "--param", slopes, "--channel-axis", "3"}, 1,
      "no axis 3 in the shape (2, 2, 2)");
  expect_refused({"run", "prelu", "--input", x, "--output", y, "--channel-axis", "1"}, 2,
                 "a parameter whose values are an array");
  expect_refused({"run", "prelu", "--input", x, "--output", y, "--param", "b" + slopes}, 2,
                 "has no parameter 'ba'");
}

TEST(Saved, TellsWhatAGradientNeeds) {
  const ProgramResult table = actc({"saved", "elu"});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_NE(table.output.find("alpha > 0"), std::string::npos) << table.output;
  const ProgramResult json = actc({"saved", "relu", "--json"});
  EXPECT_NE(json.output.find("0.125"), std::string::npos) << json.output;
  expect_refused({"saved", "--param", "a=1"}, 2, "are for a DEF");
}

TEST(Run, GivesTheGradientsOfLearnedParameters) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2, 2}, std::vector<float>{1, -2, -3, 4});
  save(folder / "dy.npy", {2, 2}, std::vector<float>{1, 10, 100, 1000});
  ASSERT_EQ(actc({"run", "prelu", "--input", folder / "x.npy", "--upstream", folder / "dy.npy",
                  "--grad", folder / "dx.npy", "--grad", "a=" + (folder / "da.npy")})
                .exit_code,
            0);
  EXPECT_EQ(load<float>(folder / "dx.npy"), (std::vector<float>{1, 2.5, 25, 1000}));
  EXPECT_EQ(read_npy(folder / "da.npy").shape, Shape{});
  EXPECT_EQ(load<double>(folder / "da.npy"), (std::vector<double>{-320}));
  expect_refused(
      {"run", "swish", "--input", folder / "x.npy", "--grad", "beta=" + (folder / "none.npy")}, 2,
      "learns no parameter 'beta'");
}

TEST(Run, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2}, std::vector<float>{1, 2});
  save(folder / "long.npy", {3}, std::vector<float>{1, 2, 3});
  save(folder / "f64.npy", {2}, std::vector<double>{1, 2});
  const std::string x = folder / "x.npy", y = folder / "y.npy";
  const std::string two = "f(a, b) = a + b";
  expect_refused({"run", "relu", "--input", x}, 2, "nothing to write");
  expect_refused({"run", "relu", "--input", x, "--input", x, "--output", y}, 2, "has 1 input (x)");
  expect_refused({"run", "relu", "--input", x, "--output", y, "--upstream", x}, 2, "no --grad");
  expect_refused({"run", "relu", "--input", x, "--output", y, "--grad", y}, 2, "two results");
  expect_refused({"run", "threshold", "--input", x, "--output", y}, 2, "has no default");
  expect_refused({"run", two, "--input", x, "--input", folder / "long.npy", "--output", y}, 1,
                 "the shape (3,)");
  expect_refused({"run", two, "--input", x, "--input", folder / "f64.npy", "--output", y}, 1,
                 "--dtype");
  expect_refused({"run", "relu", "--input", x, "--grad", y, "--upstream", folder / "long.npy"}, 1,
                 "the shape (3,)");
  EXPECT_FALSE(std::filesystem::exists(y));
}

TEST(Run, TellsDamagedFilesFromUnreadableOnes) {
  const TemporaryFolder folder;
  save(folder / "x.npy", {2}, std::vector<float>{1, 2});
  const std::string bytes = file_content(folder / "x.npy");
  write_file(folder / "short.npy", bytes.substr(0, bytes.size() - 1));
  write_file(folder / "old.npy", "old");
  const std::string old = folder / "old.npy";
  expect_refused({"run", "relu", "--input", folder / "short.npy", "--output", old}, 1, "cut short");
  expect_refused({"run", "relu", "--input", folder / "no.npy", "--output", old}, 3, "cannot read");
  expect_refused({"run", "relu", "--input", folder / "x.npy", "--output", folder / "no/y.npy"}, 3,
                 "cannot write");
  expect_refused({"run", "relu", "--input", folder / "x.npy", "--output", "/dev/full"}, 3,
                 "No space left");
  EXPECT_EQ(file_content(old), "old");
  const auto files = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(std::distance(files, {}), 3) << "nothing half written is left";
}

TEST(Bench, ReportsForwardBackwardAndMemcpy) {
  const Json json = Json::parse(actc({"bench", "relu", "x * x", "--n", "1000", "--json"}).output);
  EXPECT_EQ(json["n"], 1000);
  EXPECT_EQ(json["unit"], "ns/element");
  ASSERT_EQ(json["results"].size(), 2u);
  EXPECT_EQ(json["results"][0]["definition"], "relu");
  EXPECT_EQ(json["results"][1]["definition"], "x * x");
  for (const char* field : {"forward", "forward_memcpy", "backward", "backward_memcpy"}) {
    EXPECT_GT(json["results"][0][field].get<double>(), 0) << field;
  }
}

TEST(Bench, ReportsTheStepsOfACompilation) {
  const Json json = Json::parse(
      actc({"bench", "softmax", "f(x; a = 1) = a * x^2", "--param", "a=2", "--compile", "--json"})
          .output);
  EXPECT_EQ(json["unit"], "ms");
  ASSERT_EQ(json["results"].size(), 2u);
  for (const char* field : {"graphs", "llvm_ir", "llvm", "link", "total", "from_cache"}) {
    EXPECT_GT(json["results"][0][field].get<double>(), 0) << field;
  }
}

}  // namespace
}  // namespace actc::tools

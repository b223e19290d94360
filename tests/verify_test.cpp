// `actc verify` as a shell sees it: what it reports, and that planted faults are found.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/run_program.h"

namespace actc::tools {
namespace {

using actc::testing::ProgramResult;
using actc::testing::run_program;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;
using Json = nlohmann::json;

ProgramResult verify(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "verify");
  return run_program(ACTC_PROGRAM, std::move(arguments));
}

Json report(std::vector<std::string> arguments, int exit_code = 0) {
  arguments.push_back("--json");
  const ProgramResult result = verify(std::move(arguments));
  EXPECT_EQ(result.exit_code, exit_code) << result.output << result.errors;
  return Json::parse(result.output);
}

// A text whose `f` is a formula with an implementation of its own for binary32.
Json report_of(const std::string& text, const std::vector<std::string>& more, int exit_code) {
  const TemporaryFolder folder;
  const std::string file = folder / "planted.act";
  write_file(file, text);
  std::vector<std::string> arguments = {"f", "-f", file, "--forward"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return report(arguments, exit_code);
}

TEST(Verify, ReportsEveryInputOfAHalf) {
  const Json r = report({"relu", "--dtype", "bf16", "--forward"});
  EXPECT_EQ(r["name"], "relu");
  EXPECT_EQ(r["dtype"], "bf16");
  EXPECT_EQ(r["what"], "forward");
  EXPECT_EQ(r["inputs"], 65536);
  EXPECT_EQ(r["max_ulp"], 0);
  EXPECT_EQ(r["mismatches"], 0);
  EXPECT_EQ(r["undecided"], 0);
  EXPECT_EQ(r["bound"], 1);
  EXPECT_EQ(r["ok"], true);
  EXPECT_GE(r["seconds"], 0);
}

TEST(Verify, MathematicalFunctionsAndActivationsHaveTheirContracts) {
  EXPECT_EQ(report({"exp", "--stride", "65537", "--forward"})["bound"], 1);
  EXPECT_EQ(report({"relu", "--stride", "65537", "--forward"})["bound"], 2);
  EXPECT_EQ(report({"relu", "--stride", "65537", "--gradient"})["bound"], 4);
  EXPECT_EQ(report({"exp(x)", "--stride", "65537", "--forward"})["bound"], nullptr);
}

TEST(Verify, TheBoundDecidesTheExitCode) {
  const std::vector<std::string> quick = {"exp(x) * 1.7", "--stride", "65537", "--forward"};
  const double largest = report(quick)["max_ulp"];
  EXPECT_GT(largest, 0.4);
  auto with_bound = [&](double bound) {
    auto arguments = quick;
    arguments.insert(arguments.end(), {"--bound", fmt::format("{}", bound)});
    return verify(arguments).exit_code;
  };
  EXPECT_EQ(with_bound(largest * 1.01), 0);
  EXPECT_EQ(with_bound(largest * 0.99), 1);
}

TEST(Verify, RefusesWhatItCannotDo) {
  EXPECT_EQ(verify({"gelu", "--stride", "256"}).exit_code, 2) << "not a prime";
  EXPECT_EQ(verify({"no_such"}).exit_code, 1);
  EXPECT_EQ(verify({"gelu", "--dtype", "f8"}).exit_code, 2);
}

TEST(Verify, FindsZeroCrossings) {
  const Json r = report({"gelu", "--gradient", "--stride", "4099"});
  ASSERT_EQ(r["crossings"].size(), 1u);
  EXPECT_NEAR(r["crossings"][0]["at"], -0.7517915, 1e-6);
  EXPECT_NE(r["near_zero"], nullptr);
}

// Implementations, right or with a fault.
TEST(PlantedFaults, TheSmallestChangeOfACoefficientThatBreaksTheBound) {
  const auto text = [](const std::string& half) {
    return "f(x) = where(abs(x) < 0.001, 1 + x + x^2 / 2, 1)\n"
           "binary32 f(x) = where(abs(x) < 0.001, fma(x, fma(x, " +
           half + ", 1), 1), 1)\n";
  };
  EXPECT_LE(report_of(text("0.5"), {"--stride", "257", "--bound", "0.55"}, 0)["max_ulp"], 0.55);
  EXPECT_GT(report_of(text("0.51"), {"--stride", "257", "--bound", "0.55"}, 1)["max_ulp"], 0.55);
}

TEST(PlantedFaults, AFlippedComparison) {
  // x = 0.5 alone is on the other side.
  const Json r = report_of(
      "f(x) = where(x > 0.5, 3, 1)\nbinary32 f(x) = where(x >= 0.5, 3, 1)\n"
      "binary64 f(x) = where(x >= 0.5, 3, 1)\n",
      {"--stride", "4099", "--bound", "1"}, 1);
  EXPECT_EQ(r["over"]["count"], 1);
  EXPECT_EQ(r["over"]["first"], 0.5);
}

TEST(PlantedFaults, ATailCutOffOverOneBinade) {
  const std::string cut = "where(x > -64, where(x < -32, 0, exp(x)), exp(x))";
  // The screen has the fault too: MPFR's points show it.
  const Json r =
      report_of("f(x) = exp(x)\nbinary32 f(x) = " + cut + "\nbinary64 f(x) = " + cut + "\n",
                {"--stride", "65537", "--bound", "2"}, 1);
  EXPECT_GT(r["over"]["count"], 0);
  EXPECT_GT(r["unscreened"], 0) << "the screen is wrong there, and is not believed";
}

TEST(PlantedFaults, ARuleWithAWrongSign) {
  const TemporaryFolder folder;
  const std::string file = folder / "rule.act";
  write_file(file, "rule exp(u) - 1 = -expm1(u)\nf(x) = exp(x) - 1\n");
  const Json r = report({"f", "-f", file, "--forward", "--stride", "65537", "--bound", "2"}, 1);
  EXPECT_GT(r["over"]["count"], 0);
}

TEST(PlantedFaults, ARuleThatIsRightOnHalfItsRange) {
  const TemporaryFolder folder;
  const std::string file = folder / "rule.act";
  write_file(file, "rule sqrt(u^2) = u\nf(x) = sqrt((2 * x)^2)\n");
  const Json r = report({"f", "-f", file, "--forward", "--stride", "65537", "--bound", "2"}, 1);
  EXPECT_LT(r["over"]["first"], 0);
}

}  // namespace
}  // namespace actc::tools

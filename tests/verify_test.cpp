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

}  // namespace
}  // namespace actc::tools

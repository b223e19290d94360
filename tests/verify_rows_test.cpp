// `actc verify` of what is over a row, as a shell sees it: what it holds, what it finds.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/verify_support.h"

namespace actc::tools {
namespace {

using actc::testing::ProgramResult;
using actc::testing::TemporaryFolder;
using actc::testing::verify;
using actc::testing::write_file;
using Json = nlohmann::json;

// Of value and gradients, each an element.
Json reports(std::vector<std::string> arguments, int exit_code = 0) {
  Json found = actc::testing::report(std::move(arguments), exit_code);
  return found.is_array() ? found : Json::array({found});
}

TEST(VerifyRows, BuiltInsKeepTheirContractsInEveryFormat) {
  const std::vector<std::string> names = {"softmax", "log_softmax", "masked_softmax", "layer_norm"};
  for (const std::string dtype : {"f32", "f64", "f16", "bf16"}) {
    std::vector<std::string> arguments = names;
    arguments.insert(arguments.end(), {"--dtype", dtype});
    for (const Json& r : reports(arguments)) {
      EXPECT_EQ(r["ok"], true) << r;
      EXPECT_EQ(r["undecided"], 0) << r;
      EXPECT_EQ(r["most_columns"], 3000) << r;
      EXPECT_EQ(r["bound"], dtype == "f64" ? 1e-13 : dtype == "f32" ? 4 : 1);
      EXPECT_EQ(r["bound_is_of_row"], dtype == "f64");
    }
  }
}

TEST(VerifyRows, ReportsTheValueAndTheGradientOfEachInput) {
  std::vector<std::string> found;
  for (const Json& r : reports({"rms_norm", "--columns", "20"})) {
    found.push_back(r["what"]);
    EXPECT_EQ(r["most_columns"], 20);
    EXPECT_EQ(r["values"], r["rows"].get<int>() * 20);
    EXPECT_LE(r["ulp_of_terms"]["error"], r["ulp"]["error"]);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"forward", "gradient by x", "gradient by gain"}));
  EXPECT_EQ(reports({"rms_norm", "--columns", "20", "--gradient"}).size(), 2);
  EXPECT_EQ(reports({"logsumexp", "--columns", "20", "--forward"}).size(), 1);
}

TEST(VerifyRows, TheBoundDecidesTheExitCode) {
  const std::vector<std::string> quick = {"softmax", "--columns", "50", "--forward"};
  const double largest = reports(quick)[0]["ulp_of_terms"]["error"];
  EXPECT_GT(largest, 0.5);
  const auto with_bound = [&](double bound) {
    std::vector<std::string> arguments = quick;
    arguments.insert(arguments.end(), {"--bound", fmt::format("{}", bound)});
    return verify(arguments).exit_code;
  };
  EXPECT_EQ(with_bound(largest * 1.01), 0);
  EXPECT_EQ(with_bound(largest * 0.99), 1);
}

TEST(VerifyRows, WhatAUserTypesHasNoBoundButTheOneGiven) {
  const Json own = reports({"exp(x) / sum(exp(x))", "--columns", "9", "--forward"})[0];
  EXPECT_EQ(own["bound"], nullptr);
  EXPECT_GT(own["no_value"], 0) << "inf / inf";
  EXPECT_EQ(verify({"exp(x) / sum(exp(x))", "--forward", "--bound", "4"}).exit_code, 0);
  const ProgramResult naive =
      verify({"exp(x) / sum(exp(x))", "--forward", "--bound", "4", "--no-stabilize"});
  EXPECT_EQ(naive.exit_code, 1) << "exponentials overflow";
}

// A softmax with a fault in one of its helpers; the formula stays right.
ProgramResult planted(const std::string& share, const std::string& slope,
                      const std::string& direction) {
  const TemporaryFolder folder;
  const std::string file = folder / "planted.act";
  write_file(file,
             "share(z, s) = z / s\n"
             "binary32 share(z, s) = " +
                 share +
                 "\n"
                 "shifted(x, m) = where(x == m, 1, exp(x - m))\n"
                 "d/dx shifted(x, m) = " +
                 slope +
                 "\n"
                 "d/dm shifted(x, m) = -shifted(x, m)\n"
                 "mine(x) = let m = detach(max(x)) in let z = shifted(x, m) in\n"
                 "  where(m > -inf, share(z, sum(z)), 0)\n");
  return verify({"mine", "-f", file, "--bound", "4", direction});
}

TEST(VerifyRows, FindsPlantedFaultsAndSaysWhere) {
  const std::string right = "z * (1 / s)";
  const std::string slope = "shifted(x, m)";
  const auto exit_code = [](const ProgramResult& result) {
    EXPECT_LE(result.exit_code, 1) << result.errors;
    return result.exit_code;
  };
  EXPECT_EQ(exit_code(planted("z / s", "shifted(x, m)", "--gradient")), 0);
  const ProgramResult wrong = planted("z * (1.000001 / s)", slope, "--forward");
  EXPECT_EQ(exit_code(wrong), 1);
  EXPECT_NE(wrong.output.find("over the bound"), std::string::npos) << wrong.output;
  EXPECT_NE(wrong.output.find("first at column 0 of 1 in row 1 (spread 0.1)"), std::string::npos)
      << wrong.output;
  // The rarest: at infinities, far below the largest element, only where many columns add up.
  EXPECT_EQ(exit_code(planted("where(z < 1e-30, 0, " + right + ")", slope, "--forward")), 1);
  EXPECT_EQ(exit_code(planted("where(s > 2000, 1.00001, 1) * (" + right + ")", slope, "--forward")),
            1);
  EXPECT_EQ(exit_code(planted("where(s == 1, z + 0 * (s / 0), " + right + ")", slope, "--forward")),
            1)
      << "NaN for a number";
}

TEST(VerifyRows, RefusesWhatIsForElementsOnly) {
  const ProgramResult strided = verify({"softmax", "--stride", "257"});
  EXPECT_EQ(strided.exit_code, 2);
  EXPECT_NE(strided.errors.find("softmax is over a row"), std::string::npos) << strided.errors;
  EXPECT_EQ(verify({"softmax", "--forward", "--against", "y.npy"}).exit_code, 2);
  EXPECT_EQ(verify({"gelu", "--columns", "5"}).exit_code, 2);
  EXPECT_EQ(verify({"softmax", "--columns", "0"}).exit_code, 2);
  EXPECT_EQ(verify({"mine", "-f", "/no/such.act"}).exit_code, 3);
}

}  // namespace
}  // namespace actc::tools

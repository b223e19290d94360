// The actc program and definitions that draw random numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ir/philox.h"
#include "tests/run_program.h"
#include "tools/files.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

using actc::testing::actc;
using actc::testing::ProgramResult;
using actc::testing::TemporaryFolder;
using Json = nlohmann::json;

void expect_refused(std::vector<std::string> arguments, int code, const std::string& reason) {
  const ProgramResult result = actc(std::move(arguments));
  EXPECT_EQ(result.exit_code, code);
  EXPECT_NE(result.errors.find(reason), std::string::npos) << result.errors;
}

TEST(RandomRun, DrawsBySeedAndPlaceInValueAndGradient) {
  const TemporaryFolder folder;
  // More than the program computes in one call.
  constexpr std::size_t n = (std::size_t{1} << 20) + 5;
  {
    OutputFile file(folder / "x.npy");
    write_npy(file, {n}, std::vector<float>(n, 1));
    file.commit();
  }
  const auto run = [&](std::vector<std::string> seed) {
    std::vector<std::string> all = {"run",      "x * unit_random", "--input", folder / "x.npy",
                                    "--output", folder / "y.npy",  "--grad",  folder / "dx.npy"};
    all.insert(all.end(), seed.begin(), seed.end());
    ASSERT_EQ(actc(all).exit_code, 0);
    const auto y = std::get<std::vector<float>>(read_npy(folder / "y.npy").elements);
    const auto dx = std::get<std::vector<float>>(read_npy(folder / "dx.npy").elements);
    EXPECT_EQ(y, dx);
    for (const std::size_t i : {std::size_t{0}, std::size_t{77}, n - 5, n - 1}) {
      EXPECT_EQ(y[i], ir::unit_random32(seed.empty() ? 0 : 12, i, 0)) << i;
    }
  };
  run({});
  run({"--seed", "12"});
}

TEST(RandomRun, HasASeedForWhatDrawsAlone) {
  expect_refused({"run", "gelu", "--input", "x.npy", "--output", "y.npy", "--seed", "1"}, 2,
                 "gelu draws none");
  expect_refused({"run", "dropout", "--input", "x.npy", "--output", "y.npy", "--seed", "many"}, 2,
                 "seed");
}

TEST(RandomDefinitions, AreToldFromOthers) {
  const Json list = Json::parse(actc({"list", "--json"}).output);
  const auto is_random = [&](const std::string& name) {
    const auto found = std::ranges::find_if(list, [&](const Json& d) { return d["name"] == name; });
    return found->at("random").get<bool>();
  };
  for (const char* name : {"uniform", "normal", "rrelu_training", "dropout", "gumbel_softmax"}) {
    EXPECT_TRUE(is_random(name)) << name;
  }
  EXPECT_FALSE(is_random("rrelu"));
}

TEST(RandomDefinitions, AreShownWithoutValues) {
  const ProgramResult result = actc({"show", "rrelu_training"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.output.find("let t1 = unit_random in where(x > 0, 1,"), std::string::npos);
  EXPECT_NE(result.output.find("drawn anew for each element"), std::string::npos);
  EXPECT_NE(actc({"emit", "dropout", "--stage=ir"}).output.find("unit_random 0"),
            std::string::npos);
}

TEST(RandomDefinitions, AreNotVerified) {
  expect_refused({"verify", "dropout"}, 1, "dropout draws random numbers");
  expect_refused({"verify", "x * uniform(0, 1)"}, 1, "draws random numbers");
}

}  // namespace
}  // namespace actc::tools

// The page and the table as a shell sees them, and the store of sweeps behind them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/run_program.h"

namespace actc::tools {
namespace {

using actc::testing::actc;
using actc::testing::contains;
using actc::testing::ProgramResult;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;
using Json = nlohmann::json;

// The store of the programs that a test runs.
class Store {
 public:
  Store() { ::setenv("ACTC_DATA_DIR", folder_.path().c_str(), 1); }
  ~Store() { ::unsetenv("ACTC_DATA_DIR"); }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  std::string file(const std::vector<std::string>& definition) const {
    std::vector<std::string> words = {"verify", "--key"};
    words.insert(words.end(), definition.begin(), definition.end());
    std::string key = actc(words).output;
    key.erase(key.find_last_not_of('\n') + 1);
    return folder_ / (key + ".json");
  }

 private:
  TemporaryFolder folder_;
};

TEST(Show, IsAPageOfPlainTextWhereThereIsNoTerminal) {
  const ProgramResult result = actc({"show", "gelu"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.errors, "");
  for (const char* part :
       {"gelu(x) = ", "x * normcdf(x)", "range         [-0.1699712, inf)", "proved",
        "minimum -0.169971207 at x = -0.751791525", "left: y = 0, right: y = x",
        "binary32, all inputs, 20", "4 bytes an element for backward"}) {
    EXPECT_TRUE(contains(result.output, part)) << part << "\n" << result.output;
  }
  EXPECT_TRUE(std::ranges::all_of(result.output, [](char c) {
    return c == '\n' || (c >= ' ' && c <= '~');
  })) << "colour, Braille or a progress bar";
}

TEST(Show, PointsAtAMisspeltName) {
  const ProgramResult result = actc({"show", "x * sigmod(x)"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(contains(result.errors, "    ^~~~~~")) << result.errors;
  EXPECT_TRUE(contains(result.errors, "sigmoid")) << result.errors;
}

TEST(Show, HasAllAsJson) {
  const Json json = Json::parse(actc({"show", "sigmoid", "--json"}).output);
  const Json& shape = json.at("card").at("shape");
  EXPECT_EQ(shape.at("range").at("high").at("value"), 1);
  EXPECT_EQ(shape.at("range").at("high").at("attained"), false);
  EXPECT_EQ(shape.at("range").at("certainty"), "proved");
  EXPECT_EQ(shape.at("slope").at("lipschitz"), 0.25);
  EXPECT_EQ(shape.at("normal").at("zero_centred"), false);
  EXPECT_EQ(shape.at("saturated").at("zones").size(), 2U);
  EXPECT_EQ(shape.at("saturated").at("zones")[0][0], "-inf");
  EXPECT_EQ(json.at("card").at("binary32").at("high"), 1);
  EXPECT_EQ(json.at("card").at("cost").at("errors").size(), 2U);
}

TEST(Show, DoesWithoutACardWhereParametersHaveNoValues) {
  const ProgramResult without = actc({"show", "threshold"});
  EXPECT_EQ(without.exit_code, 0);
  EXPECT_TRUE(contains(without.output, "parameter")) << without.output;
  EXPECT_TRUE(contains(without.errors, "--param threshold=")) << without.errors;
  const ProgramResult with =
      actc({"show", "threshold", "--param", "threshold=0.1", "--param", "value=20"});
  EXPECT_EQ(with.errors, "");
  EXPECT_TRUE(contains(with.output, "jump at 0.1: 20 | 20 | 0.1")) << with.output;
}

TEST(Show, SaysWhyThereIsNoShape) {
  const ProgramResult result = actc({"show", "softmax"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(contains(result.output, "depend on the whole row")) << result.output;
  EXPECT_TRUE(contains(result.output, "for backward")) << result.output;
}

TEST(Compare, HasAColumnForEach) {
  const ProgramResult result = actc({"compare", "relu", "x * sigmoid(x)"});
  EXPECT_EQ(result.exit_code, 0);
  const std::string head = result.output.substr(0, result.output.find('\n'));
  EXPECT_TRUE(contains(head, "relu")) << head;
  EXPECT_TRUE(contains(head, "x * sigmoid(x)")) << head;
  EXPECT_TRUE(contains(result.output, "[0, inf)")) << result.output;
  EXPECT_TRUE(contains(result.output, "[-0.27846, inf)")) << result.output;
}

TEST(Compare, WantsParametersThatHaveNoDefault) {
  const ProgramResult result = actc({"compare", "relu", "threshold"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(contains(result.errors, "--param threshold=")) << result.errors;
}

TEST(Sweeps, OfVerifyAreKept) {
  const Store store;
  EXPECT_EQ(actc({"verify", "tanh", "--dtype", "f16", "--points", "16"}).exit_code, 0);
  const std::string path = store.file({"tanh", "--dtype", "f16"});
  ASSERT_TRUE(std::filesystem::exists(path));
  const Json json = Json::parse(actc::testing::file_content(path));
  EXPECT_EQ(json.at("definition"), "tanh");
  ASSERT_EQ(json.at("errors").size(), 2U);
  EXPECT_EQ(json.at("errors")[0].at("what"), "forward");
  EXPECT_LE(json.at("errors")[0].at("ulp"), 1);
}

TEST(Sweeps, ThatSkipInputsAreNotKept) {
  const Store store;
  EXPECT_EQ(actc({"verify", "relu", "--stride", "65537"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(store.file({"relu"})));
}

TEST(Sweeps, AreShownOfWhatTheyAreOf) {
  const Store store;
  const std::string path = store.file({"x * x * x"});
  const std::string key = std::filesystem::path(path).stem();
  write_file(path, R"({"key": ")" + key +
                       R"(", "errors": [{"dtype": "f32", "what": "forward", "ulp": 0.75,
                           "inputs": 4294967296, "date": "2001-02-03"}]})");
  EXPECT_TRUE(contains(actc({"show", "x * x * x"}).output,
                       "forward 0.75 ULP (binary32, all inputs, 2001-02-03)"));
  EXPECT_FALSE(contains(actc({"show", "x * x * x + 1"}).output, "2001-02-03"));
}

TEST(Sweeps, ThatAreDamagedAreIgnoredWithAWarning) {
  const Store store;
  for (const char* content :
       {"", "{", "[]", R"({"key": "another", "errors": []})", R"({"errors": [{"dtype": 1}]})"}) {
    write_file(store.file({"gelu"}), content);
    const ProgramResult result = actc({"show", "gelu"});
    EXPECT_EQ(result.exit_code, 0) << content;
    EXPECT_TRUE(contains(result.errors, "no record of a sweep")) << content << result.errors;
    EXPECT_TRUE(contains(result.output, "ULP (binary32, all inputs")) << "the program's own";
  }
}

}  // namespace
}  // namespace actc::tools

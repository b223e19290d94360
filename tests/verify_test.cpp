// `actc verify` as a shell sees it: what it reports, of kernels and of others' results.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/verify_support.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

using actc::testing::ProgramResult;
using actc::testing::report;
using actc::testing::run_program;
using actc::testing::TemporaryFolder;
using actc::testing::verify;
using actc::testing::write_file;
using Json = nlohmann::json;

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
  EXPECT_EQ(verify({"clamp"}).exit_code, 2) << "three inputs";
  EXPECT_EQ(verify({"pow", "--inputs", "x.npy"}).exit_code, 2);
  EXPECT_EQ(verify({"no_such"}).exit_code, 1);
  EXPECT_EQ(verify({"gelu", "--dtype", "f8"}).exit_code, 2);
}

TEST(Verify, SamplesTwoInputs) {
  const Json forward = report({"pow", "--forward", "--points", "20"});
  EXPECT_EQ(forward["what"], "forward");
  EXPECT_EQ(forward["bound"], 1);
  EXPECT_GT(forward["inputs"], 2'000);
  EXPECT_LE(forward["max_ulp"], 1);
  EXPECT_EQ(forward["mismatches"], 0);
  const Json gradients = report({"f(a, b) = a * sigmoid(b)", "--gradient", "--points", "20"});
  ASSERT_EQ(gradients.size(), 2U);
  EXPECT_EQ(gradients[0]["what"], "gradient by a");
  EXPECT_EQ(gradients[1]["what"], "gradient by b");
  ASSERT_EQ(gradients[1]["at"].size(), 2U);
  EXPECT_EQ(report({"f(a, b) = a + b", "--forward", "--points", "20", "--bound", "0.5"})["ok"],
            true);
  const Json wrong = report(
      {"f(a, b) = a + b - b", "--forward", "--points", "20", "--no-stabilize", "--bound", "2"}, 1);
  EXPECT_GT(wrong["over"]["count"], 0);
}

TEST(Verify, FindsZeroCrossings) {
  const Json r = report({"gelu", "--gradient", "--stride", "4099"});
  ASSERT_EQ(r["crossings"].size(), 1u);
  EXPECT_NEAR(r["crossings"][0]["at"], -0.7517915, 1e-6);
  EXPECT_NE(r["near_zero"], nullptr);
}

// Files of inputs, and of results for them.
class VerifyAgainst : public ::testing::Test {
 protected:
  // Results as `actc run` computes them; the quick look they are for.
  void prepare(const std::string& name, const std::string& dtype, const std::string& stride) {
    quick_ = {name, "--dtype", dtype, "--stride", stride, "--points", "2", "--threads", "1"};
    ASSERT_EQ(verify(with({"--inputs", x_})).exit_code, 0);
    const ProgramResult run = run_program(ACTC_PROGRAM, {"run", name, "--dtype", dtype, "--input",
                                                         x_, "--output", y_, "--grad", dx_});
    ASSERT_EQ(run.exit_code, 0) << run.errors;
  }
  std::vector<std::string> with(std::vector<std::string> more) const {
    more.insert(more.begin(), quick_.begin(), quick_.end());
    return more;
  }
  Json judged(int exit_code = 0) { return report(with({"--forward", "--against", y_}), exit_code); }

  template <class T>
  static std::vector<T> read(const std::string& path) {
    return std::get<std::vector<T>>(read_npy(path).elements);
  }
  template <class T>
  static void write(const std::string& path, const std::vector<std::uint64_t>& shape,
                    const std::vector<T>& elements) {
    OutputFile file(path);
    write_npy(file, shape, elements);
    file.commit();
  }
  // Element `i` of the results is another one.
  void replace(std::size_t i, float by) {
    std::vector<float> y = read<float>(y_);
    y[i] = by;
    write(y_, {y.size()}, y);
  }
  // The last input that is at most x and a multiple of the stride, so that the sweep comes to it;
  // or the first beyond that is none, which MPFR alone judges.
  static std::size_t place_of(const std::vector<float>& x, float at, std::uint32_t stride,
                              bool multiple) {
    std::size_t i = 0;
    while (x[i + 1] <= at) ++i;
    const auto is_multiple = [&] { return std::bit_cast<std::uint32_t>(x[i]) % stride == 0; };
    while (is_multiple() != multiple) multiple ? --i : ++i;
    return i;
  }

  TemporaryFolder folder_;
  std::string x_ = folder_ / "x.npy", y_ = folder_ / "y.npy", dx_ = folder_ / "dx.npy";
  std::vector<std::string> quick_;
};

TEST_F(VerifyAgainst, TheKernelsOwnResultsAreReportedAsTheKernelIs) {
  for (const auto& [dtype, stride] : {std::pair("f32", "65537"), std::pair("f16", "101"),
                                      std::pair("bf16", "101"), std::pair("f64", "97")}) {
    prepare("silu", dtype, stride);
    for (const auto& [direction, file] :
         {std::pair("--forward", y_), std::pair("--gradient", dx_)}) {
      Json kernel = report(with({direction}));
      Json given = report(with({direction, "--against", file}));
      kernel.erase("seconds");
      given.erase("seconds");
      EXPECT_EQ(given, kernel) << dtype << direction;
    }
  }
}

TEST_F(VerifyAgainst, InputsAreInTheOrderOfTheirRepresentations) {
  prepare("gelu", "f32", "65537");
  const std::vector<float> x = read<float>(x_);
  std::size_t multiples = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(x[i]);
    if (i > 0) {
      ASSERT_LT(std::bit_cast<std::uint32_t>(x[i - 1]), bits);
    }
    multiples += (bits & 0x7fffffffU) % 65537 == 0 ? 1U : 0U;
  }
  EXPECT_EQ(multiples, 2 * (0x80000000U / 65537 + 1));
}

TEST_F(VerifyAgainst, OneWrongElementIsFoundAtItsPlace) {
  constexpr std::uint32_t stride = 65537;
  for (const bool swept : {true, false}) {
    for (const float at : {1.3F, 1e-30F, 1e30F}) {
      prepare("silu", "f32", "65537");
      ASSERT_EQ(judged()["over"]["count"], 0);
      const std::vector<float> x = read<float>(x_);
      const std::vector<float> y = read<float>(y_);
      const std::size_t i = place_of(x, at, stride, swept);
      const double unit = std::ldexp(1.0, std::ilogb(y[i]) - 23);
      for (const float wrong : {y[i] + static_cast<float>(5 * unit), -y[i], y[i] * 1.7F}) {
        replace(i, wrong);
        const Json r = judged(1);
        EXPECT_EQ(r["ok"], false);
        EXPECT_EQ(r["over"]["count"], 1) << wrong << " at " << x[i];
        EXPECT_EQ(r["over"]["first"], x[i]);
        EXPECT_EQ(r["at"], x[i]);
        EXPECT_EQ(r["plain"]["result"], wrong);
        EXPECT_NEAR(r["max_ulp"], std::abs(wrong - static_cast<double>(y[i])) / unit, 3);
        EXPECT_EQ(r["mismatches"], 0);
      }
      for (const float wrong :
           {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        replace(i, wrong);
        const Json r = judged(1);
        EXPECT_EQ(r["nan_or_infinity_mismatches"]["count"], 1) << wrong << " at " << x[i];
        EXPECT_EQ(r["nan_or_infinity_mismatches"]["first"], x[i]);
        EXPECT_EQ(r["over"]["count"], 0);
        EXPECT_EQ(r["undecided"], 0);
      }
    }
  }
}

// Where every input is swept, what MPFR judged before is not counted twice.
TEST_F(VerifyAgainst, EachWrongElementOfAllIsCountedOnce) {
  prepare("relu", "bf16", "1");
  std::vector<bfloat16> y = read<bfloat16>(y_);
  ASSERT_EQ(y.size(), 65536);
  for (std::size_t i = 0x3f80; i < 0x4080; ++i) y[i] = bfloat16(-1.0F);
  for (std::size_t i = 0xbf80; i < 0xc080; ++i) {
    y[i] = bfloat16(std::numeric_limits<float>::infinity());
  }
  for (std::size_t i = 0x7f81; i < 0x8000; ++i) y[i] = bfloat16(0.0F);  // NaNs
  write(y_, {y.size()}, y);
  const Json r = judged(1);
  EXPECT_EQ(r["over"]["count"], 256);
  EXPECT_EQ(r["nan_or_infinity_mismatches"]["count"], 256);
  EXPECT_EQ(r["nan_lost"]["count"], 127);
}

TEST_F(VerifyAgainst, AFileThatIsNotOfTheseInputsIsRefused) {
  prepare("gelu", "f32", "65537");
  std::vector<float> y = read<float>(y_);
  const auto refusal = [&](int exit_code) {
    const ProgramResult result = verify(with({"--forward", "--against", y_}));
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_EQ(result.output, "");
    return result.errors;
  };
  write(y_, {1, y.size()}, y);
  EXPECT_NE(refusal(1).find(fmt::format("has the shape (1, {})", y.size())), std::string::npos);
  write(y_, {y.size()}, std::vector<double>(y.begin(), y.end()));
  EXPECT_NE(refusal(1).find("the elements must be float32"), std::string::npos);
  const std::size_t count = y.size();
  y.push_back(0);
  write(y_, {y.size()}, y);
  EXPECT_NE(refusal(1).find(fmt::format("there are {} inputs", count)), std::string::npos);
  y.resize(count - 1);
  write(y_, {y.size()}, y);
  EXPECT_NE(refusal(1).find(fmt::format("there are {} inputs", count)), std::string::npos);
  write_file(y_, "no array");
  EXPECT_NE(refusal(1), "");
  y_ = folder_ / "missing.npy";
  EXPECT_NE(refusal(3).find("missing.npy"), std::string::npos);
}

TEST_F(VerifyAgainst, OneDefinitionAndOneDirectionAtATime) {
  EXPECT_EQ(verify({"gelu", "--against", y_}).exit_code, 2);
  EXPECT_EQ(verify({"gelu", "--forward", "--gradient", "--against", y_}).exit_code, 2);
  EXPECT_EQ(verify({"gelu", "silu", "--forward", "--against", y_}).exit_code, 2);
  EXPECT_EQ(verify({"gelu", "--forward", "--inputs", x_, "--against", y_}).exit_code, 2);
  EXPECT_EQ(verify({"gelu", "--inputs", x_}).exit_code, 2) << "2^32 inputs are too many for a file";
}

}  // namespace
}  // namespace actc::tools

// Hostile definitions and arrays given to the program: an exit code and a reason, never a crash, a
// hang or a stack that is too small.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/run_program.h"
#include "tools/files.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

using actc::testing::ProgramResult;
using actc::testing::run_program;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;

std::string repeat(const std::string& part, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

// Runs the program with a stack of 1 MiB; in the release build it has two seconds.
ProgramResult actc(const std::vector<std::string>& arguments) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> shell = {"-c", "ulimit -s 1024; exec \"$0\" \"$@\"", ACTC_PROGRAM};
  shell.insert(shell.end(), arguments.begin(), arguments.end());
  ProgramResult result = run_program("/bin/sh", shell);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(took.count(), 2) << arguments[0];
#else
  (void)took;
#endif
  return result;
}

TEST(HostileFile, IsCheckedOrRefusedWithItsPlace) {
  const TemporaryFolder folder;
  const std::string file = folder / "f.act";
  const std::string texts[] = {
      "",
      std::string("x +\0 1", 6),
      "\xff\xfe",
      repeat("(", 1'000'000),
      repeat("-", 1'000'000) + "x",
      repeat("(", 1'001) + "x" + repeat(")", 1'001),
      repeat("x + ", 100'000) + "x",
      repeat("x + ", 30'000) + "x",
      "f(x) = f(x)",
      "x * 1e999",
      repeat("f(x) = y\n", 500),
  };
  for (const std::string& text : texts) {
    write_file(file, text);
    const ProgramResult result = actc({"check", file});
    EXPECT_EQ(result.exit_code, 1) << text.substr(0, 20);
    EXPECT_NE((result.output + result.errors).find(file + ":"), std::string::npos)
        << text.substr(0, 20);
    EXPECT_LT((result.output + result.errors).size(), 1u << 20);
  }
}

TEST(HostileFile, AtTheLimitIsRun) {
  const TemporaryFolder folder;
  const std::string file = folder / "f.act";
  write_file(file, "f(x) = " + repeat("(", 1'000) + "x" + repeat(")^1", 1'000));
  EXPECT_EQ(actc({"check", file}).exit_code, 0);
  OutputFile x(folder / "x.npy");
  write_npy(x, {3}, std::vector<float>{1, 2, 3});
  x.commit();
  const ProgramResult result = actc({"run", "f", "-f", file, "--input", folder / "x.npy",
                                     "--output", folder / "y.npy", "--grad", folder / "dx.npy"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(std::get<std::vector<float>>(read_npy(folder / "y.npy").elements),
            (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(std::get<std::vector<float>>(read_npy(folder / "dx.npy").elements),
            (std::vector<float>{1, 1, 1}));
}

TEST(HostileFile, WhoseGradientIsTooLargeIsRefusedAtItsDefinition) {
  const TemporaryFolder folder;
  const std::string file = folder / "f.act";
  std::string text = "# first\nf(x) = x";
  for (int k = 0; k < 1'000; ++k) text += " + tanh(x * " + std::to_string(k) + ".5)";
  write_file(file, text);
  OutputFile x(folder / "x.npy");
  write_npy(x, {1}, std::vector<float>{1});
  x.commit();
  const ProgramResult result =
      actc({"run", "f", "-f", file, "--input", folder / "x.npy", "--output", folder / "y.npy"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.errors.find(":2:1: error: `f` needs more than 20000 operations"),
            std::string::npos)
      << result.errors;
}

TEST(HostileFile, ThatNeverEndsIsNotRead) {
  const ProgramResult result = actc({"check", "/dev/zero"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_LE(result.exit_code, 3);
}

}  // namespace
}  // namespace actc::tools

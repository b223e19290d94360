// The kernel cache of the actc program: where it is, what commands say of it, what they do without.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/run_program.h"
#include "tools/files.h"
#include "tools/npy.h"

namespace actc::tools {
namespace {

namespace fs = std::filesystem;
using actc::testing::actc;
using actc::testing::contains;
using actc::testing::file_content;
using actc::testing::ProgramResult;
using actc::testing::run_program;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;
using Json = nlohmann::json;

// A variable of the environment for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const std::optional<std::string>& value) const {
    if (value) {
      ::setenv(name_, value->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  const char* name_;
  std::optional<std::string> before_;
};

class ToolCache : public ::testing::Test {
 protected:
  ToolCache() {
    OutputFile file(folder_ / "x.npy");
    write_npy(file, {4}, std::vector<float>{-1, 0, 1, 2});
    file.commit();
  }
  ProgramResult run(const std::string& output, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"run", "gelu", "--input", folder_ / "x.npy", "--output",
                               folder_ / output, "--grad", folder_ / ("d" + output)});
    return actc(more);
  }
  static Json contents() { return Json::parse(actc({"cache", "--json"}).output); }

  TemporaryFolder folder_;
  Variable directory_{"ACTC_CACHE_DIR", folder_ / "kernels"};
};

TEST_F(ToolCache, IsSharedByRuns) {
  EXPECT_EQ(contents()["entries"], 0);
  for (const char* output : {"first.npy", "second.npy"}) {
    const ProgramResult result = run(output);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.errors, "");
    EXPECT_EQ(contents()["entries"], 1);
  }
  EXPECT_EQ(file_content(folder_ / "first.npy"), file_content(folder_ / "second.npy"));
  EXPECT_EQ(file_content(folder_ / "dfirst.npy"), file_content(folder_ / "dsecond.npy"));
  EXPECT_EQ(contents()["directory"], folder_ / "kernels");
  EXPECT_GT(contents()["bytes"], 1000);
  EXPECT_TRUE(contains(actc({"cache"}).output, "1 kernel, "));
  EXPECT_EQ(Json::parse(actc({"cache", "clear", "--json"}).output)["removed_entries"], 1);
  EXPECT_EQ(contents()["entries"], 0);
}

TEST_F(ToolCache, IsWhereItIsSaid) {
  const std::string other = folder_ / "other";
  EXPECT_EQ(run("y.npy", {"--cache", other}).exit_code, 0);
  EXPECT_EQ(contents()["entries"], 0);
  EXPECT_EQ(Json::parse(actc({"cache", "--cache", other, "--json"}).output)["entries"], 1);
  EXPECT_EQ(actc({"verify", "relu", "--stride", "65537", "--cache", other}).exit_code, 0);
  EXPECT_GT(Json::parse(actc({"cache", "--cache", other, "--json"}).output)["entries"], 1);
  const ProgramResult both = run("y.npy", {"--cache", other, "--no-cache"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_TRUE(contains(both.errors, "--no-cache")) << both.errors;
}

TEST_F(ToolCache, IsInTheUsersFolderOfCaches) {
  const auto directory = [&](const std::string& caches) -> Json {
    return Json::parse(
        run_program("/usr/bin/env", {"-u", "ACTC_CACHE_DIR", "HOME=/home/somebody",
                                     "XDG_CACHE_HOME=" + caches, ACTC_PROGRAM, "cache", "--json"})
            .output)["directory"];
  };
  EXPECT_EQ(directory("/caches"), "/caches/actc");
  EXPECT_EQ(directory(""), "/home/somebody/.cache/actc");
  EXPECT_EQ(directory("relative"), "/home/somebody/.cache/actc");
}

TEST_F(ToolCache, CanBeNone) {
  EXPECT_EQ(run("y.npy", {"--no-cache"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(folder_ / "kernels"));
  const Variable none("ACTC_CACHE_DIR", "");
  const ProgramResult result = run("y.npy");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.errors, "");
  EXPECT_TRUE(contents()["directory"].is_null());
  EXPECT_TRUE(contains(actc({"cache"}).output, "there is no kernel cache"));
}

TEST_F(ToolCache, ThatCannotBeUsedIsOneWarning) {
  write_file(folder_ / "kernels", "a file in the folder's place");
  EXPECT_EQ(run("expected.npy", {"--no-cache"}).exit_code, 0);
  const ProgramResult result = run("y.npy");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(contains(result.errors, "actc: warning: the kernel cache ")) << result.errors;
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  EXPECT_EQ(file_content(folder_ / "y.npy"), file_content(folder_ / "expected.npy"));
}

TEST_F(ToolCache, ServesEightProcessesAtOnce) {
  EXPECT_EQ(run("expected.npy", {"--no-cache"}).exit_code, 0);
  std::vector<pid_t> children;
  for (int p = 0; p < 8; ++p) {
    children.push_back(::fork());
    if (children.back() == 0) ::_exit(run(std::to_string(p) + ".npy").exit_code);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  for (int p = 0; p < 8; ++p) {
    EXPECT_EQ(file_content(folder_ / (std::to_string(p) + ".npy")),
              file_content(folder_ / "expected.npy"));
  }
  EXPECT_EQ(contents()["entries"], 1);
}

TEST_F(ToolCache, KnowsItsActions) {
  const ProgramResult result = actc({"cache", "claer"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(contains(result.errors, "did you mean 'clear'?")) << result.errors;
  EXPECT_EQ(actc({"cache", "--help"}).output.rfind("Examples:\n  actc cache\n", 0), 0u);
}

}  // namespace
}  // namespace actc::tools

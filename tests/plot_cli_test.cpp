// `actc plot` as a shell and a terminal see it.
#include <gtest/gtest.h>
#include <pty.h>

#include <algorithm>
#include <cstdlib>

#include "tests/run_program.h"
#include "tests/xml.h"

namespace actc::tools {
namespace {

using actc::testing::actc;
using actc::testing::contains;
using actc::testing::count;
using actc::testing::file_content;
using actc::testing::parse_xml;
using actc::testing::ProgramResult;
using actc::testing::TemporaryFolder;
using actc::testing::write_file;
using actc::testing::Xml;

// What the program prints to a terminal.
std::string on_terminal(std::vector<std::string> arguments, const char* no_colour,
                        const char* locale) {
  int terminal = -1;
  winsize size = {.ws_row = 40, .ws_col = 90, .ws_xpixel = 0, .ws_ypixel = 0};
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    ::setenv("NO_COLOR", no_colour, 1);
    ::setenv("LC_ALL", locale, 1);
    ::setenv("TERM", "xterm", 1);
    arguments.insert(arguments.begin(), ACTC_PROGRAM);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(ACTC_PROGRAM, argv.data());
    ::_exit(127);
  }
  std::string output;
  char part[4096];
  for (ssize_t got = 0; (got = ::read(terminal, part, sizeof part)) > 0;) {
    output.append(part, static_cast<std::size_t>(got));
  }
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return output;
}

bool is_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

TEST(Plot, SpeaksAsTheTerminalDoes) {
  const std::string full = on_terminal({"plot", "relu"}, "", "C.UTF-8");
  EXPECT_TRUE(contains(full, "\x1b["));
  EXPECT_TRUE(contains(full, "⡠") || contains(full, "⢀")) << full;
  const std::string plain = on_terminal({"plot", "relu"}, "1", "C.UTF-8");
  EXPECT_FALSE(contains(plain, "\x1b["));
  EXPECT_FALSE(is_ascii(plain));
  EXPECT_TRUE(is_ascii(on_terminal({"plot", "relu", "--ascii"}, "1", "C.UTF-8")));
  EXPECT_TRUE(is_ascii(on_terminal({"plot", "relu"}, "1", "C")));
  const ProgramResult piped = actc({"plot", "relu"});
  EXPECT_EQ(piped.exit_code, 0);
  EXPECT_TRUE(is_ascii(piped.output));
  EXPECT_FALSE(contains(piped.output, "\x1b"));
  EXPECT_TRUE(contains(piped.output, "****"));
}

TEST(Plot, AFileIsWhatItsNameSays) {
  const TemporaryFolder folder;
  for (const std::string name : {"p.svg", "p.PNG", "p.pdf"}) {
    const ProgramResult result = actc({"plot", "step", "--size", "640x400", "-o", folder / name});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.output + result.errors, "");
  }
  const Xml xml = parse_xml(file_content(folder / "p.svg"));
  EXPECT_TRUE(xml.good) << xml.error;
  EXPECT_EQ(count(xml.elements, "circle"), 2u);
  EXPECT_TRUE(contains(xml.text, "jumps from 0 to 1, with the value 0"));
  const std::string png = file_content(folder / "p.PNG");
  ASSERT_GT(png.size(), 24u);
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
  const auto big_endian = [&](std::size_t at) {
    unsigned value = 0;
    for (std::size_t k = at; k < at + 4; ++k) {
      value = value << 8 | static_cast<unsigned char>(png[k]);
    }
    return value;
  };
  EXPECT_EQ(big_endian(16), 640u);
  EXPECT_EQ(big_endian(20), 400u);
  EXPECT_TRUE(file_content(folder / "p.pdf").starts_with("%PDF"));
}

TEST(Plot, SeveralCurvesHaveALegend) {
  const TemporaryFolder folder;
  const std::string path = folder / "p.svg";
  EXPECT_EQ(actc({"plot", "swish", "relu", "--param", "beta=0.5,1,2", "-o", path}).exit_code, 0);
  const Xml xml = parse_xml(file_content(path));
  EXPECT_TRUE(xml.good);
  for (const std::string label : {"swish, beta = 0.5", "swish, beta = 1", "swish, beta = 2"}) {
    EXPECT_TRUE(contains(xml.text, label)) << label;
  }
  EXPECT_EQ(actc({"plot", "swiglu", "--at", "b=1", "-o", path}).exit_code, 0);
  EXPECT_EQ(actc({"plot", "1 / (x - 1)", "-o", path}).exit_code, 0);
  EXPECT_TRUE(contains(parse_xml(file_content(path)).text, "It nears the line x = 1"));
}

TEST(Plot, PolesAndWhatHasNoValueAreSaidInWords) {
  const TemporaryFolder folder;
  const std::string path = folder / "p.svg";
  for (const std::string def : {"log", "log1p", "rsqrt", "1 / x", "where(x < 1, sqrt(x), 3)"}) {
    EXPECT_EQ(actc({"plot", def, "-o", path}).exit_code, 0) << def;
    const Xml xml = parse_xml(file_content(path));
    EXPECT_TRUE(xml.good);
    for (const std::string none : {"nan", "inf ", "inf,", "inf."}) {
      EXPECT_FALSE(contains(xml.text, none)) << xml.text;
    }
  }
}

TEST(Plot, RefusesWithReasons) {
  const TemporaryFolder folder;
  struct Case {
    std::vector<std::string> arguments;
    int code;
    std::string reason;
  };
  write_file(folder / "plain", "no folder");
  const std::string good = folder / "p.svg";
  const std::vector<Case> cases = {
      {{"-o", folder / "p.gif"}, 2, ".svg, .png or .pdf"},
      {{"--x", "3:3", "-o", good}, 2, "is empty"},
      {{"--x", "3:-3", "-o", good}, 2, "is empty"},
      {{"--y", "1", "-o", good}, 2, "wants two numbers"},
      {{"--x", "0:1e999", "-o", good}, 2, "--x"},
      {{"--x", "0:1e305", "-o", good}, 2, "beyond what can be drawn"},
      {{"--x", "1e9:1000000000.1", "-o", good}, 2, "too narrow"},
      {{"--size", "1x1", "-o", good}, 2, "no size"},
      {{"--theme", "red", "-o", good}, 2, "light, dark or auto"},
      {{"softmax", "-o", good}, 2, "is over a row"},
      {{"dropout", "-o", good}, 2, "draws random numbers"},
      {{"swiglu", "-o", good}, 2, "--at"},
      {{"--at", "y=1", "-o", good}, 2, "no input 'y'"},
      {{"threshold", "-o", good}, 2, "has no default"},
      {{"--param", "beta=1", "-o", good}, 2, "no parameter 'beta'"},
      {{"-o", folder / "missing/p.svg"}, 3, "missing"},
      {{"-o", folder / "plain/p.svg"}, 3, "plain"},
  };
  for (const Case& c : cases) {
    std::vector<std::string> arguments = {"plot", "relu"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    const ProgramResult result = actc(arguments);
    EXPECT_EQ(result.exit_code, c.code) << c.reason << '\n' << result.errors;
    EXPECT_TRUE(contains(result.errors, c.reason)) << result.errors;
    EXPECT_EQ(result.output, "");
  }
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++files;
  }
  EXPECT_EQ(files, 1u);  // `plain`
}

TEST(Plot, NamesThePackageThatIsMissing) {
  const TemporaryFolder folder;
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  const ProgramResult result = actc({"plot", "relu", "-o", folder / "p.png"});
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_TRUE(contains(result.errors, "librsvg2-bin")) << result.errors;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace actc::tools

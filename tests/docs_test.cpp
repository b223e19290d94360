// What the documents show of the shell is true. A block marked `console` holds commands after `$ `,
// each with what it prints, standard error too: `…` stands for anything in a line, a line of it
// alone for any lines. Of a block marked `sh` each line is a command that succeeds. A block `act
// NAME` is written to that file first; one `cpp FILE` is lines of that file of ours.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "run_program.h"

namespace actc::testing {
namespace {

constexpr std::string_view anything = "…";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(line);
  }
  return lines;
}

// Parts between `…`, in their order, the first and the last at the ends.
bool matches(std::string_view line, std::string_view pattern) {
  std::size_t dots = pattern.find(anything);
  if (dots == std::string_view::npos) return line == pattern;
  if (!line.starts_with(pattern.substr(0, dots))) return false;
  line.remove_prefix(dots);
  while (true) {
    pattern.remove_prefix(dots + anything.size());
    dots = pattern.find(anything);
    if (dots == std::string_view::npos) return line.ends_with(pattern);
    const std::size_t at = line.find(pattern.substr(0, dots));
    if (at == std::string_view::npos) return false;
    line.remove_prefix(at + dots);
  }
}

bool matches(const std::vector<std::string>& lines, const std::vector<std::string>& patterns) {
  std::size_t at = 0;
  for (std::size_t k = 0; k < patterns.size(); ++k) {
    if (patterns[k] == anything) {
      if (k + 1 == patterns.size()) return true;
      while (at < lines.size() && !matches(lines[at], patterns[k + 1])) ++at;
    } else {
      if (at == lines.size() || !matches(lines[at], patterns[k])) return false;
      ++at;
    }
  }
  return at == lines.size();
}

TEST(DocumentPatterns, MatchPartsAndLines) {
  EXPECT_TRUE(matches("a b c", "a … c"));
  EXPECT_TRUE(matches("in 3 s", "in … s"));
  EXPECT_FALSE(matches("a b d", "a … c"));
  EXPECT_FALSE(matches("ab", "ab c"));
  EXPECT_TRUE(matches(std::vector<std::string>{"a", "x", "y", "b"}, {"a", "…", "b"}));
  EXPECT_FALSE(matches(std::vector<std::string>{"a", "b", "c"}, {"a", "…", "b"}));
  EXPECT_TRUE(matches(std::vector<std::string>{"a", "b"}, {"a", "…"}));
}

// A .npy file of float32 values 0.25, 0.5, …
void write_array(const std::string& path, const std::string& shape, std::size_t count) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(128 - 10 - 1, ' ');
  header += '\n';
  std::string content = std::string("\x93NUMPY\x01\x00", 8) + std::string("\x76\x00", 2) + header;
  for (std::size_t k = 1; k <= count; ++k) {
    const float value = 0.25F * static_cast<float>(k);
    content.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  write_file(path, content);
}

// A folder with the programs on the path, and the arrays that the documents speak of.
class Shell {
 public:
  Shell() {
    std::filesystem::create_directory(folder_ / "bin");
    std::filesystem::create_symlink(ACTC_PROGRAM, folder_ / "bin/actc");
    std::filesystem::create_symlink(DIGITS_PROGRAM, folder_ / "bin/digits");
    write_array(folder_ / "x.npy", "(4, 3)", 12);
    write_array(folder_ / "slopes.npy", "(3,)", 3);
  }

  ProgramResult run(const std::string& command) const {
    return run_program("/bin/sh",
                       {"-c", "cd '" + folder_.path() + "' && PATH='" + (folder_ / "bin") +
                                  "':$PATH && (" + command + "\n) 2>&1"});
  }
  void write(const std::string& name, const std::string& text) const {
    write_file(folder_ / name, text);
  }

 private:
  TemporaryFolder folder_;
};

struct Block {
  std::string place;
  std::string mark;
  std::string name;  // the word after it
  std::string text;
};

std::vector<Block> blocks_of(const std::string& document) {
  std::vector<Block> blocks;
  bool within = false;
  int number = 0;
  for (const std::string& line : lines_of(file_content(ACTC_ROOT "/" + document))) {
    ++number;
    if (line.starts_with("```")) {
      within = !within;
      if (!within) continue;
      const std::size_t space = line.find(' ');
      blocks.push_back({document + ":" + std::to_string(number + 1),
                        line.substr(3, space == std::string::npos ? space : space - 3),
                        space == std::string::npos ? "" : line.substr(space + 1), ""});
    } else if (within) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

void run_console(const Shell& shell, const Block& block) {
  const std::vector<std::string> lines = lines_of(block.text);
  for (std::size_t k = 0; k < lines.size();) {
    ASSERT_TRUE(lines[k].starts_with("$ ")) << block.place << ": " << lines[k];
    const std::string command = lines[k].substr(2);
    std::vector<std::string> wanted;
    for (++k; k < lines.size() && !lines[k].starts_with("$ "); ++k) wanted.push_back(lines[k]);
    const ProgramResult result = shell.run(command);
    EXPECT_TRUE(matches(lines_of(result.output), wanted)) << block.place << ": " << command << "\n"
                                                          << result.output;
  }
}

// A sweep over every input takes minutes: here it is over few.
std::string shortened(const std::string& command) {
  return command.starts_with("actc verify") ? command + " --stride 100000007" : command;
}

void run_lines(const Shell& shell, const Block& block) {
  for (std::string line : lines_of(block.text)) {
    line = line.substr(0, line.find("  #"));
    if (line.empty() || line.starts_with('#')) continue;
    const ProgramResult result = shell.run(shortened(line));
    EXPECT_EQ(result.exit_code, 0) << block.place << ": " << line << "\n" << result.output;
  }
}

class Documents : public ::testing::TestWithParam<const char*> {};

TEST_P(Documents, ShowWhatTheProgramsPrint) {
  const Shell shell;
  for (const Block& block : blocks_of(GetParam())) {
    if (block.mark == "act" && !block.name.empty()) shell.write(block.name, block.text);
    if (block.mark == "console") run_console(shell, block);
    if (block.mark == "sh") run_lines(shell, block);
    if (block.mark != "cpp" || block.name.empty()) continue;
    EXPECT_NE(file_content(ACTC_ROOT "/" + block.name).find(block.text), std::string::npos)
        << block.place << " is not in " << block.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Documents,
                         ::testing::Values("README.md", "docs/language.md", "docs/messages.md",
                                           "docs/tutorial.md", "examples/digits/README.md"));

}  // namespace
}  // namespace actc::testing

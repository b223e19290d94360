// What docs/language.md shows is true: its blocks marked `act` compile to kernels of both formats,
// those marked `act-error` are refused.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "frontend/frontend.h"
#include "ir/graph.h"
#include "runtime/actc.h"

namespace actc {
namespace {

struct Block {
  std::string mark;
  std::string text;
  int line = 0;
};

std::vector<Block> blocks_of_the_document() {
  std::ifstream file(ACTC_DOCS "/language.md");
  std::vector<Block> blocks;
  bool within = false;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.rfind("```", 0) == 0) {
      within = !within;
      if (within) blocks.push_back({line.substr(3), "", number + 1});
    } else if (within) {
      blocks.back().text += line + "\n";
    }
  }
  EXPECT_FALSE(within) << "a block is not closed";
  return blocks;
}

TEST(LanguageDocument, ItsExamplesCompile) {
  int compiled = 0;
  for (const Block& block : blocks_of_the_document()) {
    if (block.mark != "act") continue;
    SCOPED_TRACE("docs/language.md:" + std::to_string(block.line));
    const Result<Module> module = try_compile(block.text);
    ASSERT_TRUE(module) << render(module.diagnostics()[0]);
    EXPECT_TRUE(module->warnings().empty()) << render(module->warnings()[0]);
    for (const Function& function : module->functions()) {
      EXPECT_TRUE(function.try_kernel<float>()) << function.name();
      EXPECT_TRUE(function.try_kernel<double>()) << function.name();
    }
    ++compiled;
  }
  EXPECT_GE(compiled, 4);
}

TEST(LanguageDocument, ItsErrorsAreErrors) {
  int refused = 0;
  for (const Block& block : blocks_of_the_document()) {
    if (block.mark != "act-error") continue;
    const Result<Module> module = try_compile(block.text);
    EXPECT_FALSE(module) << "docs/language.md:" << block.line;
    ++refused;
  }
  EXPECT_GE(refused, 6);
}

TEST(LanguageDocument, StatesTheLimits) {
  std::ifstream file(ACTC_DOCS "/language.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto grouped = [](std::size_t n) {
    std::string digits = std::to_string(n);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return digits;
  };
  for (const std::size_t limit :
       {frontend::max_source_bytes, frontend::max_nesting, frontend::max_definitions,
        frontend::max_number_digits, ir::Graph::max_nodes}) {
    EXPECT_NE(text.find("| " + grouped(limit) + " |"), std::string::npos) << limit;
  }
}

}  // namespace
}  // namespace actc

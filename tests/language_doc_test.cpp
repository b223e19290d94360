// What the documents show of the language is true: blocks marked `act` compile to kernels of both
// formats, without warnings, those marked `act-error` are refused, those marked `act-warning` get
// one.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "frontend/frontend.h"
#include "ir/graph.h"
#include "runtime/actc.h"

namespace actc {
namespace {

constexpr std::array documents = {"README.md", "docs/language.md", "docs/messages.md",
                                  "docs/tutorial.md"};

struct Block {
  std::string place;
  std::string mark;  // the first word after ```
  std::string text;
};

std::vector<Block> blocks_of_the_documents() {
  std::vector<Block> blocks;
  for (const std::string document : documents) {
    std::ifstream file(ACTC_ROOT "/" + document);
    EXPECT_TRUE(file) << document;
    bool within = false;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      if (line.starts_with("```")) {
        within = !within;
        const std::string mark = line.substr(3, line.find(' ') - 3);
        if (within) blocks.push_back({document + ":" + std::to_string(number + 1), mark, ""});
      } else if (within) {
        blocks.back().text += line + "\n";
      }
    }
    EXPECT_FALSE(within) << "a block is not closed in " << document;
  }
  return blocks;
}

TEST(Documents, TheirExamplesCompile) {
  int compiled = 0;
  for (const Block& block : blocks_of_the_documents()) {
    if (block.mark != "act") continue;
    SCOPED_TRACE(block.place);
    const Result<Module> module = try_compile(block.text);
    ASSERT_TRUE(module) << render(module.diagnostics()[0]);
    EXPECT_TRUE(module->warnings().empty()) << render(module->warnings()[0]);
    const std::vector<Diagnostic> found = module->analysis();
    EXPECT_TRUE(found.empty()) << render(found[0]);
    ++compiled;
    if (block.place.starts_with("docs/messages.md")) continue;  // many, and alike
    for (const Function& function : module->functions()) {
      EXPECT_TRUE(function.try_kernel<float>()) << function.name();
      EXPECT_TRUE(function.try_kernel<double>()) << function.name();
    }
  }
  EXPECT_GE(compiled, 60);
}

TEST(Documents, TheirErrorsAreErrors) {
  int refused = 0;
  for (const Block& block : blocks_of_the_documents()) {
    if (block.mark != "act-error") continue;
    const Result<Module> module = try_compile(block.text);
    EXPECT_FALSE(module) << block.place;
    ++refused;
  }
  EXPECT_GE(refused, 40);
}

TEST(Documents, TheTextsWithWarningsCompile) {
  int warned = 0;
  for (const Block& block : blocks_of_the_documents()) {
    if (block.mark != "act-warning") continue;
    EXPECT_TRUE(try_compile(block.text)) << block.place;
    ++warned;
  }
  EXPECT_GE(warned, 15);
}

TEST(LanguageDocument, StatesTheLimits) {
  std::ifstream file(ACTC_ROOT "/docs/language.md");
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

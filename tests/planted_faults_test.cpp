// Faults that are planted in implementations and rules, each found by `actc verify`: the proof that
// its silence means something.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/actc.h"
#include "stdlib/stdlib.h"
#include "tests/run_program.h"

namespace actc::testing {
namespace {

// Every 4099th input, 8 a binade by MPFR, and the neighbours of the constants compared with.
constexpr std::string_view stride = "4099";
// MPFR decides on every input that is far off: where half of all are, fewer say as much.
constexpr std::string_view long_stride = "262147";

int verify(const std::string& text, const std::string& name, double bound,
           const std::string& direction = "--forward", std::string_view step = stride) {
  const TemporaryFolder folder;
  const std::string file = folder / "planted.act";
  write_file(file, text);
  const ProgramResult result = run_program(
      ACTC_PROGRAM, {"verify", name, "-f", file, direction, "--stride", std::string(step),
                     "--points", "8", "--bound", fmt::format("{}", bound), "--json"});
  EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 1) << result.errors << "\n" << text;
  return result.exit_code;
}

bool passes(const std::string& text, const std::string& name, double bound,
            std::string_view step = stride) {
  return verify(text, name, bound, "--forward", step) == 0;
}

// --- The standard library's text, item by item.

struct Items {
  std::map<std::string, std::string> definitions;      // by name
  std::map<std::string, std::string> implementations;  // in binary32

  static Items of_the_standard_library() {
    Items items;
    std::string item;
    const auto finish = [&] {
      constexpr std::string_view format = "binary32 ";
      const bool implementation = item.starts_with(format);
      const std::string head = implementation ? item.substr(format.size()) : item;
      const std::size_t end = head.find('(');
      const std::string name = head.substr(0, end);
      if (end != std::string::npos && name.find_first_of(" /") == std::string::npos) {
        (implementation ? items.implementations : items.definitions)[name] = item;
      }
      item.clear();
    };
    std::string_view rest = stdlib::text();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
      const std::string_view line = rest.substr(0, end + 1);
      rest.remove_prefix(end + 1);
      const bool begins = line[0] != ' ' && line[0] != '\n';
      if (begins) finish();
      if (line[0] != '#') item += line;
    }
    finish();
    return items;
  }

  // What a text needs that holds a copy of an implementation: the helpers that it calls, which
  // only the library's own text can see.
  std::string copy_of(const std::string& name) const {
    std::string text = implementations.at(name);
    std::set<std::string> seen = {name};
    std::string helpers;
    std::vector<std::string> open = {text};
    while (!open.empty()) {
      const std::string body = open.back();
      open.pop_back();
      for (const std::string& word : words_of(body)) {
        const auto helper = definitions.find(word);
        if (helper == definitions.end() || !seen.insert(word).second) continue;
        if (standard_library().find(word)) continue;
        helpers += helper->second;
        open.push_back(helper->second);
      }
    }
    return helpers + text;
  }

  static std::set<std::string> words_of(const std::string& text) {
    std::set<std::string> words;
    std::string word;
    for (const char c : text + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
        word += c;
      } else {
        words.insert(word);
        word.clear();
      }
    }
    return words;
  }
};

// The numbers below 1 of an implementation that stand there in full: coefficients, the weightiest
// last.
std::vector<std::string> coefficients(const std::string& item) {
  constexpr std::string_view digits = "0123456789.";
  std::vector<std::string> found;
  for (std::size_t at = item.find_first_of(digits); at != std::string::npos;) {
    const std::size_t end = item.find_first_not_of(digits, at);
    const std::string word = item.substr(at, end - at);
    if (word.size() > 15 && std::stod(word) < 1) found.push_back(word);
    at = item.find_first_of(digits, end);
  }
  std::ranges::sort(found, {}, [](const std::string& word) { return std::stod(word); });
  return found;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

// A coefficient so many units of binary32's last place away.
std::string shifted(const std::string& coefficient, std::int32_t units) {
  const float value = std::strtof(coefficient.c_str(), nullptr);
  const auto bits = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value)) + units;
  return fmt::format("{:.40f}", std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
}

// The smallest change of a coefficient, in units of its last place, that breaks the bound: found by
// bisection, so that one unit less is shown to pass.
void find_smallest_change(const std::string& name, double bound) {
  const Items items = Items::of_the_standard_library();
  ASSERT_TRUE(items.implementations.contains(name));
  const std::string text = items.copy_of(name);
  const std::vector<std::string> all = coefficients(items.implementations.at(name));
  ASSERT_FALSE(all.empty()) << text;
  ASSERT_TRUE(passes(text, name, bound)) << "the copy itself";
  const std::size_t last = all.size() - 1;
  for (const std::string& coefficient : {all[last], all[last - std::min<std::size_t>(last, 1)]}) {
    const auto passes_with = [&](std::int32_t units) {
      return passes(replaced(text, coefficient, shifted(coefficient, units)), name, bound);
    };
    std::int32_t good = 0;
    std::int32_t bad = 1;
    while (passes_with(bad)) {
      good = bad;
      bad *= 4;
      ASSERT_LT(bad, 1 << 23) << coefficient << " of " << name << " does not matter";
    }
    while (bad - good > 1) {
      const std::int32_t middle = good + (bad - good) / 2;
      (passes_with(middle) ? good : bad) = middle;
    }
    EXPECT_TRUE(passes_with(good));
    EXPECT_FALSE(passes_with(bad));
    fmt::print("{}: {} may be {} units off, {} are found\n", name, coefficient, good, bad);
  }
}

TEST(PlantedFaults, TheSmallestChangeOfACoefficientOfExp2) { find_smallest_change("exp2", 1); }

TEST(PlantedFaults, TheSmallestChangeOfACoefficientOfTanh) { find_smallest_change("tanh", 1); }

// --- Rules

TEST(PlantedFaults, ARuleWithAWrongSign) {
  const std::string formula = "f(x) = 1 + tanh(x)\n";
  EXPECT_TRUE(passes("rule 1 + tanh(u) = 2 * sigmoid(2 * u)\n" + formula, "f", 3));
  EXPECT_FALSE(passes("rule 1 + tanh(u) = 2 * sigmoid(-2 * u)\n" + formula, "f", 3));
}

TEST(PlantedFaults, ARuleThatIsRightOnHalfOfItsRange) {
  const std::string formula = "f(x) = sqrt(x^2)\n";
  EXPECT_TRUE(passes("rule sqrt(u^2) = abs(u)\n" + formula, "f", 1));
  EXPECT_FALSE(passes("rule sqrt(u^2) = u\n" + formula, "f", 1));
}

TEST(PlantedFaults, ARuleWithAConditionThatIsTooWide) {
  const std::string formula = "f(x) = log(1 + sigmoid(x) / 4)\n";
  EXPECT_TRUE(passes("rule log(1 + u) = log1p(u) for u < 1/2\n" + formula, "f", 6));
  EXPECT_FALSE(passes("rule log(1 + u) = u - u^2 / 2 for u < 1/2\n" + formula, "f", 6));
}

// --- Comparisons

TEST(PlantedFaults, AFlippedComparison) {
  const std::string meaning = "f(x) = where(x > 0, x, expm1(x))\n";
  EXPECT_TRUE(passes(meaning + "binary32 f(x) = where(x > 0, x, expm1(x))\n", "f", 1));
  EXPECT_FALSE(
      passes(meaning + "binary32 f(x) = where(x < 0, x, expm1(x))\n", "f", 1, long_stride));
}

// One input of 2^32 is wrong: a sweep by strides misses it, the neighbours of 3/2 do not.
TEST(PlantedFaults, AComparisonThatTakesItsBoundIn) {
  const std::string meaning = "f(x) = where(x > 3/2, x, 0)\n";
  EXPECT_TRUE(passes(meaning + "binary32 f(x) = where(x <= 1.5, 0, x)\n", "f", 1));
  EXPECT_FALSE(passes(meaning + "binary32 f(x) = where(x < 1.5, 0, x)\n", "f", 1));
}

// --- Tails

TEST(PlantedFaults, ATailCutOffOverOneBinade) {
  const std::string meaning = "f(x) = x * sigmoid(x)\n";
  EXPECT_TRUE(passes(meaning + "binary32 f(x) = silu(x)\n", "f", 3));
  for (const std::string_view binade : {
           "2^-4 <= abs(x) and abs(x) < 2^-3",  // in the middle
           "-64 < x and x <= -32",              // towards -inf, where it vanishes
           "2^-101 <= x and x < 2^-100",        // near 0
           "2^127 <= x",                        // the last
           "2^-140 <= x and x < 2^-139"         // among the subnormal numbers
       }) {
    EXPECT_FALSE(
        passes(meaning + fmt::format("binary32 f(x) = where({}, 0, silu(x))\n", binade), "f", 3))
        << binade;
  }
}

TEST(PlantedFaults, AnOverflowInTheTail) {
  const std::string meaning = "f(x) = x * sigmoid(x)\n";
  EXPECT_FALSE(
      passes(meaning + "binary32 f(x) = x * exp(x) / (1 + exp(x))\n", "f", 3, long_stride));
}

// --- Gradients

TEST(PlantedFaults, AGradientWithAWrongSignOrWithoutItsTail) {
  const std::string meaning = "f(x) = tanh(x) * x\n";
  EXPECT_EQ(verify(meaning, "f", 6, "--gradient"), 0);
  EXPECT_EQ(verify(meaning + "d/dx f(x) = tanh(x) - x * tanh_slope(x)\n", "f", 6, "--gradient"), 1);
  EXPECT_EQ(verify(meaning + "d/dx f(x) = where(x > 0 and x < 2^-60, 0, "
                             "tanh(x) + x * tanh_slope(x))\n",
                   "f", 6, "--gradient"),
            1);
}

}  // namespace
}  // namespace actc::testing

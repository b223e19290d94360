// Suggestions for unknown names. The lists are short and the names too: the quadratic algorithm on
// names of bounded length is enough.
#include "frontend/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace actc::frontend {
namespace {

constexpr std::size_t longest_name = 40;  // longer ones get no suggestions

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// What NumPy, PyTorch, C and mathematics call the same thing, where the spelling is far from ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> foreign_names = {{
    {"ln", "log"},
    {"fabs", "abs"},
    {"absolute", "abs"},
    {"maximum", "max"},
    {"fmax", "max"},
    {"minimum", "min"},
    {"fmin", "min"},
    {"power", "pow"},
    {"clip", "clamp"},
    {"clip_by_value", "clamp"},
    {"logistic", "sigmoid"},
    {"rint", "round"},
    {"if", "where"},
    {"select", "where"},
    {"iif", "where"},
    {"stop_gradient", "detach"},
    {"is_nan", "isnan"},
    {"norm_cdf", "normcdf"},
}};

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows i-2, i-1 and i of the table.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::optional<std::string> nearest_name(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  if (word.size() > longest_name) return std::nullopt;
  for (const auto& [foreign, ours] : foreign_names) {
    if (foreign == word && std::ranges::find(candidates, ours) != candidates.end()) {
      return std::string(ours);
    }
  }
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::size_t best_distance = limit + 1;
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > word.size() + limit || word.size() > candidate.size() + limit) continue;
    const std::size_t distance = edit_distance(word, candidate);
    // A name of one letter is not a misspelling of another.
    if (distance >= std::max(word.size(), candidate.size())) continue;
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  if (best.empty()) return std::nullopt;
  return std::string(best);
}

std::string suggest_name(std::string_view word, std::span<const std::string_view> candidates) {
  const std::optional<std::string> name = nearest_name(word, candidates);
  return name ? fmt::format("did you mean `{}`?", *name) : std::string();
}

}  // namespace actc::frontend

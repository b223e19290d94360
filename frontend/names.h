// What a misspelt name may have meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace actc::frontend {

// The number of insertions, deletions, substitutions and swaps of neighbours that make `a` of `b`,
// no place edited twice (optimal string alignment); letters of either case are equal.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, if any is near enough to be meant: at most a third of the
// letters differ (one of short names). Names of other libraries for the same thing count as near.
std::optional<std::string> nearest_name(std::string_view word,
                                        std::span<const std::string_view> candidates);

// "did you mean `…`?", or nothing.
std::string suggest_name(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace actc::frontend

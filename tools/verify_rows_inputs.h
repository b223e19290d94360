// The rows that `actc verify` holds kernels over a row against: random ones of many lengths and
// spreads, and those that are special.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/npy.h"

namespace actc::tools {

struct SampleRow {
  std::string_view kind;                    // of the first input's elements
  std::size_t seed;                         // its number, from 1: of the random numbers
  std::vector<std::vector<double>> inputs;  // of the format
  std::vector<double> dy;                   // an element a column
  std::size_t columns() const { return dy.size(); }
};

// Which kind, of how many columns: what a row is made from.
struct RowChoice {
  std::size_t kind;
  std::size_t columns;
};

// With `columns` all rows have that many. Kinds of masks are for definitions with an input `mask`.
std::vector<RowChoice> chosen_rows(std::span<const std::string> inputs,
                                   std::optional<std::size_t> columns);

// The row number `seed` of those.
SampleRow sample_row(const RowChoice& choice, std::size_t seed, std::span<const std::string> inputs,
                     ElementType type);

}  // namespace actc::tools

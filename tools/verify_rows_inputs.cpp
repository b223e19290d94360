#include "tools/verify_rows_inputs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "tools/verify_points.h"

namespace actc::tools {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

enum class Mask : std::uint8_t { random, zeros, absent };

// x = centre + spread * normal, in units of `unit`; then `special` for some of the elements.
struct Kind {
  std::string_view name;
  double centre = 0;
  double spread = 1;
  double special = 0;
  // Of the elements: none are special, the one in the middle, about a third, all.
  enum class Which : std::uint8_t { none, one, some, all } which = Which::none;
  bool subnormal = false;  // in units of a quarter of the smallest normal number
  Mask mask = Mask::random;
  bool long_rows = false;
};
using enum Kind::Which;

// Values whose squares overflow are no part of this: 1000 is a large spread for exponentials.
constexpr std::array kinds = {
    Kind{.name = "spread 0.1", .spread = 0.1, .long_rows = true},
    Kind{.name = "spread 1", .long_rows = true},
    Kind{.name = "spread 10", .spread = 10, .long_rows = true},
    Kind{.name = "spread 30", .spread = 30, .long_rows = true},
    Kind{.name = "spread 1000", .spread = 1000},
    Kind{.name = "about 1e4", .centre = 1e4},
    Kind{.name = "about -1e4", .centre = -1e4},
    Kind{.name = "all equal", .spread = 0, .special = 1.0 / 3, .which = all},
    Kind{.name = "all 1e4", .special = 1e4, .which = all},
    Kind{.name = "all -1e4", .special = -1e4, .which = all},
    Kind{.name = "ties", .special = 2, .which = some},
    Kind{.name = "subnormal", .subnormal = true},
    Kind{.name = "with -inf", .special = -inf, .which = some},
    Kind{.name = "all -inf", .special = -inf, .which = all},
    Kind{.name = "one inf", .special = inf, .which = one},
    Kind{.name = "several inf", .special = inf, .which = some},
    Kind{.name = "one NaN", .special = nan, .which = one},
    Kind{.name = "mask of zeros", .mask = Mask::zeros},
    Kind{.name = "mask of -inf", .mask = Mask::absent},
};
constexpr std::array<std::size_t, 10> many_lengths = {1, 2, 3, 7, 16, 33, 100, 513, 1000, 3000};
constexpr std::array<std::size_t, 4> few_lengths = {1, 2, 19, 300};

double rounded(double value, ElementType type) {
  return with_element_type(
      type, [&]<class T>(std::type_identity<T>) { return as_double(static_cast<T>(value)); });
}

NumberFormat format_of(ElementType type) {
  return with_element_type(type,
                           []<class T>(std::type_identity<T>) { return tools::format_of<T>(); });
}

}  // namespace

std::vector<RowChoice> chosen_rows(std::span<const std::string> inputs,
                                   std::optional<std::size_t> columns) {
  constexpr std::size_t seeds = 3;
  const bool masked = std::ranges::find(inputs, "mask") != inputs.end();
  std::vector<RowChoice> rows;
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    if (kinds[k].mask != Mask::random && !masked) continue;
    if (columns) {
      rows.insert(rows.end(), seeds, {k, *columns});
    } else if (kinds[k].long_rows) {
      for (const std::size_t n : many_lengths) rows.push_back({k, n});
    } else {
      for (const std::size_t n : few_lengths) rows.push_back({k, n});
    }
  }
  return rows;
}

SampleRow sample_row(const RowChoice& choice, std::size_t seed, std::span<const std::string> inputs,
                     ElementType type) {
  const Kind& kind = kinds[choice.kind];
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> third(0, 2);
  SampleRow row{.kind = kind.name, .seed = seed, .inputs = {}, .dy = {}};
  const double unit =
      kind.subnormal ? std::ldexp(1.0, static_cast<int>(format_of(type).min_exponent) - 2) : 1;
  for (const std::string& name : inputs) {
    std::vector<double>& x = row.inputs.emplace_back();
    const bool first = row.inputs.size() == 1;
    // 0 and 1 by turns with -inf and 0: masks that are asked for and masks that are added.
    const double masked = seed % 2 == 0 ? -inf : 1;
    for (std::size_t c = 0; c < choice.columns; ++c) {
      double value = normal(random);
      const bool chosen = kind.which == all || (kind.which == one && c == choice.columns / 2) ||
                          (kind.which == some && third(random) == 0);
      if (first) {
        value = chosen ? kind.special : unit * (kind.centre + kind.spread * value);
      } else if (name == "mask") {
        value = kind.mask == Mask::zeros    ? 0
                : kind.mask == Mask::absent ? -inf
                : third(random) == 0        ? 0
                                            : masked;
      }
      x.push_back(rounded(value, type));
    }
  }
  for (std::size_t c = 0; c < choice.columns; ++c) row.dy.push_back(rounded(normal(random), type));
  return row;
}

}  // namespace actc::tools

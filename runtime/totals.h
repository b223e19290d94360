// The gradients of learned parameters: sums over all that a kernel is called for, of the partial
// sums that each call gives in two words.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "jit/kernel_abi.h"

namespace actc::detail {

// Elements and rows in one call: where calls end decides the last bits of a sum, and nothing else
// does. So many that outputs too large for the cache are seen to be; so few that the partial sums
// stay within the bounds of jit/reduction.h.
inline constexpr std::size_t most_elements = std::size_t{1} << 22;
inline constexpr std::size_t most_rows = std::size_t{1} << 12;

class Totals {
 public:
  explicit Totals(std::size_t count) : words_(2 * count), sums_(2 * count) {}

  std::size_t count() const { return sums_.size() / 2; }
  // Where a call writes its partial sum of parameter k.
  actc_array partial(std::size_t k) {
    return {&words_[2 * k], 0, static_cast<std::int64_t>(sizeof(double))};
  }
  // What the last call wrote.
  void take() {
    for (std::size_t k = 0; k < count(); ++k) {
      double& high = sums_[2 * k];
      double& low = sums_[2 * k + 1];
      // Knuth's sum of two words; the low ones mean nothing beside an infinity or a NaN.
      const double sum = high + words_[2 * k];
      const double from = sum - high;
      const double error = (high - (sum - from)) + (words_[2 * k] - from);
      low = std::isfinite(sum) ? low + (error + words_[2 * k + 1]) : 0;
      high = sum;
    }
  }
  double value(std::size_t k) const { return sums_[2 * k] + sums_[2 * k + 1]; }

 private:
  std::vector<double> words_;
  std::vector<double> sums_;
};

}  // namespace actc::detail

// What is summed over more than a kernel sees at once: the gradients of learned parameters, and of
// inputs that are spread over others.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace actc::detail {

// Elements and rows in one call: where calls end decides the last bits of a sum, and nothing else
// does. So many that outputs too large for the cache are seen to be; so few that the partial sums
// stay within the bounds of jit/reduction.h, and a sum over rows in one word within 2^-41 of the
// magnitudes.
inline constexpr std::size_t most_elements = std::size_t{1} << 22;
inline constexpr std::size_t most_rows = std::size_t{1} << 12;

// Sums in two words each.
class Totals {
 public:
  explicit Totals(std::size_t count) : words_(2 * count) {}

  // Knuth's sum of two words; the low ones mean nothing beside an infinity or a NaN.
  void add(std::size_t place, double more_high, double more_low) {
    double& high = words_[2 * place];
    double& low = words_[2 * place + 1];
    const double sum = high + more_high;
    const double from = sum - high;
    const double error = (high - (sum - from)) + (more_high - from);
    low = std::isfinite(sum) ? low + (error + more_low) : 0;
    high = sum;
  }
  double value(std::size_t place) const { return words_[2 * place] + words_[2 * place + 1]; }

 private:
  std::vector<double> words_;
};

}  // namespace actc::detail

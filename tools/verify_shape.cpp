// Questions to the formula that need no kernel.
#include "tools/verify_shape.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace actc::tools {

std::vector<Crossing> crossings(
    const std::function<double(double)>& exact,
    const std::function<std::vector<double>(const std::vector<double>&)>& near) {
  constexpr double far = 64;
  constexpr double step = 1.0 / 32;
  constexpr std::size_t most = 64;
  std::vector<double> x;
  for (double v = -far; v <= far; v += step) x.push_back(v + step / 3);
  for (double v = step; v > 0x1p-20; v /= 1.25) x.push_back(v), x.push_back(-v);
  std::ranges::sort(x);
  const std::vector<double> y = near(x);
  std::vector<Crossing> found;
  for (std::size_t i = 0; i + 1 < x.size() && found.size() < most; ++i) {
    if (!(y[i] * y[i + 1] < 0) || (x[i] < 0 && x[i + 1] > 0)) continue;
    double low = x[i];
    double high = x[i + 1];
    const bool up = exact(low) < 0;
    while (high - low > 0x1p-45 * std::abs(high)) {
      const double middle = low + (high - low) / 2;
      ((exact(middle) < 0) == up ? low : high) = middle;
    }
    Crossing c{low, 0};
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (std::abs(x[k] - c.at) <= 1) c.magnitude = std::max(c.magnitude, std::abs(y[k]));
    }
    // The value must shrink to nothing, not jump.
    const bool jumps = std::abs(exact(low)) + std::abs(exact(high)) > 0x1p-30 * c.magnitude;
    if (!jumps) found.push_back(c);
  }
  return found;
}

bool demands_negative_zero(const std::function<std::optional<double>(double)>& exact,
                           bool multiple) {
  const auto at_zero = exact(0.0);
  if (!at_zero || *at_zero != 0) return false;
  if (multiple) return true;
  const auto beside = exact(0x1p-100);
  if (!beside || *beside >= 0x1p-50) return false;
  return std::ranges::all_of(std::array{0x1p-12, 0.125, 0.75, 1.5, 3.0, 20.0}, [&](double t) {
    const auto right = exact(t);
    const auto left = exact(-t);
    return right && left && *right > 0 && *left == -*right;
  });
}

}  // namespace actc::tools

// Where bounds are absolute: the neighbourhoods of zero crossings.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace actc::test {

// Where a function crosses zero away from 0, and its largest magnitude within 1 of that: there the
// bound on the error is absolute.
struct Crossing {
  double at;
  double magnitude;
};

// By a scan of values; jumps are not crossings.
inline std::vector<Crossing> crossings(const std::vector<double>& x, const std::vector<double>& v) {
  std::vector<Crossing> found;
  for (std::size_t i = 1; i + 1 < x.size(); ++i) {
    const bool changes = v[i] * v[i + 1] < 0 || (v[i] == 0 && v[i - 1] * v[i + 1] < 0);
    if (!changes || std::abs(x[i]) < 0.01 || std::abs(v[i + 1] - v[i - 1]) > 0.1) continue;
    Crossing c{x[i], 0};
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (std::abs(x[k] - c.at) <= 1) c.magnitude = std::max(c.magnitude, std::abs(v[k]));
    }
    found.push_back(c);
  }
  return found;
}

}  // namespace actc::test

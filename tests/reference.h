// The expected values in data/, and errors measured in units of the last place.
#pragma once

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/actc.h"

namespace actc::test {

using Exact = boost::multiprecision::cpp_bin_float_50;

struct ReferenceRow {
  std::string name;
  Parameters parameters;
  double x;
  Exact y, dy, d2y;
};

inline std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(line);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

inline std::vector<std::vector<std::string>> read_csv(const std::string& name) {
  std::ifstream file(std::string(ACTC_TEST_DATA) + "/" + name);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) rows.push_back(split(line, ','));
  return rows;
}

inline std::vector<ReferenceRow> reference_rows() {
  std::vector<ReferenceRow> rows;
  for (const auto& cells : read_csv("elementwise.csv")) {
    ReferenceRow row{cells[0],       {}, std::stod(cells[2]), Exact(cells[3]), Exact(cells[4]),
                     Exact(cells[5])};
    for (const std::string& assignment : split(cells[1], ' ')) {
      const auto at = assignment.find('=');
      row.parameters[assignment.substr(0, at)] = std::stod(assignment.substr(at + 1));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// |result − exact| / 2^(max(⌊log2 |exact|⌋, emin) − p + 1). An inf is right exactly where the exact
// value rounds to it.
template <class T>
double ulps(T result, const Exact& exact) {
  constexpr int p = std::numeric_limits<T>::digits;
  constexpr int emin = std::numeric_limits<T>::min_exponent - 1;
  const Exact limit =
      ldexp(Exact(2) - ldexp(Exact(1), -p), std::numeric_limits<T>::max_exponent - 1);
  if (std::isinf(result)) {
    return abs(exact) >= limit && (result > 0) == (exact > 0)
               ? 0
               : std::numeric_limits<double>::infinity();
  }
  if (std::isnan(result)) return std::numeric_limits<double>::infinity();
  const int exponent = exact == 0 ? emin : std::max(static_cast<int>(ilogb(exact)), emin);
  return static_cast<double>(abs(Exact(result) - exact) / ldexp(Exact(1), exponent - p + 1));
}

}  // namespace actc::test

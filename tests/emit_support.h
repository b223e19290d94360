// Programs that run emitted texts, and definitions that are emitted beside the built-ins.
#pragma once

#include <string>

#include "run_program.h"

namespace actc::test {

// What the built-ins do not use: NaN met by conditions of all kinds, and roundings.
inline constexpr const char* typed_definitions = R"(
inside(x) = where(x > 0 and x < 1, 1, 2)
either(a, b) = where(a > 0 or b > 1, 1, a)
equal(x) = where(x == 1, 2, 3)
apart(a, b) = where(a != b, a - b, 7)
not_below(x) = where(not (x >= 0), 2, 3)
asks(x) = where(isnan(x), 7, x)
chosen(a, b) = where(where(a > 0, b > 0, b < -1), 5, 6)
roundings(x) = round(x) + floor(x / 2) + ceil(x) * trunc(x)
signs(a, b) = copysign(a, b) + min(a, b) * max(a, 0.5)
naive(x; beta = 2) = x * (exp(beta * x) - exp(-beta * x)) / (exp(beta * x) + exp(-beta * x))
exact(x) = x * log(1 + 1e-30) * 1e30 + exp(1000) / exp(999) + where(x > 1, 1/0, 10^400)
shares(x) = x * sqrt(2 / pi) / (1/3)
cube(x) = (x + 1)^3 - 2 * x^2 + x^-2
)";

inline testing::ProgramResult shell(const std::string& command) {
  return testing::run_program("/bin/sh", {"-c", command});
}

// The commands that run a file: with the Python that has NumPy, and with a JavaScript engine.
inline std::string numpy(const std::string& file) {
  return "for python in python3 /usr/bin/python3; do "
         "$python -c 'import numpy' 2> /dev/null && exec $python " +
         file + "; done; echo 'no NumPy: install the package python3-numpy' >&2; exit 1";
}
inline std::string node(const std::string& file) {
  return "for node in node nodejs; do command -v $node > /dev/null && exec $node " + file +
         "; done; echo 'no node: install the package nodejs' >&2; exit 1";
}

}  // namespace actc::test

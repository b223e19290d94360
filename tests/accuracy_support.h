// What the accuracy tests share: values over the reals by MPFR, errors in units of the last place,
// and where a function is sampled.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "ir/evaluate.h"
#include "ir/passes.h"
#include "runtime/state.h"
#include "tools/mpfr.h"

namespace actc::test {

using tools::Mpfr;
using tools::PrecisionScope;

// The unit of the last place at an exact value: 2^(max(⌊log2 |exact|⌋, emin) − p + 1).
template <class T>
Mpfr unit_at(const Mpfr& exact) {
  constexpr int p = std::numeric_limits<T>::digits;
  constexpr long emin = std::numeric_limits<T>::min_exponent - 1;
  const long exponent = exact == 0 ? emin : std::max(ilogb(exact), emin);
  return ldexp(Mpfr(1), exponent - p + 1);
}

// |result − exact| in units of the last place. NaN is right for NaN only; an inf exactly where the
// exact value is that inf or rounds to it.
template <class T>
double ulps(T result, const Mpfr& exact) {
  constexpr int p = std::numeric_limits<T>::digits;
  const double wrong = std::numeric_limits<double>::infinity();
  if (isnan(exact) || std::isnan(result)) return isnan(exact) && std::isnan(result) ? 0 : wrong;
  // Half a unit beyond the largest number.
  const Mpfr limit = ldexp(Mpfr(2) - ldexp(Mpfr(1), -p), std::numeric_limits<T>::max_exponent - 1);
  if (std::isinf(result)) {
    return abs(exact) >= limit && std::signbit(result) == signbit(exact) ? 0 : wrong;
  }
  if (isinf(exact)) return wrong;
  return static_cast<double>(abs(Mpfr(result) - exact) / unit_at<T>(exact));
}

// A graph over the reals, evaluated by MPFR.
class Reals {
 public:
  // The meaning of f; its partial derivative of this order with respect to an input or parameter.
  explicit Reals(const Function& f, int order = 0, std::size_t variable = 0) {
    const ir::Library& library = *detail::ModuleState::of(f).library;
    const ir::FunctionId id = *library.find(f.name());
    ir::Graph g = detail::call_graph(library, id);
    const std::size_t wanted[] = {variable};
    for (int k = 0; k < order; ++k) g = ir::derive(g, library, f.inputs().size(), wanted);
    graph_ = ir::expand_meaning(g, library);
    std::size_t operations = 0;
    for (ir::NodeId node = 0; node < graph_.size(); ++node) {
      const ir::Operation op = graph_[node].op;
      operations += op != ir::Operation::Constant && op != ir::Operation::Input &&
                    op != ir::Operation::Parameter;
    }
    rounds_once_ = operations <= 1;
  }

  // The value, wrong by less than 2^-12 units of the last place of T: the precision is doubled
  // until the value is the same with 64 bits more, and not 0 while anything of T may be lost. One
  // operation alone is right at any precision.
  template <class T>
  Mpfr at(std::span<const T> inputs, std::span<const T> parameters = {}) const {
    if (rounds_once_) return evaluate(inputs, parameters, 128);
    for (long bits = first_precision(inputs);; bits *= 2) {
      const Mpfr value = evaluate(inputs, parameters, bits);
      Mpfr finer = evaluate(inputs, parameters, bits + 64);
      const PrecisionScope precision(bits + 64);
      const bool lost = value == 0 && finer == 0 && bits < finest<T> + 64;
      const bool stays = (isnan(value) && isnan(finer)) || value == finer ||
                         abs(value - finer) <= ldexp(unit_at<T>(finer), -12);
      if ((stays && !lost) || bits > 16384) return finer;
    }
  }
  template <class T>
  Mpfr at(T input, std::span<const T> parameters = {}) const {
    return at(std::span<const T>(&input, 1), parameters);
  }

 private:
  // The smallest number of T is 2^-finest.
  template <class T>
  static constexpr long finest =
      std::numeric_limits<T>::digits - std::numeric_limits<T>::min_exponent;

  // The 1 in log(1 + exp(x)) absorbs exp(x), at one precision as at another: that is seen only
  // where there are bits for both from the start. Beyond 1100 what is absorbed is nothing in T.
  template <class T>
  static long first_precision(std::span<const T> inputs) {
    long spread = 0;
    for (const T x : inputs) {
      if (x == 0 || std::abs(x) > 1100) continue;
      const long bits = std::abs(x) >= 1 ? static_cast<long>(3 * std::abs(x)) : -2 * std::ilogb(x);
      spread = std::max(spread, bits);
    }
    return 128 + std::min(spread, finest<T>);
  }

  template <class T>
  Mpfr evaluate(std::span<const T> inputs, std::span<const T> parameters, long bits) const {
    const PrecisionScope precision(bits);
    std::vector<Mpfr> x;
    for (const T value : inputs) x.emplace_back(value);
    std::vector<Mpfr> p;
    for (const T value : parameters) p.emplace_back(value);
    return ir::evaluate<Mpfr>(graph_, x, p).front();
  }

  ir::Graph graph_;
  bool rounds_once_;
};

// The number of samples, times what the environment asks for (ACTC_ACCURACY_DENSITY, 1 by default).
inline std::size_t density(std::size_t samples) {
  const char* factor = std::getenv("ACTC_ACCURACY_DENSITY");
  return factor == nullptr ? samples : samples * std::strtoul(factor, nullptr, 10);
}

// A fixed sequence: a failure is found again.
inline std::mt19937_64 fixed_random() { return std::mt19937_64(20240229); }

inline std::uint64_t next_prime(std::uint64_t n) {
  const auto is_prime = [](std::uint64_t m) {
    for (std::uint64_t d = 2; d * d <= m; ++d) {
      if (m % d == 0) return false;
    }
    return m > 1;
  };
  while (!is_prime(n)) ++n;
  return n;
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

// About n numbers from low to high > 0, both positive, as far apart in representation: by a stride
// that is prime in binary32, at random in binary64; and their negatives.
template <class T>
void add_representations(std::vector<T>& x, T low, T high, std::size_t n) {
  const std::uint64_t first = std::bit_cast<Bits<T>>(low);
  const std::uint64_t last = std::bit_cast<Bits<T>>(high);
  const std::uint64_t stride = std::max<std::uint64_t>(1, 2 * (last - first) / n);
  if constexpr (sizeof(T) == 4) {
    const std::uint64_t prime = next_prime(stride);
    for (std::uint64_t i = first; i <= last; i += prime) {
      x.push_back(std::bit_cast<T>(static_cast<Bits<T>>(i)));
      const std::uint64_t other = std::min(last, i + prime / 2);
      x.push_back(-std::bit_cast<T>(static_cast<Bits<T>>(other)));
    }
  } else {
    std::mt19937_64 random = fixed_random();
    std::uniform_int_distribution<std::uint64_t> any(first, last);
    for (std::size_t i = 0; i < n; ++i) {
      const T value = std::bit_cast<T>(any(random));
      x.push_back(i % 2 == 0 ? value : -value);
    }
  }
}

// x, two neighbours on each side, and the negatives of all five; what is not finite is left out.
template <class T>
void add_neighbours(std::vector<T>& x, T at) {
  const T inf = std::numeric_limits<T>::infinity();
  const T up = std::nextafter(at, inf);
  const T down = std::nextafter(at, -inf);
  for (const T v : {at, up, down, std::nextafter(up, inf), std::nextafter(down, -inf)}) {
    if (!std::isfinite(v)) continue;
    x.push_back(v);
    x.push_back(-v);
  }
}

// Zeros, the smallest and the largest numbers, powers of two, multiples of log(2)/2 and π/4 (where
// arguments are reduced), and where the implementations change their method or results overflow,
// underflow or become 1: in stdlib/binary32/, stdlib/binary64/ and, of the activations, their
// kinks.
template <class T>
void add_boundaries(std::vector<T>& x) {
  using Limits = std::numeric_limits<T>;
  for (const T v : {T(0), Limits::min(), Limits::max()}) add_neighbours(x, v);
  const int low = Limits::min_exponent - Limits::digits;
  for (int e = low; e < Limits::max_exponent; e += std::abs(e) < 64 ? 1 : Limits::digits / 4) {
    add_neighbours(x, std::ldexp(T(1), e));
  }
  for (int k = 1; k <= 24; ++k) {
    add_neighbours(x, static_cast<T>(k * std::numbers::ln2 / 2));
    add_neighbours(x, static_cast<T>(k * std::numbers::pi / 4));
  }
  for (const double v :
       {0.1,   0.18,  0.22,   0.3,    1.0 / 3, 0.36,   0.4769, 0.67,   0.7,    0.93,  0.95,  1.0001,
        1.1,   1.125, 1.19,   1.4142, 1.5,     2.2,    3.0,    3.92,   5.0,    5.5,   5.92,  6.0,
        9.01,  9.19,  10.0,   10.05,  10.32,   12.0,   13.0,   14.2,   14.4,   14.65, 16.28, 16.65,
        17.0,  17.33, 17.7,   18.0,   18.4,    18.72,  19.06,  20.0,   22.0,   24.0,  26.0,  26.54,
        27.23, 28.0,  33.3,   36.05,  36.74,   37.43,  37.5,   38.0,   38.5,   38.6,  39.0,  40.0,
        60.0,  85.0,  87.34,  88.0,   88.73,   89.0,   89.42,  102.0,  103.28, 104.0, 104.5, 700.0,
        707.7, 708.4, 709.09, 709.79, 710.0,   710.48, 744.44, 745.14, 746.0,  760.0, 1e4,   4.0e5,
        1e9,   1e10,  1e15,   1e22,   1.8e19,  1e30,   1e37}) {
    add_neighbours(x, static_cast<T>(v));
  }
}

// A quarter over all finite numbers, half from 2^-12 to 2^8, a quarter uniform over [-50, 50], and
// the boundaries.
template <class T>
std::vector<T> samples(std::size_t n) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  add_representations(x, Limits::denorm_min(), Limits::max(), n / 4);
  add_representations(x, std::ldexp(T(1), -12), std::ldexp(T(1), 8), n / 2);
  std::mt19937_64 random = fixed_random();
  std::uniform_real_distribution<T> uniform(-50, 50);
  for (std::size_t i = 0; i < n / 4; ++i) x.push_back(uniform(random));
  add_boundaries(x);
  return x;
}

}  // namespace actc::test

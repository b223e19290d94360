// Loops over arrays are without branches, so that compilers make vectors of them; compiled also for
// processors with AVX2 and AVX-512.
#include "tools/verify_errors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

// Not under the thread sanitizer, which is not there yet when the loader chooses a clone.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define ACTC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ACTC_CLONES
#endif

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t exponent_mask = 0x7ff;

ACTC_CLONES void measure(const float* results, const double* screen, double* errors, std::size_t n,
                         std::uint64_t least, std::uint64_t scale, double limit) {
  for (std::size_t i = 0; i < n; ++i) {
    const double r = static_cast<double>(results[i]);
    const double w = screen[i];
    const std::uint64_t e = std::bit_cast<std::uint64_t>(w) >> 52 & exponent_mask;
    const double per_unit = std::bit_cast<double>((scale - (e > least ? e : least)) << 52);
    const double distance = std::fabs(r - w) * per_unit;
    const bool right_infinity = r == std::copysign(infinity, w) && std::fabs(w) >= limit;
    const double finite = std::fabs(r) == infinity ? (right_infinity ? 0.0 : infinity) : distance;
    const bool r_nan = r != r;
    const bool w_nan = w != w;
    errors[i] = r_nan || w_nan ? (r_nan && w_nan ? 0.0 : infinity) : finite;
  }
}

ACTC_CLONES double largest(const double* errors, std::size_t n) {
  constexpr std::size_t lanes = 16;
  double most[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      most[k] = errors[i + k] > most[k] ? errors[i + k] : most[k];
    }
  }
  for (; i < n; ++i) most[0] = errors[i] > most[0] ? errors[i] : most[0];
  double result = 0;
  for (const double m : most) result = m > result ? m : result;
  return result;
}

ACTC_CLONES std::size_t count_steps(const float* results, std::size_t n, float direction) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    count += results[i + 1] * direction < results[i] * direction ? 1U : 0U;
  }
  return count;
}

ACTC_CLONES std::size_t count_outside(const float* results, std::size_t n, float low, float high) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    count += (results[i] < low ? 1U : 0U) + (results[i] > high ? 1U : 0U);
  }
  return count;
}

}  // namespace

double errors_against(const float* results, const double* screen, double* errors, std::size_t n,
                      const NumberFormat& format) {
  // 2^-unit has the biased exponent 1023 − (e − 1023 − digits + 1), e the screen's biased exponent.
  const auto scale = static_cast<std::uint64_t>(2046 + format.digits - 1);
  const auto least = static_cast<std::uint64_t>(1023 + format.min_exponent);
  const double limit =
      std::ldexp(2 - std::ldexp(1.0, -format.digits), static_cast<int>(format.max_exponent));
  measure(results, screen, errors, n, least, scale, limit);
  return largest(errors, n);
}

std::size_t steps_against(const float* results, std::size_t n, float direction,
                          std::size_t& first) {
  const std::size_t count = count_steps(results, n, direction);
  for (std::size_t i = 0; count > 0 && i + 1 < n; ++i) {
    if (results[i + 1] * direction < results[i] * direction) {
      first = i;
      break;
    }
  }
  return count;
}

std::size_t outside(const float* results, std::size_t n, float low, float high,
                    std::size_t& first) {
  const std::size_t count = count_outside(results, n, low, high);
  for (std::size_t i = 0; count > 0 && i < n; ++i) {
    if (results[i] < low || results[i] > high) {
      first = i;
      break;
    }
  }
  return count;
}

double difference_in_units(double a, double exact, const NumberFormat& format) {
  if (std::isnan(exact) || std::isnan(a)) {
    return std::isnan(exact) && std::isnan(a) ? 0 : infinity;
  }
  if (a == exact) return 0;
  const double huge = std::ldexp(1.0, static_cast<int>(format.max_exponent + 1));
  if (std::abs(a) >= huge && std::abs(exact) >= huge && std::signbit(a) == std::signbit(exact)) {
    return 0;
  }
  const long lowest = -100'000;
  const long e = exact == 0 ? lowest : std::max<long>(std::ilogb(exact), lowest);
  return std::ldexp(std::abs(a - exact), static_cast<int>(-unit_exponent(format, e)));
}

}  // namespace actc::tools

// binary16 and bfloat16 as storage: what arrays hold, never what is computed with.
//
// Widening to float is exact. Narrowing from float or double rounds once, to nearest, ties to even:
// beyond the largest number to an infinity, through the subnormal numbers to a zero with its sign.
// A NaN stays one, quiet, with the upper part of its payload. Formats: IEEE 754-2019, 3.6, for
// binary16; bfloat16 is the upper half of a binary32.
#pragma once

#include <bit>
#include <cstdint>

#if defined(__GNUC__)
#define ACTC_API __attribute__((visibility("default")))
#else
#define ACTC_API
#endif

namespace actc {
namespace detail {

// A 16-bit format of `digits` significant bits, the hidden one included.
template <int digits>
struct Float16Layout {
  static constexpr int stored = digits - 1;
  static constexpr int max_exponent = (1 << (14 - stored)) - 1;
  static constexpr int min_exponent = 1 - max_exponent;
  static constexpr std::uint64_t infinity = 0x7fffU >> stored << stored;
  static constexpr std::uint64_t quiet = std::uint64_t{1} << (stored - 1);
};

template <int digits>
constexpr std::uint16_t narrow(double value) {
  using Layout = Float16Layout<digits>;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t sign = bits >> 63 << 15;
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63);
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
  if (magnitude > std::uint64_t{0x7ff} << 52) {
    const std::uint64_t payload = fraction >> (52 - Layout::stored);
    return static_cast<std::uint16_t>(sign | Layout::infinity | Layout::quiet | payload);
  }
  const int exponent = static_cast<int>(magnitude >> 52) - 1023;
  const int kept = exponent > Layout::min_exponent ? exponent : Layout::min_exponent;
  const int dropped = 52 - Layout::stored + (kept - exponent);
  if (dropped > 54) return static_cast<std::uint16_t>(sign);  // below half of the smallest number
  if (exponent > Layout::max_exponent) {
    return static_cast<std::uint16_t>(sign | Layout::infinity);
  }
  const std::uint64_t significand = std::uint64_t{1} << 52 | fraction;
  const std::uint64_t odd = significand >> dropped & 1;
  const std::uint64_t below_half = (std::uint64_t{1} << (dropped - 1)) - 1;
  // The hidden bit, and a carry out of the fraction, count up the exponent: to infinity at the end.
  const auto lower = static_cast<std::uint64_t>(kept - Layout::min_exponent) << Layout::stored;
  return static_cast<std::uint16_t>(sign | (lower + ((significand + below_half + odd) >> dropped)));
}

// A number of `digits` significant bits, stored.
template <int digits>
class ACTC_API Stored16 {
 public:
  Stored16() = default;
  constexpr explicit Stored16(double value) : bits_(narrow<digits>(value)) {}
  constexpr explicit Stored16(float value) : Stored16(static_cast<double>(value)) {}
  constexpr explicit Stored16(int value) : Stored16(static_cast<double>(value)) {}

  static constexpr Stored16 from_bits(std::uint16_t bits) {
    Stored16 result(0);
    result.bits_ = bits;
    return result;
  }
  constexpr std::uint16_t bits() const { return bits_; }

  constexpr operator float() const {
    const std::uint32_t wide = bits_;
    if constexpr (digits == 8) {
      return std::bit_cast<float>(wide << 16);
    } else {
      const std::uint32_t sign = wide >> 15 << 31;
      const std::uint32_t magnitude = wide & 0x7fffU;
      if (magnitude < 0x400) {
        const float subnormal = static_cast<float>(magnitude) * 0x1p-24F;
        return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(subnormal));
      }
      // The exponent's bias grows from 15 to 127, and its largest value goes on meaning what it
      // does. A signalling NaN becomes a quiet one.
      const std::uint32_t bias = magnitude < 0x7c00 ? 127U - 15U : 255U - 31U;
      const std::uint32_t quiet = magnitude > 0x7c00 ? 0x400000U : 0U;
      return std::bit_cast<float>(sign | ((magnitude << 13) + (bias << 23)) | quiet);
    }
  }

 private:
  std::uint16_t bits_;
};

}  // namespace detail

/// IEEE 754's binary16: 11 significant bits, from 2^-24 (subnormal) to 65504.
using float16 = detail::Stored16<11>;

/// bfloat16: 8 significant bits, with binary32's range of exponents.
using bfloat16 = detail::Stored16<8>;

static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2);

}  // namespace actc

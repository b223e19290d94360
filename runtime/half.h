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

// What the formats have in common: the bits, and numbers rounded to them.
template <class Self, int digits>
class Stored16 {
 public:
  Stored16() = default;
  constexpr explicit Stored16(double value) : bits_(narrow<digits>(value)) {}
  constexpr explicit Stored16(float value) : Stored16(static_cast<double>(value)) {}
  constexpr explicit Stored16(int value) : Stored16(static_cast<double>(value)) {}

  static constexpr Self from_bits(std::uint16_t bits) {
    Self result(0);
    result.bits_ = bits;
    return result;
  }
  constexpr std::uint16_t bits() const { return bits_; }

 private:
  std::uint16_t bits_;
};

}  // namespace detail

/// IEEE 754's binary16: 11 significant bits, from 2^-24 (subnormal) to 65504.
class ACTC_API float16 : public detail::Stored16<float16, 11> {
 public:
  using Stored16::Stored16;

  constexpr operator float() const {
    const std::uint32_t sign = std::uint32_t{bits()} >> 15 << 31;
    const std::uint32_t magnitude = bits() & 0x7fffU;
    std::uint32_t wide = 0;
    if (magnitude < 0x400) {
      wide = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24F);
    } else {
      // The exponent's bias grows from 15 to 127, and its largest value goes on meaning what it
      // does.
      wide = (magnitude << 13) + ((magnitude < 0x7c00 ? 127U - 15U : 255U - 31U) << 23);
    }
    if (magnitude > 0x7c00) wide |= 0x400000U;
    return std::bit_cast<float>(sign | wide);
  }
};

/// bfloat16: 8 significant bits, with binary32's range of exponents.
class ACTC_API bfloat16 : public detail::Stored16<bfloat16, 8> {
 public:
  using Stored16::Stored16;

  constexpr operator float() const { return std::bit_cast<float>(std::uint32_t{bits()} << 16); }
};

static_assert(sizeof(float16) == 2 && sizeof(bfloat16) == 2);

}  // namespace actc

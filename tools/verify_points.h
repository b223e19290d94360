// The inputs of a number format, in the order of the numbers they stand for.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "runtime/half.h"
#include "tools/oracle_judge.h"

namespace actc::tools {

template <class T>
using Representation =
    std::conditional_t<sizeof(T) == 2, std::uint16_t,
                       std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;

template <class T>
constexpr NumberFormat format_of() {
  if constexpr (std::is_same_v<T, float>) return binary32;
  if constexpr (std::is_same_v<T, double>) return binary64;
  if constexpr (std::is_same_v<T, float16>) return binary16;
  if constexpr (std::is_same_v<T, bfloat16>) return bfloat;
}

template <class T>
T from_bits(Representation<T> bits) {
  if constexpr (sizeof(T) == 2) {
    return T::from_bits(bits);
  } else {
    return std::bit_cast<T>(bits);
  }
}

template <class T>
Representation<T> bits_of(T value) {
  if constexpr (sizeof(T) == 2) {
    return value.bits();
  } else {
    return std::bit_cast<Representation<T>>(value);
  }
}

template <class T>
double as_double(T value) {
  if constexpr (sizeof(T) == 2) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<double>(value);
  }
}

// Representations of the magnitudes: 0, then the positive numbers in order, then infinity.
template <class T>
constexpr Representation<T> infinity_bits() {
  constexpr NumberFormat f = format_of<T>();
  constexpr int stored = f.digits - 1;
  return static_cast<Representation<T>>(static_cast<std::uint64_t>(2 * f.max_exponent + 1)
                                        << stored);
}

template <class T>
constexpr Representation<T> sign_bit() {
  return static_cast<Representation<T>>(Representation<T>{1} << (8 * sizeof(T) - 1));
}

// Magnitudes of the binades of a format: those of the subnormal numbers too, each a power of two.
template <class T>
struct Binades {
  static constexpr NumberFormat f = format_of<T>();
  static constexpr long lowest = f.min_exponent - f.digits + 1;
  static constexpr long count = f.max_exponent - lowest + 1;

  // The representations from `first` (included) to `last` (excluded) of 2^(lowest + index) ….
  static constexpr std::uint64_t first(long index) {
    const long subnormal = f.digits - 1;
    if (index < subnormal) return std::uint64_t{1} << index;
    return static_cast<std::uint64_t>(index - subnormal + 1) << (f.digits - 1);
  }
  static constexpr std::uint64_t last(long index) { return first(index + 1); }
  // Of a magnitude that is not 0 and finite.
  static constexpr long index_of(std::uint64_t magnitude) {
    const auto exponent = static_cast<long>(magnitude >> (f.digits - 1));
    if (exponent == 0) return 63 - std::countl_zero(magnitude);
    return exponent - 1 + f.digits - 1;
  }
};

static_assert(Binades<float>::index_of(1) == 0 && Binades<float>::first(0) == 1);
static_assert(Binades<float>::index_of(0x00800000) == 23 &&
              Binades<float>::first(23) == 0x00800000);
static_assert(Binades<float>::last(Binades<float>::count - 1) == infinity_bits<float>());

}  // namespace actc::tools

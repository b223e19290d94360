// Which inputs are looked at.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tools/errors.h"
#include "tools/verify.h"
#include "tools/verify_points.h"

namespace actc::tools {

// n of the magnitudes from `first` on, one anywhere in each n-th part of `size`, the ends included.
template <class T>
void add_samples(std::vector<Representation<T>>& to, bool negative, std::uint64_t first,
                 std::uint64_t size, std::uint64_t n) {
  const Representation<T> sign = negative ? sign_bit<T>() : Representation<T>{0};
  const auto part = [&](std::uint64_t k) { return size / n * k + size % n * k / n; };
  std::uint64_t random = 0x9e3779b97f4a7c15U * (first + 1 + negative);
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint64_t low = part(i);
    const std::uint64_t high = part(i + 1);
    random = random * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t at = i == 0       ? low
                             : i + 1 == n ? high - 1
                                          : low + (random >> 20) % (high - low);
    to.push_back(static_cast<Representation<T>>(sign | (first + at)));
  }
}

// The `around` finite inputs on each side of x, through 0 where it is near.
template <class T>
void add_neighbours(std::vector<Representation<T>>& to, double x, std::uint64_t around) {
  using Bits = Representation<T>;
  const Bits bits = bits_of(T(x));
  const Bits sign = bits & sign_bit<T>();
  const auto magnitude = static_cast<std::uint64_t>(static_cast<Bits>(bits ^ sign));
  const std::uint64_t last = std::min<std::uint64_t>(magnitude + around, infinity_bits<T>() - 1U);
  for (std::uint64_t m = magnitude - std::min(magnitude, around); m <= last; ++m) {
    to.push_back(static_cast<Bits>(sign | m));
    if (m < around) to.push_back(static_cast<Bits>((sign ^ sign_bit<T>()) | m));
  }
}

// In the order of their representations: `wanted` of each binade of each sign, the zeros and the
// infinities, and up to 1000 on each side of the switching points. Where there is `no_screen` the
// middle of the range has more: a hundred times as many from 2^-12 to 2^10, where functions are
// not yet what they tend to.
template <class T>
std::vector<Representation<T>> judged_inputs(std::uint64_t wanted, bool no_screen,
                                             std::span<const double> switching_points) {
  constexpr std::uint64_t most_neighbours = 1000;
  std::vector<Representation<T>> inputs;
  for (const bool negative : {false, true}) {
    for (long k = 0; k < Binades<T>::count; ++k) {
      const std::uint64_t first = Binades<T>::first(k);
      const std::uint64_t size = Binades<T>::last(k) - first;
      const long exponent = Binades<T>::lowest + k;
      const bool dense = no_screen && exponent >= -12 && exponent < 10;
      add_samples<T>(inputs, negative, first, size, std::min(size, dense ? 100 * wanted : wanted));
    }
    const Representation<T> sign = negative ? sign_bit<T>() : Representation<T>{0};
    inputs.push_back(sign);
    inputs.push_back(static_cast<Representation<T>>(sign | infinity_bits<T>()));
  }
  const std::uint64_t around =
      std::max<std::uint64_t>(16, std::min(most_neighbours, most_neighbours * wanted / 1000));
  for (const double x : switching_points) add_neighbours<T>(inputs, x, around);
  std::ranges::sort(inputs);
  inputs.erase(std::unique(inputs.begin(), inputs.end()), inputs.end());
  return inputs;
}

// Magnitudes of NaNs where not all are looked at: signalling, quiet, the last.
template <class T>
constexpr std::array<std::uint64_t, 3> few_nans() {
  const std::uint64_t end = sign_bit<T>();
  return {infinity_bits<T>() + std::uint64_t{1}, end - end / 4096, end - 1};
}

// The judged inputs and, but for binary64, every so-maniest magnitude, NaNs too: `inputs_of`.
template <class T>
std::vector<Representation<T>> with_stride(std::vector<Representation<T>> judged,
                                           std::uint64_t stride) {
  constexpr bool sampled = std::is_same_v<T, double>;
  constexpr std::uint64_t all = sampled ? 0 : sign_bit<T>();
  if (all / stride > most_given / 2) {
    throw bad_usage(fmt::format("more than {} inputs do not go into one file", most_given),
                    "give --stride 17, or a larger prime");
  }
  const auto add = [&](std::uint64_t magnitude) {
    judged.push_back(static_cast<Representation<T>>(magnitude));
    judged.push_back(static_cast<Representation<T>>(magnitude | sign_bit<T>()));
  };
  for (std::uint64_t m = 0; m < all; m += stride) add(m);
  if (sampled) std::ranges::for_each(few_nans<T>(), add);
  std::ranges::sort(judged);
  judged.erase(std::unique(judged.begin(), judged.end()), judged.end());
  return judged;
}

}  // namespace actc::tools

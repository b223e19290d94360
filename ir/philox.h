// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a keyed
// bijection of blocks of four words, so that a draw is a function of where it is made and not of
// the draws before it.
#pragma once

#include <array>
#include <cstdint>

namespace actc::ir {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

inline constexpr int philox_rounds = 10;
inline constexpr PhiloxKey philox_multipliers = {0xd2511f53, 0xcd9e8d57};
inline constexpr PhiloxKey philox_weyl = {0x9e3779b9, 0xbb67ae85};  // added to the key each round

constexpr PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < philox_rounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{philox_multipliers[0]} * counter[0];
    const std::uint64_t p1 = std::uint64_t{philox_multipliers[1]} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key = {key[0] + philox_weyl[0], key[1] + philox_weyl[1]};
  }
  return counter;
}

// Where a draw's bits are. An element has blocks of its own, by its index; its streams share them:
// four of binary32 a block, two of binary64, whose low word comes first.
struct DrawPlace {
  std::uint32_t block;
  std::uint32_t word;  // the first one, of one or two
};
constexpr DrawPlace draw_place(std::uint32_t stream, std::uint32_t words) {
  return {stream / (4 / words), stream % (4 / words) * words};
}

constexpr PhiloxBlock draw_block(std::uint64_t seed, std::uint64_t index, std::uint32_t block) {
  return philox(
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), block, 0},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

// What `unit_random` is: (k + 1/2) / 2^23 in binary32, (k + 1/2) / 2^52 in binary64, k being the
// upper 23 or 52 bits; so neither 0 nor 1.
constexpr float unit_random32(std::uint64_t seed, std::uint64_t index, std::uint32_t stream) {
  const DrawPlace at = draw_place(stream, 1);
  const std::uint32_t word = draw_block(seed, index, at.block)[at.word];
  return (static_cast<float>(word >> 9) + 0.5F) * 0x1p-23F;
}
constexpr double unit_random64(std::uint64_t seed, std::uint64_t index, std::uint32_t stream) {
  const DrawPlace at = draw_place(stream, 2);
  const PhiloxBlock block = draw_block(seed, index, at.block);
  const std::uint64_t word = std::uint64_t{block[at.word + 1]} << 32 | block[at.word];
  return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52;
}

}  // namespace actc::ir

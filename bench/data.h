// The arrays that all contenders work on.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "bench/aligned.h"
#include "bench/peers/peer.h"

namespace bench {

std::string_view name(Type type);
std::string_view name(Direction direction);
std::size_t size_of(Type type);
// What a memcpy of as many bytes as the direction reads and writes copies, in elements.
std::size_t elements_moved(Direction direction, std::size_t n);

// Numbers: from N(0, 2^2) with a fixed seed; their magnitudes; or those that are given.
enum class Draw { normal, positive };

// Arrays of n elements of a type. Every page has been written to.
class Data {
 public:
  Data(Type type, std::size_t n, Draw draw = Draw::normal);
  // x in binary32; dy is 1.
  explicit Data(std::span<const float> x);

  std::size_t size() const { return n_; }
  // Valid as long as this and `function`.
  Job job(const char* function, Direction direction) const;

 private:
  Type type_;
  std::size_t n_;
  Aligned<std::byte> in_;   // x, then dy
  Aligned<std::byte> out_;  // y, then dx
};

}  // namespace bench

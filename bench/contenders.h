// Who is measured against whom, and on what data.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bench/aligned.h"
#include "bench/kernels.h"
#include "runtime/actc.h"

namespace bench {

// For the first-level cache, the second-level cache and memory.
inline constexpr std::size_t sizes[] = {2048, 32768, std::size_t{16} << 20};

enum class Direction { forward, backward };
inline constexpr Direction directions[] = {Direction::forward, Direction::backward};
std::string_view name(Direction direction);

// Arrays aligned to 64 bytes. x and dy are drawn from N(0, 2^2) with a fixed seed; every page of
// the output has been written to.
class Data {
 public:
  explicit Data(std::size_t n);

  std::size_t size() const { return input_.all().size() / 2; }
  std::span<const float> x() const { return input_.all().first(size()); }
  std::span<const float> dy() const { return input_.all().last(size()); }
  std::span<float> out() const { return output_.all().first(size()); }
  // Copies as many bytes as the direction reads and writes: forward n floats; backward, which
  // reads two arrays and writes one, 3n/2 floats.
  void copy(Direction direction) const;

 private:
  AlignedFloats input_;   // x, then dy
  AlignedFloats output_;  // 3n/2
};

// actc's kernels of the built-ins, compiled when first asked for.
class ActcKernels {
 public:
  const actc::BoundKernel<float>& get(std::string_view function, bool avx2_only);

 private:
  std::map<std::pair<std::string, bool>, actc::BoundKernel<float>> kernels_;
};

enum class Who { actc, actc_avx2, hand_written, loop, copy };
inline constexpr Who everyone[] = {Who::actc, Who::actc_avx2, Who::hand_written, Who::loop,
                                   Who::copy};
std::string_view name(Who who);

// `function` is an index into avx2_kernels() and plain_loops().
std::function<void()> contender(Who who, std::size_t function, Direction direction,
                                const Data& data, ActcKernels& actc);

}  // namespace bench

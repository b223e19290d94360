// The sweep of `actc show --prove`: blocks of neighbouring magnitudes, both signs together.
#include "tools/prove.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "tools/card/normal.h"
#include "tools/sweep_store.h"
#include "tools/terminal.h"
#include "tools/verify_tasks.h"

namespace actc::tools {
namespace {

constexpr std::uint32_t end_of_numbers = 0x7f800000;  // the representation of infinity
constexpr std::uint32_t block = 1U << 15;
constexpr std::size_t blocks = end_of_numbers / block;
static_assert(blocks * block == end_of_numbers);
constexpr unsigned threads = 2;

float number(std::uint32_t magnitude) { return std::bit_cast<float>(magnitude); }

struct Largest {
  double value = -std::numeric_limits<double>::infinity();
  double at = 0;
  void take(double v, double x) {
    // Of equal ones the least, so that the order of the blocks does not matter.
    if (v > value || (v == value && x < at)) *this = {v, x};
  }
  void take(const Largest& other) { take(other.value, other.at); }
};

struct Worker {
  BoundKernel<float> kernel;
  // Of each sign, and one more at the end.
  std::array<std::vector<float>, 2> x = {}, y = {}, slope = {};
  std::vector<float> one = {};
  Largest high = {}, steep = {};
  Largest low = {}, falling = {};  // of the negative values
  std::uint64_t inputs = 0, asymmetric = 0, against = 0;
  double dead = 0;
};

class Sweep {
 public:
  explicit Sweep(const ProofRequest& request) : request_(request) {
    const Monotone m = request.shape.monotone;
    direction_ = m == Monotone::increasing || m == Monotone::non_decreasing   ? 1
                 : m == Monotone::decreasing || m == Monotone::non_increasing ? -1
                                                                              : 0;
  }

  void run(Worker& w, std::size_t task) const {
    const auto first = static_cast<std::uint32_t>(task) * block;
    // The first of the next block too: steps between blocks.
    const std::uint32_t count = task + 1 == blocks ? block : block + 1;
    for (const std::size_t sign : {0U, 1U}) {
      w.x[sign].resize(count);
      w.y[sign].resize(count);
      w.slope[sign].resize(count);
      w.one.assign(count, 1.0F);
      for (std::uint32_t i = 0; i < count; ++i)
        w.x[sign][i] = sign == 0 ? number(first + i) : -number(first + i);
      w.kernel.forward(w.x[sign], w.y[sign]);
      w.kernel.backward(w.x[sign], w.one, w.slope[sign]);
      of_one_sign(w, sign);
    }
    for (std::uint32_t i = 0; i < block; ++i) w.asymmetric += is_asymmetric(w.y[0][i], w.y[1][i]);
  }

 private:
  void of_one_sign(Worker& w, std::size_t sign) const {
    const auto& [x, y, slope] = std::tie(w.x[sign], w.y[sign], w.slope[sign]);
    float low = std::numeric_limits<float>::infinity(), high = -low, flat = low, steep = -low;
    for (std::uint32_t i = 0; i < block; ++i) {
      // NaN is neither.
      low = y[i] < low ? y[i] : low;
      high = y[i] > high ? y[i] : high;
      flat = slope[i] < flat ? slope[i] : flat;
      steep = slope[i] > steep ? slope[i] : steep;
    }
    const auto place = [&](const std::vector<float>& values, float value) {
      const auto at = std::ranges::find(values, value);
      return at == values.end()
                 ? 0.0
                 : static_cast<double>(x[static_cast<std::size_t>(at - values.begin())]);
    };
    if (low <= high) {
      w.low.take(-static_cast<double>(low), place(y, low));
      w.high.take(high, place(y, high));
    }
    if (flat <= steep) {
      w.falling.take(-static_cast<double>(flat), place(slope, flat));
      w.steep.take(steep, place(slope, steep));
    }
    w.inputs += block;
    if (direction_ != 0) {
      // Magnitudes grow: of negative numbers that is downwards.
      const float up = static_cast<float>(sign == 0 ? direction_ : -direction_);
      std::uint64_t against = 0;
      for (std::size_t i = 0; i + 1 < x.size(); ++i) against += up * y[i + 1] < up * y[i] ? 1 : 0;
      w.against += against;
    }
    w.dead += dead_share(x, slope);
  }

  // Of N(0, 1), each number standing for what rounds to it: runs of slope 0.
  static double dead_share(const std::vector<float>& x, const std::vector<float>& slope) {
    double share = 0;
    std::size_t i = 0;
    while (i < block) {
      if (slope[i] != 0) {
        ++i;
        continue;
      }
      const std::size_t from = i;
      while (i < block && slope[i] == 0) ++i;
      const auto edge = [&](float a, float b) { return (static_cast<double>(a) + b) / 2; };
      const double before =
          from > 0 ? edge(x[from - 1], x[from])
                   : edge(std::copysign(std::nextafterf(std::abs(x[0]), 0.0F), x[0]), x[0]);
      const double after = i < x.size() ? edge(x[i - 1], x[i]) : x[i - 1];
      share += normal_share({std::min(before, after), std::max(before, after)});
    }
    return share;
  }

  bool is_asymmetric(float at_positive, float at_negative) const {
    if (std::isnan(at_positive) || std::isnan(at_negative))
      return std::isnan(at_positive) != std::isnan(at_negative);
    switch (request_.shape.symmetry) {
      case Symmetry::even:
        return at_positive != at_negative;
      case Symmetry::odd:
        return at_positive != -at_negative;
      case Symmetry::point: {
        // Of a rounded sum no more than its rounding is asked.
        const double sum = 2 * request_.shape.at_zero.value;
        const double off = std::abs(static_cast<double>(at_positive) + at_negative - sum);
        return off > 0x1p-23 * std::max(std::abs(at_positive), std::abs(at_negative));
      }
      case Symmetry::neither:
        break;
    }
    return false;
  }

  const ProofRequest& request_;
  int direction_ = 0;
};

}  // namespace

Binary32 prove(const ProofRequest& request) {
  KernelOptions options;
  options.stabilize = request.stabilize;
  options.cache = request.cache;
  const BoundKernel<float> kernel =
      request.function.kernel<float>(options).bind(request.parameters);
  const Sweep sweep(request);
  Progress progress(request.label);
  Worker total;
  in_parallel(
      threads, blocks, [&] { return Worker{.kernel = kernel}; },
      [&](Worker& w, std::size_t task) { sweep.run(w, task); },
      [&](const Worker& w) {
        total.high.take(w.high);
        total.low.take(w.low);
        total.steep.take(w.steep);
        total.falling.take(w.falling);
        total.inputs += w.inputs;
        total.asymmetric += w.asymmetric;
        total.against += w.against;
        total.dead += w.dead;
      },
      [&](std::size_t task) { progress.update(task, blocks); });
  return {.low = -total.low.value,
          .high = total.high.value,
          .low_at = total.low.at,
          .high_at = total.high.at,
          .inputs = total.inputs,
          .swept = true,
          .date = today(),
          .asymmetric = total.asymmetric,
          .against = total.against,
          .largest_slope = total.steep.value,
          .largest_slope_at = total.steep.at,
          .smallest_slope = -total.falling.value,
          .smallest_slope_at = total.falling.at,
          .dead_share = total.dead};
}

}  // namespace actc::tools

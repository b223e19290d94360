// What a person would choose to show: everything that happens, and a little of what follows.
#include "tools/plot/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace actc::tools::plot {
namespace {

constexpr double nearest_end = 4;  // what is shown at least, to both sides
constexpr double furthest = 12;    // where bends are looked for
constexpr double furthest_of_waves = 7;
constexpr int samples = 480;

struct Extent {
  double low = 0, high = 0;
  void take(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

std::vector<double> sampled(const Real& f, const Range& x) {
  std::vector<double> values;
  for (int k = 0; k <= samples; ++k) values.push_back(f(x.from + x.width() * k / samples));
  return values;
}

double middle_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Where the curve bends as an eye sees it: its curvature, with one unit alike on both axes, is
// above a twentieth of the largest.
Extent bends_of(const Real& f, std::span<const double> breaks) {
  const Range x = {-furthest, furthest};
  const double h = x.width() / samples;
  const std::vector<double> y = sampled(f, x);
  std::vector<double> curvature(y.size(), 0);
  for (std::size_t k = 1; k + 1 < y.size(); ++k) {
    const double at = x.from + h * static_cast<double>(k);
    const bool broken =
        std::ranges::any_of(breaks, [&](double b) { return std::abs(b - at) < 1.5 * h; });
    const double slope = (y[k + 1] - y[k - 1]) / (2 * h);
    const double second = (y[k + 1] - 2 * y[k] + y[k - 1]) / (h * h);
    const double bend = std::abs(second) / std::pow(1 + slope * slope, 1.5);
    if (!broken && std::isfinite(bend)) curvature[k] = bend;
  }
  const double largest = std::ranges::max(curvature);
  Extent extent;
  if (largest < 1e-4) return extent;  // straight between its breaks
  for (std::size_t k = 0; k < curvature.size(); ++k) {
    if (curvature[k] >= 0.05 * largest) extent.take(x.from + h * static_cast<double>(k));
  }
  // What bends to the end of all that was looked at bends always.
  if (extent.low < -0.9 * furthest) extent.low = -furthest_of_waves;
  if (extent.high > 0.9 * furthest) extent.high = furthest_of_waves;
  return extent;
}

// Without the part to one side that has no curve (the logarithm's), but for a little of it.
Extent where_there_are_values(std::span<const Real> functions, const Extent& all) {
  const Range x = {all.low, all.high};
  Extent some = {x.to, x.from};
  for (const Real& f : functions) {
    const std::vector<double> y = sampled(f, x);
    for (std::size_t k = 0; k < y.size(); ++k) {
      if (!std::isfinite(y[k])) continue;
      const double at = x.from + x.width() * static_cast<double>(k) / samples;
      some.low = std::min(some.low, at);
      some.high = std::max(some.high, at);
    }
  }
  if (some.low >= some.high) return all;
  const double room = 0.05 * x.width();
  return {std::max(all.low, some.low - room), std::min(all.high, some.high + room)};
}

// The values of one curve that its picture needs.
Extent needed(const Real& f, const Range& x) {
  const std::vector<double> y = sampled(f, x);
  const double h = x.width() / samples;
  std::vector<double> slopes;
  for (std::size_t k = 1; k < y.size(); ++k) {
    const double slope = std::abs(y[k] - y[k - 1]) / h;
    if (std::isfinite(slope)) slopes.push_back(slope);
  }
  // Steeper than this it runs away, and is shown as far as the picture is wide.
  const double steep = 3 * std::max(0.5, middle_of(slopes));
  const double limit = 1.25 * std::max(std::abs(x.from), std::abs(x.to)) * std::max(1.0, steep / 3);
  Extent extent;
  for (std::size_t k = 0; k < y.size(); ++k) {
    if (!std::isfinite(y[k])) continue;
    const bool inside = k > 0 && k + 1 < y.size();
    const double slope = inside ? std::abs(y[k + 1] - y[k - 1]) / (2 * h) : steep;
    const bool calm = slope < steep;
    extent.take(calm ? y[k] : std::clamp(y[k], -limit, limit));
  }
  return extent;
}

}  // namespace

Range interesting_x(std::span<const Real> functions, std::span<const double> breaks) {
  std::vector<double> near(breaks.begin(), breaks.end());
  std::ranges::sort(near, {}, [](double v) { return std::abs(v); });
  Extent broken;
  for (std::size_t k = 0; k < near.size(); ++k) {
    const double limit = k < 4 ? 1e6 : furthest_of_waves;
    if (std::abs(near[k]) <= limit) broken.take(near[k]);
  }
  const double room = 0.5 * (broken.high - broken.low);
  Extent all = {-nearest_end, nearest_end};
  for (const double end : {broken.low - room, broken.high + room}) {
    if (end < broken.low || end > broken.high) all.take(end);
  }
  for (const Real& f : functions) {
    const Extent bends = bends_of(f, breaks);
    all.take(bends.low);
    all.take(bends.high);
  }
  const Extent wanted = all;
  all = where_there_are_values(functions, all);
  const bool some_everywhere = all.low == wanted.low && all.high == wanted.high;
  double low = std::floor(all.low), high = std::ceil(all.high);
  if (high > 20 || low < -20) {
    const double step = ticks({low, high}, 16).step;
    low = std::floor(low / step) * step;
    high = std::ceil(high / step) * step;
  }
  // Nearly even is even: 0 in the middle.
  if (low < 0 && high > 0 && std::max(-low, high) <= 1.6 * std::min(-low, high)) {
    high = std::max(-low, high);
    low = -high;
  }
  // 0 stays away from the sides.
  if (low < 0 && high > 0 && some_everywhere) {
    low = std::min(low, -std::ceil(0.6 * high));
    high = std::max(high, std::ceil(-0.6 * low));
  }
  return {low, high};
}

Range interesting_y(std::span<const Real> functions, const Range& x) {
  Extent all;
  for (const Real& f : functions) {
    const Extent own = needed(f, x);
    all.take(own.low);
    all.take(own.high);
  }
  if (all.high - all.low < 1e-300) return {-1, 1};
  const double room = 0.06 * (all.high - all.low);
  const double step = ticks({all.low, all.high}, 10).step / 4;
  return {std::floor((all.low - room) / step) * step, std::ceil((all.high + room) / step) * step};
}

void make_equal(Range& x, Range& y, double pixels_across, double pixels_up) {
  const double unit = std::max(x.width() / pixels_across, y.width() / pixels_up);
  const auto widen = [](Range& range, double width) {
    const double more = (width - range.width()) / 2;
    range = {range.from - more, range.to + more};
  };
  widen(x, unit * pixels_across);
  widen(y, unit * pixels_up);
}

Ticks ticks(const Range& range, int at_most) {
  Ticks result;
  const double least = range.width() / std::max(1, at_most);
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
    result.step = factor * power;
    if (result.step >= least * (1 - 1e-9)) break;
  }
  const double slack = 1e-9 * range.width();
  const double first = std::ceil((range.from - slack) / result.step);
  const double last = std::floor((range.to + slack) / result.step);
  for (double k = first; k <= last; ++k) result.at.push_back(k * result.step + 0.0);
  return result;
}

std::string tick_label(double value, double step, bool ascii) {
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  const double size = std::max(std::abs(value), step);
  std::string text;
  if (size >= 1e5 || decimals > 4) {
    text = std::abs(value) < step / 2 ? "0" : fmt::format("{:.6g}", value);
  } else {
    text = fmt::format("{:.{}f}", std::abs(value) < step / 2 ? 0.0 : value, decimals);
  }
  if (!ascii && text.starts_with('-')) text = "\u2212" + text.substr(1);
  return text;
}

}  // namespace actc::tools::plot

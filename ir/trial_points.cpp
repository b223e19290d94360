// Faults lie at 0, 1 or another number of few digits, in some range of magnitudes, or anywhere.
#include "ir/trial_points.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace actc::ir {
namespace {

constexpr double largest = 0x1.fffffep127;  // of binary32

double fraction(std::size_t k) {  // of [0, 1), well spread (the golden ratio's multiples)
  const double x = static_cast<double>(k) * 0.6180339887498949;
  return x - std::floor(x);
}

// Tenths to 10, whole numbers to 20, powers of ten; what nobody chooses between them; and two in
// every third binade.
std::vector<double> one_input_samples() {
  std::vector<double> all;
  for (int k = 0; k <= 100; ++k) all.push_back(k / 10.0);
  for (const double x : {0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75}) all.push_back(x);
  for (int k = 11; k <= 20; ++k) all.push_back(k);
  for (int k = -6; k <= 9; ++k) all.push_back(std::pow(10.0, k));
  std::size_t k = 0;
  for (int i = 0; i < 200; ++i) all.push_back((i + fraction(++k)) * 0.1);
  for (int e = -126; e <= 127; e += 3) {
    all.push_back(std::ldexp(1 + 0.5 * fraction(++k), e));
    all.push_back(std::ldexp(1.5 + 0.49 * fraction(++k), e));
  }
  const std::size_t positive = all.size();
  for (std::size_t i = 0; i < positive; ++i) all.push_back(-all[i]);
  all.push_back(largest);
  all.push_back(-largest);
  std::ranges::sort(all);
  const auto rest = std::ranges::unique(all);
  all.erase(rest.begin(), rest.end());
  return all;
}

}  // namespace

double strangeness(double x) {
  const double magnitude = std::fabs(x);
  const double sign = std::signbit(x) ? 0.25 : 0;
  if (magnitude <= 10 && magnitude == std::floor(magnitude)) return magnitude + sign;
  if (magnitude <= 10 && 2 * magnitude == std::floor(2 * magnitude)) return 20 + magnitude + sign;
  if (magnitude <= 10 && 10 * magnitude == std::floor(10 * magnitude)) return 40 + magnitude;
  return 100 + std::fabs(std::log10(magnitude));
}

std::vector<std::vector<double>> trial_points(std::size_t inputs, std::size_t limit) {
  std::vector<std::vector<double>> points;
  if (inputs == 1) {
    std::vector<double> all = one_input_samples();
    if (all.size() > limit) {  // those that a person would try first
      std::ranges::stable_sort(all, {}, strangeness);
      all.resize(limit);
      std::ranges::sort(all);
    }
    for (const double x : all) points.push_back({x});
    return points;
  }
  constexpr std::array chosen = {0.0,  1.0,  -1.0,  2.0, -2.0, 0.5,   -0.5,  3.0,
                                 -3.0, 10.0, -10.0, 0.3, -0.7, 100.0, -100.0};
  for (std::size_t i = 0; i < std::min<std::size_t>(limit, 400); ++i) {
    std::vector<double> point;
    for (std::size_t k = 0; k < inputs; ++k) {
      const std::size_t at =
          i < chosen.size()  // all alike at first
              ? i
              : static_cast<std::size_t>(fraction((i + 1) * (2 * k + 1) * 7919 + 31 * k) * 15);
      point.push_back(chosen[at]);
    }
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace actc::ir

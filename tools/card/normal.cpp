// Expectations, the map of variances, and its iterates.
#include "tools/card/normal.h"

#include <algorithm>
#include <array>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <numbers>

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double density(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi); }

// The nodes of Gauss-Legendre rules on the parts between the breaks, scaled by a deviation: one
// call of a kernel for one expectation.
class Expectation {
 public:
  Expectation(const Evaluated& evaluated, std::vector<double> breaks)
      : evaluated_(evaluated), breaks_(std::move(breaks)) {}

  struct Moments {
    double mean = 0, square = 0, slope_square = 0;
    double variance() const { return std::max(0.0, square - mean * mean); }
  };

  // Of f(√q z), and of f′(√q z)².
  Moments at(double q) {
    place(std::sqrt(q));
    values_.resize(points_.size());
    slopes_.resize(points_.size());
    evaluated_.value(points_, values_);
    evaluated_.slope(points_, slopes_);
    Moments m;
    for (std::size_t k = 0; k < points_.size(); ++k) {
      m.mean += weights_[k] * values_[k];
      m.square += weights_[k] * values_[k] * values_[k];
      m.slope_square += weights_[k] * slopes_[k] * slopes_[k];
    }
    return m;
  }

 private:
  void place(double deviation) {
    using Rule = boost::math::quadrature::gauss<double, 30>;
    // Beyond 12 deviations the density is below 1e-32; a factor of exp(x) moves that by 1.
    std::vector<double> ends = {-14, -9, -6, -4, -2.5, -1.25, -0.5, 0, 0.5, 1.25, 2.5, 4, 6, 9, 14};
    // Near 0 on the function's own scale, where the deviation is large.
    for (const double x : {-8.0, -4.0, -2.0, -1.0, -0.25, 0.25, 1.0, 2.0, 4.0, 8.0})
      ends.push_back(x / deviation);
    for (const double x : breaks_) ends.push_back(x / deviation);
    std::erase_if(ends, [](double z) { return !(std::abs(z) <= 14); });
    std::ranges::sort(ends);
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    points_.clear();
    weights_.clear();
    for (std::size_t k = 0; k + 1 < ends.size(); ++k) {
      const double middle = (ends[k] + ends[k + 1]) / 2, half = (ends[k + 1] - ends[k]) / 2;
      const auto take = [&](double node, double weight) {
        const double z = middle + half * node;
        points_.push_back(z * deviation);
        weights_.push_back(half * weight * density(z));
      };
      for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
        take(Rule::abscissa()[i], Rule::weights()[i]);
        take(-Rule::abscissa()[i], Rule::weights()[i]);
      }
    }
  }

  const Evaluated& evaluated_;
  std::vector<double> breaks_;
  std::vector<double> points_, weights_, values_, slopes_;
};

// torch.nn.init.calculate_gain as PyTorch 2 has it.
std::optional<double> gain_of_pytorch(const std::string& name, double negative_slope) {
  if (name == "identity" || name == "linear" || name == "sigmoid" || name == "logistic") return 1;
  if (name == "tanh") return 5.0 / 3;
  if (name == "relu") return std::numbers::sqrt2;
  if (name == "leaky_relu") return std::sqrt(2 / (1 + negative_slope * negative_slope));
  if (name == "selu") return 0.75;
  return {};
}

void find_fixed_points(Shape& shape, Expectation& expectation) {
  // ln of the variance of the output over that of the input, for variances of 1e-8 to 1e8.
  const auto change = [&](double log_q) {
    return std::log(expectation.at(std::exp(log_q)).variance()) - log_q;
  };
  constexpr double most = 18.4, step = 0.23;
  constexpr double flat = 1e-9;
  double before = change(-most);
  bool everywhere = std::abs(before) < flat;
  for (double l = -most + step; l < most; l += step) {
    const double now = change(l);
    everywhere = everywhere && std::abs(now) < flat;
    if (std::isfinite(before) && std::isfinite(now) && !everywhere && before * now <= 0 &&
        before != 0 && std::max(std::abs(before), std::abs(now)) > flat) {
      double a = l - step, b = l, at_a = before;
      for (int k = 0; k < 60; ++k) {
        const double middle = (a + b) / 2, v = change(middle);
        if (v * at_a > 0) {
          a = middle;
          at_a = v;
        } else {
          b = middle;
        }
      }
      const double log_q = (a + b) / 2, q = std::exp(log_q);
      constexpr double h = 1e-4;
      const double rate = 1 + (change(log_q + h) - change(log_q - h)) / (2 * h);
      shape.fixed_points.push_back({expectation.at(q).mean, q, rate});
    }
    before = now;
  }
  shape.fixed_everywhere = everywhere;
}

void find_depths(Shape& shape, Expectation& expectation) {
  const std::array<double, 2> weights = {1, shape.gain * shape.gain};
  for (const double w : weights) {
    if (!std::isfinite(w)) continue;
    double q = 1, chi = 1;
    for (int layer = 1; layer <= 50; ++layer) {
      if (q > 0 && std::isfinite(q)) {
        const Expectation::Moments m = expectation.at(q);
        chi *= w * m.slope_square;
        q = w * m.square;
      } else if (q == 0) {
        chi = nan;
      }
      if (layer == 10 || layer == 50) shape.depths.push_back({layer, w, q, chi});
    }
  }
}

}  // namespace

double normal_share(const Zone& zone) {
  const auto below = [](double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; };
  // Both tails exactly.
  if (zone.low > 0) return below(-zone.low) - below(-zone.high);
  return below(zone.high) - below(zone.low);
}

void fill_normal(Shape& shape, const Evaluated& evaluated, const std::string& name,
                 double negative_slope) {
  for (Zones* zones : {&shape.convex, &shape.concave, &shape.saturated, &shape.dead}) {
    zones->share = 0;
    for (const Zone& z : zones->zones) zones->share += normal_share(z);
  }
  std::vector<double> breaks;
  for (const Break& b : shape.breaks) breaks.push_back(b.at);
  Expectation expectation(evaluated, breaks);
  const Expectation::Moments m = expectation.at(1);
  shape.mean = m.mean;
  shape.variance = m.variance();
  shape.mean_square = m.square;
  constexpr double centred = 1e-6;
  shape.zero_centred = std::abs(m.mean) < centred * std::sqrt(m.square);
  shape.gain = m.square > 0 ? 1 / std::sqrt(m.square) : infinity;
  shape.pytorch_gain = gain_of_pytorch(name, negative_slope);
  if (!std::isfinite(m.square)) return;
  find_fixed_points(shape, expectation);
  find_depths(shape, expectation);
}

}  // namespace actc::tools

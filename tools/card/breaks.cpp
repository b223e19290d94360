// The ends of neighbouring pieces, held against each other.
#include "tools/card/breaks.h"

#include <array>
#include <cmath>
#include <limits>

#include "tools/card/enclosure.h"

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr mpfr_prec_t precision = 256;
// How far apart, relative to their size, two sides are when they count as different: what is within
// is the same up to the width of 256 bits.
constexpr int same_bits = 150;

bool is_finite(const Interval& v) {
  return v.defined == Defined::everywhere && !v.low.is_infinite() && !v.high.is_infinite();
}

// Narrow against its size, or against 1.
bool is_narrow(const Interval& v) {
  const Number width = subtract(v.high, v.low, Toward::above);
  const Number size = magnitude(v.high) > Number(1) ? magnitude(v.high) : Number(1);
  return width <= scaled(size, -same_bits, Toward::below);
}

double positive_zero(double x) { return x == 0 ? 0 : x; }

double middle(const Interval& v) {
  const Interval m = scaled(Interval(v.low) + Interval(v.high), -1);
  return positive_zero(m.low.nearest());
}

// Where there are but the four operations: the value itself.
std::optional<Rational> rational_value(const ir::Graph& graph, const Rational& x) {
  const std::vector<bool> needed = ir::reachable(graph);
  std::vector<Rational> values(graph.size());
  for (ir::NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    const auto arg = [&](std::size_t k) -> const Rational& { return values[graph.arg(id, k)]; };
    switch (graph[id].op) {
      case ir::Operation::Constant:
        values[id] = graph.value(id);
        break;
      case ir::Operation::Input:
        values[id] = x;
        break;
      case ir::Operation::Neg:
        values[id] = -arg(0);
        break;
      case ir::Operation::Add:
        values[id] = arg(0) + arg(1);
        break;
      case ir::Operation::Sub:
        values[id] = arg(0) - arg(1);
        break;
      case ir::Operation::Mul:
        values[id] = arg(0) * arg(1);
        break;
      case ir::Operation::Div:
        if (arg(1) == 0) return {};
        values[id] = arg(0) / arg(1);
        break;
      default:
        return {};
    }
    constexpr unsigned most_bits = 4096;
    if (msb(denominator(values[id])) > most_bits) return {};
  }
  return values[graph.outputs.front()];
}

// Proved different, or proved equal.
bool is_told(const Limit& a, const Limit& b) {
  if (a.rational && b.rational) return true;
  if (!a.exact || !b.exact) return false;
  const bool apart = a.enclosure.high < b.enclosure.low || b.enclosure.high < a.enclosure.low;
  const bool equal =
      a.enclosure.is_point() && b.enclosure.is_point() && a.enclosure.low == b.enclosure.low;
  return apart || equal;
}

}  // namespace

bool differ(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) != std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a != b;
  return std::abs(a - b) > 1e-12 * std::max({1.0, std::abs(a), std::abs(b)});
}

bool Break::is_jump() const {
  return differ(left, right) || differ(left, value) || differ(right, value);
}
bool Break::is_kink() const { return !is_jump() && differ(left_slope, right_slope); }

Limit one_sided_limit(const ir::Graph& graph, const Rational& x, Side side) {
  const PrecisionScope scope(precision);
  if (const auto exact = rational_value(graph, x))
    return {positive_zero(to_double(*exact)), interval_of(*exact), true, exact};
  Enclosure enclosure(graph);
  const Interval at = enclosure.at(interval_of(x));
  if (is_finite(at) && is_narrow(at)) return {middle(at), at, true, {}};
  // Points so close that what tends to a number has come to it, as far as a double tells.
  const auto near = [&](long bits) {
    const PrecisionScope fine(precision + 2100);
    const Interval step = scaled(Interval(side == Side::left ? -1 : 1), -bits);
    return enclosure.at(interval_of(x) + step);
  };
  const Interval far = near(500), close = near(2000);
  if (far.defined == Defined::nowhere || close.defined == Defined::nowhere)
    return {nan, {}, false, {}};
  const double a = middle(far), b = middle(close);
  // A logarithm grows fourfold between them.
  if (std::abs(b) > 100 && std::abs(b) > 1.5 * std::abs(a))
    return {std::copysign(infinity, b), {}, false, {}};
  return {b, {}, false, {}};
}

Limit value_at(const ir::Graph& graph, const Rational& x) {
  const PrecisionScope scope(precision);
  if (const auto exact = rational_value(graph, x))
    return {positive_zero(to_double(*exact)), interval_of(*exact), true, exact};
  const Interval v = Enclosure(graph).at(interval_of(x));
  if (is_finite(v) && is_narrow(v)) return {middle(v), v, true, {}};
  const bool pole = v.low.is_infinite() && v.high.is_infinite() && v.low == v.high;
  return {pole ? v.low.nearest() : nan, {}, false, {}};
}

std::vector<Break> breaks_of(const Pieces& pieces) {
  std::vector<Break> breaks;
  for (std::size_t k = 0; k < pieces.cuts(); ++k) {
    const Rational& x = pieces.cut(k);
    const Formulas& left = pieces.pieces[k].formulas;
    const Formulas& right = pieces.pieces[k + 1].formulas;
    const Formulas at = formulas_at(pieces, x);
    const std::array<Limit, 3> values = {one_sided_limit(left.value, x, Side::left),
                                         value_at(at.value, x),
                                         one_sided_limit(right.value, x, Side::right)};
    const std::array<Limit, 3> slopes = {one_sided_limit(left.slope, x, Side::left),
                                         value_at(at.slope, x),
                                         one_sided_limit(right.slope, x, Side::right)};
    Break found{.at = to_double(x),
                .left = values[0].value,
                .value = values[1].value,
                .right = values[2].value,
                .left_slope = slopes[0].value,
                .slope = slopes[1].value,
                .right_slope = slopes[2].value,
                .proved = false};
    // 0 · ∞ is no pole.
    if (std::isinf(found.value) && !std::isinf(found.left) && !std::isinf(found.right))
      found.value = nan;
    if (!found.is_jump() && !found.is_kink()) continue;
    found.proved = is_told(values[0], values[1]) && is_told(values[1], values[2]) &&
                   is_told(slopes[0], slopes[2]);
    breaks.push_back(found);
  }
  return breaks;
}

std::vector<Break> breaks_of(const Oracle& oracle, std::span<const double> parameters) {
  return breaks_of(pieces_of(oracle, parameters));
}

std::vector<Zone> dead_zones_of(const Pieces& pieces) {
  std::vector<Zone> zones;
  for (const Piece& piece : pieces.pieces) {
    if (!piece.is_dead()) continue;
    const Zone zone{piece.low ? to_double(*piece.low) : -infinity,
                    piece.high ? to_double(*piece.high) : infinity};
    if (!zones.empty() && zones.back().high == zone.low) {
      zones.back().high = zone.high;
    } else {
      zones.push_back(zone);
    }
  }
  return zones;
}

std::vector<Zone> dead_zones_of(const Oracle& oracle, std::span<const double> parameters) {
  return dead_zones_of(pieces_of(oracle, parameters));
}

}  // namespace actc::tools

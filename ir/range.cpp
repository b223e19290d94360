// Each result is widened by more than the error of the operation that made its bounds: a few units
// in the last place for the functions of the C++ library, one for the others.
#include "ir/range.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ir/round.h"

namespace actc::ir {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
// Meanings are followed so far into the functions that they call.
constexpr int max_depth = 6;

double down(double v, int steps = 1) {
  for (int i = 0; i < steps; ++i) v = std::nextafter(v, -inf);
  return v;
}
double up(double v, int steps = 1) {
  for (int i = 0; i < steps; ++i) v = std::nextafter(v, inf);
  return v;
}

Interval outward(double low, double high, int steps = 1) {
  if (std::isnan(low)) low = -inf;
  if (std::isnan(high)) high = inf;
  // 0 is exact where it comes from exact arguments; a bound of 0 is not to become negative.
  return {low == 0 ? 0 : down(low, steps), high == 0 ? 0 : up(high, steps)};
}

Interval clamped(Interval v, double low, double high) {
  return {std::clamp(v.low, low, high), std::clamp(v.high, low, high)};
}

// A bound that fell below the smallest number is not 0, which `outward` takes as exact.
double not_vanished(double v, double sign = 1) {
  return v == 0 ? std::copysign(std::numeric_limits<double>::denorm_min(), sign) : v;
}

// 0 · inf is 0 here: an infinite bound is not a value that is reached.
double product(double a, double b) {
  return a == 0 || b == 0 ? 0 : not_vanished(a * b, std::signbit(a) == std::signbit(b) ? 1 : -1);
}

Interval multiply(const Interval& a, const Interval& b) {
  const double p[] = {product(a.low, b.low), product(a.low, b.high), product(a.high, b.low),
                      product(a.high, b.high)};
  return outward(*std::ranges::min_element(p), *std::ranges::max_element(p));
}

Interval square(const Interval& a) {
  const double low = a.low > 0 ? a.low : a.high < 0 ? a.high : 0;
  const double high = std::max(std::abs(a.low), std::abs(a.high));
  return outward(product(low, low), product(high, high));
}

Interval reciprocal(const Interval& a) {
  if (a.low > 0 || a.high < 0) return outward(1 / a.high, 1 / a.low);
  if (a.low == 0 && a.high > 0) return {outward(1 / a.high, inf).low, inf};
  if (a.high == 0 && a.low < 0) return {-inf, outward(-inf, 1 / a.low).high};
  return {};
}

Interval power(const Interval& base, const Interval& exponent) {
  const bool point = exponent.low == exponent.high;
  const double n = exponent.low;
  if (point && n == std::floor(n) && std::abs(n) <= 64) {
    const bool even = std::fmod(std::abs(n), 2) == 0;
    Interval magnitude = base;
    if (even) {
      const Interval s = square(base);
      magnitude = {std::sqrt(s.low), std::sqrt(s.high)};
    }
    const double m = std::abs(n);
    const auto raise = [&](double v) {
      return v == 0 ? 0 : not_vanished(std::pow(v, m), even ? 1 : v);
    };
    const Interval raised = outward(raise(magnitude.low), raise(magnitude.high), 4);
    return n < 0 ? reciprocal(raised) : raised;
  }
  return base.low >= 0 ? Interval{0, inf} : Interval{};
}

template <class F>
Interval increasing(const Interval& a, F f, double low, double high) {
  return clamped(outward(f(a.low), f(a.high), 8), low, high);
}

// A sine or cosine: its slope is at most 1, so over an interval it leaves the values at the ends by
// at most the interval's width.
template <class F>
Interval wave(const Interval& a, F f) {
  const double width = a.high - a.low;
  if (!(width < 2)) return {-1, 1};
  const double ends[] = {f(a.low), f(a.high)};
  return clamped(outward(std::min(ends[0], ends[1]) - width, std::max(ends[0], ends[1]) + width, 8),
                 -1, 1);
}

// To the nearest integer, halves to the even one, whatever the rounding mode is.
double half_even(double v) { return std::isfinite(v) ? v - std::remainder(v, 1.0) : v; }

// Is one the other's negation? That of a difference is one too.
bool is_opposite(const Graph& graph, NodeId a, NodeId b) {
  const auto is = [&](NodeId id, Operation op) { return graph[id].op == op; };
  if (is(a, Operation::Sub) && is(b, Operation::Sub)) {
    return graph.arg(a, 0) == graph.arg(b, 1) && graph.arg(a, 1) == graph.arg(b, 0);
  }
  return (is(a, Operation::Neg) && graph.arg(a, 0) == b) ||
         (is(b, Operation::Neg) && graph.arg(b, 0) == a);
}

// Is the function the difference of its two inputs, but for the infinite: where(c, 0, u - v)?
bool is_difference(const Graph& meaning) {
  const NodeId y = meaning.outputs[0];
  if (meaning[y].op != Operation::Where || !meaning.is_constant(meaning.arg(y, 1), 0)) return false;
  const NodeId rest = meaning.arg(y, 2);
  const auto is_input = [&](NodeId id, std::uint32_t position) {
    return meaning[id].op == Operation::Input && meaning[id].payload == position;
  };
  return meaning[rest].op == Operation::Sub && is_input(meaning.arg(rest, 0), 0) &&
         is_input(meaning.arg(rest, 1), 1);
}

std::optional<bool> compared(Operation op, const Interval& a, const Interval& b) {
  const auto when = [](bool yes, bool no) -> std::optional<bool> {
    if (yes) return true;
    if (no) return false;
    return std::nullopt;
  };
  switch (op) {
    case Operation::Less:
      return when(a.high < b.low, a.low >= b.high);
    case Operation::LessEqual:
      return when(a.high <= b.low, a.low > b.high);
    case Operation::Greater:
      return when(a.low > b.high, a.high <= b.low);
    case Operation::GreaterEqual:
      return when(a.low >= b.high, a.high < b.low);
    case Operation::Equal:
    case Operation::NotEqual: {
      const bool same = a.low == a.high && a == b;
      const bool apart = a.high < b.low || b.high < a.low;
      return op == Operation::Equal ? when(same, apart) : when(apart, same);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_below_largest(const Graph& graph, const Library& library, NodeId id) {
  const Node& node = graph[id];
  const bool difference =
      node.op == Operation::Sub ||
      (node.op == Operation::Call && is_difference(library[node.payload].meaning));
  if (!difference) return false;
  NodeId largest = graph.arg(id, 1);
  if (graph[largest].op == Operation::Detach) largest = graph.arg(largest, 0);
  return graph[largest].op == Operation::Largest && graph.arg(largest, 0) == graph.arg(id, 0);
}

Ranges::Ranges(const Graph& graph, const Library& library, std::vector<Interval> inputs,
               std::vector<Interval> parameters)
    : graph_(graph),
      library_(library),
      inputs_(std::move(inputs)),
      parameters_(std::move(parameters)) {}

const Interval& Ranges::of(NodeId id) {
  while (of_.size() <= id) {
    const auto next = static_cast<NodeId>(of_.size());
    const bool condition = graph_[next].format == Format::boolean;
    truth_.push_back(condition ? decide(next) : std::nullopt);
    of_.push_back(condition ? Interval{0, 1} : compute(next));
  }
  return of_[id];
}

std::optional<bool> Ranges::truth(NodeId condition) {
  of(condition);
  return truth_[condition];
}

std::optional<bool> Ranges::decide(NodeId id) {
  const auto arg = [&](std::size_t k) { return graph_.arg(id, k); };
  switch (graph_[id].op) {
    case Operation::Constant:
      return graph_.value(id) != 0;
    case Operation::Not:
      if (const auto t = truth_[arg(0)]) return !*t;
      return std::nullopt;
    case Operation::And:
    case Operation::Or: {
      const bool decisive = graph_[id].op == Operation::Or;
      if (truth_[arg(0)] == decisive || truth_[arg(1)] == decisive) return decisive;
      if (truth_[arg(0)] && truth_[arg(1)]) return !decisive;
      return std::nullopt;
    }
    default:
      if (info(graph_[id].op).klass != OperationClass::comparison || graph_[id].arg_count != 2) {
        return std::nullopt;
      }
      return compared(graph_[id].op, of_[arg(0)], of_[arg(1)]);
  }
}

Interval Ranges::call(NodeId id) {
  if (is_below_largest(graph_, library_, id)) return {-inf, 0};
  const Function& callee = library_[graph_[id].payload];
  int& budget = budget_ != nullptr ? *budget_ : own_budget_;
  const int cost = static_cast<int>(callee.meaning.size());
  if (depth_ >= max_depth || budget < cost) return {};
  budget -= cost;
  std::vector<Interval> args;
  for (const NodeId a : graph_.args(id)) args.push_back(of_[a]);
  Ranges inner(callee.meaning, library_, std::move(args));
  inner.depth_ = depth_ + 1;
  inner.budget_ = &budget;
  inner.parameters_.assign(
      inner.inputs_.begin() + static_cast<std::ptrdiff_t>(callee.inputs.size()),
      inner.inputs_.end());
  return inner.of(callee.meaning.outputs[0]);
}

// Of terms that are not negative the sum is at least the largest, which of e^(u - max(u)) is 1.
Interval Ranges::sum_of(NodeId terms) {
  const Interval& each = of_[terms];
  const Node& node = graph_[terms];
  bool exponential = node.op == Operation::RealExp;
  if (node.op == Operation::Call) {
    const Graph& meaning = library_[node.payload].meaning;
    exponential = meaning[meaning.outputs[0]].op == Operation::RealExp &&
                  meaning[meaning.arg(meaning.outputs[0], 0)].op == Operation::Input;
  }
  const bool one_is_1 = exponential && is_below_largest(graph_, library_, graph_.arg(terms, 0));
  return {one_is_1 ? 1 : each.low >= 0 ? each.low : -inf, each.high <= 0 ? each.high : inf};
}

Interval Ranges::compute(NodeId id) {
  const auto arg = [&](std::size_t k) -> const Interval& { return of_[graph_.arg(id, k)]; };
  const Node& node = graph_[id];
  constexpr double largest = std::numeric_limits<double>::max();
  switch (node.op) {
    case Operation::Constant: {
      const double nearest = round_to_binary64(graph_.value(id));
      const bool exactly = std::isfinite(nearest) && exact(nearest) == graph_.value(id);
      return exactly ? Interval{nearest, nearest} : Interval{down(nearest), up(nearest)};
    }
    case Operation::Input:
      return node.payload < inputs_.size() ? inputs_[node.payload] : Interval{};
    case Operation::Parameter:
      return node.payload < parameters_.size() ? parameters_[node.payload]
                                               : Interval{-largest, largest};
    case Operation::Pi:
      return outward(std::numbers::pi, std::numbers::pi);
    case Operation::E:
      return outward(std::numbers::e, std::numbers::e);
    case Operation::Infinity:
      return {largest, inf};
    case Operation::Add:
      return outward(arg(0).low + arg(1).low, arg(0).high + arg(1).high);
    case Operation::Sub:
      if (is_below_largest(graph_, library_, id)) return {-inf, 0};
      return graph_.arg(id, 0) == graph_.arg(id, 1)
                 ? Interval{}
                 : outward(arg(0).low - arg(1).high, arg(0).high - arg(1).low);
    case Operation::Mul:
      return graph_.arg(id, 0) == graph_.arg(id, 1) ? square(arg(0)) : multiply(arg(0), arg(1));
    case Operation::Div:
      return multiply(arg(0), reciprocal(arg(1)));
    case Operation::Neg:
      return {-arg(0).high, -arg(0).low};
    case Operation::Fma: {
      const Interval p = multiply(arg(0), arg(1));
      return outward(p.low + arg(2).low, p.high + arg(2).high);
    }
    case Operation::Sqrt:
      return increasing(
          {std::max(0.0, arg(0).low), std::max(0.0, arg(0).high)},
          [](double v) { return std::sqrt(v); }, 0, inf);
    case Operation::Abs:
      return {arg(0).low > 0    ? arg(0).low
              : arg(0).high < 0 ? -arg(0).high
                                : 0,
              std::max(std::abs(arg(0).low), std::abs(arg(0).high))};
    case Operation::Min:
      if (is_opposite(graph_, graph_.arg(id, 0), graph_.arg(id, 1))) {
        return {std::min(arg(0).low, arg(1).low), 0};
      }
      return {std::min(arg(0).low, arg(1).low), std::min(arg(0).high, arg(1).high)};
    case Operation::Max:
      return {std::max(arg(0).low, arg(1).low), std::max(arg(0).high, arg(1).high)};
    // These are increasing and exact.
    case Operation::Floor:
      return {std::floor(arg(0).low), std::floor(arg(0).high)};
    case Operation::Ceil:
      return {std::ceil(arg(0).low), std::ceil(arg(0).high)};
    case Operation::Round:
      return {half_even(arg(0).low), half_even(arg(0).high)};
    case Operation::Trunc:
      return {std::trunc(arg(0).low), std::trunc(arg(0).high)};
    case Operation::CopySign: {
      const double largest_of = std::max(std::abs(arg(0).low), std::abs(arg(0).high));
      return {-largest_of, largest_of};
    }
    case Operation::Where:
    case Operation::Rarely: {
      const auto known = truth_[graph_.arg(id, 0)];
      if (known) return *known ? arg(1) : arg(2);
      return {std::min(arg(1).low, arg(2).low), std::max(arg(1).high, arg(2).high)};
    }
    case Operation::RealExp:
      return increasing(
          arg(0), [](double v) { return v == -inf ? 0 : not_vanished(std::exp(v)); }, 0, inf);
    case Operation::RealLog:
      return increasing(
          {std::max(0.0, arg(0).low), std::max(0.0, arg(0).high)},
          [](double v) { return std::log(v); }, -inf, inf);
    case Operation::RealLog1p:
      return increasing(
          {std::max(-1.0, arg(0).low), std::max(-1.0, arg(0).high)},
          [](double v) { return std::log1p(v); }, -inf, inf);
    case Operation::RealExpm1:
      return increasing(arg(0), [](double v) { return std::expm1(v); }, -1, inf);
    case Operation::RealTanh:
      return increasing(arg(0), [](double v) { return std::tanh(v); }, -1, 1);
    case Operation::RealErf:
      return increasing(arg(0), [](double v) { return std::erf(v); }, -1, 1);
    case Operation::RealErfc: {
      const auto at = [](double v) { return v == inf ? 0 : not_vanished(std::erfc(v)); };
      const Interval falling = {at(arg(0).high), at(arg(0).low)};
      return clamped(outward(falling.low, falling.high, 8), 0, 2);
    }
    case Operation::RealSin:
      return wave(arg(0), [](double v) { return std::sin(v); });
    case Operation::RealCos:
      return wave(arg(0), [](double v) { return std::cos(v); });
    case Operation::RealAtan:
      return increasing(arg(0), [](double v) { return std::atan(v); }, -1.6, 1.6);
    case Operation::RealPow:
      return power(arg(0), arg(1));
    case Operation::Detach:
    case Operation::Largest:
    case Operation::Smallest:
      return arg(0);
    case Operation::Sum:
      return sum_of(graph_.arg(id, 0));
    case Operation::Columns:
      return {1, inf};
    case Operation::ColumnIndex:
      return {0, inf};
    case Operation::UnitRandom:
      return {0, 1};
    case Operation::Call:
      return call(id);
    default:
      return {};
  }
}

}  // namespace actc::ir

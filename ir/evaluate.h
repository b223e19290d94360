// The reference evaluator: a meaning, operation by operation, in any number type.
//
// A template over the number type T (double, a multiprecision float, MPFR). T needs arithmetic,
// comparisons, construction from int, and, found by argument-dependent look-up or in std, the
// functions named in `apply`. Nothing here is shared with code generation.
//
// Booleans are three-valued: a comparison with NaN is NaN, `and`, `or` and `not` pass it on, and
// `where` with it is NaN. So a NaN input gives NaN unless the formula asks `isnan`.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "ir/round.h"

namespace actc::ir {

template <class T>
T from_rational(const Rational& value) {
  return static_cast<T>(numerator(value)) / static_cast<T>(denominator(value));
}
template <>
inline double from_rational<double>(const Rational& value) {
  return round_to_binary64(value);
}

namespace detail {

template <class T>
T round_half_even(const T& x) {
  using std::floor;
  T below = floor(x);
  const T rest = x - below;
  const T half = T(1) / T(2);
  if (rest < half) return below;
  if (rest > half) return below + 1;
  return floor(below / 2) * 2 == below ? below : T(below + 1);
}

template <class T>
T apply(Operation op, const T* a) {
  using std::abs, std::atan, std::ceil, std::cos, std::erf, std::erfc, std::exp, std::expm1,
      std::floor, std::isnan, std::log, std::log1p, std::pow, std::signbit, std::sin, std::sqrt,
      std::tanh, std::trunc;
  const auto truth = [](bool b) { return T(b ? 1 : 0); };
  T nan = std::numeric_limits<T>::quiet_NaN();
  const auto compare = [&](bool ordered_result) {
    return isnan(a[0]) || isnan(a[1]) ? nan : truth(ordered_result);
  };
  switch (op) {
    case Operation::Pi:
      return T(4) * T(atan(T(1)));
    case Operation::E:
      return T(exp(T(1)));
    case Operation::Infinity:
      return std::numeric_limits<T>::infinity();
    case Operation::NotANumber:
      return nan;
    case Operation::Add:
      return a[0] + a[1];
    case Operation::Sub:
      return a[0] - a[1];
    case Operation::Mul:
      return a[0] * a[1];
    case Operation::Div:
      return a[0] / a[1];
    case Operation::Neg:
      return -a[0];
    case Operation::Fma:
      return a[0] * a[1] + a[2];
    case Operation::Sqrt:
      return T(sqrt(a[0]));
    case Operation::Abs:
      return T(abs(a[0]));
    case Operation::Min:
      return isnan(a[0]) ? a[0] : (a[1] >= a[0] ? a[0] : a[1]);
    case Operation::Max:
      return isnan(a[0]) ? a[0] : (a[1] <= a[0] ? a[0] : a[1]);
    case Operation::Floor:
      return T(floor(a[0]));
    case Operation::Ceil:
      return T(ceil(a[0]));
    case Operation::Round:
      return isnan(T(a[0] - a[0])) ? a[0] : detail::round_half_even(a[0]);
    case Operation::Trunc:
      return T(trunc(a[0]));
    case Operation::CopySign: {
      const T magnitude = T(abs(a[0]));
      return signbit(a[1]) ? T(-magnitude) : magnitude;
    }
    case Operation::Less:
      return compare(a[0] < a[1]);
    case Operation::LessEqual:
      return compare(a[0] <= a[1]);
    case Operation::Greater:
      return compare(a[0] > a[1]);
    case Operation::GreaterEqual:
      return compare(a[0] >= a[1]);
    case Operation::Equal:
      return compare(a[0] == a[1]);
    case Operation::NotEqual:
      return compare(a[0] != a[1]);
    case Operation::IsNan:
      return truth(isnan(a[0]));
    case Operation::And:
      return isnan(a[0]) || isnan(a[1]) ? nan : truth(a[0] != 0 && a[1] != 0);
    case Operation::Or:
      return isnan(a[0]) || isnan(a[1]) ? nan : truth(a[0] != 0 || a[1] != 0);
    case Operation::Not:
      return isnan(a[0]) ? nan : truth(a[0] == 0);
    case Operation::Where:
    case Operation::Rarely:
      return isnan(a[0]) ? nan : (a[0] != 0 ? a[1] : a[2]);
    case Operation::RealExp:
      return T(exp(a[0]));
    case Operation::RealLog:
      return T(log(a[0]));
    case Operation::RealLog1p:
      return T(log1p(a[0]));
    case Operation::RealExpm1:
      return T(expm1(a[0]));
    case Operation::RealTanh:
      return T(tanh(a[0]));
    case Operation::RealErf:
      return T(erf(a[0]));
    case Operation::RealErfc:
      return T(erfc(a[0]));
    case Operation::RealSin:
      return T(sin(a[0]));
    case Operation::RealCos:
      return T(cos(a[0]));
    case Operation::RealAtan:
      return T(atan(a[0]));
    case Operation::RealPow:
      return T(pow(a[0], a[1]));
    case Operation::Detach:
      return a[0];
    case Operation::Constant:
    case Operation::Input:
    case Operation::Parameter:
    case Operation::Columns:
    case Operation::ColumnIndex:
    case Operation::UnitRandom:
    case Operation::Sum:
    case Operation::Largest:
    case Operation::Smallest:
    case Operation::Call:
    case Operation::BitAnd:
    case Operation::BitOr:
    case Operation::BitXor:
    case Operation::ShiftLeft:
    case Operation::ShiftRight:
    case Operation::ShiftRightSigned:
    case Operation::Bits:
    case Operation::FromBits:
    case Operation::ToInteger:
    case Operation::ToFloat:
    case Operation::ToBinary32:
    case Operation::ToBinary64:
    case Operation::ToInt32:
    case Operation::ToInt64:
    case Operation::Table:
      break;
  }
  assert(false && "not an operation on reals");
  return nan;
}

}  // namespace detail

// The outputs of a graph over the reals that holds no calls (`expand_meaning` makes it so).
template <class T>
std::vector<T> evaluate(const Graph& graph, std::span<const T> inputs,
                        std::span<const T> parameters) {
  std::vector<T> values;
  values.reserve(graph.size());
  std::vector<T> args;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    switch (node.op) {
      case Operation::Constant:
        values.push_back(from_rational<T>(graph.value(id)));
        break;
      case Operation::Input:
        values.push_back(inputs[node.payload]);
        break;
      case Operation::Parameter:
        values.push_back(parameters[node.payload]);
        break;
      default:
        args.clear();
        for (const NodeId a : graph.args(id)) args.push_back(values[a]);
        values.push_back(detail::apply<T>(node.op, args.data()));
    }
  }
  std::vector<T> outputs;
  for (const NodeId id : graph.outputs) outputs.push_back(values[id]);
  return outputs;
}

// The same for one row of `columns` elements: of each input and output a value a column, or one
// where it does not vary along the row. Sums are taken from left to right.
template <class T>
std::vector<std::vector<T>> evaluate_row(const Graph& graph, std::span<const std::vector<T>> inputs,
                                         std::span<const T> parameters, std::size_t columns) {
  std::vector<std::vector<T>> values(graph.size());
  std::vector<T> args;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    std::vector<T>& of = values[id];
    const auto at = [](const std::vector<T>& v, std::size_t c) {
      return v.size() == 1 ? v[0] : v[c];
    };
    switch (node.op) {
      case Operation::Constant:
        of = {from_rational<T>(graph.value(id))};
        break;
      case Operation::Input:
        of = inputs[node.payload];
        break;
      case Operation::Parameter:
        of = {parameters[node.payload]};
        break;
      case Operation::Columns:
        of = {T(static_cast<double>(columns))};
        break;
      case Operation::ColumnIndex:
        for (std::size_t c = 0; c < columns; ++c) of.push_back(T(static_cast<double>(c)));
        break;
      case Operation::Sum:
      case Operation::Largest:
      case Operation::Smallest: {
        const std::vector<T>& all = values[graph.arg(id, 0)];
        const Operation pair = node.op == Operation::Sum       ? Operation::Add
                               : node.op == Operation::Largest ? Operation::Max
                                                               : Operation::Min;
        of = {all[0]};
        const std::size_t count = node.op == Operation::Sum ? columns : all.size();
        for (std::size_t c = 1; c < count; ++c) {
          const T both[] = {of[0], at(all, c)};
          of[0] = detail::apply<T>(pair, both);
        }
        break;
      }
      default: {
        std::size_t size = 1;
        for (const NodeId a : graph.args(id)) size = std::max(size, values[a].size());
        for (std::size_t c = 0; c < size; ++c) {
          args.clear();
          for (const NodeId a : graph.args(id)) args.push_back(at(values[a], c));
          of.push_back(detail::apply<T>(node.op, args.data()));
        }
      }
    }
  }
  std::vector<std::vector<T>> outputs;
  for (const NodeId id : graph.outputs) outputs.push_back(values[id]);
  return outputs;
}

}  // namespace actc::ir

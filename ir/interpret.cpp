// Scalar semantics of every typed operation, with the host's IEEE arithmetic.
#include "ir/interpret.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

#include "ir/round.h"

namespace actc::ir {

Bits to_bits(float value) { return std::bit_cast<std::uint32_t>(value); }
Bits to_bits(double value) { return std::bit_cast<std::uint64_t>(value); }
float binary32_of(Bits bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }
double binary64_of(Bits bits) { return std::bit_cast<double>(bits); }

namespace {

template <class F>
F float_of_bits(Bits bits) {
  if constexpr (sizeof(F) == 4)
    return binary32_of(bits);
  else
    return binary64_of(bits);
}

template <class F>
Bits apply_float(Operation op, Format result, const Bits* bits) {
  const auto a = [&](int k) { return float_of_bits<F>(bits[k]); };
  switch (op) {
    case Operation::Infinity:
      return to_bits(std::numeric_limits<F>::infinity());
    case Operation::NotANumber:
      return to_bits(std::numeric_limits<F>::quiet_NaN());
    case Operation::Add:
      return to_bits(a(0) + a(1));
    case Operation::Sub:
      return to_bits(a(0) - a(1));
    case Operation::Mul:
      return to_bits(a(0) * a(1));
    case Operation::Div:
      return to_bits(a(0) / a(1));
    case Operation::Neg:
      return to_bits(-a(0));
    case Operation::Fma:
      return to_bits(std::fma(a(0), a(1), a(2)));
    case Operation::Sqrt:
      return to_bits(std::sqrt(a(0)));
    case Operation::Abs:
      return to_bits(std::fabs(a(0)));
    case Operation::Min:
      return a(0) < a(1) ? bits[0] : bits[1];
    case Operation::Max:
      return a(0) > a(1) ? bits[0] : bits[1];
    case Operation::Floor:
      return to_bits(std::floor(a(0)));
    case Operation::Ceil:
      return to_bits(std::ceil(a(0)));
    case Operation::Round:
      return to_bits(std::nearbyint(a(0)));
    case Operation::Trunc:
      return to_bits(std::trunc(a(0)));
    case Operation::CopySign:
      return to_bits(std::copysign(a(0), a(1)));
    case Operation::Less:
      return a(0) < a(1);
    case Operation::LessEqual:
      return a(0) <= a(1);
    case Operation::Greater:
      return a(0) > a(1);
    case Operation::GreaterEqual:
      return a(0) >= a(1);
    case Operation::Equal:
      return a(0) == a(1);
    case Operation::NotEqual:
      return a(0) != a(1);
    case Operation::IsNan:
      return std::isnan(a(0));
    case Operation::ToBinary32:
      return to_bits(static_cast<float>(a(0)));
    case Operation::ToBinary64:
      return to_bits(static_cast<double>(a(0)));
    case Operation::ToInteger: {
      const F limit = std::ldexp(F(1), static_cast<int>(sizeof(F)) * 8 - 1);
      if (!(a(0) >= -limit && a(0) < limit)) return Bits{1} << (sizeof(F) * 8 - 1);
      const auto integer = static_cast<std::int64_t>(a(0));
      return result == Format::int32 ? static_cast<std::uint32_t>(integer)
                                     : static_cast<Bits>(integer);
    }
    default:
      break;
  }
  assert(false && "not an operation on floats");
  return 0;
}

template <class U>
Bits apply_integer(Operation op, Format result, const Bits* bits) {
  using S = std::make_signed_t<U>;
  const auto u = [&](int k) { return static_cast<U>(bits[k]); };
  const auto s = [&](int k) { return static_cast<S>(bits[k]); };
  switch (op) {
    case Operation::Add:
      return static_cast<U>(u(0) + u(1));
    case Operation::Sub:
      return static_cast<U>(u(0) - u(1));
    case Operation::Mul:
      return static_cast<U>(u(0) * u(1));
    case Operation::Neg:
      return static_cast<U>(U{0} - u(0));
    case Operation::Less:
      return s(0) < s(1);
    case Operation::LessEqual:
      return s(0) <= s(1);
    case Operation::Greater:
      return s(0) > s(1);
    case Operation::GreaterEqual:
      return s(0) >= s(1);
    case Operation::Equal:
      return u(0) == u(1);
    case Operation::NotEqual:
      return u(0) != u(1);
    case Operation::BitAnd:
      return u(0) & u(1);
    case Operation::BitOr:
      return u(0) | u(1);
    case Operation::BitXor:
      return u(0) ^ u(1);
    case Operation::ShiftLeft:
      return static_cast<U>(u(0) << u(1));
    case Operation::ShiftRight:
      return static_cast<U>(u(0) >> u(1));
    case Operation::ShiftRightSigned:
      return static_cast<U>(s(0) >> u(1));
    case Operation::ToFloat:
      if constexpr (sizeof(U) == 4)
        return to_bits(static_cast<float>(s(0)));
      else
        return to_bits(static_cast<double>(s(0)));
    case Operation::ToInt32:
      return static_cast<std::uint32_t>(u(0));
    case Operation::ToInt64:
      return static_cast<Bits>(static_cast<std::int64_t>(s(0)));
    default:
      break;
  }
  (void)result;
  assert(false && "not an operation on integers");
  return 0;
}

Bits constant_bits(const Rational& value, Format format) {
  switch (format) {
    case Format::binary32:
      return to_bits(round_to_binary32(value));
    case Format::binary64:
      return to_bits(round_to_binary64(value));
    case Format::int32:
    case Format::int64:
      return integer_bits(value, format).value_or(0);
    case Format::boolean:
      return value != 0;
    case Format::real:
      break;
  }
  assert(false && "a real constant in a lowered graph");
  return 0;
}

// An operation on its arguments' bits. Not a leaf.
Bits apply_operation(Operation op, Format result, Format operand, const Bits* args) {
  switch (op) {
    case Operation::And:
      return args[0] & args[1];
    case Operation::Or:
      return args[0] | args[1];
    case Operation::Not:
      return args[0] ^ 1;
    case Operation::Where:
    case Operation::Rarely:
      return args[0] != 0 ? args[1] : args[2];
    case Operation::Bits:
    case Operation::FromBits:
      return args[0];
    case Operation::Table:
      return args[1 + args[0]];
    default:
      break;
  }
  switch (operand) {
    case Format::binary32:
      return apply_float<float>(op, result, args);
    case Format::binary64:
      return apply_float<double>(op, result, args);
    case Format::int32:
      return apply_integer<std::uint32_t>(op, result, args);
    case Format::int64:
      return apply_integer<std::uint64_t>(op, result, args);
    case Format::real:
    case Format::boolean:
      break;
  }
  assert(false && "not lowered");
  return 0;
}

Format operand_format(const Graph& graph, NodeId id) {
  return graph.args(id).empty() ? graph[id].format : graph[graph.arg(id, 0)].format;
}

}  // namespace

std::vector<Bits> interpret(const Graph& lowered, std::span<const Bits> inputs,
                            std::span<const Bits> parameters) {
  std::vector<Bits> values(lowered.size());
  std::vector<Bits> args;
  for (NodeId id = 0; id < lowered.size(); ++id) {
    const Node& node = lowered[id];
    switch (node.op) {
      case Operation::Constant:
        values[id] = constant_bits(lowered.value(id), node.format);
        break;
      case Operation::Input:
        values[id] = inputs[node.payload];
        break;
      case Operation::Parameter:
        values[id] = parameters[node.payload];
        break;
      default:
        args.clear();
        for (const NodeId a : lowered.args(id)) args.push_back(values[a]);
        values[id] =
            apply_operation(node.op, node.format, operand_format(lowered, id), args.data());
    }
  }
  std::vector<Bits> outputs;
  for (const NodeId id : lowered.outputs) outputs.push_back(values[id]);
  return outputs;
}

ColumnInterpreter::ColumnInterpreter(const Graph& lowered)
    : lowered_(lowered),
      needed_(reachable(lowered)),
      constants_(lowered.size()),
      columns_(lowered.size()) {
  for (NodeId id = 0; id < lowered.size(); ++id) {
    if (needed_[id] && lowered.is_constant(id)) {
      constants_[id] = constant_bits(lowered.value(id), lowered[id].format);
    }
  }
}

std::vector<Bits> ColumnInterpreter::run(std::span<const std::vector<Bits>> inputs,
                                         std::size_t count) {
  std::vector<const Bits*> from;
  std::vector<Bits> args;
  for (NodeId id = 0; id < lowered_.size(); ++id) {
    if (!needed_[id]) continue;
    const Node& node = lowered_[id];
    std::vector<Bits>& column = columns_[id];
    if (node.op == Operation::Constant) {
      column.assign(count, constants_[id]);
      continue;
    }
    if (node.op == Operation::Input) {
      column.assign(inputs[node.payload].begin(), inputs[node.payload].end());
      continue;
    }
    assert(node.op != Operation::Parameter);
    column.resize(count);
    from.clear();
    for (const NodeId a : lowered_.args(id)) from.push_back(columns_[a].data());
    args.resize(from.size());
    const Format operand = operand_format(lowered_, id);
    for (std::size_t e = 0; e < count; ++e) {
      for (std::size_t k = 0; k < from.size(); ++k) args[k] = from[k][e];
      column[e] = apply_operation(node.op, node.format, operand, args.data());
    }
  }
  return columns_[lowered_.outputs.front()];
}

}  // namespace actc::ir

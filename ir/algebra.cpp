// The identities of the simplifier, an operation at a time.
#include "ir/algebra.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace actc::ir {
namespace {

using Integer = boost::multiprecision::cpp_int;

// Beyond this size a constant is left as its expression, so that repeated squaring cannot swell.
constexpr std::size_t max_constant_bits = 4096;

std::size_t bits_of(const Rational& v) {
  const Integer num = abs(numerator(v));
  return (num == 0 ? 0 : msb(num)) + msb(Integer(denominator(v))) + 2;
}

bool is_power_of_two(const Rational& v) {
  const Integer num = abs(numerator(v));
  const Integer den = denominator(v);
  return num != 0 && (num & (num - 1)) == 0 && (den & (den - 1)) == 0;
}

Integer floor_of(const Rational& v) {
  Integer q;
  Integer r;
  divide_qr(Integer(numerator(v)), Integer(denominator(v)), q, r);
  return r < 0 ? Integer(q - 1) : q;
}

std::optional<Rational> exact_root(const Rational& v) {
  if (v < 0) return std::nullopt;
  const Integer num = sqrt(Integer(numerator(v)));
  const Integer den = sqrt(Integer(denominator(v)));
  const Rational root(num, den);
  return root * root == v ? std::optional(root) : std::nullopt;
}

std::optional<Operation> inverse_comparison(Operation op) {
  switch (op) {
    case Operation::Less:
      return Operation::GreaterEqual;
    case Operation::LessEqual:
      return Operation::Greater;
    case Operation::Greater:
      return Operation::LessEqual;
    case Operation::GreaterEqual:
      return Operation::Less;
    case Operation::Equal:
      return Operation::NotEqual;
    case Operation::NotEqual:
      return Operation::Equal;
    default:
      return std::nullopt;
  }
}

// a op b as b op' a.
Operation mirrored_comparison(Operation op) {
  switch (op) {
    case Operation::Less:
      return Operation::Greater;
    case Operation::LessEqual:
      return Operation::GreaterEqual;
    case Operation::Greater:
      return Operation::Less;
    case Operation::GreaterEqual:
      return Operation::LessEqual;
    default:
      return op;
  }
}

// The value of an operation on constants, where it is rational.
std::optional<Rational> fold(Operation op, std::span<const Rational> a) {
  switch (op) {
    case Operation::Add:
      return a[0] + a[1];
    case Operation::Sub:
      return a[0] - a[1];
    case Operation::Mul:
      return a[0] * a[1];
    case Operation::Div:
      return a[1] == 0 ? std::nullopt : std::optional<Rational>(a[0] / a[1]);
    case Operation::Neg:
      return -a[0];
    case Operation::Fma:
      return a[0] * a[1] + a[2];
    case Operation::Sqrt:
      return exact_root(a[0]);
    case Operation::Abs:
      return abs(a[0]);
    case Operation::Min:
      return std::min(a[0], a[1]);
    case Operation::Max:
      return std::max(a[0], a[1]);
    case Operation::Floor:
      return Rational(floor_of(a[0]));
    case Operation::Ceil:
      return Rational(-floor_of(-a[0]));
    case Operation::Trunc:
      return Rational(Integer(numerator(a[0]) / denominator(a[0])));
    case Operation::Round: {
      const Integer below = floor_of(a[0]);
      const Rational twice = 2 * (a[0] - below);
      return Rational(twice > 1 || (twice == 1 && (below & 1) != 0) ? Integer(below + 1) : below);
    }
    case Operation::CopySign:
      return a[1] < 0 ? Rational(-abs(a[0])) : Rational(abs(a[0]));
    case Operation::Less:
      return a[0] < a[1] ? 1 : 0;
    case Operation::LessEqual:
      return a[0] <= a[1] ? 1 : 0;
    case Operation::Greater:
      return a[0] > a[1] ? 1 : 0;
    case Operation::GreaterEqual:
      return a[0] >= a[1] ? 1 : 0;
    case Operation::Equal:
      return a[0] == a[1] ? 1 : 0;
    case Operation::NotEqual:
      return a[0] != a[1] ? 1 : 0;
    case Operation::IsNan:
      return 0;
    case Operation::And:
      return a[0] * a[1];
    case Operation::Or:
      return std::max(a[0], a[1]);
    case Operation::Not:
      return 1 - a[0];
    default:
      return std::nullopt;
  }
}

// Is the function one operation on its two inputs?
bool is_operation(const Function& function, Operation op) {
  const Graph& g = function.meaning;
  if (g.outputs.size() != 1 || function.argument_count() != 2) return false;
  const NodeId y = g.outputs[0];
  if (g[y].op != op) return false;
  const auto is_input = [&](NodeId id, std::uint32_t position) {
    return g[id].op == Operation::Input && g[id].payload == position;
  };
  return is_input(g.arg(y, 0), 0) && is_input(g.arg(y, 1), 1);
}

}  // namespace

bool is_power(const Function& function) { return is_operation(function, Operation::RealPow); }
bool is_quotient(const Function& function) { return is_operation(function, Operation::Div); }

std::optional<NodeId> Algebra::folded(Operation op, std::span<const NodeId> args) {
  if (args.empty() || info(op).klass == OperationClass::reduction ||
      !std::ranges::all_of(args, [&](NodeId a) { return graph_.is_constant(a); })) {
    return std::nullopt;
  }
  std::vector<Rational> values;
  for (const NodeId a : args) values.push_back(graph_.value(a));
  const std::optional<Rational> value = fold(op, values);
  if (!value || bits_of(*value) > max_constant_bits) return std::nullopt;
  const OperationClass klass = info(op).klass;
  const bool boolean = klass == OperationClass::comparison || klass == OperationClass::logic;
  return graph_.constant(*value, boolean ? Format::boolean : Format::real);
}

// where(c, p, 0) + where(c, 0, q) = where(c, p, q); where c is one for a row, where(c, p, 0) +
// where(c, q, 0) = where(c, p + q, 0).
std::optional<NodeId> Algebra::sum_of_selections(NodeId a, NodeId b) {
  if (!is(a, Operation::Where) || !is(b, Operation::Where)) return std::nullopt;
  if (graph_.arg(a, 0) != graph_.arg(b, 0)) return std::nullopt;
  const auto zero = [&](NodeId id, std::size_t k) {
    return graph_.is_constant(graph_.arg(id, k), 0);
  };
  if (is_row_value(graph_.arg(a, 0)) && zero(a, 2) && zero(b, 2)) {
    return make_where(Operation::Where, graph_.arg(a, 0), add(graph_.arg(a, 1), graph_.arg(b, 1)),
                      graph_.arg(a, 2));
  }
  if (!(zero(a, 1) || zero(b, 1)) || !(zero(a, 2) || zero(b, 2))) return std::nullopt;
  const NodeId c = graph_.arg(a, 0);
  const NodeId then = zero(a, 1) ? graph_.arg(b, 1) : graph_.arg(a, 1);
  const NodeId otherwise = zero(a, 2) ? graph_.arg(b, 2) : graph_.arg(a, 2);
  return make_where(Operation::Where, c, then, otherwise);
}

NodeId Algebra::make_sum(NodeId a, NodeId b) {
  if (graph_.is_constant(a, 0)) return b;
  if (graph_.is_constant(b, 0)) return a;
  if (a == b) return mul(number(2), a);
  if (is(b, Operation::Neg)) return sub(a, graph_.arg(b, 0));
  if (is(a, Operation::Neg)) return sub(b, graph_.arg(a, 0));
  if (const auto merged = sum_of_selections(a, b)) return *merged;
  if (is_row_quotient(a) && is_row_quotient(b) && graph_.arg(a, 1) == graph_.arg(b, 1)) {
    return div(add(graph_.arg(a, 0), graph_.arg(b, 0)), graph_.arg(a, 1));
  }
  return graph_.node(Operation::Add, Format::real, {a, b});
}

// A call of a function that is the quotient of its two inputs, whatever its name, or a division.
std::optional<NodeId> Algebra::known_quotient(NodeId a, NodeId b) const {
  const std::array args = {a, b};
  for (FunctionId f = 0; f < library_.size(); ++f) {
    if (!is_quotient(library_[f])) continue;
    if (const auto call = graph_.find(Operation::Call, Format::real, args, f)) return call;
  }
  return graph_.find(Operation::Div, Format::real, args);
}

NodeId Algebra::make_product(NodeId a, NodeId b) {
  if (graph_.is_constant(b)) std::swap(a, b);  // constants first
  if (graph_.is_constant(a, 1)) return b;
  if (graph_.is_constant(a, -1)) return neg(b);
  if (is(a, Operation::Neg)) return neg(mul(graph_.arg(a, 0), b));
  if (is(b, Operation::Neg)) {
    if (graph_.is_constant(a)) return mul(number(-graph_.value(a)), graph_.arg(b, 0));
    return neg(mul(a, graph_.arg(b, 0)));
  }
  // a · (1 / b) = a / b: a rounding less.
  for (const auto& [quotient, other] : {std::pair{b, a}, std::pair{a, b}}) {
    if (is(quotient, Operation::Div) && graph_.is_constant(graph_.arg(quotient, 0), 1)) {
      return div(other, graph_.arg(quotient, 1));
    }
  }
  // a · (b / s) = b · (a / s), where the row has a / s already.
  for (const auto& [quotient, other] : {std::pair{b, a}, std::pair{a, b}}) {
    if (!is_row_quotient(quotient)) continue;
    if (const auto there = known_quotient(other, graph_.arg(quotient, 1))) {
      return graph_.node(Operation::Mul, Format::real, {*there, graph_.arg(quotient, 0)});
    }
  }
  // A power of two scales exactly, wherever it stands.
  if (graph_.is_constant(a) && is(b, Operation::Mul) && graph_.is_constant(graph_.arg(b, 0))) {
    const Rational& inner = graph_.value(graph_.arg(b, 0));
    if (is_power_of_two(graph_.value(a)) || is_power_of_two(inner)) {
      return mul(number(graph_.value(a) * inner), graph_.arg(b, 1));
    }
  }
  // A boolean as a number chooses; it is never multiplied out.
  for (const auto& [w, other] : {std::pair{a, b}, std::pair{b, a}}) {
    if (!is(w, Operation::Where)) continue;
    const NodeId then = graph_.arg(w, 1);
    const NodeId otherwise = graph_.arg(w, 2);
    if (graph_.is_constant(then, 1) && graph_.is_constant(otherwise, 0)) {
      return make_where(Operation::Where, graph_.arg(w, 0), other, otherwise);
    }
    if (graph_.is_constant(then, 0) && graph_.is_constant(otherwise, 1)) {
      return make_where(Operation::Where, graph_.arg(w, 0), then, other);
    }
  }
  return graph_.node(Operation::Mul, Format::real, {a, b});
}

NodeId Algebra::make_quotient(NodeId a, NodeId b) {
  if (graph_.is_constant(b) && is_power_of_two(graph_.value(b))) {
    return mul(number(1 / graph_.value(b)), a);
  }
  if (is(a, Operation::Neg)) return neg(div(graph_.arg(a, 0), b));
  if (is(b, Operation::Neg)) return neg(div(a, graph_.arg(b, 0)));
  return graph_.node(Operation::Div, Format::real, {a, b});
}

NodeId Algebra::make_reduction(Operation op, NodeId a, Shape axes) {
  if (graph_.is_constant(a, 0)) return a;
  const Shape along = common(axes, graph_[a].shape);
  if (op == Operation::Sum && along != axes) {
    // Only columns are counted: nothing that is summed over rows is the same in all of them.
    assert(without(axes, along) == Shape::column);
    const NodeId counted = mul(real(Operation::Columns, {}), a);
    return along == Shape::scalar ? counted : make_reduction(op, counted, along);
  }
  if (along == Shape::scalar) return a;
  // Sums over rows end a kernel: they stay whole.
  if (op == Operation::Sum && axes == Shape::column) {
    // What chooses for the whole row chooses between sums.
    if (is(a, Operation::Where) && common(graph_[graph_.arg(a, 0)].shape, axes) == Shape::scalar) {
      const auto branch = [&](std::size_t k) {
        const NodeId part = graph_.arg(a, k);
        return graph_.is_constant(part, 0) ? part : make_reduction(op, part, axes);
      };
      return make_where(Operation::Where, graph_.arg(a, 0), branch(1), branch(2));
    }
    if (is(a, Operation::Neg)) return neg(make_reduction(op, graph_.arg(a, 0), axes));
    const auto leaves = [&](NodeId factor) {
      return common(graph_[factor].shape, axes) == Shape::scalar;
    };
    for (const std::size_t k : {0, 1}) {
      if (is(a, Operation::Mul) && leaves(graph_.arg(a, k))) {
        return mul(graph_.arg(a, k), make_reduction(op, graph_.arg(a, 1 - k), axes));
      }
    }
    if (is(a, Operation::Div) && leaves(graph_.arg(a, 1))) {
      return div(make_reduction(op, graph_.arg(a, 0), axes), graph_.arg(a, 1));
    }
  }
  const std::array args = {a};
  return graph_.node(op, Format::real, args, static_cast<std::uint32_t>(axes));
}

// u - sum(u) / columns, and what is a multiple of it along the row.
bool Algebra::sums_to_zero(NodeId id) const {
  const auto leaves = [&](NodeId factor) { return !varies_along_row(graph_[factor].shape); };
  for (;;) {
    if (is(id, Operation::Neg) || (is(id, Operation::Div) && leaves(graph_.arg(id, 1))) ||
        (is(id, Operation::Mul) && leaves(graph_.arg(id, 1)))) {
      id = graph_.arg(id, 0);
    } else if (is(id, Operation::Mul) && leaves(graph_.arg(id, 0))) {
      id = graph_.arg(id, 1);
    } else {
      break;
    }
  }
  if (!is(id, Operation::Sub) || !is(graph_.arg(id, 1), Operation::Div)) return false;
  const NodeId total = graph_.arg(graph_.arg(id, 1), 0);
  return is(graph_.arg(graph_.arg(id, 1), 1), Operation::Columns) && is(total, Operation::Sum) &&
         graph_.arg(total, 0) == graph_.arg(id, 0);
}

NodeId Algebra::sum_of_adjoint(NodeId a) {
  if (is(a, Operation::Add) || is(a, Operation::Sub)) {
    const NodeId first = graph_.arg(a, 0);
    const NodeId second = graph_.arg(a, 1);
    if (sums_to_zero(second)) return sum_of_adjoint(first);
    if (sums_to_zero(first)) {
      return is(a, Operation::Add) ? sum_of_adjoint(second) : neg(sum_of_adjoint(second));
    }
  }
  return sum(a, Shape::column);
}

NodeId Algebra::make_where(Operation op, NodeId c, NodeId a, NodeId b) {
  if (graph_.is_constant(c)) return graph_.is_constant(c, 0) ? b : a;
  if (is(c, Operation::Not)) return make_where(op, graph_.arg(c, 0), b, a);
  // Within the branches c is known.
  while (is(a, op) && graph_.arg(a, 0) == c) a = graph_.arg(a, 1);
  while (is(b, op) && graph_.arg(b, 0) == c) b = graph_.arg(b, 2);
  return graph_.node(op, graph_[a].format, {c, a, b});
}

NodeId Algebra::make_power(FunctionId power, NodeId a, NodeId b) {
  if (graph_.is_constant(b)) {
    const Rational exponent = graph_.value(b);
    if (exponent == 0) return number(1);
    if (exponent == 1) return a;
    if (exponent == Rational(1, 2)) return make(Operation::Sqrt, {a});
    const Integer n = abs(numerator(exponent));
    if (graph_.is_constant(a) && graph_.value(a) != 0 && denominator(exponent) == 1 &&
        n * bits_of(graph_.value(a)) <= max_constant_bits) {
      Rational result = 1;
      const Rational base = exponent < 0 ? Rational(1 / graph_.value(a)) : graph_.value(a);
      for (Integer i = 0; i < n; ++i) result *= base;
      return number(result);
    }
  }
  return graph_.call(power, std::array{a, b});
}

NodeId Algebra::compare(Operation op, NodeId a, NodeId b) {
  return make(op, Format::boolean, std::array{a, b});
}

// k u > m u as (k - m) u > 0: the two sides are equal at an infinity, and may round to one number.
std::optional<NodeId> Algebra::make_sign_test(Operation op, NodeId a, NodeId b) {
  const auto split = [&](NodeId id) -> std::pair<Rational, NodeId> {
    if (is(id, Operation::Neg)) return {-1, graph_.arg(id, 0)};
    if (is(id, Operation::Mul) && graph_.is_constant(graph_.arg(id, 0))) {
      return {graph_.value(graph_.arg(id, 0)), graph_.arg(id, 1)};
    }
    return {1, id};
  };
  const auto [k, u] = split(a);
  const auto [m, v] = split(b);
  if (u != v || k == m || graph_[u].format != Format::real) return std::nullopt;
  return compare(k > m ? op : mirrored_comparison(op), u, number(0));
}

NodeId Algebra::make(Operation op, Format format, std::span<const NodeId> args,
                     std::uint32_t payload) {
  if (const auto constant = folded(op, args)) return *constant;
  if (info(op).klass == OperationClass::comparison && args.size() == 2) {
    if (const auto sign = make_sign_test(op, args[0], args[1])) return *sign;
  }
  switch (op) {
    case Operation::Add:
      return make_sum(args[0], args[1]);
    case Operation::Sub:
      if (graph_.is_constant(args[1], 0)) return args[0];
      if (graph_.is_constant(args[0], 0)) return neg(args[1]);
      if (is(args[1], Operation::Neg)) return add(args[0], graph_.arg(args[1], 0));
      if (is_row_quotient(args[0]) && is_row_quotient(args[1]) &&
          graph_.arg(args[0], 1) == graph_.arg(args[1], 1)) {
        return div(sub(graph_.arg(args[0], 0), graph_.arg(args[1], 0)), graph_.arg(args[0], 1));
      }
      // a - (m + r) = (a - m) - r, where a - m is there: of a row's largest element it is exact, or
      // nearly so.
      if (is(args[1], Operation::Add)) {
        for (const std::size_t k : {0, 1}) {
          const NodeId part = graph_.arg(args[1], k);
          const std::array difference = {args[0], part};
          if (!is_row_value(part)) continue;
          if (const auto known = graph_.find(Operation::Sub, Format::real, difference)) {
            return sub(*known, graph_.arg(args[1], 1 - k));
          }
        }
      }
      // One division, where a row has one denominator.
      if (is(args[0], Operation::Div) && is(args[1], Operation::Div) &&
          graph_.arg(args[0], 1) == graph_.arg(args[1], 1) &&
          is_row_value(graph_.arg(args[0], 1))) {
        return div(sub(graph_.arg(args[0], 0), graph_.arg(args[1], 0)), graph_.arg(args[0], 1));
      }
      break;
    case Operation::Mul:
      return make_product(args[0], args[1]);
    case Operation::Div:
      return make_quotient(args[0], args[1]);
    case Operation::Neg:
      if (is(args[0], Operation::Neg)) return graph_.arg(args[0], 0);
      if (is(args[0], Operation::Sub)) return sub(graph_.arg(args[0], 1), graph_.arg(args[0], 0));
      if (is(args[0], Operation::Mul) && graph_.is_constant(graph_.arg(args[0], 0))) {
        return mul(number(-graph_.value(graph_.arg(args[0], 0))), graph_.arg(args[0], 1));
      }
      break;
    case Operation::Abs:
      if (is(args[0], Operation::Abs)) return args[0];
      if (is(args[0], Operation::Neg)) return make(op, {graph_.arg(args[0], 0)});
      break;
    case Operation::Min:
    case Operation::Max:
      if (args[0] == args[1]) return args[0];
      break;
    case Operation::Not:
      if (is(args[0], Operation::Not)) return graph_.arg(args[0], 0);
      if (const auto inverse = inverse_comparison(graph_[args[0]].op)) {
        return compare(*inverse, graph_.arg(args[0], 0), graph_.arg(args[0], 1));
      }
      break;
    case Operation::And:
    case Operation::Or: {
      const int neutral = op == Operation::And ? 1 : 0;
      if (graph_.is_constant(args[0], neutral) || args[0] == args[1]) return args[1];
      if (graph_.is_constant(args[1], neutral)) return args[0];
      break;
    }
    case Operation::Where:
    case Operation::Rarely:
      return make_where(op, args[0], args[1], args[2]);
    case Operation::Sum:
    case Operation::Largest:
    case Operation::Smallest:
      return make_reduction(op, args[0], static_cast<Shape>(payload));
    case Operation::Call:
      if (is_power(library_[payload])) return make_power(payload, args[0], args[1]);
      return graph_.call(payload, args, format);
    default:
      break;
  }
  return graph_.node(op, format, args, payload);
}

NodeId Algebra::select(NodeId c, NodeId a, NodeId b) {
  const NodeId chosen = make_where(Operation::Where, c, a, b);
  if (is(chosen, Operation::Where) && graph_.arg(chosen, 1) == graph_.arg(chosen, 2)) {
    return graph_.arg(chosen, 1);
  }
  return chosen;
}

// The nodes of a tree of selections, arguments before users.
std::vector<NodeId> Algebra::branches(NodeId tree) const {
  std::vector<NodeId> nodes = {tree};
  std::unordered_set<NodeId> seen = {tree};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!is(nodes[i], Operation::Where)) continue;
    for (const int k : {1, 2}) {
      const NodeId branch = graph_.arg(nodes[i], k);
      if (seen.insert(branch).second) nodes.push_back(branch);
    }
  }
  std::ranges::sort(nodes);
  return nodes;
}

bool Algebra::holds_zero_branch(NodeId tree) const {
  if (!is(tree, Operation::Where)) return false;
  return std::ranges::any_of(branches(tree), [&](NodeId id) { return graph_.is_constant(id, 0); });
}

// Applies `at_leaf` at the leaves of a tree of selections, each node once.
template <class F>
NodeId Algebra::over_branches(NodeId tree, F at_leaf) {
  std::unordered_map<NodeId, NodeId> mapped;
  for (const NodeId id : branches(tree)) {
    mapped[id] = is(id, Operation::Where) ? select(graph_.arg(id, 0), mapped[graph_.arg(id, 1)],
                                                   mapped[graph_.arg(id, 2)])
                                          : at_leaf(id);
  }
  return mapped[tree];
}

NodeId Algebra::scale(NodeId p, NodeId q) {
  const auto product = [&](NodeId a, NodeId b) {
    if (graph_.is_constant(a, 0) || graph_.is_constant(b, 0)) return number(0);
    return mul(a, b);
  };
  const bool p_branches = holds_zero_branch(p);
  const bool q_branches = holds_zero_branch(q);
  const auto with = [&](NodeId leaf) {
    return p_branches ? over_branches(p, [&](NodeId l) { return product(l, leaf); })
                      : product(p, leaf);
  };
  return q_branches
             ? over_branches(
                   q, [&](NodeId leaf) { return graph_.is_constant(leaf, 0) ? leaf : with(leaf); })
             : with(q);
}

NodeId Algebra::scale_by_quotient(NodeId p, NodeId q) {
  if (is(q, Operation::Neg)) return opposite(scale_by_quotient(p, graph_.arg(q, 0)));
  if (!is_row_quotient(q) || graph_.is_constant(graph_.arg(q, 0))) return scale(p, q);
  return scale_down(scale(p, graph_.arg(q, 0)), graph_.arg(q, 1));
}

NodeId Algebra::scale_down(NodeId p, NodeId q) {
  const auto quotient = [&](NodeId leaf) {
    return graph_.is_constant(leaf, 0) ? leaf : div(leaf, q);
  };
  return holds_zero_branch(p) ? over_branches(p, quotient) : quotient(p);
}

NodeId Algebra::gate(NodeId c, bool sense, NodeId p) {
  const NodeId zero = number(0);
  const auto gated = [&](NodeId leaf) {
    if (leaf == zero) return zero;
    return sense ? select(c, leaf, zero) : select(c, zero, leaf);
  };
  // A deep tree would be copied whole at each level of a nest.
  constexpr std::size_t small_tree = 16;
  const bool distribute = is(p, Operation::Where) && branches(p).size() <= small_tree;
  return distribute && holds_zero_branch(p) ? over_branches(p, gated) : gated(p);
}

NodeId Algebra::accumulate(NodeId p, NodeId q) {
  // Down through selections on the same conditions, as far as one side alone is left to add.
  struct Level {
    NodeId condition, other;
    bool then;
  };
  std::vector<Level> path;
  const auto branch = [&](NodeId id, int k) { return graph_.arg(id, static_cast<std::size_t>(k)); };
  const auto lone = [&](NodeId a, NodeId b) -> std::optional<NodeId> {
    if (graph_.is_constant(a, 0)) return b;
    if (graph_.is_constant(b, 0)) return a;
    return std::nullopt;
  };
  std::optional<NodeId> sum;
  while (!sum) {
    sum = lone(p, q);
    if (sum) break;
    if (is(p, Operation::Where) && is(q, Operation::Where) && branch(p, 0) == branch(q, 0)) {
      const auto otherwise = lone(branch(p, 2), branch(q, 2));
      const auto then = lone(branch(p, 1), branch(q, 1));
      if (otherwise || then) {
        const bool down = otherwise.has_value();  // into the branch that is not settled
        path.push_back({branch(p, 0), down ? *otherwise : *then, down});
        p = branch(p, down ? 1 : 2);
        q = branch(q, down ? 1 : 2);
        continue;
      }
    }
    const bool both = holds_zero_branch(p) && holds_zero_branch(q);
    sum = both ? over_branches(p, [&](NodeId leaf) { return add(leaf, q); }) : add(p, q);
  }
  for (; !path.empty(); path.pop_back()) {
    const Level& l = path.back();
    sum = l.then ? select(l.condition, *sum, l.other) : select(l.condition, l.other, *sum);
  }
  return *sum;
}

}  // namespace actc::ir

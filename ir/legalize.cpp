// From the reals to a number format.
//
// NaN: over the reals a comparison with NaN makes `where` NaN. Machine comparisons are false on
// NaN, and min and max give their second argument. Here each gets the sense that carries a NaN for
// free where one of its branches is NaN whenever the compared values are, and a test where not.
#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <optional>

#include "ir/algebra.h"
#include "ir/constants.h"
#include "ir/passes.h"
#include "ir/wellformed.h"

namespace actc::ir {
namespace {

constexpr int max_integer_power = 64;

// The inputs and parameters, as bits, whose NaN makes a node NaN. Positions past 31 are not
// tracked: their NaNs are tested for.
using Carried = std::uint64_t;
constexpr Carried untracked = Carried{1} << 63;

// A condition in its typed forms.
struct Condition {
  NodeId false_on_nan = 0;
  NodeId true_on_nan = 0;
  std::optional<NodeId> any_nan;  // absent where no comparison can meet a NaN
  Carried compared = 0;           // the variables whose NaN it can meet
  Carried always = 0;             // those whose NaN it meets whatever the other values are
  bool uniform = true;            // all its comparisons meet the NaNs of the same variables
};

class Legalizer {
 public:
  Legalizer(const Graph& graph, const Library& library, Format format, std::size_t strict_outputs)
      : from_(graph),
        library_(library),
        format_(format),
        constants_(graph),
        uses_(use_counts(graph)) {
    Graph strict = graph;
    strict.outputs.resize(strict_outputs);
    strict_ = reachable(strict);
  }

  Graph run() {
    const std::size_t n = from_.size();
    mapped_.resize(n);
    carried_.resize(n);
    conditions_.resize(n);
    for (NodeId id = 0; id < n; ++id) {
      if (uses_[id] == 0 || constants_.is_constant(id)) continue;
      if (from_[id].format == Format::boolean) {
        conditions_[id] = condition(id);
      } else {
        mapped_[id] = value(id);
      }
    }
    for (const NodeId id : from_.outputs) to_.outputs.push_back(typed(id));
    return std::move(to_);
  }

 private:
  NodeId typed(NodeId id) {
    return constants_.is_constant(id) ? constants_.rounded(id, to_, format_) : mapped_[id];
  }
  NodeId emit(Operation op, std::initializer_list<NodeId> args) {
    return to_.node(op, format_, args);
  }
  NodeId test(Operation op, std::initializer_list<NodeId> args) {
    return to_.node(op, Format::boolean, args);
  }
  NodeId negated(NodeId condition) {
    return to_[condition].op == Operation::Not ? to_.arg(condition, 0)
                                               : test(Operation::Not, {condition});
  }
  NodeId nan() { return emit(Operation::NotANumber, {}); }

  Carried carried_by_args(NodeId id) const {
    Carried all = 0;
    for (const NodeId a : from_.args(id)) all |= carried_[a];
    return all;
  }

  NodeId value(NodeId id) {
    const auto arg = [&](std::size_t k) { return typed(from_.arg(id, k)); };
    const Node& node = from_[id];
    carried_[id] = carried_by_args(id);
    switch (node.op) {
      case Operation::Input:
        carried_[id] = node.payload < 32 ? Carried{1} << node.payload : untracked;
        return to_.input(node.payload, node.shape, format_);
      case Operation::Parameter:
        carried_[id] = node.payload < 31 ? Carried{1} << (32 + node.payload) : untracked;
        return to_.parameter(node.payload, format_);
      case Operation::Add:
        return sum(id, false);
      case Operation::Sub:
        return sum(id, true);
      case Operation::Max:
        return extremum(Operation::Max, from_.arg(id, 0), from_.arg(id, 1));
      case Operation::Min:
        return extremum(Operation::Min, from_.arg(id, 0), from_.arg(id, 1));
      case Operation::Where:
      case Operation::Rarely:
        return selection(id);
      case Operation::Detach:
        return arg(0);
      case Operation::Sum:
      case Operation::Largest:
      case Operation::Smallest:
        // A NaN anywhere in the row.
        carried_[id] |= untracked;
        return to_.node(node.op, format_, std::array{arg(0)}, node.payload);
      case Operation::Call:
        return call(id);
      default: {
        std::vector<NodeId> args;
        for (std::size_t k = 0; k < node.arg_count; ++k) args.push_back(arg(k));
        return to_.node(node.op, format_, args, node.payload);
      }
    }
  }

  // a·b + c as one operation, where the product is used nowhere else.
  NodeId sum(NodeId id, bool minus) {
    const NodeId a = from_.arg(id, 0);
    const NodeId b = from_.arg(id, 1);
    const auto product = [&](NodeId x) {
      return from_[x].op == Operation::Mul && uses_[x] == 1 && !constants_.is_constant(x);
    };
    const auto negative = [&](NodeId x) {
      return constants_.is_constant(x) && from_.is_constant(x)
                 ? to_.constant(-from_.value(x), format_)
                 : emit(Operation::Neg, {typed(x)});
    };
    if (product(a)) {
      return emit(Operation::Fma,
                  {typed(from_.arg(a, 0)), typed(from_.arg(a, 1)), minus ? negative(b) : typed(b)});
    }
    if (product(b)) {
      const NodeId first = from_.arg(b, 0);
      return emit(Operation::Fma,
                  {minus ? negative(first) : typed(first), typed(from_.arg(b, 1)), typed(a)});
    }
    return emit(minus ? Operation::Sub : Operation::Add, {typed(a), typed(b)});
  }

  // min and max of the machine give their second argument where either is NaN.
  NodeId extremum(Operation op, NodeId a, NodeId b) {
    const Carried in_a = constants_.is_constant(a) ? 0 : carried_[a];
    const Carried in_b = constants_.is_constant(b) ? 0 : carried_[b];
    const auto covers = [](Carried x, Carried y) {
      return (y & ~x) == 0 && ((x | y) & untracked) == 0;
    };
    if (constants_.is_constant(b) || (covers(in_a, in_b) && !covers(in_b, in_a))) std::swap(a, b);
    const NodeId plain = emit(op, {typed(a), typed(b)});
    if (constants_.is_constant(a) || covers(in_b, in_a) || covers(in_a, in_b)) return plain;
    return emit(Operation::Where, {test(Operation::IsNan, {typed(a)}), typed(a), plain});
  }

  NodeId selection(NodeId id) {
    const NodeId c = from_.arg(id, 0);
    const NodeId a = from_.arg(id, 1);
    const NodeId b = from_.arg(id, 2);
    const Operation op = from_[id].op;
    const Carried in_a = constants_.is_constant(a) ? 0 : carried_[a];
    const Carried in_b = constants_.is_constant(b) ? 0 : carried_[b];
    if (constants_.is_constant(c)) {
      if (constants_.is_nan(c)) return nan();
      carried_[id] = constants_.truth(c) ? in_a : in_b;
      return typed(constants_.truth(c) ? a : b);
    }
    if (const auto chosen = as_extremum(c, a, b)) {
      carried_[id] = in_a | in_b;
      return *chosen;
    }
    const Condition& cond = *conditions_[c];
    const Carried met = cond.compared;
    carried_[id] = (in_a & in_b) | cond.always;
    const auto nan_in = [&](Carried branch) {
      return (met & ~branch) == 0 && (met & untracked) == 0;
    };
    if (!strict_[id] || !cond.any_nan) {
      return emit(op, {cond.false_on_nan, typed(a), typed(b)});
    }
    if (nan_in(in_a) && cond.uniform) return emit(op, {cond.true_on_nan, typed(a), typed(b)});
    if (nan_in(in_b) && cond.uniform) return emit(op, {cond.false_on_nan, typed(a), typed(b)});
    const NodeId plain = emit(op, {cond.false_on_nan, typed(a), typed(b)});
    if (nan_in(in_a & in_b)) return plain;
    return emit(Operation::Where, {*cond.any_nan, nan(), plain});
  }

  // where(u > v, u, v) is max(u, v) but for the sign of zero.
  std::optional<NodeId> as_extremum(NodeId c, NodeId a, NodeId b) {
    const Operation op = from_[c].op;
    const bool less = op == Operation::Less || op == Operation::LessEqual;
    const bool greater = op == Operation::Greater || op == Operation::GreaterEqual;
    if (!less && !greater) return std::nullopt;
    const NodeId u = from_.arg(c, 0);
    const NodeId v = from_.arg(c, 1);
    if (u == a && v == b) return extremum(greater ? Operation::Max : Operation::Min, a, b);
    if (u == b && v == a) return extremum(greater ? Operation::Min : Operation::Max, a, b);
    return std::nullopt;
  }

  NodeId call(NodeId id) {
    const Function& callee = library_[from_[id].payload];
    if (is_power(callee) && from_.is_constant(from_.arg(id, 1))) {
      if (const auto power =
              integer_power(typed(from_.arg(id, 0)), from_.value(from_.arg(id, 1)))) {
        return *power;
      }
    }
    std::vector<NodeId> args;
    for (const NodeId a : from_.args(id)) args.push_back(typed(a));
    return to_.call(from_[id].payload, args, format_);
  }

  std::optional<NodeId> integer_power(NodeId base, const Rational& exponent) {
    if (denominator(exponent) != 1 || abs(exponent) > max_integer_power) return std::nullopt;
    int n = static_cast<int>(numerator(exponent));
    const bool reciprocal = n < 0;
    n = std::abs(n);
    std::optional<NodeId> result;
    for (NodeId square = base; n > 0; n /= 2) {
      if (n % 2 == 1) result = result ? emit(Operation::Mul, {*result, square}) : square;
      if (n > 1) square = emit(Operation::Mul, {square, square});
    }
    if (reciprocal) result = emit(Operation::Div, {to_.constant(1, format_), *result});
    return result;
  }

  NodeId ordered(Operation op, NodeId a, NodeId b) {
    if (op == Operation::NotEqual) {
      return test(Operation::Or, {test(Operation::Less, {a, b}), test(Operation::Greater, {a, b})});
    }
    return test(op, {a, b});
  }

  NodeId unordered(Operation op, NodeId a, NodeId b) {
    switch (op) {
      case Operation::Less:
        return negated(ordered(Operation::GreaterEqual, a, b));
      case Operation::LessEqual:
        return negated(ordered(Operation::Greater, a, b));
      case Operation::Greater:
        return negated(ordered(Operation::LessEqual, a, b));
      case Operation::GreaterEqual:
        return negated(ordered(Operation::Less, a, b));
      case Operation::Equal:
        return negated(ordered(Operation::NotEqual, a, b));
      default:
        return test(Operation::NotEqual, {a, b});
    }
  }

  NodeId truth(bool value) { return to_.constant(value ? 1 : 0, Format::boolean); }

  Condition of(NodeId id) {
    if (!constants_.is_constant(id)) return *conditions_[id];
    if (constants_.is_nan(id)) return {truth(false), truth(true), truth(true), untracked, 0, false};
    const NodeId value = truth(constants_.truth(id));
    return {value, value, std::nullopt, 0, 0, true};
  }

  NodeId both(NodeId a, NodeId b) { return test(Operation::And, {a, b}); }
  NodeId either(NodeId a, NodeId b) { return test(Operation::Or, {a, b}); }
  std::optional<NodeId> either(std::optional<NodeId> a, std::optional<NodeId> b) {
    return a && b ? either(*a, *b) : a ? a : b;
  }

  Condition condition(NodeId id) {
    const Operation op = from_[id].op;
    if (op == Operation::IsNan) {
      const NodeId asked = test(op, {typed(from_.arg(id, 0))});
      return {asked, asked, std::nullopt, 0, 0, true};
    }
    if (op == Operation::Not) {
      const Condition c = of(from_.arg(id, 0));
      return {negated(c.true_on_nan),
              negated(c.false_on_nan),
              c.any_nan,
              c.compared,
              c.always,
              c.uniform};
    }
    if (op == Operation::And || op == Operation::Or) {
      const Condition a = of(from_.arg(id, 0));
      const Condition b = of(from_.arg(id, 1));
      return {test(op, {a.false_on_nan, b.false_on_nan}),
              test(op, {a.true_on_nan, b.true_on_nan}),
              either(a.any_nan, b.any_nan),
              a.compared | b.compared,
              a.always | b.always,
              a.uniform && b.uniform && a.compared == b.compared};
    }
    if (op == Operation::Where || op == Operation::Rarely) return chosen_condition(id);
    const NodeId a = from_.arg(id, 0);
    const NodeId b = from_.arg(id, 1);
    Condition c;
    c.false_on_nan = ordered(op, typed(a), typed(b));
    c.true_on_nan = unordered(op, typed(a), typed(b));
    for (const NodeId side : {a, b}) {
      if (constants_.is_constant(side)) continue;
      const NodeId is_nan = test(Operation::IsNan, {typed(side)});
      c.any_nan = either(c.any_nan, is_nan);
      c.compared |= carried_[side];
    }
    c.always = c.compared;
    return c;
  }

  // A condition that chooses between conditions: only the chosen one's NaN counts.
  Condition chosen_condition(NodeId id) {
    const Condition c = of(from_.arg(id, 0));
    const Condition a = of(from_.arg(id, 1));
    const Condition b = of(from_.arg(id, 2));
    const NodeId surely = c.false_on_nan;
    const NodeId surely_not = negated(c.true_on_nan);
    const auto in_case = [&](NodeId when, std::optional<NodeId> nan) {
      return nan ? std::optional(both(when, *nan)) : nan;
    };
    const auto within = [](Carried part, Carried whole) { return (part & ~whole) == 0; };
    return {either(both(surely, a.false_on_nan), both(surely_not, b.false_on_nan)),
            both(either(negated(surely), a.true_on_nan), either(c.true_on_nan, b.true_on_nan)),
            either(c.any_nan, either(in_case(surely, a.any_nan), in_case(surely_not, b.any_nan))),
            c.compared | a.compared | b.compared,
            c.always | (a.always & b.always),
            c.uniform && within(a.compared | b.compared, c.compared)};
  }

  const Graph& from_;
  const Library& library_;
  Format format_;
  Constants constants_;
  std::vector<std::uint32_t> uses_;
  std::vector<bool> strict_;
  Graph to_;
  std::vector<NodeId> mapped_;
  std::vector<Carried> carried_;
  std::vector<std::optional<Condition>> conditions_;
};

bool has_implementation(const Function& f, Format format) {
  return f.implementations.contains(format);
}

// The real constants of implementations meet their format: ToBinary32(log(2)) is one number. What
// is decided by real constants is decided here, so that nothing over the reals is left.
class RealConstants {
 public:
  explicit RealConstants(const Graph& graph)
      : from_(graph), constants_(graph), mapped_(graph.size()) {}

  Graph fold() {
    const std::vector<bool> needed = reachable(from_);
    for (NodeId id = 0; id < from_.size(); ++id) {
      if (needed[id] && from_[id].format != Format::real) mapped_[id] = folded(id);
    }
    for (const NodeId id : from_.outputs) to_.outputs.push_back(mapped_[id]);
    return std::move(to_);
  }

 private:
  NodeId truth(bool value) { return to_.constant(value ? 1 : 0, Format::boolean); }

  NodeId folded(NodeId id) {
    const Node& node = from_[id];
    const bool real_argument = node.arg_count > 0 && from_[from_.arg(id, 0)].format == Format::real;
    if (real_argument) return rounded(id);
    std::vector<NodeId> args;
    for (const NodeId a : from_.args(id)) args.push_back(mapped_[a]);
    const auto constant = [&](std::size_t k) {
      return to_[args[k]].format == Format::boolean && to_.is_constant(args[k]);
    };
    const auto holds = [&](std::size_t k) { return !to_.is_constant(args[k], 0); };
    switch (node.op) {
      case Operation::Constant:
        return to_.constant(from_.value(id), node.format);
      case Operation::Input:
        return to_.input(node.payload, node.shape, node.format);
      case Operation::Parameter:
        return to_.parameter(node.payload, node.format);
      case Operation::Not:
        if (constant(0)) return truth(!holds(0));
        break;
      case Operation::And:
        if (constant(0)) return holds(0) ? args[1] : args[0];
        if (constant(1)) return holds(1) ? args[0] : args[1];
        break;
      case Operation::Or:
        if (constant(0)) return holds(0) ? args[0] : args[1];
        if (constant(1)) return holds(1) ? args[1] : args[0];
        break;
      case Operation::Where:
      case Operation::Rarely:
        if (constant(0)) return holds(0) ? args[1] : args[2];
        break;
      // |−x| = |x|, −(−x) = x: what meets where an even or odd function was inlined.
      case Operation::Abs:
        while (to_[args[0]].op == Operation::Neg) args[0] = to_.arg(args[0], 0);
        break;
      case Operation::Neg:
        if (to_[args[0]].op == Operation::Neg) return to_.arg(args[0], 0);
        break;
      default:
        break;
    }
    return to_.node(node.op, node.format, args, node.payload);
  }

  // A comparison of real constants (machine's: with NaN false, but `!=` true), or a constant's
  // conversion to its format.
  NodeId rounded(NodeId id) {
    const NodeId a = from_.arg(id, 0);
    assert(constants_.is_constant(a) && "an implementation computes over the reals");
    if (from_[id].format != Format::boolean) return constants_.rounded(a, to_, from_[id].format);
    if (constants_.is_nan(id)) return truth(from_[id].op == Operation::NotEqual);
    return truth(constants_.truth(id));
  }

  const Graph& from_;
  Constants constants_;
  Graph to_;
  std::vector<NodeId> mapped_;
};

}  // namespace

Graph legalize(const Graph& graph, const Library& library, Format format,
               std::size_t strict_outputs) {
  const auto constant_arguments = [](const Graph& g, NodeId call) {
    return std::ranges::all_of(g.args(call), [&](NodeId a) { return g.is_constant(a); });
  };
  const Graph open = expand_calls(
      graph, library, [&](const Function& callee, const Graph& g, NodeId call) -> const Graph* {
        const bool power = is_power(callee) && g.is_constant(g.arg(call, 1)) &&
                           denominator(g.value(g.arg(call, 1))) == 1;
        if (power && !constant_arguments(g, call)) return nullptr;
        if (has_implementation(callee, format) && !constant_arguments(g, call)) return nullptr;
        return &callee.meaning;
      });
  const Graph typed = Legalizer(simplify(open, library), library, format, strict_outputs).run();
  // What an implementation calls that has none for the format is computed from its meaning.
  std::map<std::pair<FunctionId, Format>, Graph> from_meaning;
  const Graph inlined = expand_calls(
      typed, library, [&](const Function& callee, const Graph& g, NodeId call) -> const Graph* {
        const Format wanted = g[call].format;
        if (wanted == Format::real) return &callee.meaning;
        const auto implementation = callee.implementations.find(wanted);
        if (implementation != callee.implementations.end()) return &implementation->second.graph();
        const auto [it, first] = from_meaning.try_emplace({g[call].payload, wanted});
        if (first) it->second = legalize(callee.meaning, library, wanted, 1);
        return &it->second;
      });
  Graph lowered = lower_rows(RealConstants(inlined).fold());
  assert(check(lowered).empty());
  return lowered;
}

}  // namespace actc::ir

// Graphs in jets of intervals.
#include "tools/oracle.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "frontend/frontend.h"
#include "ir/evaluate.h"
#include "ir/passes.h"
#include "ir/round.h"
#include "stdlib/stdlib.h"

namespace actc::tools {
namespace {

using ir::NodeId;
using ir::Operation;

// A call to this "function" joins a value with derivatives that are written: its arguments are the
// value, then ∂/∂argument for each argument, then the arguments. The value's own derivative does
// not count.
constexpr ir::FunctionId joint = std::numeric_limits<ir::FunctionId>::max();

frontend::LoweredText lowered(std::string_view text, std::shared_ptr<const ir::Library> base) {
  std::vector<frontend::Diagnostic> diagnostics;
  const frontend::SyntaxTree tree = frontend::parse(text, diagnostics);
  return frontend::lower(tree, text, std::move(base), diagnostics);
}

bool has_kinks(const ir::Graph& meaning) {
  const std::vector<bool> needed = ir::reachable(meaning);
  for (NodeId id = 0; id < meaning.size(); ++id) {
    if (!needed[id]) continue;
    switch (meaning[id].op) {
      case Operation::Abs:
      case Operation::Min:
      case Operation::Max:
      case Operation::Floor:
      case Operation::Ceil:
      case Operation::Round:
      case Operation::Trunc:
      case Operation::CopySign:
      case Operation::Where:
        return true;
      default:
        break;
    }
  }
  return false;
}

bool keeps_its_derivative(const ir::Library& library, ir::FunctionId id) {
  const ir::Function& f = library[id];
  bool written = false;
  for (const auto& d : f.derivatives) {
    if (!d || d->derived) continue;
    if (d->surrogate) return true;
    written = true;
  }
  return written && has_kinks(ir::expand_meaning(f.meaning, library));
}

// The meaning with joints where derivatives are written that count. Written derivatives have
// joints of their own `depth` times: a second derivative asks for theirs, nothing asks further
// (those of cosh and sinh are each other).
ir::Graph with_joints(const ir::Library& library, const ir::Graph& call, int depth) {
  std::map<ir::FunctionId, bool> kept;
  ir::Graph current = call;
  for (bool again = true; again;) {
    again = false;
    ir::Graph next;
    const std::vector<bool> needed = ir::reachable(current);
    std::vector<NodeId> mapped(current.size());
    for (NodeId id = 0; id < current.size(); ++id) {
      if (!needed[id]) continue;
      const ir::Node& node = current[id];
      std::vector<NodeId> args;
      for (const NodeId a : current.args(id)) args.push_back(mapped[a]);
      switch (node.op) {
        case Operation::Constant:
          mapped[id] = next.constant(current.value(id), node.format);
          continue;
        case Operation::Input:
          mapped[id] = next.input(node.payload, node.format);
          continue;
        case Operation::Parameter:
          mapped[id] = next.parameter(node.payload, node.format);
          continue;
        case Operation::Call:
          break;
        default:
          mapped[id] = next.node(node.op, node.format, args);
          continue;
      }
      if (node.payload == joint) {
        mapped[id] = next.call(joint, args);
        continue;
      }
      again = true;
      const ir::Function& f = library[node.payload];
      const NodeId value = ir::inline_body(next, f.meaning, f.inputs.size(), args).front();
      if (!kept.contains(node.payload)) {
        kept[node.payload] = keeps_its_derivative(library, node.payload);
      }
      mapped[id] = value;
      if (!kept[node.payload]) continue;
      std::vector<NodeId> parts = {value};
      for (std::size_t k = 0; k < args.size(); ++k) {
        const auto& d = f.derivatives[k];
        // What is not written for one of its arguments: 0 · its derivative says "not known".
        if (d) {
          const ir::Graph body = depth > 0 ? with_joints(library, d->body, depth - 1)
                                           : ir::expand_meaning(d->body, library);
          parts.push_back(ir::inline_body(next, body, f.inputs.size(), args).front());
          continue;
        }
        parts.push_back(next.node(Operation::NotANumber, ir::Format::real, {}));
      }
      parts.insert(parts.end(), args.begin(), args.end());
      mapped[id] = next.call(joint, parts);
    }
    for (const NodeId id : current.outputs) next.outputs.push_back(mapped[id]);
    current = std::move(next);
  }
  return current;
}

ir::Graph call_of(const ir::Function& f, ir::FunctionId id) {
  ir::Graph graph;
  std::vector<NodeId> args;
  for (std::uint32_t k = 0; k < f.inputs.size(); ++k) args.push_back(graph.input(k));
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) args.push_back(graph.parameter(k));
  graph.outputs = {graph.call(id, args)};
  return graph;
}

Interval truth(bool yes, bool no, Defined defined) {
  if (defined == Defined::nowhere) return Interval::nowhere();
  Interval result(Number(yes && !no ? 1 : 0), Number(yes ? 1 : 0));
  result.defined = defined;
  return result;
}

Interval compared(Operation op, const Interval& a, const Interval& b) {
  const Defined defined = std::max(a.defined, b.defined);
  if (defined == Defined::nowhere) return Interval::nowhere();
  switch (op) {
    case Operation::Less:
      return truth(a.low < b.high, a.high >= b.low, defined);
    case Operation::LessEqual:
      return truth(a.low <= b.high, a.high > b.low, defined);
    case Operation::Greater:
      return truth(b.low < a.high, b.high >= a.low, defined);
    case Operation::GreaterEqual:
      return truth(b.low <= a.high, b.high > a.low, defined);
    default: {
      const bool may = a.low <= b.high && b.low <= a.high;
      const bool must = may && a.is_point() && b.is_point();
      return op == Operation::Equal ? truth(may, !must, defined) : truth(!must, may, defined);
    }
  }
}

Interval is_nan(const Interval& a) {
  return truth(a.defined != Defined::everywhere, a.defined != Defined::nowhere,
               Defined::everywhere);
}

bool certainly(const Interval& c) { return c.low.sign() > 0; }
bool certainly_not(const Interval& c) { return c.high.sign() == 0; }

// Jets, rule by rule. `order` is how many derivatives are wanted.
class Rules {
 public:
  explicit Rules(int order) : order_(order) {}

  Jet constant(Interval value) const {
    return {.value = std::move(value), .first = {}, .second = {}};
  }

  Jet neg(const Jet& a) const {
    Jet w = constant(-a.value);
    if ((w.varies = a.varies)) {
      if (order_ >= 1) w.first = -a.first;
      if (order_ >= 2) w.second = -a.second;
    }
    return w;
  }

  Jet sum(const Jet& a, const Jet& b, bool minus) const {
    Jet w = constant(minus ? a.value - b.value : a.value + b.value);
    w.varies = a.varies || b.varies;
    if (!w.varies) return w;
    const auto part = [&](Interval Jet::* d) {
      if (!b.varies) return a.*d;
      if (!a.varies) return minus ? -(b.*d) : b.*d;
      return minus ? a.*d - b.*d : a.*d + b.*d;
    };
    if (order_ >= 1) w.first = part(&Jet::first);
    if (order_ >= 2) w.second = part(&Jet::second);
    return w;
  }

  Jet product(const Jet& a, const Jet& b) const {
    if (&a == &b) {
      Jet w =
          chain(a, square(a.value), [&] { return scaled(a.value, 1); }, [] { return Interval(2); });
      return w;
    }
    Jet w = constant(a.value * b.value);
    w.varies = a.varies || b.varies;
    if (!w.varies) return w;
    if (!a.varies || !b.varies) {
      const Jet& factor = a.varies ? b : a;
      const Jet& u = a.varies ? a : b;
      if (order_ >= 1) w.first = factor.value * u.first;
      if (order_ >= 2) w.second = factor.value * u.second;
      return w;
    }
    if (order_ >= 1) w.first = a.first * b.value + a.value * b.first;
    if (order_ >= 2) {
      w.second = a.second * b.value + scaled(a.first * b.first, 1) + a.value * b.second;
    }
    return w;
  }

  Jet quotient(const Jet& a, const Jet& b) const {
    Jet w = constant(a.value / b.value);
    w.varies = a.varies || b.varies;
    if (!w.varies) return w;
    if (!b.varies) {
      if (order_ >= 1) w.first = a.first / b.value;
      if (order_ >= 2) w.second = a.second / b.value;
      return w;
    }
    const Interval zero;
    if (order_ >= 1) w.first = ((a.varies ? a.first : zero) - w.value * b.first) / b.value;
    if (order_ >= 2) {
      w.second =
          ((a.varies ? a.second : zero) - scaled(w.first * b.first, 1) - w.value * b.second) /
          b.value;
    }
    return w;
  }

  // f(u) with f′ and f″ at u.
  template <class First, class Second>
  Jet chain(const Jet& u, Interval value, First first, Second second) const {
    Jet w = constant(std::move(value));
    w.varies = u.varies;
    if (!w.varies || order_ == 0) return w;
    const Interval slope = first();
    w.first = slope * u.first;
    if (order_ >= 2) w.second = slope * u.second + second() * square(u.first);
    return w;
  }

  // The value of one of two, by a condition that may be open.
  Jet choice(const Interval& condition, const Jet& a, const Jet& b) const {
    if (condition.defined == Defined::nowhere) return constant(Interval::nowhere());
    Jet w;
    if (certainly(condition)) {
      w = a;
    } else if (certainly_not(condition)) {
      w = b;
    } else {
      w = constant(hull(a.value, b.value));
      w.varies = a.varies || b.varies;
      const Interval zero;
      const auto part = [&](Interval Jet::* d) {
        return hull(a.varies ? a.*d : zero, b.varies ? b.*d : zero);
      };
      if (w.varies && order_ >= 1) w.first = part(&Jet::first);
      if (w.varies && order_ >= 2) w.second = part(&Jet::second);
    }
    if (condition.defined == Defined::perhaps)
      w.value.defined = std::max(w.value.defined, Defined::perhaps);
    return w;
  }

  Jet extremum(Operation op, const Jet& a, const Jet& b) const {
    Jet w;
    const bool tie = a.value.is_point() && b.value.is_point() && a.value.low == b.value.low;
    if (tie && order_ > 0) {
      w = sum(a, b, false);
      w.first = scaled(w.first, -1);
      w.second = scaled(w.second, -1);
    } else {
      const Operation first = op == Operation::Max ? Operation::Greater : Operation::Less;
      w = choice(compared(first, a.value, b.value), a, b);
    }
    const bool varies = w.varies;
    w.value = op == Operation::Max ? max(a.value, b.value) : min(a.value, b.value);
    w.varies = varies;
    return w;
  }

  Jet joined(std::span<const Jet* const> parts) const {
    const std::size_t n = parts.size() / 2;
    Jet w = constant(parts[0]->value);
    for (std::size_t k = 0; k < n; ++k) {
      const Jet& slope = *parts[1 + k];
      const Jet& u = *parts[1 + n + k];
      if (!u.varies) continue;
      w.varies = true;
      if (order_ >= 1) w.first = w.first + slope.value * u.first;
      if (order_ >= 2) {
        w.second = w.second + slope.value * u.second;
        if (slope.varies) w.second = w.second + slope.first * u.first;
      }
    }
    return w;
  }

  Jet power(const Jet& u, const Jet& v) const;
  Jet apply(Operation op, std::span<const Jet* const> a) const;

 private:
  int order_;
};

Jet Rules::power(const Jet& u, const Jet& v) const {
  const Interval value = pow(u.value, v.value);
  if (!v.varies) {
    const Interval& n = v.value;
    const Interval one(1);
    return chain(
        u, value, [&] { return n * pow(u.value, n - one); },
        [&] { return n * (n - one) * pow(u.value, n - Interval(2)); });
  }
  // ∂/∂v = log(u) u^v, 0 where u = 0 and v > 0.
  const bool at_zero = u.value.is_zero() && v.value.low.sign() > 0;
  Jet w = constant(value);
  w.varies = true;
  if (order_ == 0) return w;
  const Interval slope_u = v.value * pow(u.value, v.value - Interval(1));
  const Interval slope_v = at_zero ? Interval(0) : log(u.value) * value;
  w.first = slope_v * v.first;
  if (u.varies) w.first = w.first + slope_u * u.first;
  if (order_ >= 2) w.second = Interval::unknown();  // wanted of one input alone
  return w;
}

Jet Rules::apply(Operation op, std::span<const Jet* const> a) const {
  const auto u = [&]() -> const Interval& { return a[0]->value; };
  const auto none = [] { return Interval(0); };
  switch (op) {
    case Operation::Pi:
      return constant(pi());
    case Operation::E:
      return constant(euler());
    case Operation::Infinity:
      return constant(Interval(std::numeric_limits<double>::infinity()));
    case Operation::NotANumber:
      return constant(Interval::nowhere());
    case Operation::Add:
      return sum(*a[0], *a[1], false);
    case Operation::Sub:
      return sum(*a[0], *a[1], true);
    case Operation::Mul:
      return product(*a[0], *a[1]);
    case Operation::Div:
      return quotient(*a[0], *a[1]);
    case Operation::Neg:
      return neg(*a[0]);
    case Operation::Fma:
      return sum(product(*a[0], *a[1]), *a[2], false);
    case Operation::Sqrt: {
      const Interval root = sqrt(u());
      return chain(
          *a[0], root, [&] { return Interval(1) / scaled(root, 1); },
          [&] { return Interval(-1) / scaled(root * u(), 2); });
    }
    case Operation::Abs:
      return chain(
          *a[0], abs(u()),
          [&] {
            if (u().is_zero()) return Interval(0);
            if (u().low.sign() >= 0)
              return u().low.sign() > 0 ? Interval(1) : Interval(Number(0), Number(1));
            if (u().high.sign() <= 0)
              return u().high.sign() < 0 ? Interval(-1) : Interval(Number(-1), Number(0));
            return Interval(Number(-1), Number(1));
          },
          none);
    case Operation::Min:
    case Operation::Max:
      return extremum(op, *a[0], *a[1]);
    case Operation::Floor:
    case Operation::Ceil:
    case Operation::Round:
    case Operation::Trunc:
      return chain(*a[0], rounded(op, u()), none, none);
    case Operation::CopySign: {
      // |a| with the sign of b.
      const Interval unit = copysign(Interval(1), a[1]->value);
      const Jet magnitude = apply(Operation::Abs, a.first(1));
      Jet w = product(magnitude, constant(unit));
      w.value = copysign(u(), a[1]->value);
      return w;
    }
    case Operation::Less:
    case Operation::LessEqual:
    case Operation::Greater:
    case Operation::GreaterEqual:
    case Operation::Equal:
    case Operation::NotEqual:
      return constant(compared(op, u(), a[1]->value));
    case Operation::IsNan:
      return constant(is_nan(u()));
    case Operation::And:
      return constant(min(u(), a[1]->value));
    case Operation::Or:
      return constant(max(u(), a[1]->value));
    case Operation::Not:
      return constant(Interval(1) - u());
    case Operation::Where:
    case Operation::Rarely:
      return choice(u(), *a[1], *a[2]);
    case Operation::RealExp: {
      const Interval value = exp(u());
      const auto same = [&] { return value; };
      return chain(*a[0], value, same, same);
    }
    case Operation::RealExpm1: {
      const auto slope = [&] { return exp(u()); };
      return chain(*a[0], expm1(u()), slope, slope);
    }
    case Operation::RealLog:
      return chain(
          *a[0], log(u()), [&] { return Interval(1) / u(); },
          [&] { return Interval(-1) / square(u()); });
    case Operation::RealLog1p:
      return chain(
          *a[0], log1p(u()), [&] { return Interval(1) / (Interval(1) + u()); },
          [&] { return Interval(-1) / square(Interval(1) + u()); });
    case Operation::RealTanh: {
      // tanh′ = 1/cosh², without the cancellation of 1 − tanh².
      const Interval value = tanh(u());
      const auto slope = [&] {
        const Interval e = exp(-abs(u()));
        return square(scaled(e, 1) / (Interval(1) + square(e)));
      };
      return chain(*a[0], value, slope, [&] { return Interval(-2) * value * slope(); });
    }
    case Operation::RealErf:
    case Operation::RealErfc: {
      const bool rest = op == Operation::RealErfc;
      const auto slope = [&] { return Interval(rest ? -2 : 2) / sqrt(pi()) * exp(-square(u())); };
      return chain(*a[0], rest ? erfc(u()) : erf(u()), slope,
                   [&] { return Interval(-2) * u() * slope(); });
    }
    case Operation::RealSin: {
      const Interval value = sin(u());
      return chain(*a[0], value, [&] { return cos(u()); }, [&] { return -value; });
    }
    case Operation::RealCos: {
      const Interval value = cos(u());
      return chain(*a[0], value, [&] { return -sin(u()); }, [&] { return -value; });
    }
    case Operation::RealAtan: {
      const auto slope = [&] { return Interval(1) / (Interval(1) + square(u())); };
      return chain(*a[0], atan(u()), slope, [&] { return Interval(-2) * u() * square(slope()); });
    }
    case Operation::RealPow:
      return power(*a[0], *a[1]);
    case Operation::Detach: {
      Jet w = constant(u());
      return w;
    }
    case Operation::Call:
      return joined(a);
    case Operation::Constant:
    case Operation::Input:
    case Operation::Parameter:
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
  return constant(Interval::nowhere());
}

}  // namespace

bool is_math_function(std::string_view name) {
  std::vector<frontend::Diagnostic> diagnostics;
  const frontend::SyntaxTree tree = frontend::parse(stdlib::file("math.act"), diagnostics);
  return std::ranges::any_of(tree.items, [&](const frontend::Item& item) {
    return std::holds_alternative<frontend::DefinitionItem>(item) &&
           frontend::head_of(item).name == name;
  });
}

Oracle::Oracle(std::string_view text, std::string_view name) {
  static const std::shared_ptr<const ir::Library> standard =
      lowered(stdlib::text(), nullptr).library;
  library_ = standard;
  std::optional<ir::FunctionId> entry;
  if (!text.empty()) {
    frontend::LoweredText own = lowered(text, standard);
    library_ = std::move(own.library);
    entry = own.entry;
  }
  if (!name.empty()) entry = library_->find(name);
  assert(entry && "the text compiles and defines the function");
  id_ = *entry;
  const ir::Graph call = call_of(function(), id_);
  value_ = ir::expand_meaning(call, *library_);
  slopes_ = with_joints(*library_, call, 1);
}

bool Oracle::asks_isnan() const {
  const std::vector<bool> needed = ir::reachable(value_);
  for (NodeId id = 0; id < value_.size(); ++id) {
    if (needed[id] && value_[id].op == Operation::IsNan) return true;
  }
  return false;
}

bool Oracle::is_multiple_of_input_at_zero(std::span<const double> parameters) const {
  if (function().inputs.size() != 1) return false;
  const double zero = -0.0;
  ir::Graph all = value_;
  all.outputs.clear();
  for (NodeId id = 0; id < all.size(); ++id) all.outputs.push_back(id);
  const std::vector<double> values = ir::evaluate<double>(all, {&zero, 1}, parameters);
  NodeId at = value_.outputs.front();
  while (value_[at].op == Operation::Where)
    at = value_.arg(at, values[value_.arg(at, 0)] != 0 ? 1 : 2);
  const auto is_input = [&](NodeId id) { return value_[id].op == Operation::Input; };
  const bool product = value_[at].op == Operation::Mul || value_[at].op == Operation::Div;
  const bool multiple =
      is_input(at) ||
      (product && (is_input(value_.arg(at, 0)) ||
                   (value_[at].op == Operation::Mul && is_input(value_.arg(at, 1)))));
  return multiple && values[at] == 0 && std::signbit(values[at]);
}

std::vector<double> Oracle::switching_points(std::span<const double> parameters,
                                             std::size_t variable) const {
  // Each node as slope · x + offset, or |that|, where it is one; in binary64: a place to look at.
  struct Affine {
    double slope = 0, offset = 0;
    bool known = false;
    bool magnitude = false;
  };
  std::vector<double> points;
  const auto solve = [&](const Affine& a, double value) {
    if (!a.known || a.slope == 0 || !std::isfinite(value)) return;
    points.push_back((value - a.offset) / a.slope);
    if (a.magnitude) points.push_back((-value - a.offset) / a.slope);
  };
  std::vector<Affine> affine(value_.size());
  const std::vector<bool> needed = ir::reachable(value_);
  for (NodeId id = 0; id < value_.size(); ++id) {
    if (!needed[id]) continue;
    const ir::Node& node = value_[id];
    const auto arg = [&](std::size_t k) -> const Affine& { return affine[value_.arg(id, k)]; };
    const auto plain = [&](std::size_t k) { return arg(k).known && !arg(k).magnitude; };
    const auto constant = [&](std::size_t k) { return arg(k).known && arg(k).slope == 0; };
    Affine& w = affine[id];
    switch (node.op) {
      case Operation::Constant:
        w = {0, ir::round_to_binary64(value_.value(id)), true, false};
        break;
      case Operation::Parameter:
        w = {0, parameters[node.payload], true, false};
        break;
      case Operation::Input:
        w = {node.payload == variable ? 1.0 : 0.0, 0, true, false};
        break;
      case Operation::Add:
      case Operation::Sub: {
        const double sign = node.op == Operation::Add ? 1 : -1;
        if (plain(0) && plain(1)) {
          w = {arg(0).slope + sign * arg(1).slope, arg(0).offset + sign * arg(1).offset, true,
               false};
        }
        break;
      }
      case Operation::Neg:
        if (plain(0)) w = {-arg(0).slope, -arg(0).offset, true, false};
        break;
      case Operation::Mul:
        for (const std::size_t k : {0U, 1U}) {
          if (constant(k) && plain(1 - k)) {
            w = {arg(k).offset * arg(1 - k).slope, arg(k).offset * arg(1 - k).offset, true, false};
          }
        }
        break;
      case Operation::Div:
        if (constant(1) && plain(0)) {
          w = {arg(0).slope / arg(1).offset, arg(0).offset / arg(1).offset, true, false};
        }
        break;
      case Operation::Abs:
        if (arg(0).known) {
          w = arg(0);
          w.magnitude = w.slope != 0;
          if (!w.magnitude) w.offset = std::abs(w.offset);
          solve(w, 0);
        }
        break;
      case Operation::CopySign:
        solve(arg(1), 0);
        break;
      case Operation::Floor:
      case Operation::Ceil:
      case Operation::Trunc:
      case Operation::Round:
        for (double k = -2; k <= 2; k += 0.5) solve(arg(0), k);
        break;
      case Operation::Min:
      case Operation::Max:
      case Operation::Less:
      case Operation::LessEqual:
      case Operation::Greater:
      case Operation::GreaterEqual:
      case Operation::Equal:
      case Operation::NotEqual:
        if (constant(1)) {
          solve(arg(0), arg(1).offset);
        } else if (constant(0)) {
          solve(arg(1), arg(0).offset);
        } else if (plain(0) && plain(1)) {
          solve({arg(0).slope - arg(1).slope, arg(0).offset - arg(1).offset, true, false}, 0);
        }
        break;
      default: {
        // Any other function of constants is one; where it matters, its value is in the formula.
        break;
      }
    }
  }
  std::erase_if(points, [](double x) { return !std::isfinite(x); });
  std::ranges::sort(points);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

Evaluator::Plan Evaluator::plan_of(const ir::Graph& graph) {
  Plan plan{.graph = &graph, .needed = ir::reachable(graph), .varies = {}, .jets = {}};
  plan.varies.resize(graph.size());
  plan.jets.resize(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    plan.varies[id] = graph[id].op == Operation::Input;
    for (const NodeId a : graph.args(id)) plan.varies[id] = plan.varies[id] || plan.varies[a];
  }
  return plan;
}

Evaluator::Evaluator(const Oracle& oracle, std::vector<double> parameters)
    : parameters_(std::move(parameters)),
      value_(plan_of(oracle.value_)),
      slopes_(plan_of(oracle.slopes_)) {}

void Evaluator::evaluate(Plan& plan, NodeId id, std::span<const Interval> inputs, int order,
                         std::size_t variable) {
  const ir::Graph& graph = *plan.graph;
  const ir::Node& node = graph[id];
  Jet& jet = plan.jets[id];
  switch (node.op) {
    case Operation::Constant:
      jet = Jet{.value = interval_of(graph.value(id)), .first = {}, .second = {}};
      return;
    case Operation::Parameter:
      jet = Jet{.value = Interval(parameters_[node.payload]), .first = {}, .second = {}};
      return;
    case Operation::Input:
      jet = Jet{.value = inputs[node.payload], .first = {}, .second = {}};
      if (node.payload == variable && order > 0) {
        jet.varies = true;
        jet.first = Interval(1);
      }
      return;
    default:
      break;
  }
  std::array<const Jet*, 3> few{};
  if (node.arg_count <= few.size()) {
    for (std::size_t k = 0; k < node.arg_count; ++k) few[k] = &plan.jets[graph.arg(id, k)];
    jet = Rules(order).apply(node.op, std::span(few).first(node.arg_count));
    return;
  }
  std::vector<const Jet*> args;
  for (const NodeId a : graph.args(id)) args.push_back(&plan.jets[a]);
  jet = Rules(order).apply(node.op, args);
}

Jet Evaluator::at(std::span<const Interval> inputs, int order, std::size_t variable) {
  Plan& plan = order == 0 ? value_ : slopes_;
  const bool constants = plan.constants_at != PrecisionScope::bits();
  plan.constants_at = PrecisionScope::bits();
  for (NodeId id = 0; id < plan.graph->size(); ++id) {
    if (plan.needed[id] && (plan.varies[id] || constants)) {
      evaluate(plan, id, inputs, order, variable);
    }
  }
  return plan.jets[plan.graph->outputs.front()];
}

}  // namespace actc::tools

// Symbolic differentiation in reverse: adjoints flow from the output to the inputs, each node's
// once, so that a derivative shares whatever it can with its function.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "ir/algebra.h"
#include "ir/passes.h"
#include "ir/stabilize.h"

namespace actc::ir {
namespace {

// Over what the gradient of a variable is summed. What is the same for a row may be so for others:
// its rows are not kept apart.
Shape summed(Shape variable) {
  return varies_along_row(variable) ? without(Shape::element, variable) : Shape::element;
}

class Differentiator {
 public:
  // Without `sums` the derivatives are those of an element's value with respect to what it is made
  // of.
  Differentiator(Graph& graph, const Library& library, bool sums)
      : graph_(graph), library_(library), algebra_(graph, library), sums_(sums) {}

  // The adjoints of the nodes `wanted` for an adjoint of `y`; 0 where y does not depend on one.
  std::vector<NodeId> adjoints(NodeId y, NodeId seed,
                               std::span<const std::optional<NodeId>> wanted) {
    const auto last = static_cast<NodeId>(graph_.size());
    adjoints_.assign(last, {});
    varies_.assign(last, false);
    for (const auto& id : wanted) {
      if (id) varies_[*id] = true;
    }
    for (NodeId id = 0; id < last; ++id) {
      for (const NodeId a : graph_.args(id)) varies_[id] = varies_[id] || varies_[a];
    }
    level_ = sums_ ? graph_[y].shape : Shape::scalar;
    give(y, seed);
    for (NodeId id = last; id-- > 0;) {
      if (!varies_[id]) continue;
      for (const Shape level : all_shapes) {
        level_ = level;
        if (const auto adjoint = at(id, level)) push(id, *adjoint);
      }
    }
    std::vector<NodeId> result;
    for (const auto& id : wanted) result.push_back(id ? total(*id) : algebra_.number(0));
    return result;
  }

 private:
  static constexpr std::array all_shapes = {Shape::scalar, Shape::column, Shape::row,
                                            Shape::element};

  // A node that was spread over an axis gets the sum over it: at once where a row reduces it to one
  // value, else, since sums over rows end a kernel, only where a variable is reached. Until then an
  // adjoint has a level: the shape that it has a part for each place of.
  std::optional<NodeId>& at(NodeId id, Shape level) {
    return adjoints_[id][static_cast<std::size_t>(level)];
  }

  void give(NodeId to, NodeId contribution) {
    if (to >= varies_.size() || !varies_[to]) return;
    Shape level = level_;
    if (sums_) {
      const Shape own = graph_[to].shape;
      level = join(level, own);
      const bool is_variable = graph_[to].op == Operation::Input;
      if (own == Shape::row && varies_along_row(level) && !is_variable) {
        contribution = algebra_.sum_of_adjoint(contribution);
        level = own;
      }
    }
    std::optional<NodeId>& adjoint = at(to, level);
    adjoint = adjoint ? algebra_.accumulate(*adjoint, contribution) : contribution;
  }

  NodeId total(NodeId variable) {
    NodeId sum = algebra_.number(0);
    for (const Shape level : all_shapes) {
      const auto adjoint = at(variable, level);
      if (!adjoint) continue;
      const Shape spread = sums_ ? common(level, summed(graph_[variable].shape)) : Shape::scalar;
      sum = algebra_.accumulate(
          sum, spread == Shape::scalar ? *adjoint : algebra_.sum(*adjoint, spread));
    }
    return sum;
  }

  // where(a > b, 1, where(a < b, 0, 1/2)): the share of the first argument of max.
  NodeId share(Operation first_wins, NodeId a, NodeId b) {
    const Operation other = first_wins == Operation::Greater ? Operation::Less : Operation::Greater;
    const NodeId tie = algebra_.select(algebra_.compare(other, a, b), algebra_.number(0),
                                       algebra_.number(Rational(1, 2)));
    return algebra_.select(algebra_.compare(first_wins, a, b), algebra_.number(1), tie);
  }

  NodeId sign_of(NodeId x) {
    const NodeId zero = algebra_.number(0);
    return algebra_.select(
        algebra_.compare(Operation::Greater, x, zero), algebra_.number(1),
        algebra_.select(algebra_.compare(Operation::Less, x, zero), algebra_.number(-1), zero));
  }

  void push_call(NodeId id, NodeId adj) {
    const Function& callee = library_[graph_[id].payload];
    const std::vector<NodeId> args(graph_.args(id).begin(), graph_.args(id).end());
    for (std::size_t k = 0; k < args.size(); ++k) {
      if (!varies_[args[k]]) continue;
      const Graph& body = callee.derivatives[k]->body;
      const NodeId factor = inline_body(graph_, body, callee.inputs.size(), args).front();
      give(args[k], algebra_.scale_by_quotient(adj, factor));
    }
  }

  // Gives each argument of a node its part of the node's adjoint: one rule an operation.
  void push(NodeId id, NodeId adj) {
    Algebra& m = algebra_;
    const auto arg = [&](std::size_t k) { return graph_.arg(id, k); };
    const auto give_scaled = [&](std::size_t k, auto factor) {
      if (varies_[arg(k)]) give(arg(k), m.scale(adj, factor()));
    };
    switch (graph_[id].op) {
      case Operation::Add:
        give(arg(0), adj);
        give(arg(1), adj);
        return;
      case Operation::Sub:
        give(arg(0), adj);
        if (varies_[arg(1)]) give(arg(1), m.opposite(adj));
        return;
      case Operation::Fma:
        give(arg(2), adj);
        [[fallthrough]];
      case Operation::Mul:
        if (arg(0) == arg(1)) {
          give_scaled(0, [&] { return m.mul(m.number(2), arg(0)); });
          return;
        }
        give_scaled(0, [&] { return arg(1); });
        give_scaled(1, [&] { return arg(0); });
        return;
      case Operation::Div:
        if (varies_[arg(0)]) give(arg(0), m.scale_down(adj, arg(1)));
        if (varies_[arg(1)]) give(arg(1), m.opposite(m.scale_down(m.scale(adj, id), arg(1))));
        return;
      case Operation::Neg:
        give(arg(0), m.opposite(adj));
        return;
      case Operation::Sqrt:
        give(arg(0), m.scale_down(adj, m.mul(m.number(2), id)));
        return;
      case Operation::Abs:
        give_scaled(0, [&] { return sign_of(arg(0)); });
        return;
      case Operation::Min:
        give_scaled(0, [&] { return share(Operation::Less, arg(0), arg(1)); });
        give_scaled(1, [&] { return share(Operation::Less, arg(1), arg(0)); });
        return;
      case Operation::Max:
        give_scaled(0, [&] { return share(Operation::Greater, arg(0), arg(1)); });
        give_scaled(1, [&] { return share(Operation::Greater, arg(1), arg(0)); });
        return;
      case Operation::CopySign:
        give_scaled(0, [&] { return m.mul(sign_of(arg(0)), sign_of(id)); });
        return;
      case Operation::Where:
      case Operation::Rarely:
        if (varies_[arg(1)]) give(arg(1), m.gate(arg(0), true, adj));
        if (varies_[arg(2)]) give(arg(2), m.gate(arg(0), false, adj));
        return;
      case Operation::Sum:
        give(arg(0), adj);
        return;
      case Operation::Largest:
      case Operation::Smallest: {
        // Ties share.
        const NodeId attained = m.compare(Operation::Equal, arg(0), id);
        const NodeId ties = m.sum(m.select(attained, m.number(1), m.number(0)), Shape::column);
        give(arg(0), m.gate(attained, true, m.scale_down(adj, ties)));
        return;
      }
      case Operation::RealExp:
        give(arg(0), m.scale(adj, id));
        return;
      case Operation::RealLog:
        give(arg(0), m.scale_down(adj, arg(0)));
        return;
      case Operation::RealLog1p:
        give(arg(0), m.scale_down(adj, m.add(m.number(1), arg(0))));
        return;
      case Operation::RealExpm1:
        give(arg(0), m.scale(adj, m.add(m.number(1), id)));
        return;
      case Operation::RealTanh:
        give(arg(0), m.scale(adj, m.sub(m.number(1), m.mul(id, id))));
        return;
      case Operation::RealErf:
        give(arg(0), m.scale(adj, gauss(arg(0))));
        return;
      case Operation::RealErfc:
        give(arg(0), m.opposite(m.scale(adj, gauss(arg(0)))));
        return;
      case Operation::RealSin:
        give(arg(0), m.scale(adj, m.real(Operation::RealCos, {arg(0)})));
        return;
      case Operation::RealCos:
        give(arg(0), m.opposite(m.scale(adj, m.real(Operation::RealSin, {arg(0)}))));
        return;
      case Operation::RealAtan:
        give(arg(0), m.scale_down(adj, m.add(m.number(1), m.mul(arg(0), arg(0)))));
        return;
      case Operation::RealPow:
        give_scaled(0, [&] {
          const NodeId reduced = m.sub(arg(1), m.number(1));
          return m.mul(arg(1), m.real(Operation::RealPow, {arg(0), reduced}));
        });
        give_scaled(1, [&] { return m.mul(id, m.real(Operation::RealLog, {arg(0)})); });
        return;
      case Operation::Call:
        if (is_power(library_[graph_[id].payload]) && graph_.is_constant(arg(1))) {
          // Products and quotients in the end, as the power itself.
          give_scaled(0, [&] {
            const std::array less = {arg(0), m.sub(arg(1), m.number(1))};
            return m.mul(arg(1), m.make(Operation::Call, Format::real, less, graph_[id].payload));
          });
          return;
        }
        push_call(id, adj);
        return;
      // Constant almost everywhere, or held constant.
      case Operation::Floor:
      case Operation::Ceil:
      case Operation::Round:
      case Operation::Trunc:
      case Operation::Detach:
      case Operation::Less:
      case Operation::LessEqual:
      case Operation::Greater:
      case Operation::GreaterEqual:
      case Operation::Equal:
      case Operation::NotEqual:
      case Operation::IsNan:
      case Operation::And:
      case Operation::Or:
      case Operation::Not:
      // Leaves have no arguments; representations stand in implementations only.
      case Operation::Constant:
      case Operation::Input:
      case Operation::Parameter:
      case Operation::Pi:
      case Operation::E:
      case Operation::Infinity:
      case Operation::NotANumber:
      case Operation::Columns:
      case Operation::ColumnIndex:
      case Operation::UnitRandom:
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
        return;
    }
  }

  // 2/√π · e^(−x²)
  NodeId gauss(NodeId x) {
    Algebra& m = algebra_;
    const NodeId root_pi = m.real(Operation::Sqrt, {m.real(Operation::Pi, {})});
    return m.mul(m.div(m.number(2), root_pi), m.real(Operation::RealExp, {m.neg(m.mul(x, x))}));
  }

  Graph& graph_;
  const Library& library_;
  Algebra algebra_;
  bool sums_;
  Shape level_ = Shape::scalar;
  std::vector<std::array<std::optional<NodeId>, 4>> adjoints_;  // by node and level
  std::vector<bool> varies_;
};

// The nodes of the inputs, then of the parameters, where the graph has them.
std::vector<std::optional<NodeId>> variables(const Graph& graph, std::size_t input_count,
                                             std::span<const std::size_t> wanted) {
  std::vector<std::optional<NodeId>> result(wanted.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    std::size_t position = node.payload;
    if (node.op == Operation::Parameter)
      position += input_count;
    else if (node.op != Operation::Input)
      continue;
    const auto it = std::ranges::find(wanted, position);
    if (it != wanted.end()) result[static_cast<std::size_t>(it - wanted.begin())] = id;
  }
  return result;
}

// Calls that have no derivative beside them are opened.
Graph open_underived(const Graph& graph, const Library& library) {
  return expand_calls(graph, library, [](const Function& callee, const Graph&, NodeId) {
    const bool all =
        std::ranges::all_of(callee.derivatives, [](const auto& d) { return d.has_value(); });
    return all ? nullptr : &callee.meaning;
  });
}

}  // namespace

Graph simplify(const Graph& graph, const Library& library) {
  Graph next;
  Algebra algebra(next, library);
  const std::vector<bool> needed = reachable(graph);
  std::vector<NodeId> mapped(graph.size());
  std::vector<NodeId> args;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    const Node& node = graph[id];
    switch (node.op) {
      case Operation::Constant:
        mapped[id] = next.constant(graph.value(id), node.format);
        break;
      case Operation::Input:
        mapped[id] = next.input(node.payload, node.shape, node.format);
        break;
      case Operation::Parameter:
        mapped[id] = next.parameter(node.payload, node.format);
        break;
      default:
        args.clear();
        for (const NodeId a : graph.args(id)) args.push_back(mapped[a]);
        mapped[id] = algebra.make(node.op, node.format, args, node.payload);
    }
  }
  for (const NodeId id : graph.outputs) next.outputs.push_back(mapped[id]);
  return next;
}

Graph derive(const Graph& graph, const Library& library, std::size_t input_count,
             std::span<const std::size_t> wanted) {
  Graph result = open_underived(simplify(graph, library), library);
  Differentiator differentiator(result, library, false);
  result.outputs = differentiator.adjoints(result.outputs[0], result.constant(1),
                                           variables(result, input_count, wanted));
  return simplify(result, library);
}

Graph derive_row(const Graph& graph, const Library& library, std::size_t input_count,
                 std::span<const std::size_t> wanted) {
  Graph result = open_underived(simplify(graph, library), library);
  const NodeId y = result.outputs[0];
  const auto of = variables(result, input_count, wanted);
  const NodeId dy = result.input(static_cast<std::uint32_t>(input_count), value_shape(result));
  Differentiator differentiator(result, library, true);
  result.outputs = differentiator.adjoints(y, dy, of);
  return simplify(result, library);
}

Shape value_shape(const Graph& graph) {
  return is_over_rows(graph) && !varies_along_row(graph[graph.outputs[0]].shape) ? Shape::row
                                                                                 : Shape::element;
}

namespace {

// The parameters that `body` reads, and those before them, after its inputs.
void append_parameters(std::vector<NodeId>& args, Graph& graph, const Graph& body) {
  std::uint32_t count = 0;
  for (NodeId id = 0; id < body.size(); ++id) {
    if (body[id].op == Operation::Parameter) count = std::max(count, body[id].payload + 1);
  }
  for (std::uint32_t k = 0; k < count; ++k) args.push_back(graph.parameter(k));
}

}  // namespace

Graph with_gradients(const Graph& meaning, const Library& library, std::span<const Shape> inputs,
                     std::span<const std::size_t> learned) {
  std::vector<std::size_t> wanted(inputs.size());
  std::iota(wanted.begin(), wanted.end(), std::size_t{0});
  for (const std::size_t k : learned) wanted.push_back(inputs.size() + k);

  // The value keeps its calls; only the derivative opens those that have none beside them.
  Graph result = simplify(meaning, library);
  const bool over_rows = is_over_rows(result);
  const Graph derived = over_rows ? derive_row(result, library, inputs.size(), wanted)
                                  : derive(result, library, inputs.size(), wanted);
  std::vector<NodeId> variables;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    variables.push_back(result.input(static_cast<std::uint32_t>(k), inputs[k]));
  }
  const auto upstream = [&] {
    return result.input(static_cast<std::uint32_t>(inputs.size()), value_shape(result));
  };
  if (over_rows) variables.push_back(upstream());
  const std::size_t input_count = variables.size();
  append_parameters(variables, result, derived);

  const std::vector<NodeId> parts = inline_body(result, derived, input_count, variables);
  const NodeId dy = upstream();
  Algebra algebra(result, library);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const Shape spread = summed(k < inputs.size() ? inputs[k] : Shape::scalar);
    NodeId gradient = over_rows ? parts[k] : algebra.scale(dy, parts[k]);
    if (!over_rows && spread != Shape::scalar) gradient = algebra.sum(gradient, spread);
    result.outputs.push_back(gradient);
  }
  return simplify(result, library);
}

void complete_derivatives(Library& library, FunctionId id, const Rulebook* rules) {
  const std::size_t count = library[id].argument_count();
  const std::size_t inputs = library[id].inputs.size();
  library.own(id).derivatives.resize(count);
  std::optional<Graph> meaning;
  for (std::size_t k = 0; k < count; ++k) {
    if (library[id].derivatives[k]) continue;
    if (!meaning) {
      meaning = library[id].meaning;
      if (rules != nullptr)
        meaning = stabilize(simplify(*meaning, library), library, *rules, inputs,
                            StabilizeFor::derivation);
    }
    const std::size_t wanted[] = {k};
    Graph body = derive(*meaning, library, inputs, wanted);
    library.own(id).derivatives[k] = Derivative{std::move(body), false, true};
  }
}

}  // namespace actc::ir

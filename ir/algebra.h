// Construction of nodes over the reals, simplified as they are made: the simplifier rebuilds a
// graph with these, the differentiator writes derivatives with them, so that neither swells.
//
// Every identity is exact over the reals; in floating point it keeps every bit but for the sign of
// a zero, or removes a rounding.
#pragma once

#include <initializer_list>
#include <span>

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

class Algebra {
 public:
  Algebra(Graph& graph, const Library& library) : graph_(graph), library_(library) {}

  // The node for any operation over the reals, simplified. A call needs its callee in `payload`.
  NodeId make(Operation op, Format format, std::span<const NodeId> args, std::uint32_t payload = 0);

  NodeId number(const Rational& value) { return graph_.constant(value); }
  NodeId truth(bool value) { return graph_.constant(value ? 1 : 0, Format::boolean); }
  NodeId add(NodeId a, NodeId b) { return make(Operation::Add, {a, b}); }
  NodeId sub(NodeId a, NodeId b) { return make(Operation::Sub, {a, b}); }
  NodeId mul(NodeId a, NodeId b) { return make(Operation::Mul, {a, b}); }
  NodeId div(NodeId a, NodeId b) { return make(Operation::Div, {a, b}); }
  NodeId neg(NodeId a) { return make(Operation::Neg, {a}); }
  NodeId compare(Operation op, NodeId a, NodeId b);
  NodeId real(Operation op, std::initializer_list<NodeId> args) { return make(op, args); }
  // The sum over axes of a, which need not vary along them: along those it is counted.
  NodeId sum(NodeId a, Shape axes) { return make_reduction(Operation::Sum, a, axes); }

  // The sum along a row in a derivative: without what sums to 0, the distances from a mean.
  NodeId sum_of_adjoint(NodeId a);
  // where(c, a, b) in a derivative: also a for a = b, whatever c.
  NodeId select(NodeId c, NodeId a, NodeId b);
  // p · q in a derivative: a constant 0 within branches of either stays 0, never a product that
  // turns an inf of the other into NaN.
  NodeId scale(NodeId p, NodeId q);
  // The same where q may be a quotient by what is one for a row, which then divides the product.
  NodeId scale_by_quotient(NodeId p, NodeId q);
  // p / q, -p and p + q in a derivative, likewise.
  NodeId scale_down(NodeId p, NodeId q);
  NodeId opposite(NodeId p) { return scale(number(-1), p); }
  NodeId accumulate(NodeId p, NodeId q);
  // p where c is `sense`, else 0. Conditions that p holds already stay outside, as they stood in
  // the function, so that the parts of a sum meet again.
  NodeId gate(NodeId c, bool sense, NodeId p);

 private:
  NodeId make(Operation op, std::initializer_list<NodeId> args) {
    return make(op, Format::real, {args.begin(), args.size()});
  }
  std::optional<NodeId> folded(Operation op, std::span<const NodeId> args);
  std::optional<NodeId> sum_of_selections(NodeId a, NodeId b);
  NodeId make_sum(NodeId a, NodeId b);
  NodeId make_product(NodeId a, NodeId b);
  NodeId make_quotient(NodeId a, NodeId b);
  NodeId make_reduction(Operation op, NodeId a, Shape axes);
  // Is the value one for each row, so that it may leave a sum along it?
  bool is_row_value(NodeId id) const { return graph_[id].shape == Shape::row; }
  bool is_row_quotient(NodeId id) const {
    return is(id, Operation::Div) && is_row_value(graph_.arg(id, 1));
  }
  std::optional<NodeId> known_quotient(NodeId a, NodeId b) const;
  bool sums_to_zero(NodeId id) const;
  std::optional<NodeId> make_sign_test(Operation op, NodeId a, NodeId b);
  NodeId make_where(Operation op, NodeId c, NodeId a, NodeId b);
  NodeId make_power(FunctionId power, NodeId a, NodeId b);
  bool is(NodeId id, Operation op) const { return graph_[id].op == op; }
  std::vector<NodeId> branches(NodeId tree) const;
  bool holds_zero_branch(NodeId tree) const;
  template <class F>
  NodeId over_branches(NodeId tree, F at_leaf);

  Graph& graph_;
  const Library& library_;
};

// Is the function the power function, whatever its name: real_pow of its two inputs? Their
// quotient?
bool is_power(const Function& function);
bool is_quotient(const Function& function);

}  // namespace actc::ir

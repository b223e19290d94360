// What is one value for a row, in a number format. It leaves the row's sums, where it is a factor:
// sum(a * (b / s)) is sum(a * b) / s, so that the row need not be gone over again once s is known.
// And of binary32, what is made of sums is computed in binary64 and rounded once, where elements
// meet it: that is once a row.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "ir/passes.h"

namespace actc::ir {
namespace {

struct Factor {
  NodeId value;
  bool divides;
};

bool widens(Operation op) {
  switch (op) {
    case Operation::Add:
    case Operation::Sub:
    case Operation::Mul:
    case Operation::Div:
    case Operation::Fma:
    case Operation::Sqrt:
    case Operation::Neg:
      return true;
    default:
      return false;
  }
}

class RowLowering {
 public:
  explicit RowLowering(const Graph& graph)
      : from_(graph), mapped_(graph.size()), wide_(graph.size()), copied_(graph.size()) {}

  Graph run() {
    const std::vector<bool> needed = reachable(from_);
    for (NodeId id = 0; id < from_.size(); ++id) {
      if (needed[id]) lower(id);
    }
    for (const NodeId id : from_.outputs) to_.outputs.push_back(rounded(id));
    return std::move(to_);
  }

 private:
  void lower(NodeId id) {
    const Node& node = from_[id];
    const bool single = node.format == Format::binary32;
    if (node.op == Operation::Sum && node.payload == static_cast<std::uint32_t>(Shape::column)) {
      const NodeId sum = without_factors(rounded(from_.arg(id, 0)), node);
      (single ? wide_ : mapped_)[id] = sum;
      return;
    }
    const auto args = from_.args(id);
    const bool of_sums = std::ranges::any_of(args, [&](NodeId a) { return wide_[a].has_value(); });
    if (of_sums && single && widens(node.op) && !varies_along_row(node.shape)) {
      std::vector<NodeId> wide;
      for (const NodeId a : args) wide.push_back(widened(a));
      wide_[id] = to_.node(node.op, Format::binary64, wide);
      return;
    }
    for (const NodeId a : args) copied_[a] = rounded(a);
    mapped_[id] = copy_node(to_, from_, id, copied_);
  }

  // A node in its own format, and in binary64.
  NodeId rounded(NodeId id) {
    if (!mapped_[id]) mapped_[id] = to_.node(Operation::ToBinary32, Format::binary32, {*wide_[id]});
    return *mapped_[id];
  }
  NodeId widened(NodeId id) {
    if (!wide_[id]) wide_[id] = as_binary64(rounded(id));
    return *wide_[id];
  }
  NodeId as_binary64(NodeId id) {
    if (to_[id].format == Format::binary64) return id;
    if (to_[id].op == Operation::ToBinary32) return to_.arg(id, 0);
    return to_.node(Operation::ToBinary64, Format::binary64, {id});
  }

  // The sum of `terms`, in binary64.
  NodeId without_factors(NodeId terms, const Node& sum) {
    std::vector<Factor> leaving;
    std::vector<NodeId> staying;
    std::vector<NodeId> open = {terms};
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (!varies_along_row(to_[id].shape)) {
        // A division of the sum is a rounding less than a product with the reciprocal.
        const bool reciprocal = to_[id].op == Operation::Div && to_.is_constant(to_.arg(id, 0), 1);
        leaving.push_back({reciprocal ? to_.arg(id, 1) : id, reciprocal});
      } else if (to_[id].op == Operation::Mul) {
        open.push_back(to_.arg(id, 1));
        open.push_back(to_.arg(id, 0));
      } else if (to_[id].op == Operation::Div && !varies_along_row(to_[to_.arg(id, 1)].shape)) {
        leaving.push_back({to_.arg(id, 1), true});
        open.push_back(to_.arg(id, 0));
      } else {
        staying.push_back(id);
      }
    }
    if (leaving.empty()) {
      return to_.node(Operation::Sum, Format::binary64, std::array{terms}, sum.payload);
    }
    NodeId product = staying.front();
    for (std::size_t k = 1; k < staying.size(); ++k) {
      product = to_.node(Operation::Mul, sum.format, {product, staying[k]});
    }
    NodeId result = to_.node(Operation::Sum, Format::binary64, std::array{product}, sum.payload);
    for (const auto& [factor, divides] : leaving) {
      result = to_.node(divides ? Operation::Div : Operation::Mul, Format::binary64,
                        {result, as_binary64(factor)});
    }
    return result;
  }

  const Graph& from_;
  Graph to_;
  std::vector<std::optional<NodeId>> mapped_;
  std::vector<std::optional<NodeId>> wide_;  // of those that are made of sums
  std::vector<NodeId> copied_;               // as mapped_, for copy_node
};

}  // namespace

Graph lower_rows(const Graph& graph) {
  return is_over_rows(graph) ? RowLowering(graph).run() : graph;
}

}  // namespace actc::ir

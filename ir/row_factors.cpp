// Sums along a row without the factors that are one value for the row: sum(a * (b / s)) is
// sum(a * b) / s. The row then need not be gone over again once s is known, and its elements are
// not divided.
#include <array>
#include <vector>

#include "ir/passes.h"

namespace actc::ir {
namespace {

struct Factor {
  NodeId value;
  bool divides;
};

class RowFactors {
 public:
  explicit RowFactors(const Graph& graph) : from_(graph) {}

  Graph leave_sums() {
    const std::vector<bool> needed = reachable(from_);
    std::vector<NodeId> mapped(from_.size());
    for (NodeId id = 0; id < from_.size(); ++id) {
      if (!needed[id]) continue;
      mapped[id] = copy_node(to_, from_, id, mapped);
      const bool along_row = from_[id].payload == static_cast<std::uint32_t>(Shape::column);
      if (from_[id].op == Operation::Sum && along_row) mapped[id] = without_factors(mapped[id]);
    }
    for (const NodeId id : from_.outputs) to_.outputs.push_back(mapped[id]);
    return std::move(to_);
  }

 private:
  NodeId without_factors(NodeId sum) {
    const Format format = to_[sum].format;
    std::vector<Factor> leaving;
    std::vector<NodeId> staying;
    std::vector<NodeId> open = {to_.arg(sum, 0)};
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
    if (leaving.empty()) return sum;
    NodeId product = staying.front();
    for (std::size_t k = 1; k < staying.size(); ++k) {
      product = to_.node(Operation::Mul, format, {product, staying[k]});
    }
    const std::array args = {product};
    NodeId result = to_.node(Operation::Sum, format, args, to_[sum].payload);
    for (const auto& [factor, divides] : leaving) {
      result = to_.node(divides ? Operation::Div : Operation::Mul, format, {result, factor});
    }
    return result;
  }

  const Graph& from_;
  Graph to_;
};

}  // namespace

Graph take_row_factors_out_of_sums(const Graph& graph) {
  return is_over_rows(graph) ? RowFactors(graph).leave_sums() : graph;
}

}  // namespace actc::ir

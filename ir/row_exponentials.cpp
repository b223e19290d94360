// Sums of powers of e over a row, which overflow where their quotients and logarithms do not.
#include "ir/row_exponentials.h"

#include <array>
#include <limits>

#include "ir/algebra.h"
#include "ir/normal.h"
#include "ir/passes.h"
#include "ir/range.h"

namespace actc::ir {
namespace {

class RowShifter {
 public:
  RowShifter(const Graph& graph, const Library& library, std::size_t input_count)
      : from_(graph),
        known_(library),
        algebra_(to_, library),
        forms_(to_, known_, input_count),
        ranges_(to_, library, {}) {}

  Graph run() {
    std::vector<NodeId> mapped(from_.size());
    for (NodeId id = 0; id < from_.size(); ++id) {
      mapped[id] = copy_node(to_, from_, id, mapped);
      if (from_[id].op == Operation::Sum) mapped[id] = shifted(mapped[id]);
    }
    for (const NodeId id : from_.outputs) to_.outputs.push_back(mapped[id]);
    return std::move(to_);
  }

 private:
  NodeId exp(NodeId u) {
    return algebra_.make(Operation::Call, Format::real, std::array{u}, *known_.exp);
  }

  NodeId shifted(NodeId sum) {
    const auto columns = static_cast<std::uint32_t>(Shape::column);
    if (to_[sum].op != Operation::Sum || to_[sum].payload != columns || !known_.exp) return sum;
    const Form terms = forms_[forms_.of(to_.arg(sum, 0))];
    if (terms.size() != 1 || terms[0].exponent == Forms::zero) return sum;
    const NodeId exponent = forms_.node(terms[0].exponent);
    if (!varies_along_row(to_[exponent].shape)) return sum;
    if (ranges_.of(exponent).high < std::numeric_limits<double>::infinity()) return sum;
    Term rest = terms[0];
    rest.exponent = Forms::zero;
    const NodeId largest = algebra_.real(
        Operation::Detach,
        {algebra_.make(Operation::Largest, Format::real, std::array{exponent}, columns)});
    const NodeId power = exp(algebra_.sub(exponent, largest));
    const NodeId term = rest.is_one() ? power : algebra_.mul(forms_.node(rest), power);
    return algebra_.mul(exp(largest), algebra_.sum(term, Shape::column));
  }

  const Graph& from_;
  KnownFunctions known_;
  Graph to_;
  Algebra algebra_;
  Forms forms_;
  Ranges ranges_;
};

}  // namespace

namespace {

// where(m == -inf, 0, where(u == m, 1, exp(u - m))), whatever its name.
bool is_shifted_exponential(const Function& f, const KnownFunctions& known) {
  if (f.inputs.size() != 2 || !f.parameters.empty() || f.meaning.outputs.size() != 1) return false;
  const Graph& g = f.meaning;
  NodeId id = g.outputs[0];
  for (const int value : {0, 1}) {
    if (g[id].op != Operation::Where || !g.is_constant(g.arg(id, 1), value)) return false;
    id = g.arg(id, 2);
  }
  if (g[id].op != Operation::Call || !known.is_exp(g[id].payload)) return false;
  const NodeId difference = g.arg(id, 0);
  const auto is_input = [&](std::size_t k) {
    const Node& node = g[g.arg(difference, k)];
    return node.op == Operation::Input && node.payload == k;
  };
  return g[difference].op == Operation::Sub && is_input(0) && is_input(1);
}

}  // namespace

Graph name_shifted_exponentials(const Graph& graph, const Library& library) {
  if (!is_over_rows(graph)) return graph;
  const KnownFunctions known(library);
  std::optional<FunctionId> named;
  for (FunctionId id = 0; id < library.size() && !named; ++id) {
    if (is_shifted_exponential(library[id], known)) named = id;
  }
  if (!named) return graph;
  Graph next;
  std::vector<NodeId> mapped(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (node.op == Operation::Call && known.is_exp(node.payload)) {
      const NodeId difference = graph.arg(id, 0);
      if (graph[difference].op == Operation::Sub && is_below_largest(graph, library, difference)) {
        const std::array args = {mapped[graph.arg(difference, 0)],
                                 mapped[graph.arg(difference, 1)]};
        mapped[id] = next.call(*named, args);
        continue;
      }
    }
    mapped[id] = copy_node(next, graph, id, mapped);
  }
  for (const NodeId id : graph.outputs) next.outputs.push_back(mapped[id]);
  return simplify(next, library);
}

Graph shift_row_exponentials(const Graph& graph, const Library& library, std::size_t input_count) {
  if (!is_over_rows(graph)) return graph;
  try {
    return simplify(RowShifter(simplify(graph, library), library, input_count).run(), library);
  } catch (const FormTooDeep&) {
    return graph;
  }
}

}  // namespace actc::ir

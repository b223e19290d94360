// The oracle of a definition over a row: what its formula, as it is written, gives of one row over
// the reals, and how the sum of dy times that changes with each element.
//
// Stands on the same graphs as the oracle of elements (tools/oracle.h): operations as the text has
// them, and the derivatives that are written of functions with kinks; nothing is simplified,
// derived or stabilized. Gradients are reverse accumulation of numbers through these operations.
#pragma once

#include <span>
#include <vector>

#include "tools/oracle.h"
#include "tools/oracle_rows_terms.h"

namespace actc::tools {

using TermRow = std::vector<Term>;  // an element a column, or one

// One for each thread.
class RowOracle {
 public:
  // For results that are computed in this format.
  RowOracle(const Oracle& oracle, std::vector<double> parameters, const NumberFormat& computed);

  struct Outcome {
    TermRow value;
    std::vector<TermRow> gradients;  // by input; none were asked for where `dy` is empty
    bool near_switch = false;        // a rounding may turn a comparison that it depends on
  };

  // At the precision in force. `inputs` have as many elements each, dy that or one.
  Outcome at(std::span<const std::vector<double>> inputs, std::span<const double> dy);

 private:
  TermRow evaluated(const ir::Graph& graph, ir::NodeId id,
                    std::span<const std::vector<double>> inputs, Terms& terms) const;
  void pass_on(const ir::Graph& graph, ir::NodeId id, std::size_t column, const Term& change,
               Terms& terms);
  void give(ir::NodeId to, std::size_t column, const Term& change, Terms& terms);

  const Oracle& oracle_;
  std::vector<double> parameters_;
  NumberFormat computed_;
  std::size_t columns_ = 0;
  std::vector<TermRow> values_;   // by node
  std::vector<TermRow> changes_;  // by node: of the sum, with each element of it
  std::vector<bool> varies_;      // by node: depends on an input, not through detach
};

}  // namespace actc::tools

// Enclosures of a graph over the reals: its value for every argument of an interval lies within.
#pragma once

#include <vector>

#include "tools/oracle_jet.h"

namespace actc::tools {

// Evaluates the first output of a graph of operations on reals that has one input and no parameter.
// The graph must outlive it. One for each thread.
class Enclosure {
 public:
  explicit Enclosure(const ir::Graph& graph);

  // At the precision in force. End points may be infinite: then limits are meant.
  Interval at(const Interval& x);
  // Of any node, after `at`.
  const Interval& of(ir::NodeId id) const { return values_[id].value; }

 private:
  const ir::Graph* graph_;
  std::vector<bool> needed_;
  std::vector<bool> varies_;
  std::vector<Jet> values_;
  mpfr_prec_t constants_at_ = 0;
};

}  // namespace actc::tools

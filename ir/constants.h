// Constant subexpressions over the reals: evaluated with 100 decimal digits, rounded once when they
// meet a number format.
#pragma once

#include <memory>
#include <vector>

#include "ir/graph.h"

namespace actc::ir {

// Values of the nodes over the reals that depend on no input and no parameter.
class Constants {
 public:
  explicit Constants(const Graph& graph);
  ~Constants();
  Constants(const Constants&) = delete;
  Constants& operator=(const Constants&) = delete;

  bool is_constant(NodeId id) const { return constant_[id]; }
  // The node of the value, in `to`, in a float or integer format (inf and NaN as their leaves).
  NodeId rounded(NodeId id, Graph& to, Format format) const;
  bool truth(NodeId id) const;   // of a constant condition that is not NaN
  bool is_nan(NodeId id) const;  // of a constant, a condition too

 private:
  struct Values;
  std::vector<bool> constant_;
  std::unique_ptr<Values> values_;
};

}  // namespace actc::ir

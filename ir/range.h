// Bounds on what the nodes of a graph over the reals can be: interval arithmetic in double,
// rounded outward.
//
// Inputs may be anything, ±inf included; parameters are finite. NaN is not tracked: a bound holds
// for the values that are no NaN.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  bool is_bounded() const {
    return low > -std::numeric_limits<double>::infinity() &&
           high < std::numeric_limits<double>::infinity();
  }
  friend bool operator==(const Interval&, const Interval&) = default;
};

// Is the node u less the largest u of its row? Then it is at most 0, and 0 somewhere.
bool is_below_largest(const Graph& graph, const Library& library, NodeId id);

// The bounds of a graph's nodes, which are found as they are asked for: the graph may grow.
class Ranges {
 public:
  // The inputs' own bounds, and those of the parameters, where some are known; others are
  // unbounded.
  Ranges(const Graph& graph, const Library& library, std::vector<Interval> inputs = {},
         std::vector<Interval> parameters = {});

  const Interval& of(NodeId id);
  // Of a condition: true or false where it is decided, whatever the values are.
  std::optional<bool> truth(NodeId condition);

 private:
  Interval compute(NodeId id);
  std::optional<bool> decide(NodeId id);
  Interval call(NodeId id);
  Interval sum_of(NodeId terms);

  const Graph& graph_;
  const Library& library_;
  std::vector<Interval> inputs_;
  std::vector<Interval> parameters_;
  std::vector<Interval> of_;
  std::vector<std::optional<bool>> truth_;
  int depth_ = 0;
  int* budget_ = nullptr;  // of the nodes of meanings
  int own_budget_ = 20'000;
};

}  // namespace actc::ir

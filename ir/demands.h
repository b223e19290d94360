// What operations ask of their arguments, and which values are steps that are meant.
#pragma once

#include <optional>
#include <vector>

#include "ir/faults.h"
#include "ir/function.h"

namespace actc::ir {

// What an operation asks of an argument.
struct Demand {
  FaultKind kind;
  NodeId argument = 0;
  double least = 0;  // of roots and logarithms
};

// Of an operation, or of a call of a function whose meaning asks it of the function's first input
// itself: `log2` has a logarithm of it.
std::optional<Demand> demand_of(const Graph& graph, const Library& library, NodeId id);

// floor and its kin.
bool is_staircase(Operation op);

// Of each node: does it vary with an input?
std::vector<bool> varying(const Graph& graph);

// From a value down through constant factors, divisors and terms, given what varies.
NodeId without_constants(const Graph& graph, const std::vector<bool>& varies, NodeId id);

}  // namespace actc::ir

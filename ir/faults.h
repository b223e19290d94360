// Inputs at which a formula has no value, or two: the square root of something negative, a divisor
// that is 0, branches that do not meet.
//
// Bounds say what cannot happen (`Ranges`); what they leave open is looked for at some hundred
// inputs, numbers that people choose among them. A fault is one only where an input shows it: there
// the part is needed (a branch that is not taken is not), interval arithmetic at that point proves
// what is said, and the value of the whole formula is spoilt. So what is reported is so; what is
// not found may be.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ir/function.h"

namespace actc::ir {

enum class FaultKind : std::uint8_t {
  negative_root,
  negative_logarithm,
  negative_power,  // with an exponent that is no integer
  zero_divisor,    // of a quotient or of a negative power
  jump,            // the value differs on the two sides of a point; of one input alone
};

struct Fault {
  // Of the one input; both ends ±inf: everywhere. Ends are within 1e-9 of where it is, relatively,
  // and numbers of three digits where one is so near. Points have equal ends.
  struct Stretch {
    double low = 0;
    double high = 0;
    bool has_low = false;  // do the ends belong to it?
    bool has_high = false;
  };
  FaultKind kind = FaultKind::jump;
  NodeId node = 0;              // the operation
  bool always = false;          // whatever the inputs are: proved
  std::vector<Stretch> where;   // empty where there are several inputs
  std::vector<double> witness;  // one an input
  bool exact = true;            // the divisor is 0 at the witness, not between it and its neighbour
  double argument = 0;  // at the witness: of the root, the logarithm, the base; of a quotient the
                        // dividend; of a jump the value before it
  double other = 0;     // of a power the exponent; of a jump the value after it
};

// At most one for each operation, in the order of the nodes. `graph` is a meaning of elements that
// draws nothing, with one output; calls in it are looked at from outside. `eligible` says of each
// node whether a fault other than a jump may be its own; parameters have the values given. `work`
// is how many operations may still be evaluated, and is counted down; at 0 the search ends.
std::vector<Fault> find_faults(const Graph& graph, const Library& library, std::size_t input_count,
                               std::span<const double> parameters,
                               const std::vector<bool>& eligible, std::size_t& work);

// Of a text: about half a second.
inline constexpr std::size_t most_fault_work = 20'000'000;

// Is the value one of a few constants, chosen by conditions, times and plus constants: a step that
// is meant?
bool is_step(const Graph& graph);

}  // namespace actc::ir

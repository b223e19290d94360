// A lowered graph, one element at a time, exactly as compiled code must compute it: the oracle for
// code generation, bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace actc::ir {

// A value of any concrete format as its bits, zero-extended (booleans: 0 or 1).
using Bits = std::uint64_t;

Bits to_bits(float value);
Bits to_bits(double value);
float binary32_of(Bits bits);
double binary64_of(Bits bits);

// The outputs for one element. Inputs and parameters are bits of their formats.
std::vector<Bits> interpret(const Graph& lowered, std::span<const Bits> inputs,
                            std::span<const Bits> parameters);

// The same for many elements at once. Refers to the graph, which must outlive it; has no
// parameters.
class ColumnInterpreter {
 public:
  explicit ColumnInterpreter(const Graph& lowered);

  // The first output for each of `count` elements; one column an input.
  std::vector<Bits> run(std::span<const std::vector<Bits>> inputs, std::size_t count);

 private:
  const Graph& lowered_;
  std::vector<bool> needed_;
  std::vector<Bits> constants_;  // a node's, where it is one
  std::vector<std::vector<Bits>> columns_;
};

}  // namespace actc::ir

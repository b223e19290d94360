// From arrays of any shape to calls of a kernel, which takes rows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ir/format.h"
#include "jit/engine.h"
#include "jit/kernel_abi.h"
#include "runtime/actc.h"
#include "runtime/operands.h"
#include "runtime/places.h"

namespace actc::detail {

// An axis that calls run over, with each operand's step in bytes, for each gradient that is a sum
// the step in its elements, and that of the index in C's order of the common shape.
struct Axis {
  std::size_t size = 1;
  std::size_t index_step = 0;  // where indices are asked for
  std::vector<std::ptrdiff_t> steps;
  std::vector<std::ptrdiff_t> places;
};

// How the elements are cut into rows, and rows into calls: the shapes and strides alone decide.
struct SweepPlan {
  Operands operands;
  std::vector<Axis> outer;  // each place of these is a call of its own, or several
  Axis rows;
  Axis columns;
  jit::LanesAre lanes = jit::LanesAre::columns;
  bool copies = false;  // rows, whose elements lie neither side by side nor beside those of others
  std::vector<ir::Shape> shapes;  // of each input in a call: element, or column or row where spread
  std::vector<std::size_t> summed;  // the operands that are gradients of spread inputs
};

// `indexed`: for what draws random numbers, by the elements' indices.
SweepPlan plan_sweep(Operands operands, bool indexed);

// What a kernel needs beside its arrays.
struct Invocation {
  actc_kernel kernel = nullptr;
  const void* parameters = nullptr;
  bool in_two_words = false;  // the sums over rows: in binary64
  Places places = {};         // of random numbers
  const Executor* executor = nullptr;
};

// Calls the kernel until it has seen all elements. `learned` gets the gradients of the learned
// parameters, which the kernel writes last; empty where it writes none.
void sweep(const SweepPlan& plan, const Invocation& invocation, std::span<double> learned);

}  // namespace actc::detail

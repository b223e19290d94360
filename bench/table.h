// The comparison as Markdown tables: every number of a row is from one run, in turns.
#pragma once

#include <cstddef>
#include <ostream>
#include <span>

#include "bench/contenders.h"

namespace bench {

struct TableOptions {
  int rounds = 60;  // at the small sizes; a sixth of it at the size in memory
};

// Time to compile each activation, forward and backward: the first time in this process, after a
// kernel of another formula initialized the engine, and again. To be called before `actc` compiled
// anything.
void print_compile_times(std::ostream& out);

// Forward and backward at each size: nanoseconds an element and ratios.
void print_speeds(std::ostream& out, const TableOptions& options, ActcKernels& actc);

// Nanoseconds of a call at n = 8.
void print_call_costs(std::ostream& out, ActcKernels& actc);

}  // namespace bench

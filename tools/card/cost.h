// What an activation costs: time beside relu's, and what a backward pass needs kept.
#pragma once

#include "runtime/actc.h"
#include "tools/card/card.h"

namespace actc::tools {

// Nanoseconds an element of binary32 arrays on one thread, and what is saved. Takes some 30 ms
// where `timed`. Definitions over rows get one row. Throws actc::Error where the kernel does not
// compile.
Cost cost_of(const Function& function, const Parameters& parameters, const KernelOptions& options,
             bool timed);

}  // namespace actc::tools

// Every input of binary32 through the compiled kernel: what it makes of a definition's properties.
#pragma once

#include "runtime/actc.h"
#include "tools/card/card.h"

namespace actc::tools {

struct ProofRequest {
  Function function;  // of one input
  std::string label;
  Parameters parameters;
  bool stabilize = true;
  KernelCache cache = {};
  Shape shape;  // its symmetry and direction are what is held against
};

// All finite inputs, value and gradient, on two threads; some ten seconds, with a progress bar on a
// terminal. Throws actc::Error.
Binary32 prove(const ProofRequest& request);

}  // namespace actc::tools

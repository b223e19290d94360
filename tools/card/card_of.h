// Makes the card of a definition.
#pragma once

#include "runtime/actc.h"
#include "tools/card/card.h"

namespace actc::tools {

struct CardRequest {
  Function function;
  std::string label;      // the name, or the formula
  std::string text;       // what the function was compiled from; empty: it is a built-in
  Parameters parameters;  // those without a default must be here
  bool stabilize = true;
  KernelCache cache = {};
  double seconds = 1;  // that proofs may take; what is left then is sampled
  bool timed = true;   // nanoseconds too
};

// Sweeps are not looked up: `binary32` is sampled, `cost.errors` empty. Throws actc::Error.
Card card_of(const CardRequest& request);

}  // namespace actc::tools

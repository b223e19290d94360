// The card of a definition with what is known of it from sweeps.
#pragma once

#include "tools/card/card_of.h"
#include "tools/commands.h"

namespace actc::tools {

struct CardOptions {
  double seconds = 1;  // for proofs
  bool timed = true;   // nanoseconds
  bool prove = false;  // sweep every input of binary32, unless that is stored
};

// Throws ToolError (exit_bad_usage) where a parameter has no value.
Card card_with_sweeps(const Definition& definition, const Parameters& given,
                      const KernelCache& cache, const CardOptions& options);

}  // namespace actc::tools
